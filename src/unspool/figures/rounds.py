"""The style mass of prompts over rounds of retraining, by what is trained on."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Style in prompts over rounds of training"
MULTIPLES = False
READ = (
    "Lines are the projected share of style words if each round's model is trained on that part of the log; bands are "
    "intervals over users. First prompts stay what they are: that is what fresh prompts of people hold on to."
)
TALL = 300
KINDS = {
    "all": "all prompts",
    "upscaled": "upscaled ones",
    "reweighted": "reweighted",
    "first": "first prompts",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart."""
    found = rows.filter(pl.col("estimand") == "mass", pl.col("estimate").is_not_null())
    data = _labels.lines(found, KINDS, "round")
    if not data.height:
        return []
    names = data["line"].unique(maintain_order=True).to_list()
    layers = _layers(names, int(max(data["step"])), theme)
    alt = f"{TITLE}: {_labels.ends(data)}."
    chart = _marks.finished(layers, data, theme, height=TALL, title=TITLE)
    n = _labels.n(found.filter(step=0).head(1), "prompts", "users")
    return [Figure("rounds", TITLE, chart, n, alt, data)]


def _layers(names: list[str], last: int, theme: Theme) -> list[Any]:
    import altair as alt

    look = _marks.lines("line", names, theme)
    axis = alt.Axis(values=list(range(last + 1)), format="d", grid=False)
    x = alt.X("step:Q", title="Round of training", axis=axis, scale=alt.Scale(domain=[-0.2, last + 0.2], nice=False))
    title = "share of style words"
    y = _marks.up("estimate", title)
    curve = {key: look[key] for key in ("color", "strokeDash")}
    point = {key: look[key] for key in ("color", "shape")}
    band = {"x": x, "y": _marks.up("ci_low", title), "y2": "ci_high:Q", "color": look["color"]}
    return [
        alt.Chart().mark_area(opacity=0.13).encode(**band),
        alt.Chart().mark_line(strokeWidth=1.75).encode(x=x, y=y, **curve),
        alt.Chart().mark_point(filled=True, size=36, opacity=1).encode(x=x, y=y, description=_marks.told(), **point),
    ]
