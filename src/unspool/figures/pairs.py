"""How many prompts and pairs a preference model could use are left when one thing more is asked of them."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Pairs that are left"
MULTIPLES = False
READ = (
    "Bars are counts, of prompts and of pairs of a chosen and a rejected image; in the first chart each bar of a "
    "colour asks one thing more than the one above it. Where the scale is logarithmic, each line is ten times as many."
)
LEFT = ("all prompts", "upscale known", "upscaled", "image known", "all pairs", "prompt held fixed")
KINDS = ("within grid", "verbatim reroll", "across prompts")
HELD, NOT_HELD = "of one prompt", "of two prompts"
FLOOR = 0.7
"""Where the bars of a logarithmic scale stand: below 1, so that a single pair is seen."""
ROOM = 0.15
"""Room for the number behind the longest bar."""
WIDE = 30
"""Counts that are further apart than this times stand on a logarithmic scale."""


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart of what is left at each requirement, one of the pairs by kind."""
    left, kinds = (_known(rows, estimand, groups) for estimand, groups in (("n_left", LEFT), ("n_pairs", KINDS)))
    units = [feature if feature == "prompts" else "pairs" for feature in left["feature"]]
    held = [NOT_HELD if group == KINDS[-1] else HELD for group in kinds["group"]]
    charts = (
        ("pairs", TITLE, left, units, ["prompts", "pairs"]),
        ("pairs-kinds", "Pairs by kind", kinds, held, [HELD, NOT_HELD]),
    )
    return [_bars(name, title, found, what, keys, theme) for name, title, found, what, keys in charts if found.height]


def _known(rows: pl.DataFrame, estimand: str, groups: tuple[str, ...]) -> pl.DataFrame:
    found = rows.filter(
        pl.col("estimand") == estimand, pl.col("estimate").is_not_null(), pl.col("group").is_in(list(groups))
    )
    place = {group: number for number, group in enumerate(groups)}
    return found.sort(pl.col("group").replace_strict(place, return_dtype=pl.Int64))


def _bars(name: str, title: str, rows: pl.DataFrame, what: list[str], keys: list[str], theme: Theme) -> Figure:
    told = [
        f"{group}: {n:,.0f} {'prompts' if key == 'prompts' else 'pairs'}"
        for group, n, key in zip(rows["group"], rows["estimate"], what, strict=True)
    ]
    log = _is_wide(rows["estimate"])
    data = _labels.drawn(rows, rows["group"]).with_columns(
        told=pl.Series(told, dtype=pl.String),
        key=pl.Series(what, dtype=pl.String),
        end=pl.col("estimate").clip(FLOOR if log else 0),
        shown=pl.col("estimate").map_elements(lambda n: f"{n:,.0f}", return_dtype=pl.String),
    )
    height = _marks.ROW * rows.height + 90
    chart = _marks.finished(_layers(data, keys, log, theme), data, theme, height=height, title=title)
    n = f"n = {_labels.number_of(rows, 'prompts', 'users')}; counted, not estimated."
    return Figure(name, title, chart, n, f"{title}: {'; '.join(told)}.", data)


def _is_wide(counts: pl.Series) -> bool:
    some = [float(n) for n in counts if n > 0]
    return bool(some) and max(some) > WIDE * min(some)


def _layers(data: pl.DataFrame, keys: list[str], log: bool, theme: Theme) -> list[Any]:
    import altair as alt

    labels = data["group"].to_list()
    most = max(float(n) for n in data["end"])
    ticks = {"values": [10**power for power in range(12) if 10**power <= most]} if log else {"tickCount": 4}
    ends = [FLOOR, most * (most / FLOOR) ** ROOM] if log else [0, most * (1 + ROOM) or 1]
    scale = alt.Scale(type="log" if log else "linear", domain=ends, nice=False)
    x = alt.X("end:Q", title="number", scale=scale, axis=alt.Axis(format=_marks.DIGITS, titleAnchor="end", **ticks))
    y = _marks.named("group", labels)
    used = [key for key in keys if key in data["key"]]
    colours = alt.Scale(domain=used, range=[theme.colours[keys.index(key)] for key in used])
    colour = alt.Color("key:N", scale=colours)
    start = alt.X2Datum(ends[0])
    bar = alt.Chart().mark_bar(size=11).encode(x=x, x2=start, y=y, color=colour, description=_marks.told())
    text = alt.Chart().mark_text(align="left", dx=4, color=theme.ink, fontSize=_marks.SIZE - 1)
    return [bar, text.encode(x=x, y=y, text="shown:N")]
