"""Kendall's tau of many short series with their order, and its exact moments when every order is equally likely."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unspool.stats.jackknife import Floats
from unspool.stats.within import Ints

MOST = 200
"""Values of a series that are looked at; of a longer one, this many at equal distances."""


@dataclass(frozen=True)
class Kendall:
    """One entry per series of two values or more.

    `series`: its number among all series, from 0. `tau`: (pairs that rise - pairs that fall) / pairs, in [-1, 1]; a tie
    counts as neither (tau-a). `variance` of tau over all orders of the values, whose mean is 0. `n_cut`: series of more
    than MOST values.
    """

    series: Ints
    tau: Floats
    variance: Floats
    n_cut: int = 0


def kendall(values: Floats, groups: Ints, most: int = MOST) -> Kendall:
    """Tau of the values of each group with their place in it; equal codes of `groups` stand side by side, without NaN.

    The variance with ties is (m (m - 1) (2m + 5) - sum of t (t - 1) (2t + 5) over ties) / 18, by the squared number of
    pairs: Kendall 1970, Rank Correlation Methods, ch. 4.
    """
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.r_[starts, len(groups)])
    tau, variance = np.zeros(len(starts)), np.zeros(len(starts))
    for length in np.unique(lengths[lengths > 1]):
        chosen = np.flatnonzero(lengths == length)
        places = np.arange(length) if length <= most else np.linspace(0, length - 1, most).round().astype(np.int64)
        matrix = values[starts[chosen][:, None] + places]
        pairs = len(places) * (len(places) - 1) / 2
        tau[chosen] = rises_less_falls(matrix) / pairs
        variance[chosen] = variance_of(matrix) / pairs**2
    several = np.flatnonzero(lengths > 1)
    return Kendall(several, tau[several], variance[several], int((lengths > most).sum()))


def rises_less_falls(matrix: Floats) -> Floats:
    """Kendall's S of each row: pairs of which the later value is greater less those of which it is smaller."""
    found = np.zeros(len(matrix))
    for lag in range(1, matrix.shape[1]):
        later, earlier = matrix[:, lag:], matrix[:, :-lag]
        found += (later > earlier).sum(axis=1)
        found -= (later < earlier).sum(axis=1)
    return found


def variance_of(matrix: Floats) -> Floats:
    """The variance of S of each row over all orders of its values."""
    m = matrix.shape[1]
    ordered = np.sort(matrix, axis=1)
    place = np.broadcast_to(np.arange(m), matrix.shape)
    new = np.ones(matrix.shape, dtype=bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    rank = place - np.maximum.accumulate(np.where(new, place, 0), axis=1)  # 0, 1, ... within values that are equal
    ties = (_spread(rank + 1) - _spread(rank)).sum(axis=1)
    return np.asarray((_spread(m) - ties) / 18)


def _spread(t: Ints | int) -> Floats:
    return np.asarray(t * (t - 1) * (2.0 * t + 5))


@dataclass(frozen=True)
class Pairs:
    """All pairs of prompts of the same series: places of the `earlier` and the `later` one, and their `series`."""

    earlier: Ints
    later: Ints
    series: Ints


def pairs(groups: Ints) -> Pairs:
    """The pairs within groups, whose equal codes stand side by side."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.r_[starts, len(groups)])
    series = np.repeat(np.arange(len(starts)), lengths)
    after = np.repeat(starts + lengths, lengths) - np.arange(len(groups)) - 1
    earlier = np.repeat(np.arange(len(groups)), after)
    later = earlier + 1 + np.arange(len(earlier)) - np.repeat(np.cumsum(after) - after, after)
    return Pairs(earlier, later, series[earlier])


def signs(values: Floats, of: Pairs) -> NDArray[np.float32]:
    """What each pair adds to the sum of tau over series: +-1 by the pairs of its series, 0 for ties and NaN."""
    known = ~np.isnan(values[of.earlier]) & ~np.isnan(values[of.later])
    n = np.bincount(of.series, weights=known)
    sign = np.sign(np.where(known, values[of.later] - values[of.earlier], 0))
    return (sign / np.maximum(n[of.series], 1)).astype(np.float32)


def largest(weights: NDArray[np.float32], of: Pairs, n: int, draws: int, seed: int) -> Floats:
    """The largest absolute value over rows of `weights`, shape (rows, pairs), in each of so many random orders.

    The orders are of the n values within their series, the same for all rows; a row is the `signs` of one feature by
    the standard deviation of its sum. Westfall & Young 1993: max-T.
    """
    generator = np.random.default_rng(seed)
    found = np.zeros(draws)
    step = max(1, _CELLS // max(1, len(of.earlier)))
    for start in range(0, draws, step):
        keys = generator.random((min(step, draws - start), n), dtype=np.float32)
        swapped = np.where(keys[:, of.later] > keys[:, of.earlier], np.float32(1), np.float32(-1))
        found[start : start + step] = np.abs(swapped @ weights.T).max(axis=1, initial=0)
    return found


_CELLS = 5_000_000
