"""Least squares with fixed effects: what is left of columns after the means of groups, and coefficients from sums.

Where every group lies inside one unit (threads or users, when users are the units), leaving out a unit does not move
what is left in the others, so that coefficients are functions of sums per unit: their jackknife is exact and costs no
refit. Wooldridge 2010, Econometric Analysis of Cross Section and Panel Data, ch. 10.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unspool.stats.bootstrap import column_sums
from unspool.stats.jackknife import Estimator, Floats

Ints = NDArray[np.int64]

COLLINEAR = 1e-9
"""A column counts as a sum of those before it when they leave less than this share of its squares."""


def within(values: Floats, groups: Ints, weights: Floats | None = None) -> Floats:
    """Values less the (weighted) mean of their group, shape (n,); exactly 0 where a group has one value throughout.

    `groups`: codes from 0 on, one per value, in any order. NaN is not allowed: it would spread over its group.
    """
    if not len(values):
        return np.zeros(0)
    some = np.zeros(int(groups.max()) + 1)
    some[groups] = values
    away = values - some[groups]  # from one value of the group, so that equal values leave no rounding error
    return np.asarray(away - means(away, groups, weights)[groups])


def means(values: Floats, groups: Ints, weights: Floats | None = None) -> Floats:
    """(Weighted) means by group, shape (highest code + 1,); NaN for a code without values."""
    size = np.bincount(groups, weights)
    total = np.bincount(groups, values if weights is None else values * weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / size)


def cross_sums(columns: Sequence[Floats], units: Ints, n_units: int, weights: Floats | None = None) -> Floats:
    """Sums per unit of the products of k columns, shape (n_units, k (k + 1) / 2), the upper triangle of X'X by rows."""
    heavy = columns if weights is None else [column * weights for column in columns]
    size = len(columns) * (len(columns) + 1) // 2
    sums, done = np.empty((n_units, size)), 0
    for place, left in enumerate(heavy):
        for right in columns[place:]:
            sums[:, done] = np.bincount(units, left * right, n_units)
            done += 1
    return sums


def outcome_sums(
    y: Floats, columns: Sequence[Floats], units: Ints, n_units: int, weights: Floats | None = None
) -> Floats:
    """Sums per unit of y times each of k columns, shape (n_units, k): X'y."""
    heavy = y if weights is None else y * weights
    return column_sums([heavy * column for column in columns], units, n_units)


def ols_sums(y: Floats, columns: Sequence[Floats], units: Ints, n_units: int, weights: Floats | None = None) -> Floats:
    """What least squares need of each unit, shape (n_units, k (k + 1) / 2 + k): X'X and X'y.

    `columns`: the k regressors, a column of ones among them where the line has an intercept.
    """
    parts = (cross_sums(columns, units, n_units, weights), outcome_sums(y, columns, units, n_units, weights))
    return np.concatenate(parts, axis=1)


def ols_estimator(k: int) -> Estimator:
    """From those sums, shape (..., k (k + 1) / 2 + k), to the k coefficients.

    A column that those before it explain has the coefficient NaN and counts as left out, as in R's lm: put last the
    column in which you are interested.
    """

    def estimates(sums: Floats) -> Floats:
        return solve(*unpacked(sums, k))

    return estimates


def unpacked(sums: Floats, k: int) -> tuple[Floats, Floats]:
    """X'X, shape (..., k, k), and X'y, shape (..., k), of such sums."""
    size = k * (k + 1) // 2
    matrix = np.empty((*sums.shape[:-1], k, k))
    rows, columns = np.triu_indices(k)
    matrix[..., rows, columns] = matrix[..., columns, rows] = sums[..., :size]
    return matrix, sums[..., size:]


def solve(matrix: Floats, right: Floats) -> Floats:
    """Solutions of many small positive semi-definite systems, shapes (..., k, k) and (..., k), by elimination.

    An unknown whose column is a sum of those before it is NaN, and 0 for the others.
    """
    k = matrix.shape[-1]
    work = np.concatenate([matrix, right[..., None]], axis=-1)
    least = COLLINEAR * np.einsum("...ii->...i", matrix)
    lost = np.zeros(right.shape, dtype=bool)
    for j in range(k):
        pivot = work[..., j, j]
        lost[..., j] = ~(pivot > least[..., j])
        row = np.where(lost[..., j, None], 0, work[..., j, :] / np.where(lost[..., j], 1, pivot)[..., None])
        work = work - work[..., :, j, None] * row[..., None, :]
        work[..., j, :] = row
    return np.where(lost, np.nan, work[..., k])


def carried(sums: Floats, k: int) -> Floats:
    """What each unit adds to the information on the last coefficient, shape (units,), of sums as of `ols_sums`.

    a'A_g a with a the last column of the inverse of the sum of the units' A_g = X'X: the shares of its variance where
    errors are alike. 0 throughout where the columns before it explain the last.
    """
    matrix, _ = unpacked(sums, k)
    return carried_of(matrix, k - 1)


def carried_of(matrix: Floats, place: int) -> Floats:
    """The same of matrices, shape (units, k, k), for one of the k coefficients."""
    aim = np.zeros(matrix.shape[-1])
    aim[place] = 1
    along = np.nan_to_num(solve(matrix.sum(axis=0), aim))
    return np.asarray(np.maximum(np.einsum("i,gij,j->g", along, matrix, along), 0))


def crv1(sums: Floats, k: int, n: int, absorbed: int = 0) -> Floats:
    """Covariance of those coefficients with clusters, shape (k, k), to compare the jackknife with.

    G / (G - 1) (n - 1) / (n - k - absorbed) A^-1 (sum over units of s s') A^-1, with A = X'X and s = X'residuals of a
    unit; `n` rows, `absorbed` fixed effects that do not lie inside units. Liang & Zeger 1986 (Biometrika 73).
    """
    matrix, right = unpacked(sums, k)
    whole = matrix.sum(axis=0)
    score = right - matrix @ solve(whole, right.sum(axis=0))
    bread = np.linalg.inv(whole)
    units = int((sums != 0).any(axis=1).sum())
    return np.asarray(units / (units - 1) * (n - 1) / (n - k - absorbed) * bread @ (score.T @ score) @ bread)
