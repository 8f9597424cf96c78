"""Change since the first prompt: the paper's means, and the same prompts against the null in which order is chance."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Naive and corrected curves, with the band of chance"
MULTIPLES = True
READ = (
    "Circles, solid: mean change since step 1 in the same threads, the last prompt of each set aside. Squares, dashed: "
    "the paper's means, less the one at step 1. Grey: where the solid line stays in 95 of 100 logs, step by step, if "
    "the order of prompts within threads is chance."
)
CURVES = {"order_curve": "last prompts aside", "mean": "the paper's means"}
BAND = ("null_low", "null_high")


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature that has a corrected curve, the chief ones first."""
    known = rows.filter(pl.col("estimate").is_not_null(), pl.col("group").is_null(), pl.col("step").is_not_null())
    curves = known.filter(mode="corrected", estimand="order_curve")
    parts = known.partition_by("feature", as_dict=True)
    return [_one(name, parts[name,], columns, theme) for name in words.chief(curves)]


def _one(name: str, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Figure:
    title = _labels.title(name, columns)
    curve = rows.filter(mode="corrected", estimand="order_curve").sort("step")
    naive = since_first(rows.filter(mode="paper", estimand="mean").sort("step"), _labels.on_log(name, columns))
    both = pl.concat([curve, naive])
    keys = [CURVES[one] for one in both["estimand"]]
    told = [f"{key}, step {step}" for key, step in zip(keys, both["step"], strict=True)]
    data = _labels.drawn(both, told).with_columns(line=pl.Series(keys, dtype=pl.String))
    data = data.join(_band(rows), on=["estimand", "step"], how="left", maintain_order="left")
    axis = _labels.axis("change since step 1", _labels.scale(name, columns))
    chart = _marks.finished(_layers(data, axis, theme), data, theme, title=title)
    n = f"{_labels.n(curve, 'threads', 'users')} The paper's means: {_labels.number_of(naive, 'threads') or 'none'}."
    return Figure(f"order-{name}", title, chart, n, f"{title} since step 1: {'; '.join(data['told'])}.", data)


def since_first(means: pl.DataFrame, on_log: bool) -> pl.DataFrame:
    """Means by step less the one at step 1, or the natural log of their ratio; without the intervals of the means."""
    first, value = pl.col("estimate").first(), pl.col("estimate")
    if on_log and not (means["estimate"] > 0).all():
        return means.clear()
    since = (value / first).log() if on_log else value - first
    none = pl.lit(None, dtype=pl.Float64)
    return means.with_columns(estimate=since, ci_low=none, ci_high=none, ci_level=none)


def _band(rows: pl.DataFrame) -> pl.DataFrame:
    low, high = (rows.filter(estimand=edge).select("step", pl.col("estimate").alias(edge)) for edge in BAND)
    return low.join(high, on="step").with_columns(estimand=pl.lit("order_curve"))


def _layers(data: pl.DataFrame, axis: str, theme: Theme) -> list[Any]:
    import altair as alt

    last = int(data["step"].max())  # type: ignore[arg-type]
    x, y = _marks.steps(last, "step"), _marks.up("null_low", axis)
    band = alt.Chart().mark_area(opacity=0.28, color=theme.soft).encode(x=x, y=y, y2="null_high:Q")
    band = band.transform_filter("isValid(datum.null_low)")
    return [band, *_marks.along(last, axis, bars=True, **_marks.lines("line", list(CURVES.values()), theme))]
