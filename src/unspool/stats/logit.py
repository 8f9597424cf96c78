"""Logistic regression from arrays, and what each unit adds to it, so that leaving one out costs no refit.

Without a unit the coefficients are taken as those of the whole after one Newton step, from sums per unit of the score
and of the Hessian: the linearised cluster jackknife of MacKinnon, Nielsen & Webb 2025 (Econometric Reviews,
"Cluster-robust jackknife and bootstrap inference for logistic regression models"), CV3L.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unspool.stats.jackknife import Estimator, Floats
from unspool.stats.within import Ints, carried_of, cross_sums, outcome_sums, solve, unpacked

ROWS_AT_ONCE = 1 << 16
STEPS = 40
CLOSE = 1e-7
"""Newton's steps end when no coefficient moves by more than this per standard deviation of its column."""
FAR = 20.0
"""A log odds per standard deviation above which the outcome counts as separated."""
RIDGE = 1.0
SEPARATED = "some column foretells the outcome without fail: coefficients held back by a ridge penalty of 1"
_HOLD = 1e-8
_ROUNDING = 1e-12
_EVERY = 16
"""The first steps are taken on every 16th row of a large log."""


@dataclass(frozen=True)
class Logit:
    """Log odds per unit of each column, shape (k,).

    `kept`: which columns were estimated; one that the columns before it explain is left out with coefficient 0.
    `penalty`: of the squares of the coefficients, halved; 0 unless the outcome is separated, and `note` says so.
    `curvature`: the diagonal of the Hessian; both of the kept columns only.
    """

    coefficients: Floats
    kept: NDArray[np.bool_]
    penalty: Floats
    curvature: Floats
    note: str | None = None

    def place(self, column: int) -> int | None:
        """Where a column stands among the kept ones, None if it is not kept."""
        return int(self.kept[:column].sum()) if self.kept[column] else None

    def probabilities(self, z: Floats, offset: Floats | None = None) -> Floats:
        """The probability of 1 in each row of z, shape (n, k)."""
        return _expit(_linear(z, self.coefficients, offset))


def logit(z: Floats, y: Floats, *, weights: Floats | None = None, offset: Floats | None = None) -> Logit:
    """Maximum likelihood of y, 0 or 1, on the columns of z, shape (n, k), the first of them a column of ones.

    `weights` count rows, `offset` is added to the log odds. Where the likelihood has no maximum, all coefficients but
    the first have a ridge penalty per squared standard deviation. Both outcomes must occur; NaN is not allowed.
    """
    heavy = np.ones(len(y)) if weights is None else weights
    total = float(heavy @ y)
    if not 0 < total < heavy.sum():
        raise ValueError("a logit needs both outcomes")
    kept = ~np.isnan(solve(_gram(z, heavy), np.zeros(z.shape[1])))
    some = z if kept.all() else np.asfortranarray(z[:, kept])
    data = _Data(some, y, heavy, np.zeros(len(y)) if offset is None else offset)
    spread = np.sqrt(np.maximum(_spread(some, heavy), np.finfo(float).tiny))
    start = np.zeros(some.shape[1])
    start[0] = np.log(total / (heavy.sum() - total))
    found, note = _newton(data, start, np.zeros(len(start)), spread), None
    penalty = np.zeros(len(start))
    if found is None:
        penalty[1:] = RIDGE * spread[1:] ** 2
        found, note = _newton(data, start, penalty, spread), SEPARATED
    if found is None:
        raise ValueError("a logit with a ridge penalty does not converge: a column is not finite or of a huge scale")
    coefficients = np.zeros(z.shape[1])
    coefficients[kept] = found
    return Logit(coefficients, kept, penalty, np.diag(data.derivatives(found)[2]).copy(), note)


def unit_sums(
    z: Floats,
    y: Floats,
    fit: Logit,
    units: Ints,
    n_units: int,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> Floats:
    """Score and Hessian of each unit at the fit, shape (n_units, k + k (k + 1) / 2), of its k kept columns."""
    p = fit.probabilities(z, offset)
    heavy = np.ones(len(y)) if weights is None else weights
    columns = [z[:, place] for place in np.flatnonzero(fit.kept)]
    score = outcome_sums(heavy * (y - p), columns, units, n_units)
    return np.concatenate([score, cross_sums(columns, units, n_units, heavy * p * (1 - p))], axis=1)


def newton_step(sums: Floats, fit: Logit) -> Floats:
    """How far the k kept coefficients move, shape (..., k), when the data are those of these sums, (..., as above)."""
    k = len(fit.penalty)
    matrix, _ = unpacked(sums[..., k:], k)
    # A column that only the unit left out has is held where it is.
    matrix[..., np.arange(k), np.arange(k)] += fit.penalty + _HOLD * fit.curvature
    gradient = sums[..., :k] - fit.penalty * fit.coefficients[fit.kept]
    return np.asarray(np.linalg.solve(matrix, gradient[..., None])[..., 0])


def one_step(fit: Logit, column: int) -> Estimator:
    """From such sums to the coefficient of a column, after one Newton step; NaN where the column is constant 0."""
    place = fit.place(column)
    k = len(fit.penalty)

    def estimates(sums: Floats) -> Floats:
        if place is None:
            return np.full((*sums.shape[:-1], 1), np.nan)
        own = sums[..., k + _diagonal(k)[place]]
        moved = fit.coefficients[column] + newton_step(sums, fit)[..., place]
        return np.where(own > _HOLD * fit.curvature[place], moved, np.nan)[..., None]

    return estimates


def carried_by(sums: Floats, fit: Logit, column: int) -> Floats | None:
    """What each unit adds to the information on the coefficient of a column; None if it was not estimated."""
    place = fit.place(column)
    k = len(fit.penalty)
    return None if place is None else carried_of(unpacked(sums[..., k:], k)[0], place)


@dataclass(frozen=True)
class _Data:
    z: Floats
    y: Floats
    weights: Floats
    offset: Floats

    def derivatives(self, b: Floats) -> tuple[float, Floats, Floats]:
        """Log likelihood, score, shape (k,), and Hessian, shape (k, k)."""
        k = self.z.shape[1]
        value, score, hessian = 0.0, np.zeros(k), np.zeros((k, k))
        for rows in _chunks(len(self.y)):
            z, w, y = self.z[rows], self.weights[rows], self.y[rows]
            eta = _linear(z, b, self.offset[rows])
            p = _expit(eta)
            value += float(w @ (y * eta - np.maximum(eta, 0) - np.log1p(np.exp(-np.abs(eta)))))
            score += (w * (y - p)) @ z
            hessian += (z * (w * p * (1 - p))[:, None]).T @ z
        return value, score, hessian

    def every(self, step: int) -> "_Data":
        return _Data(np.asfortranarray(self.z[::step]), self.y[::step], self.weights[::step], self.offset[::step])


def _newton(data: _Data, start: Floats, penalty: Floats, spread: Floats) -> Floats | None:
    """The maximum; None if there is none."""
    b = start
    if len(data.y) > 2 * _EVERY * ROWS_AT_ONCE // 4 and not penalty.any():
        first = _newton(data.every(_EVERY), start, penalty, spread)
        b = start if first is None else first
    best, move = -np.inf, np.zeros(len(b))
    for _ in range(STEPS):
        likelihood, score, hessian = data.derivatives(b)
        value = likelihood - float(penalty @ b**2) / 2
        if value < best - _ROUNDING * abs(best):  # too far: half the way back
            move = move / 2
            b = b - move
            continue
        best = value
        found = _move(score - penalty * b, hessian + np.diag(penalty))
        if found is None:
            return None
        size = float(np.abs(found[1:] * spread[1:]).max(initial=abs(found[0])))
        move = found / max(1.0, size / 2)  # no leap by more than 2 per standard deviation
        b = b + move
        if np.abs(b[1:] * spread[1:]).max(initial=0) > FAR:
            return None
        if size < CLOSE:
            return b
    return None


def _move(score: Floats, hessian: Floats) -> Floats | None:
    scale = np.sqrt(np.diag(hessian))
    if not (scale > 0).all():
        return None
    try:
        return np.asarray(np.linalg.solve(hessian / np.outer(scale, scale), score / scale) / scale)
    except np.linalg.LinAlgError:
        return None


def _chunks(n: int) -> list[slice]:
    return [slice(start, start + ROWS_AT_ONCE) for start in range(0, n, ROWS_AT_ONCE)]


def _linear(z: Floats, b: Floats, offset: Floats | None) -> Floats:
    return np.asarray(z @ b if offset is None else z @ b + offset)


def _expit(eta: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(eta, -700, 700))))


def _gram(z: Floats, weights: Floats) -> Floats:
    """Products of all columns, those after the first less their mean, so that a constant one is found."""
    away = (weights @ z) / weights.sum()
    away[0] = 0
    total = np.zeros((z.shape[1], z.shape[1]))
    for rows in _chunks(len(z)):
        centred = z[rows] - away
        total += (centred * weights[rows, None]).T @ centred
    return total


def _spread(z: Floats, weights: Floats) -> Floats:
    """The weighted variance of each column."""
    n = weights.sum()
    squares = sum(weights[rows] @ z[rows] ** 2 for rows in _chunks(len(z)))
    return np.asarray(squares / n - ((weights @ z) / n) ** 2)


def _diagonal(k: int) -> Ints:
    """Places of the diagonal in the upper triangle by rows."""
    return np.cumsum(np.r_[0, np.arange(k, 1, -1)])
