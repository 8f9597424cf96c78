"""Whether a few people drive a result: what one of them moves, and how unequally the log's prompts are spread."""

from collections.abc import Iterator
from math import ceil

import numpy as np

from unspool.analyses._people import NOBODY, Ints
from unspool.analyses._steps import Row, Steps
from unspool.stats.codes import distinct
from unspool.stats.jackknife import MIN_USERS, UNDEFINED, Floats, jackknife

TOP = 0.01
COUNT = "a count of this log: no interval"


def influence(steps: Steps, values: Floats) -> Row:
    """largest_influence: what leaving out one user moves the mean change per transition at most, in standard errors.

    `effect`: that mean without the user.
    """
    row: Row = {"estimand": "largest_influence"}
    if steps.people.ids is None:
        return row | {"note": NOBODY}
    change = values[steps.pairs + 1] - values[steps.pairs]
    kept = ~np.isnan(change)
    places, change = steps.pairs[kept], change[kept]
    if not len(change):
        return row | {"note": "no prompt with a value is followed by another"}
    row |= steps.numbers(places)
    ones = np.ones(len(change))
    error = jackknife(steps.sums([ones, change], places), _mean)[0].standard_error
    if not error:
        few = distinct(steps.user[places]) < MIN_USERS
        return row | {"note": f"fewer than {MIN_USERS} users" if few else "the change does not vary between users"}
    user = steps.user[places]
    n, total = np.bincount(user).astype(np.float64), np.bincount(user, change)
    without = _mean(np.stack([n.sum() - n, total.sum() - total], axis=-1))[:, 0]
    moved = np.abs(without - change.mean()) / error
    if np.isnan(moved).any():
        return row | {"note": UNDEFINED}
    most = int(moved.argmax())
    return row | {"estimate": float(moved[most]), "effect": float(without[most]), "effect_name": "mean_without"}


def _mean(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 1:] / sums[..., :1])


def activity(steps: Steps) -> Iterator[Row]:
    """top_share: the share of prompts by the most active 1% of users, one at least; gini: of prompts per user."""
    if steps.people.ids is None or not len(steps.user):
        why = NOBODY if len(steps.user) else "no prompt is in a thread"
        yield from ({"estimand": estimand, "note": why} for estimand in ("top_share", "gini"))
        return
    counts = np.sort(np.bincount(steps.user))
    counts = counts[counts > 0]
    top = ceil(TOP * len(counts))
    yield {"estimand": "top_share", "estimate": float(counts[-top:].sum() / counts.sum()), **_told(steps)}
    yield {"estimand": "gini", "estimate": gini(counts), **_told(steps)}


def _told(steps: Steps) -> Row:
    return {"note": COUNT, **steps.numbers()}


def gini(counts: Ints) -> float:
    """Gini's coefficient of sorted counts: 0 if all are equal, (n - 1) / n if one of n has everything."""
    n = len(counts)
    place = np.arange(1, n + 1)
    return float(((2 * place - n - 1) * counts).sum() / (n * counts.sum()))
