"""The marks that charts share: lines along steps with bands, dots with intervals, and the looks of all of them."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from unspool.figures import Theme

WIDTH, HEIGHT = 340, 220
ROW, LOW = 22, 17
"""The height of a row of dots: with two marks in it, and with one."""
MARGIN = 50
"""What axes take of a chart that is not fitted into its width."""
SIZE = 11.5
DIGITS = ",.4~r"
LETTER, LONGEST = 6.0, 180
"""Room for a letter of a label in the wider fonts of a page, as what lays a chart out reckons with a narrow one; and
for a label at most."""
ABOVE: dict[str, Any] = {
    "titleAngle": 0,
    "titleAlign": "left",
    "titleAnchor": "end",
    "titleBaseline": "bottom",
    "titleX": 0,
    "titleY": -7,
}
"""An axis title that lies above its axis, to be read without turning the head."""
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
DASHES: tuple[list[int], ...] = ([1, 0], [5, 3], [2, 2], [8, 3, 2, 3], [4, 1], [1, 3], [10, 4], [3, 5])


def told() -> Any:
    """What a mark says of itself to a pointer and to a screen reader."""
    import altair as alt

    return alt.Description("told:N")


def fixed(colour: str) -> dict[str, Any]:
    """One line in one colour."""
    import altair as alt

    return {"color": alt.ColorValue(colour)}


def lines(field: str, names: list[str], theme: Theme) -> dict[str, Any]:
    """Colour, dash and shape of several lines, each apart from the others without colour too; they share a legend."""
    import altair as alt

    def scale(values: Sequence[Any]) -> Any:
        return alt.Scale(domain=names, range=list(values[: len(names)]))

    return {
        "color": alt.Color(f"{field}:N", scale=scale(theme.colours)),
        "strokeDash": alt.StrokeDash(f"{field}:N", scale=scale(DASHES)),
        "shape": alt.Shape(f"{field}:N", scale=scale(SHAPES)),
    }


def steps(last: int, field: str) -> Any:
    """The axis of the steps of a thread."""
    import altair as alt

    axis = alt.Axis(values=list(range(1, last + 1, 1 if last <= 12 else 2)), format="d", grid=False)
    scale = alt.Scale(domain=[0.6, last + 0.4], nice=False)
    return alt.X(f"{field}:Q", title="Step of the thread", axis=axis, scale=scale)


def up(field: str, title: str) -> Any:
    """An axis of values with its title above it; it need not begin at 0."""
    import altair as alt

    axis = alt.Axis(title=title, tickCount=4, format=DIGITS, **ABOVE)
    return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(zero=False, nice=True, padding=6))


def along(last: int, title: str, field: str = "step", *, bars: bool = False, **line: Any) -> list[Any]:
    """Intervals as a band (or as bars), a line and its points along the steps, in the encodings of `line`."""
    import altair as alt

    x, y = steps(last, field), up("estimate", title)
    span = {"x": x, "y": up("ci_low", title), "y2": "ci_high:Q", "color": line["color"]}
    interval = alt.Chart().mark_rule(strokeWidth=1.2) if bars else alt.Chart().mark_area(opacity=0.16)
    curve = {key: line[key] for key in ("color", "strokeDash") if key in line}
    point = {key: line[key] for key in ("color", "shape") if key in line}
    return [
        interval.encode(**span),
        alt.Chart().mark_line(strokeWidth=1.75).encode(x=x, y=y, **curve),
        alt.Chart().mark_point(filled=True, size=36, opacity=1).encode(x=x, y=y, description=told(), **point),
    ]


def room(labels: Sequence[str]) -> float:
    """What an axis takes for its labels."""
    return 8 + min(LONGEST, LETTER * max(map(len, labels), default=0))


def named(field: str, labels: Sequence[str]) -> Any:
    """A vertical axis of labels in their order, with room for them."""
    import altair as alt

    axis = alt.Axis(labelLimit=LONGEST, minExtent=room(labels))
    return alt.Y(f"{field}:N", sort=labels, title=None, axis=axis, scale=alt.Scale(domain=labels))


def dots(
    data: pl.DataFrame,
    theme: Theme,
    title: str,
    ends: list[float],
    zero: float | None,
    *,
    key: tuple[str, list[str]] | None = None,
    name: str = "",
) -> Any:
    """Estimates with their intervals, a row each by `label`, and a dashed line at `zero`, if that means anything.

    `key`: a column that tells marks of one row apart by colour and shape, and its values; they lie a little apart.
    """
    import altair as alt

    labels = data["label"].unique(maintain_order=True).to_list()
    field, groups = key or ("", [])
    row = ROW if key else LOW
    spread = {"yOffset": alt.YOffset(f"{field}:N", scale=alt.Scale(domain=groups, range=[row * 0.3, row * 0.7]))}
    used = [group for group in groups if group in data[field]] if key else []
    look = lines(field, used, theme) if len(used) > 1 else fixed(theme.colours[0])
    point = {channel: look[channel] for channel in ("color", "shape") if channel in look}
    y = named("label", labels)
    scale = alt.Scale(domain=ends, nice=False, zero=False)
    x = alt.X(
        "estimate:Q",
        title=title,
        scale=scale,
        axis=alt.Axis(tickCount=4, labelOverlap=True, format=DIGITS, titleAnchor="end"),
    )
    where = {"y": y, **(spread if len(used) > 1 else {})}
    low = alt.X("ci_low:Q", title=title, scale=scale)
    at_zero = [] if zero is None else [_rule(zero, scale, theme)]
    layers = [
        *at_zero,
        alt.Chart().mark_rule(strokeWidth=1.75).encode(x=low, x2="ci_high:Q", color=look["color"], **where),
        alt.Chart().mark_point(filled=True, size=52, opacity=1).encode(x=x, description=told(), **where, **point),
    ]
    return finished(layers, data, theme, height=row * len(labels) + 60, title=name)


def _rule(place: float, scale: Any, theme: Theme) -> Any:
    import altair as alt

    return alt.Chart().mark_rule(strokeDash=[3, 3], color=theme.soft).encode(x=alt.XDatum(place, scale=scale))


def finished(layers: list[Any], data: pl.DataFrame, theme: Theme, *, height: int = HEIGHT, title: str = "") -> Any:
    """The layers over one set of data, in the theme."""
    import altair as alt

    return alt.layer(
        *layers,
        data=alt.InlineData(values=data.to_dicts()),
        width=WIDTH,
        height=height,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        padding=4,
        config=alt.Config(**_looks(theme)),
        **({"title": title} if theme.titled and title else {}),
    )


def above(layers: list[Any], data: pl.DataFrame, below: list[Any], theme: Theme, *, title: str = "") -> Any:
    """The layers over one set of data, and small charts with data of their own in a row under them."""
    import altair as alt

    chart = alt.layer(*layers).properties(width=WIDTH - MARGIN, height=HEIGHT - MARGIN)
    chart.data = alt.InlineData(values=data.to_dicts())
    found = alt.vconcat(chart, alt.hconcat(*below, spacing=24), spacing=14).properties(padding=4)
    named = {"title": title} if theme.titled and title else {}
    return found.properties(**named).configure(**_looks(theme))


def _looks(theme: Theme) -> dict[str, Any]:
    text = {"labelColor": theme.soft, "titleColor": theme.soft, "labelFontSize": SIZE, "titleFontSize": SIZE}
    lines = {"domainColor": theme.soft, "tickColor": theme.soft, "gridColor": theme.grid, "tickSize": 3}
    quiet = {"titleFontWeight": "normal", "labelPadding": 5, "titlePadding": 8, "domain": False, "ticks": False}
    legend = {
        "title": None,
        "orient": "bottom",
        "symbolSize": 60,
        "symbolOpacity": 1,
        "columns": 2,
        "offset": 6,
        "columnPadding": 22,
    }
    return {
        "background": theme.ground,
        "font": theme.font,
        "view": {"stroke": None},
        "axis": {**text, **lines, **quiet},
        "axisX": {"domain": True, "ticks": True},
        "legend": {**text, **legend, "labelLimit": 150},
        "title": {"anchor": "start", "color": theme.ink, "fontSize": 13, "fontWeight": "bold", "offset": 20},
    }
