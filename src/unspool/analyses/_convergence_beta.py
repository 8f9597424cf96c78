"""Slopes of change on the start, freed of noise, and persistence within threads, freed of the bias of short ones."""

import numpy as np

from unspool.stats.jackknife import Estimator, Floats

LEAST_TREND = 3
"""Steps that a trend with an error of its own takes."""
LEAST_HALVES = 6
"""Steps of which either half has two changes, so that something is left within threads."""


def of_noise(floor: float) -> Estimator:
    """The slope of change on start after Blomqvist 1977 (J. Am. Stat. Assoc. 72), shape (..., 1).

    From sums (..., 9): the six of `_convergence_ends.pair_columns`, then a one, the change and its square for each
    transition that is no reroll. Half the variance of these changes stands for that of the noise in the first value:
    (C - V1 + noise) / (V1 - noise). Null where the noise is all of V1.
    """

    def slope(sums: Floats) -> Floats:
        n, s, d, sd, dd, ss = np.moveaxis(sums[..., :6], -1, 0)
        m, change, squares = np.moveaxis(sums[..., 6:], -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            products = (sd - s * d / n, dd - d * d / n, ss - s * s / n)
            sd, dd, ss = (value / (n - 1) for value in products)
            noise = (squares - change**2 / m) / (m - 1) / 2
            v1, c = (ss + dd + 2 * sd) / 4, (ss - dd) / 4
            found = np.where(v1 - noise > floor, (c - v1 + noise) / (v1 - noise), np.nan)
        return np.asarray(found)[..., None]

    return slope


def trend_columns(x: Floats) -> list[Floats]:
    """1, start, trend, their squares and product, and the squares left, of a line through each thread's values.

    x: (threads, steps), less the mean per step. The start is the line's value at step 1, the trend its rise per step.
    """
    left, start, trend = _lines(x)
    return [np.ones(len(x)), start, trend, start**2, start * trend, left]


def _lines(x: Floats) -> tuple[Floats, Floats, Floats]:
    z = _design(x.shape[1])
    start, trend = np.linalg.solve(z.T @ z, z.T @ x.T)
    return ((x.T - z @ np.stack([start, trend])) ** 2).sum(axis=0), start, trend


def _design(n: int) -> Floats:
    return np.column_stack([np.ones(n), np.arange(n)])


def of_trends(n_steps: int, floor: float) -> Estimator:
    """The slope of the rise over all steps on the start, of random starts and trends, shape (..., 1).

    From sums (..., 6) of `trend_columns`: their covariance by the variance of the starts, less what the scatter about
    the lines adds to both (Swamy 1970, Econometrica 38; of threads of equal length the estimate of a mixed model).
    """
    z = _design(n_steps)
    own = np.linalg.inv(z.T @ z)

    def slope(sums: Floats) -> Floats:
        n, a, b, aa, ab, left = np.moveaxis(sums, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            noise = left / (n * (n_steps - 2))
            start = (aa - a * a / n) / (n - 1) - noise * own[0, 0]
            both = (ab - a * b / n) / (n - 1) - noise * own[0, 1]
            found = np.where(start > floor, (n_steps - 1) * both / start, np.nan)
        return np.asarray(found)[..., None]

    return slope


def lag_columns(x: Floats) -> list[Floats]:
    """Products of each value with the one before and squares of the latter, about the thread's means; by halves too.

    x: (threads, steps), less the mean per step; six columns: of all steps, of the first half, of the second.
    """
    half = x.shape[1] // 2
    columns = list[Floats]()
    for part in (x, x[:, :half], x[:, half:]):
        before, after = (some - some.mean(axis=1, keepdims=True) for some in (part[:, :-1], part[:, 1:]))
        columns += [(before * after).sum(axis=1), (before**2).sum(axis=1)]
    return columns


def persistence(floor: float) -> Estimator:
    """The slope of a value on the one before within threads, as it is and by the half-panel jackknife, shape (..., 2).

    In short threads that slope is too small (Nickell 1981, Econometrica 49); twice the slope less the mean of those of
    the two halves takes off the first order of the bias (Dhaene & Jochmans 2015, Rev. Econ. Stud. 82).
    """

    def slopes(sums: Floats) -> Floats:
        each = [_ratio(sums[..., place], sums[..., place + 1], floor) for place in (0, 2, 4)]
        return np.stack([each[0], 2 * each[0] - (each[1] + each[2]) / 2], axis=-1)

    return slopes


def _ratio(above: Floats, below: Floats, floor: float) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(below > floor, above / below, np.nan))
