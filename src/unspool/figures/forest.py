"""Upscaled prompts against the others: between people, within a person, within a thread."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "The same contrast between people and within them"
MULTIPLES = True
READ = (
    "Dots are differences of upscaled prompts from the others, on the natural log for lengths; bars are intervals over "
    "users. Only what is within a person speaks of prompts; between people it may be their habits."
)
NAMES = {
    "pooled": "pooled",
    "between_user": "between people",
    "within_user": "within a person",
    "within_thread_diff": "within a thread",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature of prompts, the chief ones first."""
    return _contrast.per_feature("forest", rows, NAMES, "upscaled less others", columns, theme, group="prompts")
