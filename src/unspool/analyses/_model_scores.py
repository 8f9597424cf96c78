"""How much of a model a style term is, as other people's threads teach it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unspool.analyses._model_threads import Threads
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags
from unspool.stats.jackknife import Floats

TEACHERS = 5
"""People per model, at least, who added style terms and teach which are whose."""
FEW = f"fewer than {TEACHERS} people per model added style terms: nobody to learn from which terms are whose"


@dataclass(frozen=True)
class Scores:
    """`of`: score per code of a term, 0 for one that no teacher added. `teaches`: which users, shape (users,)."""

    of: Floats
    teaches: Flags


def scores(found: Threads, *, half: bool) -> Scores | str:
    """Natural log of a term's share in what is added under the later model, by that under the earlier one.

    Shares count people: each counts once for a term, however often the person adds it, and are drawn towards the share
    under both models, with as many pseudo-counts as there are terms (Monroe, Colaresi & Quinn 2008). Teachers are the
    people who used one of the two models alone, or a random half of them; where these are too few, half of all.
    """
    thread, code = found.added()
    user, side = found.found.user[thread], found.side[thread]
    for teaches in _teachers(found, half):
        chosen = teaches[user]
        if min(len(np.unique(user[chosen & (side == which)])) for which in (0, 1)) >= TEACHERS:
            return Scores(_log_ratio(user[chosen], side[chosen], code[chosen], found.style.terms.names.height), teaches)
    return FEW


def _teachers(found: Threads, half: bool) -> Iterator[Flags]:
    if not half:
        yield found.alone
    drawn = np.random.default_rng(found.steps.log.settings.seed).permutation(len(found.alone))
    for group in (found.alone, found.alone | found.both):
        chosen = np.zeros(len(group), dtype=np.bool_)
        chosen[drawn[group[drawn]][::2]] = True
        yield chosen


def _log_ratio(user: Ints, side: Ints, code: Ints, n: int) -> Floats:
    """The scores of n terms from their additions."""
    once = np.unique(np.stack([user, side, code]), axis=1)
    counts = np.array([np.bincount(once[2][once[1] == which], minlength=n) for which in (0, 1)], dtype=np.float64)
    both = counts.sum(axis=0)
    prior = np.count_nonzero(both)
    smoothed = counts + prior * both / both.sum()
    shares = smoothed / smoothed.sum(axis=1, keepdims=True)
    known = both > 0
    return np.where(known, np.log(np.where(known, shares[1], 1)) - np.log(np.where(known, shares[0], 1)), 0.0)
