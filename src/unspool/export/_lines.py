"""Frames as JSON lines, one frame after the other."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl


def write_lines(frames: Iterable[pl.DataFrame], out: Path) -> int:
    """Write each row as a line of JSON, times in ISO form, UTC; return how many."""
    lines = 0
    with out.open("wb") as file:
        for frame in frames:
            times = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime)]
            frame.with_columns(pl.col(times).dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")).write_ndjson(file)
            lines += frame.height
    return lines
