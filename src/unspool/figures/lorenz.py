"""How prompts are shared out among people: the Lorenz curve."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "How prompts are shared out among people"
MULTIPLES = False
READ = (
    "Of the least active so many percent of people, the line shows which share of the prompts is theirs. The straight "
    "line is what it would be if all wrote the same number."
)
TALL = 280
DRAWN, EVEN = "this log", "all alike"


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart."""
    found = rows.filter(pl.col("estimand") == "lorenz", pl.col("estimate").is_not_null()).sort("step")
    if not found.height:
        return []
    even = found.with_columns(estimate=pl.col("step") / 100)
    both = pl.concat([found.with_columns(line=pl.lit(DRAWN)), even.with_columns(line=pl.lit(EVEN))])
    listed = both.select("line", "step", "estimate").iter_rows()
    told = [f"{line}, {step}% of people: {value:.0%} of prompts" for line, step, value in listed]
    data = _labels.drawn(both.drop("line"), told).with_columns(line=both["line"])
    layers = _layers(theme)
    chart = _marks.finished(layers, data, theme, height=TALL, title=TITLE)
    half = found.filter(step=50)["estimate"]
    alt = f"{TITLE}: the less active half of people wrote {half[0]:.0%} of the prompts." if len(half) else TITLE
    return [Figure("lorenz", TITLE, chart, _labels.n(found.head(1), "prompts", "users"), alt, data)]


def _layers(theme: Theme) -> list[Any]:
    import altair as alt

    axis = alt.Axis(values=[0, 25, 50, 75, 100], grid=False)
    x = alt.X("step:Q", title="percent of people, the least active first", axis=axis, scale=alt.Scale(domain=[0, 100]))
    y = _marks.up("estimate", "share of prompts")
    look = _marks.lines("line", [DRAWN, EVEN], theme)
    curve = {key: look[key] for key in ("color", "strokeDash")}
    points = alt.Chart().mark_point(filled=True, size=24, opacity=1).transform_filter(alt.datum.line == DRAWN)
    return [
        alt.Chart().mark_line(strokeWidth=1.75).encode(x=x, y=y, **curve),
        points.encode(x=x, y=y, color=look["color"], description=_marks.told()),
    ]
