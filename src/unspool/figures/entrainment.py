"""Whether words are taken up from the image: added more if a caption shows them than if it does not."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "Words taken up from the image"
MULTIPLES = False
READ = (
    "Dots right of the line: a word is added more often when the images just shown have it than when only the images "
    "it is compared with do. Bars are intervals over users."
)
NAMES = {"excess": "the thread's grid before", "C": "another person's grid"}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart: differences of rates, of style terms and of content terms."""
    axis = "difference of rates"
    return _contrast.of_families("entrainment", TITLE, rows, NAMES, axis, theme, "prompts", "users")
