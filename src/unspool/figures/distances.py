"""How far groups of texts are from each other: their dialect or style on one axis, and how well they are told apart."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast, _labels

TITLE = "How far groups of prompts are from each other and from the reference"
MULTIPLES = False
READ = (
    "First chart: means over the texts of a group; not all people have middle or upscaled prompts. Second chart: how "
    "often a classifier ranks a text of the second group above one of the first, at equal length and for people it has "
    "not seen; the dashed line is chance. Bars are intervals over users."
)
GROUPS = ("first", "middle", "last", "upscaled", "reference")
SCALES = {
    "dialect": ("mean", "Dialect score by group", "mean, nats per word"),
    "style": ("share", "Share of style words by group", "mean share of style words"),
}
"""What groups are laid out by, the first that is known: estimand, title and axis."""
APART, CHANCE = "How well two groups are told apart", 0.5


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """The groups on one axis, and the pairs of groups by area under the curve."""
    known = rows.filter(pl.col("estimate").is_not_null())
    pairs = known.filter(pl.col("feature") == "text", pl.col("estimand") == "auc")
    return [*_groups(known, theme), *_pairs(pairs, theme)]


def _groups(known: pl.DataFrame, theme: Theme) -> list[Figure]:
    for feature, (estimand, title, axis) in SCALES.items():
        found = known.filter(
            pl.col("feature") == feature, pl.col("estimand") == estimand, pl.col("group").is_in(GROUPS)
        )
        if found.height:
            return [_dots("distances-groups", title, _in_order(found), axis, theme, 0.0)]
    return []


def _pairs(found: pl.DataFrame, theme: Theme) -> list[Figure]:
    return [_dots("distances-pairs", APART, found, "area under the curve", theme, CHANCE)] if found.height else []


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort(pl.col("group").replace_strict(GROUPS, range(len(GROUPS)), return_dtype=pl.Int64))


def _dots(name: str, title: str, rows: pl.DataFrame, axis: str, theme: Theme, zero: float) -> Figure:
    labels = [_labels.plain(group).replace(":", " : ") for group in rows["group"]]
    return _contrast.dots(name, title, rows, labels, axis, theme, "prompts", "users", zero=zero)
