"""Tables of a page: rows of results and lists of words, as text, of a bounded length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

MOST_ROWS = 800
LONGEST_CELL = 240
DASH = "–"


@dataclass(frozen=True)
class Table:
    """A table of text: its columns with whether they hold numbers, its rows, and how many rows were left out."""

    caption: str
    head: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[str]]
    n_left_out: int = 0


HEADS = {
    "feature": "feature",
    "estimand": "estimand",
    "mode": "mode",
    "rule": "rule",
    "group": "group",
    "model": "model",
    "step": "step",
    "estimate": "estimate",
    "standard_error": "SE",
    "interval": "interval",
    "p_value": "p",
    "p_adjusted": "p adjusted",
    "effect": "effect",
    "n_prompts": "prompts",
    "n_threads": "threads",
    "n_users": "users",
    "note": "note",
}
_TEXT = ("feature", "estimand", "mode", "rule", "group", "model", "note")
_VARY = ("mode", "rule")
"""Told only where rows differ in them."""


def of_results(rows: pl.DataFrame, caption: str, most: int = MOST_ROWS) -> Table:
    """Rows of results; a column without a value is left away, and so are seed, method and the like."""
    cut = rows.head(most)
    interval = [_interval(row) for row in cut.select("ci_low", "ci_high").iter_rows()]
    cut = cut.with_columns(interval=pl.Series(interval, dtype=pl.String))
    names = [name for name in HEADS if _says(name, cut[name].unique().drop_nulls().to_list())]
    listed = [[cell(value) for value in row] for row in cut.select(names).iter_rows()]
    return Table(caption, [(HEADS[n], n not in _TEXT) for n in names], listed, rows.height - cut.height)


def _says(name: str, values: Sequence[Any]) -> bool:
    return len(values) > 1 if name in _VARY else bool(values) and list(values) != ["-"]


def of_frame(frame: pl.DataFrame, caption: str, heads: dict[str, str], most: int = MOST_ROWS) -> Table:
    """Any frame, the columns that `heads` names; one without a value is left away."""
    names = [name for name in heads if name in frame.columns and frame[name].count()]
    head = [(heads[name], frame.schema[name].is_numeric()) for name in names]
    listed = [[cell(value) for value in row] for row in frame.head(most).select(names).iter_rows()]
    return Table(caption, head, listed, max(0, frame.height - most))


def _interval(ends: tuple[float | None, float | None]) -> str | None:
    low, high = ends
    return None if low is None or high is None else f"{cell(low)} to {cell(high)}"


def cell(value: Any) -> str:
    """A value in a cell: numbers with four digits, an en dash for unknown, long text cut."""
    if value is None:
        return DASH
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def number(value: float) -> str:
    """Four digits, thousands set off, a true minus sign; whole numbers whole."""
    text = f"{value:,.0f}" if abs(value) >= 1000 or value == round(value) else f"{value:.4g}"
    return text.replace("-", "−", 1) if text.startswith("-") else text
