"""Threads that end higher than they began, and the others, at each step: the paper's Figures 4 and 7."""

from collections.abc import Iterator, Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Threads that rise and threads that fall"
MULTIPLES = True
READ = (
    "Circles, solid: threads that end higher than they began. Squares, dashed: the others. Bands are intervals over "
    "users. Threads are sorted by their own end, so the others sink against those that end higher in any data."
)
SIDES = {"risers": "end higher", "fallers": "the others"}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature and reading of "last", those by the last shown step first."""
    sides = rows.filter(pl.col("estimand").is_in(list(SIDES)), pl.col("estimate").is_not_null())
    readings = sorted(sides["group"].unique(), key=lambda group: (not group.startswith("step"), group))
    parts = sides.partition_by("group", "feature", as_dict=True)
    return [figure for group in readings for figure in _reading(group, words.lead(sides), parts, columns, theme)]


def _reading(
    group: str,
    names: list[str],
    parts: Mapping[tuple[object, ...], pl.DataFrame],
    columns: Mapping[str, Column],
    theme: Theme,
) -> Iterator[Figure]:
    return (_one(name, group, parts[group, name], columns, theme) for name in names if (group, name) in parts)


def _one(name: str, group: str, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Figure:
    rows = rows.sort("estimand", "step", descending=[True, False])
    title, unit = _labels.title(name, columns), _labels.unit(name, columns)
    keys = [SIDES[side] for side in rows["estimand"]]
    told = [f"{key}, step {step}" for key, step in zip(keys, rows["step"], strict=True)]
    data = _labels.drawn(rows, told).with_columns(line=pl.Series(keys, dtype=pl.String))
    lines = _marks.lines("line", list(SIDES.values()), theme)
    last = int(data["step"].max())  # type: ignore[arg-type]
    layers = _marks.along(last, _labels.axis("mean", unit), **lines)
    chart = _marks.finished(layers, data, theme, title=f"{title}, split by {group}")
    return Figure(
        f"convergence-{name}-{group.replace(' ', '-')}", title, chart, _n(rows, group), _alt(title, data), data
    )


def _n(rows: pl.DataFrame, group: str) -> str:
    sides = [
        f"{_labels.number_of(side, 'threads')} ({name})"
        for key, name in SIDES.items()
        if (side := rows.filter(pl.col("estimand") == key)).height
    ]
    return f"Split by {group}; {_labels.n_of(' and '.join(sides), rows)}"


def _alt(title: str, data: pl.DataFrame) -> str:
    ends = [side["told"][place] for side in data.partition_by("line", maintain_order=True) for place in (0, -1)]
    return f"{title} along threads split by whether they rise: {'; '.join(ends)}."
