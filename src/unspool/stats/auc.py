"""Area under the ROC curve between prompts of different users, as sums per user, so that it can be drawn again by user.

Only scores of one fold are compared, as those of two folds come from two models, and the folds' pairs are added up.
Pairs within a user are left out: whatever tells users apart says nothing there, and the rate of a user's other prompts
ranks them the wrong way round, as an upscaled prompt has one upscaled prompt less beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Areas:
    """Areas of several scores of the same rows, and the pairs that each row is in, shape (rows, 2 * scores).

    `pairs` holds, per score, those in which the true row has the higher score (ties count half) and all of them. An
    area is NaN where there are no pairs.
    """

    areas: Floats
    pairs: Floats

    def estimator(self, sums: Floats) -> Floats:
        """The areas, shape (..., scores), from sums of `pairs`, shape (..., 2 * scores).

        Weights of users make both numbers quadratic forms, taken here to first order around weights of 1: the sum over
        drawn users of the pairs that they are in, less all pairs. It is Hajek's projection, as in DeLong, DeLong &
        Clarke-Pearson 1988 (Biometrics 44), and exact for all users drawn once.
        """
        drawn = sums - self.pairs.sum(axis=0) / 2
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Floats = drawn[..., ::2] / drawn[..., 1::2]
        return result


def areas(scores: Sequence[Floats], labels: Bools, users: Ints, folds: Sequence[Ints]) -> Areas:
    """The areas of some scores with their folds, each of shape (rows,). NaN is not allowed among scores."""
    found = []
    for score, fold in zip(scores, folds, strict=True):
        found.append(_pairs(score, labels, fold) - _pairs(score, labels, fold, users))
    pairs = np.concatenate(found, axis=1) if found else np.zeros((len(labels), 0))
    sums = pairs.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return Areas(sums[::2] / sums[1::2], pairs)


def within(scores: Floats, labels: Bools, users: Ints, n_users: int) -> Floats:
    """Each user's own area and 1, or 0 and 0 without rows of both labels, shape (n_users, 2): sums for a mean."""
    won, pairs = (np.bincount(users, column, minlength=n_users) for column in _pairs(scores, labels, users).T)
    there = pairs > 0
    return np.stack([np.where(there, won / np.where(there, pairs, 1), 0), there], axis=1)


def _pairs(scores: Floats, labels: Bools, *groups: Ints) -> Floats:
    """Pairs of a row with rows of the other label in its group: how many are in order, and how many there are."""
    names = [f"group_{number}" for number in range(len(groups))]
    rows = pl.DataFrame({"score": scores, "label": labels} | dict(zip(names, groups, strict=True)))
    rank, n = pl.col("score").rank("average"), pl.len().cast(pl.Int64)
    # A rank among all less the rank among one's own is how many of the others are below.
    below = rank.over(names) - rank.over(*names, "label")
    others = n.over(names) - n.over(*names, "label")
    return rows.select(pl.when("label").then(below).otherwise(others - below), others.cast(pl.Float64)).to_numpy()
