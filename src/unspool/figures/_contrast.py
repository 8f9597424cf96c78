"""Several estimates of one thing under each other, a dot and an interval each."""

from collections.abc import Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

MARGIN = 1.08


def known(rows: pl.DataFrame, names: Mapping[str, str], **same: object) -> pl.DataFrame:
    """The corrected rows of these estimands that have an estimate and no group, in the order of `names`."""
    here = rows.filter(
        pl.col("mode") == "corrected",
        pl.col("estimand").is_in(list(names)),
        pl.col("estimate").is_not_null(),
        pl.col("step").is_null(),
        *(pl.col(key).eq_missing(pl.lit(value)) for key, value in same.items()),
    )
    place = {name: number for number, name in enumerate(names)}
    return here.sort(pl.col("estimand").replace_strict(place, return_dtype=pl.Int64), maintain_order=True)


def of_estimands(
    name: str, title: str, rows: pl.DataFrame, names: Mapping[str, str], axis: str, theme: Theme, *nouns: str
) -> Figure:
    """A row of the chart per estimand, by what `names` calls it, with a dashed line at 0."""
    return dots(name, title, rows, [names[one] for one in rows["estimand"]], axis, theme, *nouns)


def per_feature(
    stem: str,
    rows: pl.DataFrame,
    names: Mapping[str, str],
    what: str,
    columns: Mapping[str, Column],
    theme: Theme,
    group: str | None = None,
) -> list[Figure]:
    """A chart of these estimands for each feature, the chief ones first; `what` they are, for the axis."""
    found = known(rows, names, group=group)
    parts = found.partition_by("feature", as_dict=True)
    return [
        of_estimands(
            f"{stem}-{name}",
            _labels.title(name, columns),
            parts[name,],
            names,
            _labels.axis(what, _labels.scale(name, columns)),
            theme,
            "prompts",
            "users",
        )
        for name in words.chief(found)
    ]


def dots(
    name: str,
    title: str,
    rows: pl.DataFrame,
    labels: list[str],
    axis: str,
    theme: Theme,
    *nouns: str,
    zero: float = 0.0,
) -> Figure:
    """A row of the chart per row and label, around a dashed line."""
    data = _labels.drawn(rows, labels).with_columns(label=pl.Series(labels, dtype=pl.String))
    chart = _marks.dots(data, theme, axis, ends(rows, zero), zero, name=title)
    return Figure(name, title, chart, _labels.n(rows, *nouns), f"{title}: {'; '.join(data['told'])}.", data)


def ends(rows: pl.DataFrame, zero: float) -> list[float]:
    """An axis that holds all intervals and the dashed line."""
    values = [value for name in ("estimate", "ci_low", "ci_high") for value in rows[name].drop_nulls()]
    low, high = min([*values, zero]), max([*values, zero])
    pad = (MARGIN - 1) * (high - low or 1)
    return [low - pad, high + pad]


FAMILIES = {"style": "style terms", "content": "content terms"}


def of_families(
    name: str, title: str, rows: pl.DataFrame, names: Mapping[str, str], axis: str, theme: Theme, *nouns: str
) -> list[Figure]:
    """A row of the chart per estimand, with a mark for style and one for content terms; [] if nothing is known."""
    found = known(rows.filter(pl.col("feature").is_in(list(FAMILIES))), names, group=None)
    if not found.height:
        return []
    found = found.sort(pl.col("feature") == "content", maintain_order=True)
    family = [FAMILIES[one] for one in found["feature"]]
    labels = [names[one] for one in found["estimand"]]
    told = [f"{label}, {what}" for label, what in zip(labels, family, strict=True)]
    order = {label: place for place, label in enumerate(names.values())}
    data = _labels.drawn(found, told).with_columns(
        label=pl.Series(labels, dtype=pl.String), family=pl.Series(family, dtype=pl.String)
    )
    data = data.sort(pl.col("label").replace_strict(order, return_dtype=pl.Int64), maintain_order=True)
    key = ("family", list(FAMILIES.values()))
    chart = _marks.dots(data, theme, axis, ends(found, 0), 0, key=key, name=title)
    return [Figure(name, title, chart, _labels.n(found, *nouns), f"{title}: {'; '.join(data['told'])}.", data)]
