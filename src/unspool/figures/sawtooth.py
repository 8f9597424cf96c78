"""First and last prompts of a person's threads, one thread after the other."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "First and last prompts, thread after thread"
MULTIPLES = True
READ = (
    "Circles are means of the first prompts of people's 1st, 2nd, ... thread, squares of the last ones; bars are "
    "intervals over users. What is gained within a thread (solid) falls back (dashed) where nothing is kept for the "
    "next one; circles that rise are what learning for good would look like. Only people with as many threads as are "
    "shown are in it."
)
ENDS = {"tenure": "first prompt", "tenure_last": "last prompt"}
APART = 0.45
DASHES = ([1, 0], [3, 3])


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature, words of style and of content first."""
    known = rows.filter(
        pl.col("estimand").is_in(list(ENDS)), pl.col("estimate").is_not_null(), pl.col("step").is_not_null()
    )
    parts = known.partition_by("feature", as_dict=True)
    return [_one(name, parts[name,], columns, theme) for name in words.chief(known)]


def _one(name: str, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Figure:
    rows = rows.sort("step", "estimand")
    title, last = _labels.title(name, columns), int(max(rows["step"]))
    keys = [ENDS[one] for one in rows["estimand"]]
    told = [f"thread {step}, {key}" for key, step in zip(keys, rows["step"], strict=True)]
    is_last = pl.col("estimand") == "tenure_last"
    data = _labels.drawn(rows, told).with_columns(
        end=pl.Series(keys, dtype=pl.String),
        place=pl.col("step") + pl.when(is_last).then(APART).otherwise(0.0),
        between=pl.col("step") - pl.when(is_last).then(0).otherwise(1),
    )
    axis = _labels.axis("mean", _labels.scale(name, columns))
    chart = _marks.finished(_layers(last, axis, theme), data, theme, title=title)
    alt = f"{title} of first and last prompts by thread: {'; '.join(data['told'])}."
    return Figure(f"sawtooth-{name}", title, chart, _labels.n(rows, "users"), alt, data)


def _layers(last: int, axis: str, theme: Theme) -> list[Any]:
    import altair as alt

    ticks = alt.Axis(values=list(range(1, last + 1)), format="d", grid=False)
    scale = alt.Scale(domain=[0.7, last + APART + 0.3], nice=False)
    x = alt.X("place:Q", title="Thread of the person", axis=ticks, scale=scale)
    y = _marks.up("estimate", axis)
    look = _marks.lines("end", list(ENDS.values()), theme)
    within, between = (alt.Chart().mark_line(strokeWidth=1.5, color=theme.soft, strokeDash=dash) for dash in DASHES)
    return [
        within.encode(x=x, y=y, detail="step:N"),
        between.encode(x=x, y=y, detail="between:N"),
        alt.Chart().mark_rule(strokeWidth=1.2).encode(x=x, y=_marks.up("ci_low", axis), y2="ci_high:Q"),
        alt.Chart()
        .mark_point(filled=True, size=44, opacity=1)
        .encode(x=x, y=y, color=look["color"], shape=look["shape"], description=_marks.told()),
    ]
