"""How well upscales are predicted, beside chance."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Prediction of upscales"
MULTIPLES = False
READ = "The dashed line is chance. Bars are intervals over users; the paper's accuracy has one point for each seed."
AREAS = {
    "auc_base": "who, when, how long",
    "auc_text": "text",
    "auc_both": "both",
    "auc_within_user": "text, within a user",
    "auc_row_split": "text, split by row",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """The areas under the ROC curve, and the paper's accuracy."""
    known = rows.filter(pl.col("estimate").is_not_null())
    return [*_areas(known, theme), *_accuracy(known, theme)]


def _areas(known: pl.DataFrame, theme: Theme) -> list[Figure]:
    rows = pl.concat([known.filter(pl.col("estimand") == name) for name in AREAS])
    if not rows.height:
        return []
    labels = [AREAS[name] for name in rows["estimand"]]
    data = _labels.drawn(rows, labels).with_columns(label=pl.Series(labels, dtype=pl.String))
    title = "What tells upscales from the rest"
    chart = _marks.dots(data, theme, "Area under the ROC curve", _around(data, 0.5, 0.05), 0.5, name=title)
    return [
        Figure("predict-auc", title, chart, _labels.n(rows, "prompts", "users"), f"{title}: {_all(data)}.", data),
    ]


def _accuracy(known: pl.DataFrame, theme: Theme) -> list[Figure]:
    rows = known.filter(pl.col("estimand") == "accuracy_paper")
    if not rows.height:
        return []
    labels = [_labels.plain(group or "mean of the seeds") for group in rows["group"]]
    data = _labels.drawn(rows, labels).with_columns(label=pl.Series(labels, dtype=pl.String))
    title = "Accuracy as in the paper"
    chart = _marks.dots(data, theme, "Right on balanced classes (%)", _around(data, 50, 5), 50, name=title)
    return [Figure("predict-accuracy", title, chart, _labels.n(rows, "prompts"), f"{title}: {_all(data)}.", data)]


def _all(data: pl.DataFrame) -> str:
    return "; ".join(data["told"])


def _around(data: pl.DataFrame, chance: float, least: float) -> list[float]:
    """Ends of the axis: all that is drawn, chance, and some room."""
    ends = data.select(
        low=pl.min_horizontal("estimate", "ci_low").min(), high=pl.max_horizontal("estimate", "ci_high").max()
    )
    low, high = ends.row(0)
    room = max(0.08 * (high - low), 0.1 * least)
    return [min(low, chance - least) - room, max(high, chance + least) + room]
