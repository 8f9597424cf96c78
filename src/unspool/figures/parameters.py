"""How many prompts have a parameter, by parameter."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Parameters"
MULTIPLES = False
READ = "Points are shares of prompts; bars are intervals over users."


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart: a row per parameter, the commonest first."""
    rows = rows.filter(pl.col("estimand") == "share_with_parameter", pl.col("estimate") > 0)
    if not rows.height:
        return []
    rows = rows.sort("estimate", descending=True, maintain_order=True)
    labels = [_labels.plain(group or "") for group in rows["group"]]
    data = _labels.drawn(rows, labels).with_columns(label=pl.Series(labels, dtype=pl.String))
    chart = _marks.dots(data, theme, "Share of prompts", [0, _end(data)], None, name=TITLE)
    alt = f"Share of prompts with a parameter: {'; '.join(data['told'])}."
    return [Figure("parameters", TITLE, chart, _labels.n(rows, "prompts", "users"), alt, data)]


def _end(data: pl.DataFrame) -> float:
    return min(1.0, 1.08 * float(data.select(pl.max_horizontal("estimate", "ci_high").max()).item()))
