"""Cliff's delta of each feature between upscaled prompts and the others: beside the paper's Table 1."""

from collections.abc import Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Upscaled prompts and the others"
MULTIPLES = False
READ = (
    "Right of 0: more in upscaled prompts. Cliff's delta is the chance that an upscaled prompt has the larger value, "
    "minus the chance of the opposite. Circles are prompts, squares captions of their images; bars are intervals over "
    "users."
)
GROUPS = ("prompts", "captions")
AXIS = "Cliff's delta, upscaled against others"
AT_ONCE = 12
LEAST = 0.1


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """Charts of twelve features each, those of the paper first, on one scale."""
    effects = rows.filter(pl.col("estimand") == "cliffs_delta", pl.col("estimate").is_not_null())
    names = words.lead(effects)
    ends = effects.select(pl.max_horizontal(pl.col("estimate", "ci_low", "ci_high").abs().max())).item() or 0
    parts = [names[start : start + AT_ONCE] for start in range(0, len(names), AT_ONCE)]
    return [
        _one(number, part, effects, max(ends * 1.08, LEAST), columns, theme) for number, part in enumerate(parts, 1)
    ]


def _one(
    number: int, names: list[str], effects: pl.DataFrame, end: float, columns: Mapping[str, Column], theme: Theme
) -> Figure:
    place = {name: i for i, name in enumerate(names)}
    rows = effects.filter(pl.col("feature").is_in(names))
    rows = rows.sort(pl.col("feature").replace_strict(place, return_dtype=pl.Int64), "group", descending=[False, True])
    labels = [_labels.title(name, columns) for name in rows["feature"]]
    told = [f"{label}, {group}" for label, group in zip(labels, rows["group"], strict=True)]
    data = _labels.drawn(rows, told).with_columns(label=pl.Series(labels, dtype=pl.String))
    title = "Effect sizes" if number == 1 else f"Effect sizes, part {number}"
    chart = _marks.dots(data, theme, AXIS, [-end, end], 0, key=("group", list(GROUPS)), name=title)
    alt = f"Cliff's delta of {len(names)} features: {'; '.join(data['told'])}."
    return Figure(f"upscaled-{number}", title, chart, _labels.n(rows, "prompts", "users"), alt, data)
