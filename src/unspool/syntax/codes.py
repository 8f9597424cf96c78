"""Strings as numbers, so that each distinct one is worked once: there are far fewer of them than texts have words."""

import numpy as np
import polars as pl
from numpy.typing import NDArray


def coded(values: pl.Series) -> tuple[NDArray[np.int64], pl.Series]:
    """The strings as positions among the distinct ones, and these."""
    # A mapping of its own: in the global one the vocabulary of every log read so far would stay in memory.
    mapped = values.cast(pl.Categorical(pl.Categories.random()))
    codes = mapped.to_physical()
    distinct = mapped.unique()
    return codes.to_numpy().astype(np.int64), distinct.cast(pl.String).gather(distinct.to_physical().arg_sort())


def places(codes: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the parts of coded strings stand in a flat list of the parts of the distinct ones, `sizes` many of each."""
    counts = sizes[codes]
    begin = (np.cumsum(sizes) - sizes)[codes]
    found: NDArray[np.int64] = np.repeat(begin - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())
    return found
