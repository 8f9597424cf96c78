"""Counts that were made by an imperfect classifier, corrected by how often it was right on labelled cases.

The expected found counts are the true ones times a matrix, P(found | true), whose rows are estimated from the labelled
cases; its inverse gives the true ones back. With two classes that is the estimator of Rogan & Gladen 1978 (Am. J.
Epidemiology 107). It assumes that, given the true class, the classifier errs in the log as in the labelled cases.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from unspool.stats.jackknife import Estimate, Floats, jackknife, student

Corrected = Callable[[Floats, Floats], Floats]
"""From sums (..., columns) and a confusion matrix (..., classes * classes), of which one leads, to estimates."""
LEAST = 1e-9


def true_counts(found: Floats, confusion: Floats) -> Floats:
    """The counts by true class, shape (..., classes), of counts by found class.

    `confusion`: labelled cases, shape (..., classes, classes), true class by row, found one by column. The counts sum
    to those found. Counts may be differences; nothing is clipped, so sampling errors can carry small classes below 0.
    NaN where a class has no labelled case, or the classifier cannot tell two of them apart.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = confusion / confusion.sum(axis=-1, keepdims=True)
    usable = np.isfinite(rates).all(axis=(-1, -2))
    rates = np.where(usable[..., None, None], rates, np.eye(rates.shape[-1]))
    usable &= np.abs(np.linalg.det(rates)) > LEAST
    rates = np.where(usable[..., None, None], rates, np.eye(rates.shape[-1]))
    counts = np.linalg.solve(np.swapaxes(rates, -1, -2), np.asarray(found, dtype=np.float64)[..., None])[..., 0]
    return np.where(usable[..., None], counts, np.nan)


def true_shares(found: Floats, confusion: Floats) -> Floats:
    """The same as shares of all, in [0, 1]: negative ones are clipped to 0 and the others divided by their sum."""
    counts = np.maximum(true_counts(found, confusion), 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return shares


def rogan_gladen(share: float, sensitivity: float, specificity: float) -> float:
    """(share + specificity - 1) / (sensitivity + specificity - 1), not clipped: the true share of a class.

    NaN if the classifier knows nothing, that is if sensitivity + specificity is 1.
    """
    informed = sensitivity + specificity - 1
    return (share + specificity - 1) / informed if abs(informed) > LEAST else float("nan")


def corrected(sums: Floats, confusions: Floats, estimator: Corrected, *, level: float = 0.95) -> list[Estimate]:
    """Each estimate with an interval that holds the error of the log and that of the labelled cases.

    `sums`: shape (users, columns). `confusions`: shape (units, classes * classes), the matrix of each unit (user, game
    or text) of the labelled cases. The variances of two jackknives, over users with the matrix held and over units with
    the sums held, are added; Student's t has the degrees of freedom of Satterthwaite.
    """
    whole, matrix = sums.sum(axis=0), confusions.sum(axis=0)
    of_log = jackknife(sums, lambda some: estimator(some, matrix), level=level)
    of_labels = jackknife(confusions, lambda some: estimator(whole, some), level=level)
    return [_joined(one, other, level) for one, other in zip(of_log, of_labels, strict=True)]


def _joined(log: Estimate, labels: Estimate, level: float) -> Estimate:
    if log.estimate is None or log.standard_error is None:
        return log
    if labels.standard_error is None:
        note = f"no interval: labelled cases: {labels.note}"
        return replace(log, standard_error=None, low=None, high=None, p_value=None, note=note)
    freedom = satterthwaite([log.standard_error, labels.standard_error], [log.n_units - 1, labels.n_units - 1])
    error = float(np.hypot(log.standard_error, labels.standard_error))
    low, high, p = student(log.estimate, error, freedom, level)
    return Estimate(log.estimate, error, low, high, p, log.n_units)


def satterthwaite(errors: Sequence[float], freedoms: Sequence[float]) -> float:
    """Degrees of freedom of the sum of independent variances; the least of them if all are 0."""
    variances = np.square(errors)
    if not variances.sum():
        return float(min(freedoms))
    return float(variances.sum() ** 2 / (variances**2 / np.asarray(freedoms)).sum())
