"""Where the variance lies, between users, between their threads or within them, and whether a few people drive it."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._draws import joined
from unspool.analyses._people import NOBODY, Ints
from unspool.analyses._steps import Row, Steps, method, scale, steps, told
from unspool.analyses._upscaled_words import chief
from unspool.analyses._variance_users import activity, influence
from unspool.analyses._variance_words import of_activity, of_influence, of_shares
from unspool.stats.bootstrap import by_user
from unspool.stats.codes import distinct
from unspool.stats.jackknife import Estimate, Floats, cut, jackknife
from unspool.stats.nested import COMPONENTS, bounded, design_effect, nested_sums, shares

TITLE = "Between people, between threads, within them"
QUESTION = (
    "Do prompts differ between people, between a person's threads, or from step to step; do a few people drive it?"
)
CITATION = "Searle, Casella & McCulloch 1992 (Variance Components); Henderson 1953 (Biometrics 9)"
LIMITS = (
    "A share of the variance is no cause: taste, language, task and habit are all in the part of users, and any trend "
    "along threads is in the part of prompts."
)
ORDER = 110
FIGURES: tuple[str, ...] = ("variance",)
ICC = ("icc_user", "icc_thread")
SHARES = (*COMPONENTS, *ICC, "design_effect")
ESTIMANDS = (*SHARES, "largest_influence")
WHAT = "analysis of variance of prompts in threads in users, unequal numbers (Henderson's method 1)"
MEAN = "mean change per transition, one user left out at a time; standard errors by jackknife over users"


def analyse(log: Measured) -> pl.DataFrame:
    """Rows per feature, mode "corrected", on the feature's scale.

    user, thread, prompt: shares of the variance, in [0, 1], adding to 1; icc_user: correlation of two prompts of a user
    in different threads, icc_thread: of two prompts of a thread; design_effect: how many times the variance of the mean
    over prompts exceeds that of as many unrelated ones; largest_influence. Of the feature "-": top_share, gini.
    """
    own = log.own
    names, reasons = known(own)
    found = steps(own)
    rows: list[Row] = [row for name in names for row in _of(name, found)]
    rows += [{"feature": name, "estimand": one, "note": reasons[name]} for name in reasons for one in ESTIMANDS]
    rows += [{"feature": "-", "method": "count", **row} for row in activity(found)]
    return results(rows, analysis="variance", mode="corrected", rule=own.rule, seed=own.settings.seed)


def _of(name: str, found: Steps) -> Iterator[Row]:
    values, note, on = found.values(name), found.log.notes.get(name), scale(name, found.log.columns)
    places = np.flatnonzero(~np.isnan(values))
    size = found.numbers(places)
    how = method(found.people, f"{WHAT}; {on}")
    for estimand, one in zip(SHARES, _shares(found, values[places], places), strict=True):
        yield told(one, found.log.settings, note, feature=name, estimand=estimand, method=how, **size)
    row = influence(found, values)
    yield {"feature": name, "method": f"{MEAN}; {on}", **row, "note": joined(note, row.get("note"))}


def _shares(found: Steps, values: Floats, places: Ints) -> Iterator[Estimate]:
    users, threads = found.user[places], found.thread[places]
    why = NOBODY if found.people.ids is None else _undefined(values, users, threads)
    if why:
        yield from (Estimate(None, note=why) for _ in SHARES)
        return
    per_user = nested_sums(values, threads, users)
    sums = by_user(per_user, found.people.units[: len(per_user)], found.people.n_units)
    *raw, effect = jackknife(sums, _estimates, level=found.log.settings.level)
    for one, share in zip(raw, _bounded(sums), strict=True):
        yield _within_bounds(one, share)
    yield cut(replace(effect, p_value=None), 1.0, np.inf)


def _undefined(values: Floats, users: Ints, threads: Ints) -> str | None:
    """Why there are no components, if there are none."""
    if not len(values) or np.ptp(values) == 0:
        return "all prompts with a value have the same" if len(values) else "no prompt in a thread has a value"
    n_users, n_threads = distinct(users), distinct(threads)
    if n_users < 2:
        return "one user: nothing to compare users with"
    if n_threads == len(values):
        return "no thread has two prompts with a value"
    return "no user has two threads with a value" if n_threads == n_users else None


def _with_correlations(parts: Floats) -> Floats:
    """Shares of users, threads and prompts, and both correlations."""
    return np.concatenate([parts, parts[..., :1], parts[..., :1] + parts[..., 1:2]], axis=-1)


def _estimates(sums: Floats) -> Floats:
    return np.concatenate([_with_correlations(shares(sums)), design_effect(sums)], axis=-1)


def _bounded(sums: Floats) -> Floats:
    """The same with negative components as 0."""
    return _with_correlations(bounded(shares(sums.sum(axis=0))))


def _within_bounds(found: Estimate, share: float) -> Estimate:
    """A share in [0, 1], its interval cut to that; the interval is of the component as it came out, negative or not."""
    if found.estimate is None:
        return found
    negative = "its component of variance came out negative and is set to 0" if found.estimate < 0 else None
    low, high = found.low, found.high
    if low is not None and high is not None:
        low, high = min(max(low, 0.0), float(share)), max(min(high, 1.0), float(share))
    return replace(found, estimate=float(share), low=low, high=high, p_value=None, note=joined(negative, found.note))


def findings(rows: pl.DataFrame) -> list[str]:
    """Shares of the variance of the chief features, the most that one user moves, and how prompts are spread."""
    names = chief(rows.filter(pl.col("estimand") == "user"))
    told = [of_shares(rows.filter(pl.col("feature") == name)) for name in names]
    told += [sentence for sentence in (of_influence(rows), of_activity(rows)) if sentence]
    return told or words.reasons(rows)
