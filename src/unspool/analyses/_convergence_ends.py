"""First and later values of threads as sums per user, and what the pair says of convergence: A and its companions."""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from unspool.stats.jackknife import Estimator, Floats, means_carried

ROUNDING = 1e-12
"""Spread below this share of the whole is rounding of numbers that are equal."""
LEAST_THREADS = 3
"""Any two points lie on a line."""


def pair_columns(first: Floats, last: Floats) -> list[Floats]:
    """The columns whose sums per user the estimators take, one value per thread: 1, s, d, sd, dd, ss.

    s = first + last and d = first - last, both about their means over all threads.
    """
    size = float(max(np.abs(first).max(initial=0), np.abs(last).max(initial=0)))
    s, d = centred(first + last, size), centred(first - last, size)
    return [np.ones(len(s)), s, d, s * d, d * d, s * s]


def centred(values: Floats, size: float) -> Floats:
    """Values about their mean by column; exactly 0 where only rounding (against numbers of that size) is left."""
    if not len(values):
        return values
    about = values - values.mean(axis=0)
    return np.where(np.abs(about) <= ROUNDING * size, 0.0, about)


def of_pairs(function: Callable[[Floats, float], Floats], sums: Floats) -> Estimator:
    """An estimator on sums (..., 6) like these: `function` with the spread below which there is none."""
    floor = _floor(sums)
    return lambda some: function(some, floor)


def of_two_pairs(sums: Floats) -> Estimator:
    """A of a second pair less A of a first one, shape (..., 1), from sums (..., 12) of both."""
    first, second = _floor(sums[:, :6]), _floor(sums[:, 6:])
    return lambda some: asymmetry(some[..., 6:], second) - asymmetry(some[..., :6], first)


def _floor(sums: Floats) -> float:
    return ROUNDING * float(sums[:, 4:6].sum())


def asymmetry(sums: Floats, floor: float) -> Floats:
    """A, shape (..., 1): the slope of s on d, = (V1 - VT) / (V1 + VT - 2 C). NaN where d does not vary."""
    sd, dd, _ = _about_means(sums)
    return _ratio(sd, dd, floor)[..., None]


def everything(sums: Floats, floor: float) -> Floats:
    """A, pitman_morgan, galton_slope, galton_null, galton_excess, shape (..., 5).

    Of the variances V1, VT and the covariance C of both values: the correlation of s and d; the slope of the change on
    the start, C / V1 - 1; the slope that repeatability alone gives, -(1 - ICC) with ICC = 2 C / (V1 + VT) (Fontanari &
    Santos 2025); the first less the second. The last is 0 where V1 = VT.
    """
    sd, dd, ss = _about_means(sums)
    with np.errstate(invalid="ignore"):
        correlation = _ratio(sd, np.sqrt(np.maximum(ss, 0)) * np.sqrt(np.maximum(dd, 0)), floor)
    v1, both, c = (ss + dd + 2 * sd) / 4, (ss + dd) / 2, (ss - dd) / 4
    slope, null = _ratio(c, v1, floor) - 1, 2 * _ratio(c, both, floor) - 1
    return np.stack([_ratio(sd, dd, floor), correlation, slope, null, slope - null], axis=-1)


def pairs_carried(sums: Floats) -> Floats:
    """What each user adds to what the estimates of `everything` are divided by, shape (users, 5).

    For A the user's sum of squared changes: these are the shares of its variance where errors are alike.
    """
    _, _, _, sd, dd, ss = sums.T
    first = ss + dd + 2 * sd
    return np.stack([dd, dd, first, ss + dd, first], axis=-1)


def shares(columns: Floats) -> Floats:
    """Each user's mean share of the totals of some columns, shape (users, 1), for what rests on all of them."""
    total = columns.sum(axis=0)
    return np.asarray((columns / np.where(total > 0, total, 1)).mean(axis=-1, keepdims=True))


def _about_means(sums: Floats) -> tuple[Floats, Floats, Floats]:
    """Sums of sd, dd, ss about the means of these threads; NaN for fewer than three."""
    n, s, d, sd, dd, ss = np.moveaxis(sums, -1, 0)
    n = np.where(n < LEAST_THREADS, np.nan, n)
    return sd - s * d / n, dd - d * d / n, ss - s * s / n


def _ratio(above: Floats, below: Floats, floor: float) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below > floor, above / below, np.nan))


def spread_columns(x: Floats) -> list[Floats]:
    """1, then x and its square at each step, about the mean per step; one value per thread. x: (threads, steps)."""
    about = centred(x, float(np.abs(x).max(initial=0)))
    return [np.ones(len(x)), *about.T, *(about**2).T]


def sigma_slope(sums: Floats, floor: float) -> Floats:
    """Slope of ln SD on the step, shape (..., 1), from sums (..., 1 + 2 steps). NaN where a step has no spread."""
    n = np.where(sums[..., :1] < LEAST_THREADS, np.nan, sums[..., :1])
    x, squares = np.split(sums[..., 1:], 2, axis=-1)
    sums_of_squares = squares - x**2 / n
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.where(sums_of_squares > floor, np.log(sums_of_squares / (n - 1)), np.nan) / 2
    step = np.arange(x.shape[-1]) - (x.shape[-1] - 1) / 2
    return np.asarray(logs @ step / (step @ step))[..., None]


def of_spreads(sums: Floats) -> Estimator:
    """`sigma_slope` with the sum of squares below which a step has no spread."""
    n_steps = (sums.shape[1] - 1) // 2
    return partial(sigma_slope, floor=ROUNDING * float(sums[:, 1 + n_steps :].sum()))


def spreads_carried(sums: Floats) -> Floats:
    """Each user's share of the squares about the mean per step, over the steps, shape (users, 1)."""
    return shares(sums[:, 1 + (sums.shape[1] - 1) // 2 :])


def side_columns(x: Floats, rises: NDArray[np.bool_]) -> list[Floats]:
    """For risers, then for fallers: a one, and the value at each step; 0 for threads of the other side."""
    return [
        column for side in (rises, ~rises) for column in (side.astype(np.float64), *np.where(side[:, None], x, 0).T)
    ]


def sides(sums: Floats) -> Floats:
    """From sums (..., 2 (1 + steps)): risers and fallers at each step less all, and their gap at both ends."""
    risers, fallers = np.split(sums, 2, axis=-1)
    whole = risers + fallers
    with np.errstate(invalid="ignore", divide="ignore"):
        up, down, mean = (part[..., 1:] / part[..., :1] for part in (risers, fallers, whole))
    gap = (down - up)[..., [0, -1]]
    return np.concatenate([up - mean, down - mean, gap], axis=-1)


def sides_carried(sums: Floats) -> Floats:
    """What each user adds to the estimates of `sides`, in their order: to means of one side, and to gaps of the two."""
    steps = sums.shape[1] // 2 - 1
    risers, fallers = sums[:, :1], sums[:, steps + 1 : steps + 2]
    apart = np.repeat(means_carried(*risers.T, *fallers.T)[:, None], 2, axis=1)
    return np.concatenate([np.repeat(risers, steps, axis=1), np.repeat(fallers, steps, axis=1), apart], axis=1)
