"""Which kinds of words a prompt gains and loses from one step to the next."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast, _labels, _marks
from unspool.tables import CONTENT_KINDS, STYLE_KINDS, WORD_KINDS

TITLE = "What the growth is made of"
MULTIPLES = False
READ = (
    "Bars are words of a kind added less removed, per step of a thread; each begins where the one above it ends, so "
    "that they add up to the change of the length exactly. Thin lines are intervals over users."
)
FAMILIES = {**dict.fromkeys(CONTENT_KINDS, "content"), **dict.fromkeys(STYLE_KINDS, "style")}
ALL, OTHER = "all words", "neither"
KINDS = sorted(WORD_KINDS, key=lambda kind: ("content", "style", OTHER).index(FAMILIES.get(kind, OTHER)))
NAMES = {
    **{f"net_{kind}": f"{FAMILIES[kind]}: {kind}" if kind in FAMILIES else kind for kind in KINDS},
    "net": ALL,
}
BY_STEP = {"net_content": "content", "net_all_style": "style"}
BAR = 15


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart of all kinds, and one of the two families by step."""
    whole = _contrast.known(rows, NAMES, group=None)
    known = rows.filter(pl.col("estimate").is_not_null(), pl.col("step").is_not_null())
    steps = known.filter(pl.col("estimand").is_in(list(BY_STEP)))
    return [*([_waterfall(whole, theme)] if whole.height else []), *([_stack(steps, theme)] if steps.height else [])]


def _waterfall(rows: pl.DataFrame, theme: Theme) -> Figure:
    title, labels = "Growth by kind of word", [NAMES[one] for one in rows["estimand"]]
    family = [label if label == ALL else label.split(": ")[0] if ": " in label else OTHER for label in labels]
    total = pl.col("estimand") == "net"
    data = _labels.drawn(rows, labels).with_columns(
        label=pl.Series(labels, dtype=pl.String),
        family=pl.Series(family, dtype=pl.String),
        start=pl.when(total).then(0.0).otherwise(pl.col("estimate").cum_sum() - pl.col("estimate")),
    )
    data = data.with_columns(
        (pl.col("start") + pl.col(name)).alias(end)
        for name, end in {"estimate": "end", "ci_low": "low", "ci_high": "high"}.items()
    )
    chart = _marks.finished(_falling(data, theme), data, theme, height=_marks.LOW * len(labels) + 90, title=title)
    alt = f"{title}: {'; '.join(data['told'])}."
    return Figure("growth", title, chart, _labels.n(rows, "prompts", "users"), alt, data)


def _falling(data: pl.DataFrame, theme: Theme) -> list[Any]:
    import altair as alt

    labels = data["label"].to_list()
    y = _marks.named("label", labels)
    axis = alt.Axis(tickCount=4, format=_marks.DIGITS, titleAnchor="end")
    start, low = (alt.X(f"{field}:Q", title="words per step", axis=axis) for field in ("start", "low"))
    colour = _families(data["family"].unique(maintain_order=True).to_list(), theme)
    return [
        alt.Chart().mark_rule(strokeDash=[3, 3], color=theme.soft).encode(x=alt.XDatum(0)),
        alt.Chart().mark_bar(size=9).encode(x=start, x2="end:Q", y=y, color=colour, description=_marks.told()),
        alt.Chart().mark_rule(strokeWidth=1.2, color=theme.ink).encode(x=low, x2="high:Q", y=y),
    ]


def _families(names: list[str], theme: Theme) -> Any:
    import altair as alt

    colours = {"content": theme.colours[0], "style": theme.colours[5], OTHER: theme.colours[7], ALL: theme.ink}
    scale = alt.Scale(domain=names, range=[colours[name] for name in names])
    return alt.Color("family:N", scale=scale)


def _stack(rows: pl.DataFrame, theme: Theme) -> Figure:
    import altair as alt

    title = "Growth by step"
    rows = rows.sort("step", "estimand")
    names = [BY_STEP[one] for one in rows["estimand"]]
    told = [f"{name}, to step {step}" for name, step in zip(names, rows["step"], strict=True)]
    data = _labels.drawn(rows, told).with_columns(family=pl.Series(names, dtype=pl.String))
    axis = alt.Axis(title="words per step", tickCount=4, format=_marks.DIGITS, **_marks.ABOVE)
    colour = _families(list(dict.fromkeys(BY_STEP.values())), theme)
    x = _marks.steps(int(max(rows["step"])), "step").title("To this step of the thread")
    y = alt.Y("estimate:Q", axis=axis, stack="zero")
    bars = alt.Chart().mark_bar(size=BAR).encode(x=x, y=y, color=colour, description=_marks.told())
    rule = alt.Chart().mark_rule(color=theme.soft).encode(y=alt.YDatum(0))
    chart = _marks.finished([bars, rule], data, theme, title=title)
    alt_text = f"{title}: {'; '.join(data['told'])}."
    return Figure("growth-steps", title, chart, _labels.n(rows, "prompts", "users"), alt_text, data)
