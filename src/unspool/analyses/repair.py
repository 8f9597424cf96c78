"""Whether people add to a prompt what its pictures lacked: added words beside the captions of the grids."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._captions import NO_CAPTIONS, Captioned, captioned, of_other_threads, of_others
from unspool.analyses._people import Ints
from unspool.analyses._repair_grids import change
from unspool.analyses._repair_terms import Additions, Chances, additions, by_chance, chances, held, net_repairs
from unspool.analyses._steps import Flags, Row, method, told
from unspool.stats.jackknife import Estimator, Floats, jackknife
from unspool.stats.strata import Strata, difference, log_odds, strata

TITLE = "Whether additions repair what the pictures lacked"
QUESTION = "Do people add the details that they had left out and missed in the pictures?"
CITATION = "Explanation of omitted details: Don-Yehiya, Choshen & Abend 2023 (EMNLP), Sec. 7; estimator of this project"
LIMITS = (
    "Captions stand for pictures: what a caption does not name may be there. The log is observational, and only words "
    "that the user added sooner or later can be compared."
)
ORDER = 120
FIGURES: tuple[str, ...] = ("repair",)
ALL = "all"
SAME = "same words"


@dataclass(frozen=True)
class Ask:
    """An estimand from sums per user of `columns`, each with one value per place of `places`.

    `weighed_by`: the columns whose sum it is divided by, where few users bring nearly all of that.
    """

    estimand: str
    what: str
    places: Ints
    columns: tuple[NDArray[np.generic], ...]
    estimator: Estimator
    group: str | None = None
    why: str = "no content word was added between two prompts with captions"
    weighed_by: slice | None = None


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected" with feature "all"; null where the log has no captions.

    `excess`: details per pair of prompts that are newly said, were missing from the captions and appear in the next,
    less the same read backwards. `seen_before`, `missing_then_appears`, `missing_and_stays`: shares of the added
    content words. `selection`: share of them that was added because the grid lacked it (docs/analyses/repair.md),
    `selection_direct` without the correction for which words come first, `placebo` the same from the grid before.
    `add_missing_ratio`: log odds of adding a word that the grid lacks against one that it shows. `excess_users`,
    `excess_threads`, `excess_grid`: missing_then_appears less what other grids give. `grid_change`, and for rerolls
    (group "same words").
    """
    own = log.own
    found = captioned(own)
    rows = [_row(found, ask) for ask in _asks(found)] if found else [_absent(name) for name in ESTIMANDS]
    return results(rows, analysis="repair", mode="corrected", rule=own.rule, feature=ALL, seed=own.settings.seed)


ESTIMANDS = (
    *("excess", "seen_before", "missing_then_appears", "missing_and_stays", "selection", "selection_direct", "placebo"),
    *("add_missing_ratio", "excess_users", "excess_threads", "excess_grid", "grid_change"),
)


def _absent(estimand: str) -> Row:
    return {"estimand": estimand, "note": NO_CAPTIONS, "n_prompts": 0, "n_threads": 0, "n_users": 0}


def _row(log: Captioned, ask: Ask) -> Row:
    """The estimate of one estimand with its interval over users."""
    steps = log.steps
    same = {"estimand": ask.estimand, "group": ask.group, "method": method(steps.people, ask.what)}
    same |= steps.numbers(np.unique(ask.places))
    if not len(ask.places):
        return {"note": ask.why, **same}
    sums = steps.sums(ask.columns, ask.places)
    carried = None if ask.weighed_by is None else sums[:, ask.weighed_by].sum(axis=1)
    found = jackknife(sums, ask.estimator, level=steps.log.settings.level, carried=carried)[0]
    return told(found, steps.log.settings, log.note, **same)


def _asks(log: Captioned) -> Iterator[Ask]:
    added = additions(log)
    net = (np.ones(len(log.pairs)), net_repairs(log))
    yield Ask("excess", NET, log.pairs, net, _mean, why="no two prompts of a thread have captions")
    yield from _cells(added)
    yield from _against_later(log, added)
    yield from _against_others(log, added)
    yield from _grids(log)


NET = "details newly said and shown less those no longer said and shown, per pair of prompts"


def _cells(added: Additions) -> Iterator[Ask]:
    """What became of the added words."""
    cells = {
        "seen_before": ~added.missing,
        "missing_then_appears": added.missing & added.appears,
        "missing_and_stays": added.missing & ~added.appears,
    }
    for name, cell in cells.items():
        yield Ask(name, "share of added content words", added.place, (np.ones(len(cell)), cell), _mean)


def _against_later(log: Captioned, added: Additions) -> Iterator[Ask]:
    """Words added now against words that the user added later, after the same grid."""
    every = chances(log, added)
    direct = _strata(log, every, every.missing)
    kept, missing_before = held(log, every)
    now, before = _strata(log, kept, kept.missing), _strata(log, kept, missing_before)
    n = np.bincount(added.place, minlength=len(direct.weight))
    appear = np.bincount(added.place[added.appears], minlength=len(n))
    least_three = "no grid after which one word was added and another later: this takes threads of three prompts"
    least_four = "no such grid with one before it: this takes threads of four prompts"
    compared, twice = np.flatnonzero(direct.weight), np.flatnonzero(now.weight)
    asks = (
        ("selection", HELD, twice, (n, appear, now.difference - before.difference, now.weight), _share, least_four),
        ("selection_direct", DIRECT, compared, (n, appear, direct.difference, direct.weight), _share, least_three),
        ("placebo", PLACEBO, twice, (n, appear, before.difference, before.weight), _share, least_four),
        ("add_missing_ratio", RATIO, compared, (direct.concordant, direct.discordant), _log_odds, least_three),
    )
    for name, what, places, columns, estimator, why in asks:
        scoped = np.union1d(places, added.place) if estimator is _share and len(places) else places
        weighed = slice(-1, None) if estimator is _share else slice(None)
        yield Ask(
            name, what, scoped, tuple(column[scoped] for column in columns), estimator, why=why, weighed_by=weighed
        )


DIRECT = "missing among words added now less among those added later, same grid (Mantel-Haenszel), by share appearing"
HELD = f"{DIRECT}, less the same from the grid before"
PLACEBO = f"{DIRECT}, all from the grid before"
RATIO = "Mantel-Haenszel log odds ratio of being added now rather than later, missing against shown, same grid"


def _strata(log: Captioned, rows: Chances, missing: Flags) -> Strata:
    return strata(rows.place, rows.now, missing, len(log.steps.step))


def _against_others(log: Captioned, added: Additions) -> Iterator[Ask]:
    """Missing and then there, less what the same words give with other grids."""
    observed = added.missing & added.appears
    nulls = {
        "excess_users": (of_others(log.steps, log.pairs), "grids of another user at the same step"),
        "excess_threads": (of_other_threads(log.steps, log.pairs), "grids of another thread of the user"),
    }
    for name, (partner, whose) in nulls.items():
        chance, there = by_chance(log, added, partner[np.searchsorted(log.pairs, added.place)])
        columns = (np.ones(there.sum()), (observed.astype(float) - chance)[there])
        what = f"share of added words missing before and shown after, less the same in {whose}"
        yield Ask(name, what, added.place[there], columns, _mean, why=f"no added word can be looked up in {whose}")
    alone = (log.shown.count(added.place, added.word) == 1) & (log.n_images[added.place] > 1)
    several = log.n_images[added.place] > 1
    chance = alone / np.maximum(log.n_images[added.place], 1)
    columns = (np.ones(several.sum()), (observed - chance)[several])
    what = "share of added words missing before and shown after, less that of one grid's captions, one left out"
    yield Ask("excess_grid", what, added.place[several], columns, _mean, why="no grid has two captions")


def _grids(log: Captioned) -> Iterator[Ask]:
    pairs, changed, same = change(log)
    what = "word Jaccard distance between captions of adjacent grids, less that within a grid"
    why = "no two adjacent prompts have two captions each"
    for group, chosen in ((None, ~same), (SAME, same)):
        columns = (np.ones(chosen.sum()), changed[chosen])
        yield Ask("grid_change", what, pairs[chosen], columns, _mean, group, why)


def _mean(sums: Floats) -> Floats:
    """The second sum by the first."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[..., :1] > 0, sums[..., 1:] / sums[..., :1], np.nan)


def _share(sums: Floats) -> Floats:
    """Share of the added words that appear times the pooled difference of what was missing."""
    return _mean(sums[..., :2]) * difference(sums[..., 2:])[..., None]


def _log_odds(sums: Floats) -> Floats:
    return log_odds(sums)[..., None]


def findings(rows: pl.DataFrame) -> list[str]:
    """The headline first, then its parts and checks."""
    told = [sentence(rows, name) for name, sentence in SENTENCES.items() if words.row(rows, estimand=name, group=None)]
    return [*told, CAUTION] if told else words.reasons(rows)


def _known(rows: pl.DataFrame, name: str) -> Row:
    """The row of an estimand that has an estimate; sentences are asked for those only."""
    return rows.filter(pl.col("estimate").is_not_null(), pl.col("group").is_null(), estimand=name).row(0, named=True)


def _excess(rows: pl.DataFrame, name: str) -> str:
    one = _known(rows, name)
    said = {
        1: "details that were missing are filled in",
        -1: "shown details are dropped rather than missing ones filled in",
        0: "no clear repair",
    }
    size = words.signed(one["estimate"], words.of(one))
    return (
        f"Details newly said and shown, less those no longer said and shown: {size} per step "
        f"({words.interval(one)}; {words.number_of(one['n_users'], 'user')}): {said[words.sign(one)]}."
    )


def _selection(rows: pl.DataFrame, name: str) -> str:
    one = _known(rows, name)
    said = {1: "people add what the pictures lacked", -1: "people add what the pictures showed", 0: "nothing clear"}
    return (
        f"Added because the pictures lacked it: {words.percent(one['estimate'])} of the added content words "
        f"({words.percent_interval(one)}; {words.number_of(one['n_users'], 'user')}): {said[words.sign(one)]}."
    )


def _ratio(rows: pl.DataFrame, name: str) -> str:
    one = _known(rows, name)
    decimals = words.of(one)
    return (
        f"Log odds of adding now a word that the grid lacks, against one that it shows: "
        f"{words.signed(one['estimate'], decimals)} ({words.interval(one)})."
    )


def _cell(rows: pl.DataFrame, name: str) -> str:
    one = _known(rows, name)
    return (
        f"{words.percent(one['estimate'])} of the added content words were missing from the captions before and named "
        f"in those after ({words.percent_interval(one)}); most of it is the model doing as told."
    )


def _placebo(rows: pl.DataFrame, name: str) -> str:
    one = _known(rows, name)
    said = (
        "has no interval to tell by"
        if one["ci_low"] is None
        else "is not clear of 0"
        if not words.sign(one)
        else "is not 0: which words come first depends on more than this grid"
    )
    return f"The same from the grid before, which should be 0, {said} ({words.percent_interval(one)})."


def _change(rows: pl.DataFrame, name: str) -> str:
    one = _known(rows, name)
    return (
        f"After an edit captions differ by {words.signed(one['estimate'], words.of(one))} more than within a grid "
        f"(word Jaccard distance, {words.interval(one)})."
    )


SENTENCES = {
    "excess": _excess,
    "selection": _selection,
    "add_missing_ratio": _ratio,
    "placebo": _placebo,
    "missing_then_appears": _cell,
    "grid_change": _change,
}
CAUTION = "Captions stand for pictures here, and nothing was assigned at random: this is observational."
