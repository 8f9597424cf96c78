"""The columns of the features table: put together from the pieces of each back end, and described in the file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from unspool.features import Column, Feature, feature
from unspool.study import read_parquet


@dataclass(frozen=True)
class Group:
    """Features of one back end, where their pieces lie, and the sampled users, if they were measured on a sample."""

    names: Sequence[str]
    out: Path
    users: Path | None

    def columns(self, path: Path, height: int) -> pl.DataFrame:
        """The columns for all rows of a file of prompts; null where a row was not scored."""
        files = sorted(self.out.glob(f"{path.stem}-*.parquet"))
        if not files:
            return _nothing(self.names, self.out, height)
        found = pl.concat([read_parquet(file) for file in files])
        if found.height == height:
            return found.drop("row")
        rows = pl.DataFrame({"row": pl.int_range(height, eager=True, dtype=pl.UInt32)})
        return rows.join(found, on="row", how="left", maintain_order="left").drop("row")

    def n_scored(self, path: Path) -> int:
        """How many prompts of a file were scored."""
        files = sorted(self.out.glob(f"{path.stem}-*.parquet"))
        return sum(pl.scan_parquet(file, glob=False).select(pl.len()).collect().item() for file in files)


def _nothing(names: Sequence[str], out: Path, height: int) -> pl.DataFrame:
    """The columns of a file of which nothing was sampled."""
    another = next(iter(sorted(out.glob("*.parquet"))), None)
    schema = pl.read_parquet_schema(another) if another else {c.name: c.kind for n in names for c in feature(n).COLUMNS}
    columns = [pl.lit(None, dtype=kind).alias(name) for name, kind in schema.items() if name != "row"]
    return pl.select(pl.repeat(None, height).alias("row")).with_columns(columns).drop("row")


def kept(place: Path, names: Sequence[str]) -> pl.DataFrame:
    """The columns of features that stand, from the file of features that there is."""
    wanted = [c.name for name in names for c in feature(name).COLUMNS]
    if not wanted:
        return pl.DataFrame()
    before = read_parquet(place)
    return before.select(*wanted, *(name for name in (f"caption_{c}" for c in wanted) if name in before.columns))


def ordered(names: Sequence[str], captions: bool) -> list[str]:
    """Names of the columns in the order of the table: those of prompts, then those of captions."""
    own = [c.name for name in names for c in feature(name).COLUMNS]
    also = [f"caption_{c.name}" for name in names if captions and feature(name).CAPTIONS for c in feature(name).COLUMNS]
    return own + also


def nulls(names: Sequence[str], captions: bool) -> list[pl.Expr]:
    """Columns of features that are void, as nulls."""
    columns = [column for name in names for column in feature(name).COLUMNS]
    void = [pl.lit(None, dtype=column.kind).alias(column.name) for column in columns]
    also = [column for name in names if feature(name).CAPTIONS for column in feature(name).COLUMNS]
    return void + [pl.lit(None, dtype=pl.Float64).alias(f"caption_{column.name}") for column in also if captions]


def metadata(names: Sequence[str]) -> dict[str, str]:
    """What each column is, for readers of the file: unit, range, value of an empty prompt, citation."""
    return {f"unspool.{c.name}": json.dumps(_told(c, feature(n))) for n in names for c in feature(n).COLUMNS}


def _told(column: Column, module: Feature) -> dict[str, Any]:
    return {
        "title": column.title,
        "unit": column.unit,
        "range": [column.low, column.high],
        "empty": column.empty,
        "meaning": column.meaning,
        "mode": column.mode,
        "citation": column.citation or module.CITATION,
    }
