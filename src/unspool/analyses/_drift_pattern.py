"""Curves along threads of like length, from their start and from their end: the pattern-mixture view of stopping.

Little 1993 (J. Am. Stat. Assoc. 88). A change that stands only at the last step of every class is one of stopping.
"""

from collections.abc import Iterator

import numpy as np

from unspool.analyses._drift_along import ENOUGH, Along, ratio
from unspool.analyses._people import Ints
from unspool.analyses._steps import Row
from unspool.stats.codes import places
from unspool.stats.jackknife import jackknife

CLASSES: dict[str, tuple[int, int | None]] = {"2": (2, 2), "3": (3, 3), "4-5": (4, 5), "6-9": (6, 9), "10+": (10, None)}
"""Final lengths; each class is shown for as many steps as all of its threads have."""


def rows(along: Along) -> Iterator[Row]:
    """pattern_start by step, pattern_end by steps to the end (step 1 is the last prompt), of each class (`group`)."""
    length = along.steps.step + along.steps.left
    lower = np.array([low for low, _ in CLASSES.values()])
    kind = np.searchsorted(lower, length, side="right") - 1
    for estimand, step in (("pattern_start", along.steps.step), ("pattern_end", along.steps.left + 1)):
        shown = np.flatnonzero(along.known & (kind >= 0) & (step <= lower[np.maximum(kind, 0)]))
        yield from _curves(along, estimand, step, kind, shown)


def _curves(along: Along, estimand: str, step: Ints, kind: Ints, shown: Ints) -> Iterator[Row]:
    people = along.steps.people
    lower = [low for low, _ in CLASSES.values()]
    first = np.cumsum([0, *lower[:-1]])
    cell, n_cells = first[kind[shown]] + step[shown] - 1, sum(lower)
    place = along.steps.units[shown] * n_cells + cell
    shape = (people.n_units, n_cells)
    total = np.bincount(place, weights=along.x[shown], minlength=shape[0] * shape[1]).reshape(shape)
    count = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)
    enough = np.flatnonzero(count.sum(axis=0) >= ENOUGH)
    sums = np.concatenate([total[:, enough], count[:, enough]], axis=1)
    names = [(name, own + 1) for name, (low, _) in CLASSES.items() for own in range(low)]
    by_cell = places(cell, n_cells)
    each = jackknife(sums, ratio, level=along.steps.log.settings.level, carried=count[:, enough].astype(np.float64))
    for one, found in zip(enough.tolist(), each, strict=True):
        group, own = names[one]
        what = "mean over threads of this final length"
        # A level is not tested: that it differs from 0 says nothing.
        yield along.row(estimand, found, what, shown[by_cell[one]], group=group, step=own, p_value=None)
