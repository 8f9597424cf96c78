"""How well a classifier that has not seen a writer tells two groups of texts apart at equal length.

One ridge regression of the labels on the words per fold, in its dual form: labels that are permuted change nothing but
the right-hand side, so that all permutations cost little more than one. It is the first Newton step of the logistic
regression of `_two_sample` from 0, and ranks texts much alike.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unspool.analyses._steps import Row
from unspool.audits import Audited
from unspool.audits._language_numbers import numbers, row
from unspool.audits._language_pairs import Pair, at_equal_length, share_as_large, studentised
from unspool.audits._two_sample import STRENGTH, folds, matrix
from unspool.stats.jackknife import Estimate, jackknife, student

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HOW = (
    "area under the curve between texts of one fold, weighted to equal length; ridge regression on words and pairs of "
    "words, cross-fitted by user"
)
LEAST = 20
"""Texts of either group that the area needs."""
FEW = f"fewer than {LEAST} texts of either group"
ONE_PERSON = "a classifier that has not seen a writer needs texts of two people"
NO_PAIRS = "no text of one group is as long as one of the other in its fold"
FAR = 10.0
"""Ratios beyond this are of areas without any spread."""
RIDGE = 4 / STRENGTH
"""The penalty that `_two_sample` has, at the curvature of the logistic loss at 0, which is a quarter."""
DECIMALS = 9
"""Scores are rounded, so that equal texts are ties whatever the order of sums."""


def area(pair: Pair, log: Audited) -> Row:
    """The area, .5 for groups that cannot be told apart; `effect`: its mean over permuted groups."""
    few = min(pair.n_earlier, pair.texts.height - pair.n_earlier) < LEAST
    if few or pair.n_users < 2:
        return numbers(pair) | {"note": FEW if few else ONE_PERSON}
    labels = pair.labels(log.settings.permutations, log.settings.seed)
    fold = folds(pair.texts["user_id"], log.settings.seed)
    scores = cross_fitted(matrix(pair.texts["text"]), labels, fold, pair.bins)
    weights = at_equal_length(labels, pair.bins)
    of_columns = [_Sums.of(pair, *column, fold) for column in zip(scores.T, labels.T > 0, weights.T, strict=True)]
    (found,) = jackknife(of_columns[0].per_user, of_columns[0].areas, level=log.settings.level, null=0.5)
    if found.estimate is None:
        return numbers(pair) | {"note": NO_PAIRS}
    known = [one for one in of_columns if np.isfinite(one.area)]
    if not pair.side_by_side or found.standard_error is None or len(known) < 2:
        return row(pair, _inside(found), log, HOW, None)
    ratios = np.array([one.ratio for one in known])
    told = {"effect": float(np.mean([one.area for one in known[1:]])), "effect_name": "area of permuted groups"}
    wider = _wider(found, float(np.clip(ratios[1:], -FAR, FAR).std()), log.settings.level)
    return row(pair, _inside(wider), log, HOW, share_as_large(ratios), **told)


def _wider(found: Estimate, spread: float, level: float) -> Estimate:
    """The interval with an error as many times as large as the ratios of permuted groups spread, if that is over 1.

    The jackknife takes the classifier as it is; permuted groups have one of their own each. No error stays none.
    """
    if not found.standard_error:
        return found
    error = (found.standard_error or 0.0) * max(1.0, spread)
    low, high, p = student(found.estimate or 0.0, error, found.n_units - 1, level, 0.5)
    return replace(found, standard_error=error, low=low, high=high, p_value=p)


@dataclass(frozen=True)
class _Sums:
    """The weight of pairs in order and of all pairs, in columns: what leaves with each user, and what stays anyway."""

    per_user: Floats
    rest: Floats

    @classmethod
    def of(cls, pair: Pair, scores: Floats, later: Bools, weights: Floats, fold: Ints) -> "_Sums":
        """Each user takes along all pairs that it is in; scores and weights of the others stay."""
        every, own = (pairs(scores, later, weights, group) for group in (fold, pair.units))
        # A pair of one user's texts stands twice in the sums of that user, as one of two users does in those of both.
        per_user = pair.sums(every - own / 2)
        return cls(per_user, every.sum(axis=0) / 2 - per_user.sum(axis=0))

    def areas(self, left: Floats) -> Floats:
        """The area of what is left, shape (..., 1)."""
        sums = left + self.rest
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(sums[..., :1] / sums[..., 1:])

    @property
    def area(self) -> float:
        """The area of all."""
        return float(self.areas(self.per_user.sum(axis=0))[0])

    @property
    def ratio(self) -> float:
        """The area less a half by its jackknife error."""
        without = self.areas(self.per_user.sum(axis=0) - self.per_user)[:, 0]
        return studentised(self.area, without[np.isfinite(without)], 0.5)


def cross_fitted(rows: Any, labels: Floats, fold: Ints, bins: Ints) -> Floats:
    """Scores of shape (rows, columns) for columns of labels, by ridge regression on the rows of the other folds.

    The regression is of the labels less their mean at each length, as texts are compared at equal length.
    """
    from scipy.linalg import solve

    kernel = (rows @ rows.T).toarray()
    found = np.zeros(labels.shape)
    for one in np.unique(fold):
        out = fold != one
        if out.any():
            penalised = kernel[np.ix_(out, out)] + RIDGE * np.eye(int(out.sum()))
            weights = solve(penalised, _centred(labels[out], bins[out]), assume_a="pos")
            found[~out] = kernel[np.ix_(~out, out)] @ weights
    return np.round(found, DECIMALS)


def _centred(labels: Floats, bins: Ints) -> Floats:
    inside = np.eye(int(bins.max()) + 1)[bins]
    means = inside.T @ labels / np.maximum(inside.sum(axis=0), 1)[:, None]
    return np.asarray(labels - means[bins])


def pairs(scores: Floats, later: Bools, weights: Floats, group: Ints) -> Floats:
    """The weight of each row's pairs with rows of the other label in its group: in order, and all, shape (rows, 2).

    A pair weighs the product of its rows' weights; ties are half in order. Every pair stands in both of its rows.
    """
    order = np.lexsort((scores, group))
    group = np.unique(group[order], return_inverse=True)[1]
    new = np.diff(scores[order], prepend=np.nan) != 0
    tie = np.cumsum(new | (np.diff(group, prepend=-1) != 0)) - 1
    sides = (weights * ~later)[order], (weights * later)[order]
    (below, low, earlier), (up_to, same, after) = (_sums(side, group, tie) for side in sides)
    on_later = later[order]
    won = np.where(on_later, below + low / 2, after - up_to - same / 2)
    found = np.empty((len(scores), 2))
    found[order] = weights[order][:, None] * np.column_stack([won, np.where(on_later, earlier, after)])
    return found


def _sums(weights: Floats, group: Ints, tie: Ints) -> tuple[Floats, Floats, Floats]:
    """Per row, in order of group and score: the weight below it in its group, of its ties, and of its group."""
    of_ties, of_groups = (np.bincount(one, weights).astype(np.float64) for one in (tie, group))
    before_group = np.cumsum(of_groups) - of_groups
    below = (np.cumsum(of_ties) - of_ties)[tie] - before_group[group]
    return below, of_ties[tie], of_groups[group]


def _inside(found: Estimate) -> Estimate:
    """An interval that does not leave what an area can be."""
    if found.low is None or found.high is None:
        return found
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))
