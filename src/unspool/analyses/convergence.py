"""The paper's Figures 4 and 7: threads whose feature ends higher than it began, and the others, along their steps."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured, Settings, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._convergence_own import rows as corrected
from unspool.analyses._convergence_words import sentences
from unspool.analyses._draws import Request, Row, estimated, joined, together, unknown
from unspool.analyses._panel import Cells, Panel, cells, left_out, panel
from unspool.stats.bootstrap import Floats, Interval

TITLE = "Whether threads that start high and low meet"
QUESTION = "Do threads that rise and threads that fall end in the same range?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Figures 4 and 7"
LIMITS = (
    "Threads are sorted by their own end, so fallers minus risers shrinks from the first to the last step in any data, "
    "also where nothing converges: the paper's figure alone is no evidence of convergence. The asymmetry A tells that "
    "apart, but not what pulls, and it depends on the scale."
)
ORDER = 30
FIGURES: tuple[str, ...] = ("shapes", "asymmetry", "convergence")
LAST = "last of thread"
IN_SHORT = 3
GAPS = ("gap_start", "gap_end", "gap_closed")
NOT_APART = "fallers do not clearly start above risers, so that there is no gap to close"


def analyse(log: Measured) -> pl.DataFrame:
    """Rows per feature and reading of "last": `risers`, `fallers` at each step, `gap_start`, `gap_end`, `gap_closed`.

    Risers are the threads with last > first, fallers all others. `group` is the reading: "last of thread" compares the
    thread's last prompt with its first, "step N" that at the last shown step N. A gap is fallers minus risers, at the
    first and at the last shown step; gap_closed = 1 - gap_end / gap_start, null unless gap_start is clearly above 0.
    `standard_error` is over threads.

    Of mode "corrected", without group, per feature on its scale: the asymmetry A of threads' ends, about the mean per
    step, at a fixed step (`A_step`) and at the last prompt (`A_last`), its tests, and its companions. The user is the
    unit. See docs/analyses/convergence.md.
    """
    found = panel(log)
    rows = together(_requests(log, found), found.people, log.settings)
    method = f"means over threads, split by last > first; {found.people.method(log.settings.draws)}"
    same = {"analysis": "convergence", "seed": log.settings.seed}
    paper = results(rows, mode="paper", rule=log.rule, method=method, **same)
    own = log.own
    return pl.concat([paper, results(corrected(own), mode="corrected", rule=own.rule, **same)])


def _requests(log: Measured, found: Panel) -> Iterator[Request]:
    names, reasons = known(log)
    for name, along in cells(found, names):
        for group in readings(found):
            yield request(name, along, found, group, log.settings, log.notes.get(name))
    for name, reason in reasons.items():
        yield unknown({"feature": name, "estimand": "gap_closed", "note": reason})


def readings(found: Panel) -> tuple[str, str]:
    """The two readings of "last", as groups of the rows."""
    return LAST, f"step {found.steps}"


def request(
    name: str, along: Cells, found: Panel, group: str, settings: Settings, note: str | None, **same: Any
) -> Request:
    """The rows of one feature and reading, to be drawn; one row with the reason if there are no threads."""
    ends = along.last if group == LAST else along.steps[:, -1]
    kept = ~np.isnan(ends)
    notes = (note, found.note, left_out(along), _ties(along.steps[kept, 0] == ends[kept]))
    same |= {"feature": name, "group": group}
    if not kept.any():
        return unknown({"estimand": "gap_closed", "note": joined(*notes, "no thread is left to split"), **same})
    x, rises, users = along.steps[kept], ends[kept] > along.steps[kept, 0], found.users[along.threads[kept]]
    sums = found.people.sums([*_side(x, rises), *_side(x, ~rises)], users)
    owns = [
        _about(x, users, rises, found),
        _about(x, users, ~rises, found),
        _about(x, users, np.ones(len(x), dtype=bool), found),
    ]
    errors = _errors(x, rises)

    def rows(intervals: list[Interval]) -> Iterable[Row]:
        for place, (one, error) in enumerate(zip(_with_closed(intervals), errors, strict=True)):
            own, side = _own(place, x.shape[1])
            yield estimated(one, settings, *notes, standard_error=error, **own, **owns[side], **same)

    return Request(sums, estimates, rows)


def _ties(equal: NDArray[np.bool_]) -> str | None:
    return f"{equal.sum():,} thread(s) with last = first count as fallers" if equal.any() else None


def _with_closed(intervals: list[Interval]) -> list[Interval]:
    """The intervals, the last of them null if there was no gap that could close."""
    *others, start, end, closed = intervals
    if start.estimate is not None and (start.estimate if start.low is None else start.low) <= 0:
        closed = Interval(None, None, None, NOT_APART)
    return [*others, start, end, closed]


def _side(x: Floats, chosen: NDArray[np.bool_]) -> Iterator[Floats]:
    """One side's threads: a one for each, and its values by step; 0 for threads of the other side."""
    yield chosen.astype(np.float64)
    yield from np.where(chosen[:, None], x, 0).T


def _about(x: Floats, users: NDArray[np.int64], chosen: NDArray[np.bool_], found: Panel) -> Row:
    n = int(chosen.sum())
    return {"n_threads": n, "n_users": found.people.count(users[chosen]), "n_prompts": n}


def _own(place: int, steps: int) -> tuple[Row, int]:
    """Estimand and step of an estimate by its place, and its threads: 0 risers, 1 fallers, 2 all."""
    if place >= 2 * steps:
        return {"estimand": GAPS[place - 2 * steps]}, 2
    return {"estimand": ("risers", "fallers")[place // steps], "step": place % steps + 1}, place // steps


def estimates(sums: Floats) -> Floats:
    """From sums (..., 2 * (1 + steps)) of both sides to their means by step, and the three figures of the gap."""
    risers, fallers = np.split(sums, 2, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        up, down = risers[..., 1:] / risers[..., :1], fallers[..., 1:] / fallers[..., :1]
        gap = down - up
        start, end = gap[..., :1], gap[..., -1:]
        closed = np.where(start == 0, np.nan, 1 - end / np.where(start == 0, 1, start))
    return np.concatenate([up, down, start, end, closed], axis=-1)


def _errors(x: Floats, rises: NDArray[np.bool_]) -> list[float | None]:
    """SD / sqrt(n) per side and step, and of the two gaps, the sides being apart; None for gap_closed and n < 2."""
    with np.errstate(invalid="ignore", divide="ignore"):
        sides = [_spread(x[rises]), _spread(x[~rises])]
    gaps = np.sqrt(sides[0] ** 2 + sides[1] ** 2)[[0, -1]]
    every = np.concatenate([*sides, gaps, [np.nan]])
    return [None if np.isnan(error) else float(error) for error in every]


def _spread(x: Floats) -> Floats:
    if len(x) < 2:
        return np.full(x.shape[1], np.nan)
    return np.asarray(np.std(x, axis=0, ddof=1) / np.sqrt(len(x)))


def findings(rows: pl.DataFrame) -> list[str]:
    """What A shows, what the paper's figure does not, then a sentence per feature on that figure."""
    own, paper = rows.filter(mode="corrected"), rows.filter(pl.col("mode") != "corrected")
    asymmetry = sentences(own)
    names = words.lead(paper)[: IN_SHORT if asymmetry else words.SENTENCES - 1]
    of_figure = [sentence(paper, name) for name in names]
    return [*asymmetry, CAUTION, *of_figure] if asymmetry or of_figure else words.reasons(rows)


CAUTION = (
    "Fallers minus risers goes down along threads in any data, because threads are sorted by their own end: a closing "
    "gap is no evidence of convergence."
)


def sentence(rows: pl.DataFrame, name: str) -> str:
    """The gap of one feature, split at the last shown step."""
    steps = rows.filter(pl.col("group") != LAST, pl.col("feature") == name)
    start, end, closed = (words.row(steps, estimand=estimand) for estimand in GAPS)
    if start is None or end is None:
        return f"{words.title(name)}: all threads are on one side, so that there is no gap."
    decimals = max(words.of(start), words.of(end))
    told = "no clear gap at the start"
    if closed is not None:
        told = f"{words.percent(closed['estimate'])} of the gap closed, {words.percent_interval(closed)}"
        told += ", over 100% where the two change places" if closed["estimate"] > 1 else ""
    n = f"{words.number_of(start['n_threads'], 'thread')} of {words.number_of(start['n_users'], 'user')}"
    return (
        f"{words.title(name)}: fallers minus risers goes from {words.signed(start['estimate'], decimals)} at step 1 to "
        f"{words.signed(end['estimate'], decimals)} at {start['group']} ({told}; {n})."
    )
