"""Threads that rise and threads that fall against all of them, beside the three shapes that this can take."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Threads that rise and fall, beside the three shapes"
MULTIPLES = True
READ = (
    "Threads are split by whether they change by more than the mean; points are means of each side, less that of all "
    "threads at the step. Below, what sorting alone makes of three kinds of series: only where the sides start apart "
    "and end together is there convergence. A is 0 where they change places, -1 where they part, 1 where they meet."
)
SIDES = {"risers_centred": "rise", "fallers_centred": "fall"}
SKETCHES = {
    ("stationary", "A = 0"): {"rise": (-1, 1), "fall": (1, -1)},
    ("random walk", "A = −1"): {"rise": (0, 1), "fall": (0, -1)},
    ("convergence", "A = 1"): {"rise": (-1, 0), "fall": (1, 0)},
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature, the chief ones first."""
    known = rows.filter(
        pl.col("estimand").is_in(list(SIDES)), pl.col("estimate").is_not_null(), pl.col("step").is_not_null()
    )
    parts = known.partition_by("feature", as_dict=True)
    return [_one(name, parts[name,], rows, columns, theme) for name in words.chief(known)]


def _one(name: str, sides: pl.DataFrame, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Figure:
    sides = sides.sort("estimand", "step", descending=[True, False])
    keys = [SIDES[side] for side in sides["estimand"]]
    told = [f"{key}, step {step}" for key, step in zip(keys, sides["step"], strict=True)]
    data = _labels.drawn(sides, told).with_columns(line=pl.Series(keys, dtype=pl.String))
    title, axis = _labels.title(name, columns), _labels.axis("from the mean", _labels.scale(name, columns))
    lines = _marks.lines("line", list(SIDES.values()), theme)
    layers = _marks.along(int(max(sides["step"])), axis, **lines)
    sketches = [_sketch(list(named), ends, theme) for named, ends in SKETCHES.items()]
    chart = _marks.above(layers, data, sketches, theme, title=title)
    a = words.row(rows, feature=name, estimand="A_step", group=None)
    is_a = f"A = {words.number(a['estimate'], words.of(a))}, {words.interval(a)}; " if a else ""
    n = f"{is_a}{_labels.n(sides, 'threads', 'users')}"
    return Figure(f"shapes-{name}", title, chart, n, f"{title}, two sides: {'; '.join(data['told'])}.", data)


def _sketch(title: list[str], ends: Mapping[str, tuple[int, int]], theme: Theme) -> Any:
    import altair as alt

    points = [{"line": side, "x": x, "y": y} for side, pair in ends.items() for x, y in enumerate(pair)]
    look = _marks.lines("line", list(SIDES.values()), theme)
    chart = alt.Chart(alt.InlineData(values=points)).mark_line(strokeWidth=1.75)
    x, y = alt.X("x:Q", axis=None), alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-1.2, 1.2]))
    text = alt.TitleParams(
        title, fontSize=_marks.SIZE, fontWeight="normal", color=theme.soft, offset=4, anchor="middle"
    )
    return chart.encode(x=x, y=y, color=look["color"], strokeDash=look["strokeDash"]).properties(
        title=text, width=72, height=44
    )
