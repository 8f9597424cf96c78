"""The asymmetry of each feature: threads that meet, that part, or neither."""

from collections.abc import Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast, _labels

TITLE = "Convergence, freed of the sorting"
MULTIPLES = False
READ = (
    "A is 1 where threads that start apart end together, 0 where high and low only change places, as in any stationary "
    "series, and -1 where they wander apart. Bars are intervals over users."
)
NAMES = {"A_step": "at a fixed step"}
MOST = 12


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart of the chief features."""
    found = _contrast.known(rows, NAMES, group=None)
    names = words.chief(found)[:MOST]
    found = pl.concat([found.filter(pl.col("feature") == name) for name in names]) if names else found
    if not found.height:
        return []
    labels = [_labels.title(name, columns) for name in found["feature"]]
    title = "Convergence asymmetry A"
    return [_contrast.dots("asymmetry", title, found, labels, "A", theme, "threads", "users")]
