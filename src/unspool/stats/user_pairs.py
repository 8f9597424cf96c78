"""Pairs of prompts of different users, every prompt with a weight: rank comparisons in which users count alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unspool.stats.jackknife import Estimator, Floats

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
ROUNDING = 1e-9
"""Shares of a sum below this are its rounding error."""


@dataclass(frozen=True)
class Ranked:
    """Values by rank: `code` of each value's rank among the distinct ones, from 0, and how often each occurs."""

    code: Ints
    count: Ints

    @property
    def midranks(self) -> Floats:
        """Ranks from 1, shape (n,); equal values share the mean of their ranks."""
        return np.asarray((np.cumsum(self.count) - (self.count - 1) / 2)[self.code])


def ranked(values: Floats) -> Ranked:
    """Rank values, shape (n,); NaN is not allowed."""
    _, code, count = np.unique(values, return_inverse=True, return_counts=True)
    return Ranked(code.astype(np.int64), count.astype(np.int64))


def alike(users: Ints) -> Floats:
    """Weights with which every user weighs 1, shape (n,). Datta & Satten 2005 (J. Am. Stat. Assoc. 100)."""
    return np.asarray(1 / np.bincount(users)[users])


def alike_by_side(group: Flags, users: Ints) -> Floats:
    """Weights with which every user weighs 1, and each side of a user who has both a half, shape (n,).

    Dutta & Datta 2016 (Biometrics 72): for when the number of prompts on a side says something of the user.
    """
    side = 2 * users + group
    size = np.bincount(side, minlength=2 * int(users.max(initial=-1)) + 2)
    sides = (size.reshape(-1, 2) > 0).sum(axis=1)
    return np.asarray(1 / (sides[users] * size[side]))


def pair_sums(values: Ranked, group: Flags, users: Ints, weights: Sequence[Floats]) -> list[Floats]:
    """For each of some weights the sums per user, shape (highest user code + 1, 2), over pairs of different users.

    Of every pair of a prompt of the group and one not, of which one is the user's, the product of their weights. First
    column: where the group has the higher value, equal ones as half; second column: all. So each pair is counted with
    both of its users.
    """
    order = np.argsort(users * len(values.count) + values.code, kind="stable")
    return [
        _less(_sums(values, group, users, each), 2 * _inside(values, group, users, each, order)) for each in weights
    ]


def _less(sums: Floats, inside: Floats) -> Floats:
    """The sums without the pairs inside a user; where all are inside, nothing is left, and no rounding error."""
    return np.where(sums[:, 1:] - inside[:, 1:] > ROUNDING * sums[:, 1:], sums - inside, 0.0)


def _sums(values: Ranked, group: Flags, users: Ints, weights: Floats) -> Floats:
    """Those sums with the pairs inside a user among them, twice."""
    inside = np.bincount(values.code[group], weights[group], minlength=len(values.count))
    outside = np.bincount(values.code[~group], weights[~group], minlength=len(values.count))
    lower, higher = np.cumsum(outside) - outside / 2, inside.sum() - np.cumsum(inside) + inside / 2
    won = weights * np.where(group, lower[values.code], higher[values.code])
    there = weights * np.where(group, outside.sum(), inside.sum())
    return np.stack([np.bincount(users, won), np.bincount(users, there)], axis=1)


def _inside(values: Ranked, group: Flags, users: Ints, weights: Floats, order: Ints) -> Floats:
    """Those sums of the pairs inside each user, once; `order` of the prompts by user and value."""
    user, code, ours, heavy = users[order], values.code[order], group[order], weights[order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (user[1:] != user[:-1]) | (code[1:] != code[:-1])
    cell = np.cumsum(new) - 1
    inside, outside = np.bincount(cell, heavy * ours), np.bincount(cell, heavy * ~ours)
    owner = user[new]
    sides = [np.bincount(users, weights * side) for side in (group, ~group)]
    before = np.cumsum(outside) - outside / 2 - (np.cumsum(sides[1]) - sides[1])[owner]
    return np.stack([np.bincount(owner, inside * before, minlength=len(sides[0])), sides[0] * sides[1]], axis=1)


def delta_estimator(sums: Floats) -> Estimator:
    """Cliff's delta over pairs of different users from sums of `pair_sums` per unit; without a unit, without its pairs.

    delta = P(group > others) - P(group < others) over weighted pairs, in [-1, 1]. `sums`: those of all units.
    """
    half = sums.sum(axis=0) / 2

    def estimates(some: Floats) -> Floats:
        won, there = (some[..., place] - half[place] for place in (0, 1))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(2 * np.where(there > ROUNDING * half[1], won / there, np.nan) - 1)[..., None]

    return estimates
