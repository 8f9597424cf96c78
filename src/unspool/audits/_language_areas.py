"""How well a classifier that has not seen a writer tells two groups of texts apart at equal length.

One ridge regression of the labels on the words per fold, in its dual form: labels that are permuted change nothing but
the right-hand side, so that all permutations cost little more than one. It is the first Newton step of the logistic
regression of `_two_sample` from 0, and ranks texts much alike.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unspool.analyses._steps import Row
from unspool.audits import Audited
from unspool.audits._language_numbers import numbers, row
from unspool.audits._language_pairs import Pair, share_as_large
from unspool.audits._two_sample import STRENGTH, folds, matrix
from unspool.stats.auc import areas as pairs_of_rows
from unspool.stats.jackknife import Estimate, jackknife

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOW = "area under the curve between texts of one bin of lengths and one fold; ridge regression, cross-fitted by user"
ONE_PERSON = "a classifier that has not seen a writer needs texts of two people"
NO_PAIRS = "no two texts of either group are of one length and one fold"
RIDGE = 4 / STRENGTH
"""The penalty that `_two_sample` has, at the curvature of the logistic loss at 0, which is a quarter."""
DECIMALS = 9
"""Scores are rounded, so that equal texts are ties whatever the order of sums."""


def area(pair: Pair, log: Audited) -> Row:
    """The area, .5 for groups that cannot be told apart; `effect`: its mean over permuted groups."""
    if pair.n_users < 2:
        return numbers(pair) | {"note": ONE_PERSON}
    labels = pair.labels(log.settings.permutations, log.settings.seed)
    fold = folds(pair.texts["user_id"], log.settings.seed)
    strata = np.unique(np.stack([fold, pair.bins]), axis=1, return_inverse=True)[1].ravel()
    scores = cross_fitted(matrix(pair.texts["text"]), labels, fold, pair.bins)
    found = _over_users(pair, scores[:, 0], strata, log.settings.level)
    if found.estimate is None:
        return numbers(pair) | {"note": NO_PAIRS}
    values = stratified(scores, labels, strata)
    values = values[np.isfinite(values)]
    known = len(values) > 1 and pair.side_by_side
    chance = {"effect": float(values[1:].mean()), "effect_name": "area of permuted groups"} if known else {}
    return row(pair, found, log, HOW, share_as_large(values), **chance)


def cross_fitted(rows: Any, labels: Floats, fold: Ints, bins: Ints) -> Floats:
    """Scores of shape (rows, columns) for columns of labels, by ridge regression on the rows of the other folds.

    The regression is of the labels less their mean at each length, as only texts of one length are compared.
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


def stratified(scores: Floats, labels: Floats, strata: Ints) -> Floats:
    """Areas of columns of scores over pairs of one stratum, ties counting half; NaN without pairs."""
    from scipy.stats import rankdata

    order = np.argsort(strata, kind="stable")
    scores, labels, strata = scores[order], labels[order], strata[order]
    reach = float(np.ptp(scores)) + 1
    n = np.bincount(strata)
    ranks = rankdata(strata[:, None] * reach + scores, axis=0) - (np.cumsum(n) - n)[strata][:, None]
    begin = np.cumsum(n) - n
    later, summed = (np.add.reduceat(part, begin, axis=0) for part in (labels, ranks * labels))
    with np.errstate(invalid="ignore", divide="ignore"):
        won = (summed - later * (later + 1) / 2).sum(axis=0)
        return np.asarray(won / (later * (n[:, None] - later)).sum(axis=0))


def _over_users(pair: Pair, scores: Floats, strata: Ints, level: float) -> Estimate:
    """The area with its interval: each user is left out with all pairs that it is in, and the scores stay."""
    alone = np.arange(len(scores))
    users = np.where(pair.users >= 0, pair.users, pair.n_users + alone)
    within = strata * (int(users.max()) + 1) + users
    every, own = (pairs_of_rows([scores], pair.later, alone, [group]).pairs for group in (strata, within))
    # A pair of one user's texts stands twice in the sums of that user, as one of two users does in those of both.
    sums = pair.sums(every - own / 2)
    rest = every.sum(axis=0) / 2 - sums.sum(axis=0)

    def estimator(left: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            return (left + rest)[..., :1] / (left + rest)[..., 1:]

    (found,) = jackknife(sums, estimator, level=level, null=0.5)
    return found
