"""What is kept from the end of one thread to the beginning of the user's next."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast, _labels

TITLE = "What people take along into the next thread"
MULTIPLES = False
READ = (
    "R is the share of what was gained in a thread that is there at the start of the user's next one: 0 where every "
    "thread starts afresh, 1 where all is kept. Bars are intervals over users."
)
LABELS = {"style_minus_content": "Style less content"}
FEATURES = ("n_style_words", "n_content_words", "style_minus_content", "n_words", "dialect")


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart: style, content, and the two against each other."""
    found = _contrast.known(rows, {"R": "R"}, group=None)
    parts = [found.filter(pl.col("feature") == name) for name in FEATURES]
    found = pl.concat(parts)
    if not found.height:
        return []
    labels = [LABELS.get(name) or _labels.title(name, columns) for name in found["feature"]]
    title = "Kept into the next thread"
    return [_contrast.dots("carryover", title, found, labels, "R", theme, "threads", "users")]
