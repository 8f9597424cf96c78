"""The paper's Figure 3, means along threads that are long enough; and drift from all transitions."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import polars as pl

from unspool.analyses import Measured, Settings, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._draws import Request, Row, estimated, joined, together, unknown
from unspool.analyses._drift_own import own
from unspool.analyses._drift_words import verdicts
from unspool.analyses._panel import Cells, Panel, cells, left_out, panel
from unspool.stats.bootstrap import Floats, Interval

TITLE = "How prompts change along a thread"
QUESTION = "Do prompts get longer, more repetitive, more model-like from one step of a thread to the next?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Figure 3"
LIMITS = (
    "The paper's means look at the few threads that go on so long, and whoever stops because of the prompt just "
    "written bends them; weighting removes what stopping owes to what the log knows, not what it owes to the rest. All "
    "of it is observed: a change along threads is no proof that people learn."
)
ORDER = 20
FIGURES: tuple[str, ...] = ("order", "change", "drift")
PUBLISHED: dict[str, Any] = {"n_threads": 645, "least": 10}
"""Of the paper: its threads of at least 10 prompts. Its means along them were published as a drawing only."""


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of the paper's figure, then those from all transitions (mode "corrected", docs/analyses/drift.md)."""
    return pl.concat([paper(log), own(log.own)])


def paper(log: Measured) -> pl.DataFrame:
    """Rows: `mean` at each step, `rise` from the first to the last shown step, `share_rising`, per feature.

    The mean's and the rise's `standard_error` is over threads, SD / sqrt(n), as the paper has it; intervals are over
    users. `effect` of the rise: the mean at the last shown step by that at the first, where all values are positive.
    """
    found = panel(log)
    rows = together(_requests(log, found), found.people, log.settings)
    method = f"means over threads; {found.people.method(log.settings.draws)}"
    return results(rows, analysis="drift", mode="paper", rule=log.rule, method=method, seed=log.settings.seed)


def _requests(log: Measured, found: Panel) -> Iterator[Request]:
    names, reasons = known(log)
    for name, along in cells(found, names):
        yield request(name, along, found, log.settings, log.notes.get(name))
    for name, reason in reasons.items():
        yield unknown({"feature": name, "estimand": "rise", "note": reason})


def request(name: str, along: Cells, found: Panel, settings: Settings, note: str | None, **same: Any) -> Request:
    """The rows of one feature along these threads, to be drawn; one row with the reason if there are none."""
    notes = (note, found.note, left_out(along))
    if not len(along.threads):
        return unknown({"feature": name, "estimand": "rise", "note": joined(*notes, _nothing(found)), **same})
    x, rise = along.steps, along.steps[:, -1] - along.steps[:, 0]
    users = found.users[along.threads]
    sums = found.people.sums([np.ones(len(x)), *x.T, rise > 0], users)
    same |= {"feature": name, "n_threads": len(x), "n_users": found.people.count(users)}
    errors = [*_error(x), *_error(rise[:, None]), *_error((rise > 0)[:, None])]

    def rows(intervals: list[Interval]) -> Iterable[Row]:
        for place, (one, error) in enumerate(zip(intervals, errors, strict=True)):
            own = _own(place, x)
            yield estimated(one, settings, *notes, standard_error=error, **own, **same)

    return Request(sums, estimates, rows)


def _own(place: int, x: Floats) -> Row:
    """What only the row of this estimate has."""
    n, steps = x.shape
    if place < steps:
        return {"estimand": "mean", "step": place + 1, "n_prompts": n}
    if place > steps:
        return {"estimand": "share_rising", "n_prompts": 2 * n}
    ratio = {"effect": float(x[:, -1].mean() / x[:, 0].mean()), "effect_name": "ratio"} if (x > 0).all() else {}
    return {"estimand": "rise", "n_prompts": 2 * n, **ratio}


def estimates(sums: Floats) -> Floats:
    """From sums (..., 1 + steps + 1) of ones, values by step, and rises: means by step, the rise, the share rising."""
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[..., 1:] / sums[..., :1]
    rise = means[..., -2:-1] - means[..., :1]
    return np.concatenate([means[..., :-1], rise, means[..., -1:]], axis=-1)


def _error(values: Any) -> list[float | None]:
    """SD / sqrt(n) of each column; None for a single thread."""
    n = len(values)
    return [float(sd) for sd in np.std(values, axis=0, ddof=1) / np.sqrt(n)] if n > 1 else [None] * values.shape[1]


def _nothing(found: Panel) -> str:
    if not len(found.ids):
        return f"no thread has {found.least} prompts"
    return f"no thread of {found.least} prompts has a value at all of the {found.steps} steps"


def findings(rows: pl.DataFrame) -> list[str]:
    """What all transitions say of the chief features, then the paper's rise of as many."""
    told = verdicts(rows)
    of_paper = rows.filter(pl.col("mode") == "paper")
    names = words.lead(of_paper)[: words.SENTENCES - len(told)]
    return [*told, *(sentence(of_paper, name) for name in names)] or words.reasons(rows)


def sentence(rows: pl.DataFrame, name: str, what: str = "") -> str:
    """The rise of one feature in words; `what` is added to its title."""
    rise = words.row(rows, feature=name, estimand="rise", mode="paper")
    means = rows.filter(feature=name, estimand="mean").sort("step")
    if rise is None:
        return f"{words.title(name)}{what}: not estimated."
    decimals, sign = words.of(rise), words.sign(rise)
    first, last = (words.number(means["estimate"][place], decimals) for place in (0, -1))
    told = {1: "up", -1: "down", 0: "no clear change"}[sign]
    return (
        f"{words.title(name)}{what}: {told}{',' if not sign else ''} from {first} at step 1 to {last} at step "
        f"{means['step'][-1]} ({words.signed(rise['estimate'], decimals)}, {words.interval(rise)}, "
        f"{words.number_of(rise['n_threads'], 'thread')} of {words.number_of(rise['n_users'], 'user')})."
    )
