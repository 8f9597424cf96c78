"""Where the variance of each feature lies: between people, between their threads, within threads."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses._upscaled_words import chief
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Between people, between threads, within threads"
MULTIPLES = False
READ = (
    "Each bar is all of the variance of a feature, cut into what lies between people, between the threads of one "
    "person, and between the prompts of one thread. Only the last can be owed to what happens along threads. The thin "
    "lines are the intervals of where one part ends and the next begins."
)
PARTS = {"user": "people", "thread": "their threads", "prompt": "within threads"}
ENDS = {"icc_user": "user", "icc_thread": "thread"}
"""Where a part ends on its bar: the shares of it and of those before it."""
MOST = 8
"""Features in the chart: the chief ones."""


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart, a bar per feature."""
    known = rows.filter(pl.col("estimand").is_in(list(PARTS)), pl.col("estimate").is_not_null())
    names = chief(known)[:MOST]
    found = pl.concat([known.filter(pl.col("feature") == name) for name in names]) if names else known.clear()
    if not found.height:
        return []
    told = [
        f"{_labels.title(name, columns)}, {PARTS[part]}"
        for name, part in zip(found["feature"], found["estimand"], strict=True)
    ]
    data = _labels.drawn(found, told).with_columns(
        label=pl.Series([_labels.title(name, columns) for name in found["feature"]], dtype=pl.String),
        part=pl.Series([PARTS[part] for part in found["estimand"]], dtype=pl.String),
        place=pl.Series([list(PARTS).index(part) for part in found["estimand"]], dtype=pl.Int64),
    )
    data = data.join(_ends(rows), on=["feature", "estimand"], how="left", maintain_order="left")
    height = _marks.ROW * len(names) + 110
    chart = _marks.finished(_bars(data, theme), data, theme, height=height, title=TITLE)
    alt = f"{TITLE}: {'; '.join(data['told'])}."
    return [Figure("variance", TITLE, chart, _labels.n(found, "prompts", "users"), alt, data)]


def _ends(rows: pl.DataFrame) -> pl.DataFrame:
    known = rows.filter(pl.col("estimand").is_in(list(ENDS)))
    return known.select("feature", pl.col("estimand").replace(ENDS), end_low="ci_low", end_high="ci_high")


def _bars(data: pl.DataFrame, theme: Theme) -> list[Any]:
    import altair as alt

    labels = data["label"].unique(maintain_order=True).to_list()
    y = _marks.named("label", labels)
    axis = alt.Axis(format="%", tickCount=4, titleAnchor="end")
    along: dict[str, Any] = {"title": "share of the variance", "axis": axis, "scale": alt.Scale(domain=[0, 1])}
    x, low = alt.X("estimate:Q", stack="zero", **along), alt.X("end_low:Q", **along)
    colours = alt.Scale(domain=list(PARTS.values()), range=list(theme.colours[:3]))
    colour = alt.Color("part:N", scale=colours)
    bar = alt.Chart().mark_bar(size=13)
    bars = bar.encode(x=x, y=y, color=colour, order="place:Q", description=_marks.told())
    ends = [
        alt.Chart()
        .transform_filter(alt.datum.place == place)
        .mark_rule(strokeWidth=1.5, color=theme.ink, yOffset=away)
        .encode(x=low, x2="end_high:Q", y=y)
        for place, away in enumerate((-3, 3))
    ]
    return [bars, *ends]
