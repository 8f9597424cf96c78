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


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart."""
    found = rows.filter(pl.col("estimand") == "lorenz", pl.col("estimate").is_not_null()).sort("step")
    if not found.height:
        return []
    data = _labels.drawn(found, [f"the less active {step}% of people" for step in found["step"]])
    chart = _marks.finished(_layers(theme), data, theme, height=TALL, title=TITLE)
    alt = f"{TITLE}: {'; '.join(data['told'].gather_every(max(1, data.height // 4)))}."
    return [Figure("lorenz", TITLE, chart, _labels.n(found.head(1), "prompts", "users"), alt, data)]


def _layers(theme: Theme) -> list[Any]:
    import altair as alt

    axis = alt.Axis(values=[0, 25, 50, 75, 100], grid=False)
    x = alt.X("step:Q", title="People, the least active first (%)", axis=axis, scale=alt.Scale(domain=[0, 100]))
    y = _marks.up("estimate", "share of prompts")
    colour = _marks.fixed(theme.colours[0])["color"]
    even = alt.Chart(alt.InlineData(values=[{"step": 0, "estimate": 0}, {"step": 100, "estimate": 1}]))
    at = {"x": x, "y": y, "color": colour}
    return [
        even.mark_line(strokeDash=[3, 3], color=theme.soft, strokeWidth=1).encode(x=x, y=y),
        alt.Chart().mark_line(strokeWidth=1.75).encode(**at),
        alt.Chart().mark_point(filled=True, size=24, opacity=1).encode(**at, description=_marks.told()),
    ]
