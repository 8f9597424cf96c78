"""Which features of a log an analysis looks at, and how many at a time."""

from collections.abc import Iterator, Sequence

import polars as pl

from unspool.analyses import Measured

CELLS_AT_ONCE = 50_000_000


def known(log: Measured) -> tuple[list[str], dict[str, str]]:
    """Names of the numeric columns that have a value somewhere, and the reasons of the others, in the order given."""
    schema = log.prompts.collect_schema()
    numeric = [name for name in log.columns if name in schema and schema[name].is_numeric()]
    counts = log.prompts.select(pl.col(name).count() for name in numeric).collect()
    there = [name for name in numeric if counts[name].sum()]
    reasons = {name: log.notes.get(name) or "no prompt has a value" for name in log.columns if name not in there}
    return there, reasons


def batches(names: Sequence[str], n_rows: int) -> Iterator[Sequence[str]]:
    """Names of columns to collect together: all of a small log, one by one of a very large one."""
    size = max(1, CELLS_AT_ONCE // max(1, n_rows))
    return (names[start : start + size] for start in range(0, len(names), size))
