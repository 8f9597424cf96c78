"""The models that have enough threads to be shown by themselves."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

ENOUGH = 20
"""Threads that a model needs to be shown by itself."""
SHOWN = 12
OTHER, NOT_NAMED = "other", "not named"


def models(labels: pl.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Each model of ENOUGH threads and which those are, those of most threads first; then all that is left, as OTHER.

    A thread without a label is of NOT_NAMED.
    """
    named = labels.fill_null(NOT_NAMED).alias("label")
    counts = named.value_counts(sort=False, name="n").sort("n", "label", descending=[True, False])
    shown = counts.filter(pl.col("n") >= ENOUGH).head(SHOWN)["label"].to_list()
    for name in shown:
        yield name, (named == name).to_numpy()
    left = ~named.is_in(shown)
    if left.any():
        yield OTHER, left.to_numpy()
