"""Change along threads from all of their transitions: slopes within threads, raw changes, and those that survived."""

from collections.abc import Iterator
from itertools import combinations_with_replacement

import numpy as np

from unspool.analyses._drift_along import ENOUGH, SHOWN, Along, ratio
from unspool.analyses._people import Ints
from unspool.analyses._steps import Row
from unspool.analyses._stops import by_choice, classes
from unspool.stats.bootstrap import column_sums
from unspool.stats.codes import distinct, places, ranks
from unspool.stats.jackknife import Estimate, Floats, cut, jackknife
from unspool.stats.within import ols_estimator, within

NO_TRANSITION = "no thread has two prompts in a row with a value"
LAST_ALONE = "no thread has an earlier change and a last one at a step at which others went on"
ROUNDING = 1e-9


def rows(along: Along) -> Iterator[Row]:
    """thread_slope, event_study by step, raw_transition, drop_last, last_minus_earlier, share_rising."""
    yield thread_slope(along)
    yield from event_study(along)
    yield transition(along, "raw_transition", along.pairs, "mean change over all transitions")
    survived = along.pairs[along.steps.left[along.pairs] > 1]
    yield transition(along, "drop_last", survived, "mean change over transitions that are not their thread's last")
    yield last_minus_earlier(along)
    yield share_rising(along)


def thread_slope(along: Along) -> Row:
    """The slope on the step with an effect of each thread, over threads of two known values or more."""
    steps = along.steps
    known = np.flatnonzero(along.known)
    n = np.bincount(steps.thread[known])[steps.thread[known]] if len(known) else known
    chosen = known[n > 1]
    if not len(chosen):
        return along.void("thread_slope", "no thread has two prompts with a value")
    step = within(steps.step[chosen].astype(np.float64), steps.thread[chosen])
    sums = steps.sums([step * along.deviation[chosen], step**2], chosen)
    found = jackknife(sums, ratio, level=steps.log.settings.level, carried=sums[:, 1])[0]
    what = "least squares on the step with thread effects"
    return along.row("thread_slope", found, what, chosen, **along.in_sd(found))


def transition(along: Along, estimand: str, pairs: Ints, what: str) -> Row:
    """The mean change over these transitions."""
    if not len(pairs):
        return along.void(estimand, NO_TRANSITION if estimand == "raw_transition" else "no transition survived")
    steps = along.steps
    sums = steps.sums([along.x[pairs + 1] - along.x[pairs], np.ones(len(pairs))], pairs)
    found = jackknife(sums, ratio, level=steps.log.settings.level, carried=sums[:, 1])[0]
    note = f"{len(pairs):,} transitions"
    return along.row(estimand, found, what, along.ends(pairs), note, along.lost, **along.in_sd(found))


def event_study(along: Along) -> Iterator[Row]:
    """The mean of each step less that of step 1, with thread effects; among the first ten steps.

    Steps that fewer than 20 threads of two known values have are left out.
    """
    steps = along.steps
    early = np.flatnonzero(along.known & (steps.step <= SHOWN))
    n = np.bincount(steps.thread[early])[steps.thread[early]] if len(early) else early
    early = early[n > 1]
    size = np.bincount(steps.step[early], minlength=SHOWN + 1)
    shown = np.flatnonzero(size >= ENOUGH)
    early = early[np.isin(steps.step[early], shown)]
    if len(shown) < 2 or shown[0] != 1:
        return
    sums = _event_sums(along, early, shown)
    what = f"least squares on dummies of steps 1 to {shown[-1]} with thread effects"
    by_step = places(steps.step[early], SHOWN + 1)
    carried = steps.sums([steps.step[early] == step for step in shown[1:]], early)
    every = jackknife(sums, ols_estimator(len(shown) - 1), level=steps.log.settings.level, carried=carried)
    for step, found in zip(shown[1:].tolist(), every, strict=True):
        chosen = early[by_step[step]]
        yield along.row("event_study", found, what, chosen, step=step, **along.in_sd(found))


def _event_sums(along: Along, early: Ints, shown: Ints) -> Floats:
    """X'X and X'y per unit of the dummies of the shown steps but the first, less their means by thread.

    A thread with m values, d_v = 1 where it has step v: X'X is d_v [v = w] - d_v d_w / m, X'y is d_v (x_v - mean).
    """
    steps, n_units = along.steps, along.steps.people.n_units
    row, column = ranks(steps.thread[early]), np.searchsorted(shown, steps.step[early])
    away = within(along.x[early], row)
    of_steps = [column_sums([away[at]], steps.units[early[at]], n_units) for at in places(column, len(shown))[1:]]
    kind, of_kind = _kinds_of_threads(row, column, len(shown))
    starts = early[np.flatnonzero(np.diff(steps.thread[early], prepend=-1))]
    n = np.bincount(steps.units[starts] * len(of_kind) + kind, minlength=n_units * len(of_kind))
    return np.concatenate([n.reshape(n_units, -1) @ of_kind, *of_steps], axis=1)


def _kinds_of_threads(row: Ints, column: Ints, n: int) -> tuple[Ints, Floats]:
    """Of each thread which steps it has, as a code, and X'X of each such code; threads have few different ones."""
    marks = np.bincount(row, 2.0**column).astype(np.int64)
    different = np.flatnonzero(np.bincount(marks, minlength=2**n))
    code = np.zeros(2**n, dtype=np.int64)
    code[different] = np.arange(len(different))
    has = (different[:, None] >> np.arange(n)) & 1
    m = has.sum(axis=1)
    pairs_of = combinations_with_replacement(range(1, n), 2)
    squares = [has[:, v] * (v == w) - has[:, v] * has[:, w] / m for v, w in pairs_of]
    return code[marks], np.stack(squares, axis=1)


def last_minus_earlier(along: Along) -> Row:
    """The change of a thread's last transition less the mean of its earlier ones, over threads that have both.

    From each change the mean of those at its step is taken off, over threads that went on: changes that get smaller
    along every thread would else look as if threads ended after small ones.
    """
    steps, thread, step = along.steps, along.steps.thread[along.pairs], along.steps.step[along.pairs]
    is_last = steps.left[along.pairs] == 1
    kind = np.searchsorted(classes(step, is_last), step, side="right") - 1
    n_early = np.bincount(thread[~is_last], minlength=int(steps.thread.max(initial=-1)) + 1)
    chosen = is_last & (n_early[thread] > 0) & by_choice(step, is_last)
    if not chosen.any():
        return along.void("last_minus_earlier", LAST_ALONE)
    asked = np.zeros(len(n_early), dtype=bool)
    asked[thread[chosen]] = True
    of_these = asked[thread]
    away = chosen - np.where(of_these & ~is_last, 1 / np.maximum(1, n_early[thread]), 0)
    whole = steps.sums([away * along.changes, chosen], along.pairs)
    n_kinds, n_units = int(kind.max()) + 1, steps.people.n_units
    cell = steps.units[along.pairs] * n_kinds + kind
    by_kind = column_sums([~is_last, along.changes * ~is_last, away], cell, n_units * n_kinds)
    sums = np.concatenate([whole, by_kind.reshape(n_units, -1)], axis=1)
    found = jackknife(sums, _beside_others, level=steps.log.settings.level, carried=whole[:, 1])[0]
    what = "last change of a thread less the mean of its earlier ones, each beside threads that went on at its step"
    return along.row("last_minus_earlier", found, what, along.ends(along.pairs[of_these]), **along.in_sd(found))


def _beside_others(sums: Floats) -> Floats:
    """From sums of differences and threads, and by class of steps of goings-on, their changes, and weights, to a mean.

    Weights are 1 for a thread's last change and add up to -1 over its earlier ones.
    """
    cells = sums[..., 2:].reshape(*sums.shape[:-1], -1, 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.where(cells[..., 0] > 0, cells[..., 1] / cells[..., 0], np.nan)
        expected = np.where(np.abs(cells[..., 2]) > ROUNDING, expected * cells[..., 2], 0).sum(axis=-1)
        return np.asarray((sums[..., 0] - expected) / sums[..., 1])[..., None]


def share_rising(along: Along) -> Row:
    """The share of threads of two prompts or more whose last value is above their first; equal ones count half."""
    steps = along.steps
    first = np.flatnonzero(np.diff(steps.thread, prepend=-1))
    last = np.r_[first[1:], len(steps.thread)] - 1
    good = (last > first) & along.known[first] & along.known[last] if len(first) else np.zeros(0, dtype=bool)
    first, last = first[good], last[good]
    if not len(first):
        return along.void("share_rising", "no thread of two prompts has a value at both ends")
    rises = (along.x[last] > along.x[first]) + 0.5 * (along.x[last] == along.x[first])
    found = _share(steps.sums([rises, np.ones(len(first))], first), steps.log.settings.level)
    ties = int((along.x[last] == along.x[first]).sum())
    note = f"{ties:,} of {len(first):,} threads end as they began" if ties else None
    what = "share of threads whose last value is above their first, ties half, tested against one half"
    row = along.row("share_rising", found, what, np.concatenate([first, last]), note)
    return row | {"n_threads": distinct(steps.thread[first])}


def _share(sums: Floats, level: float) -> Estimate:
    return cut(jackknife(sums, ratio, level=level, null=0.5, carried=sums[:, 1])[0])
