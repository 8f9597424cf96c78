"""The mean of a feature at each step of the threads, with its interval: the paper's Figure 3."""

from collections.abc import Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Means along the thread"
MULTIPLES = True
READ = "Points are means over the same threads at each step; bands are intervals over users."


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature, those of the paper first."""
    means = rows.filter(pl.col("estimand") == "mean", pl.col("estimate").is_not_null())
    parts = means.partition_by("feature", as_dict=True)
    return [_one(name, parts[name,].sort("step"), columns, theme) for name in words.lead(means)]


def _one(name: str, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Figure:
    title, unit = _labels.title(name, columns), _labels.unit(name, columns)
    data = _labels.drawn(rows, [f"step {step}" for step in rows["step"]])
    layers = _marks.along(data["step"][-1], _labels.axis("mean", unit), **_marks.fixed(theme.colours[0]))
    chart = _marks.finished(layers, data, theme, title=title)
    alt = f"{title} along the thread: {data['told'][0]}; {data['told'][-1]}."
    return Figure(f"drift-{name}", title, chart, _labels.n(rows, "threads", "users"), alt, data)
