"""With which model and version a prompt was made, and the models that have enough threads."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

ENOUGH = 20
"""Threads that a model needs to be shown by itself."""
SHOWN = 12
OTHER, NOT_NAMED = "other", "not named"


def label() -> pl.Expr:
    """`midjourney 6.1` of the model midjourney and `--v 6.1`, `midjourney niji 5` of `--niji 5`.

    Without a model `version 6.1` and `niji 5`; null if neither is known. The last version counts if there are several,
    as the bot takes it.
    """
    name, values = pl.element().struct.field("name"), pl.element().struct.field("values")
    value = values.list.first().fill_null("")
    told = pl.when(name == "niji").then((pl.lit("niji ") + value).str.strip_chars()).when(value != "").then(value)
    version = pl.col("params").list.eval(told.filter(name.is_in(["version", "niji"])).drop_nulls()).list.last()
    model = pl.col("model").str.strip_chars().replace("", None)
    alone = pl.when(version.str.starts_with("niji")).then(version).otherwise("version " + version)
    both = pl.concat_str(model, version, separator=" ", ignore_nulls=True)
    return pl.when(model.is_null()).then(alone).otherwise(both)


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
