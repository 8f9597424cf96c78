"""A result under every way to cut threads, in the order of its size, with the study's own rule named."""

from collections.abc import Iterator, Mapping

import polars as pl

from unspool.analyses.specification import CALLED
from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast, _labels

TITLE = "The same result under other rules"
MULTIPLES = True
READ = (
    "A row is a rule that cuts the log into threads, the arrow marks the rule of this study. Dots are estimates on the "
    "same sample of users, bars intervals over users. A result that hangs on the rule crosses the dashed line at 0."
)
COUNT = " flips"
AXES = {
    "drift": ("change per step", True),
    "convergence": ("A", False),
    "growth": ("share", False),
    "carryover": ("R", False),
    "upscaled": ("upscaled less others", True),
}
"""What the axis of an analysis's headlines is called, and whether it is in what the feature is in."""


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per result that has an estimate under two rules."""
    return list(_charts(rows, columns, theme))


def _charts(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Iterator[Figure]:
    own = {(row["feature"], row["estimand"]): row["rule"] for row in rows.iter_rows(named=True)}
    found = rows.filter(pl.col("estimate").is_not_null(), pl.col("estimand").is_in(list(CALLED)))
    parts = found.partition_by("estimand", "feature", as_dict=True)
    for estimand in CALLED:
        for feature in found["feature"].unique(maintain_order=True):
            if (estimand, feature) in parts:
                rule = own.get((feature, estimand + COUNT))
                yield _one(parts[estimand, feature].sort("estimate", "rule"), rule, columns, theme)


def _one(rows: pl.DataFrame, own: str | None, columns: Mapping[str, Column], theme: Theme) -> Figure:
    feature, estimand = rows.row(0, named=True)["feature"], rows.row(0, named=True)["estimand"]
    title = f"{_labels.title(feature, columns)}: {CALLED[estimand]}"
    labels = [f"{'▸ ' if rule == own else ''}{_labels.plain(rule or '')}" for rule in rows["rule"]]
    name = f"specification-{feature}-{estimand.replace('/', '-')}"
    what, scaled = AXES[estimand.split("/")[0]]
    axis = _labels.axis(what, _labels.scale(feature, columns) if scaled else "")
    return _contrast.dots(name, title, rows, labels, axis, theme, "threads", "users")
