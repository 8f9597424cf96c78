"""Whether an added detail was missing from the image before and is there after, against what would be there anyway."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "Added details and the images"
MULTIPLES = False
READ = (
    "The first chart parts the added words by whether the captions before and after have them. In the others, dots "
    "right of the line: more was repaired than chance, or that comparison, lets expect. Bars are intervals over users."
)
CELLS = {
    "seen_before": "was there before",
    "missing_then_appears": "missing, then there",
    "missing_and_stays": "missing, and stays so",
}
NET = {"excess": "forwards less backwards"}
NULLS = {
    "excess_users": "images of other people",
    "excess_threads": "own other threads",
    "excess_grid": "other images of the grid",
    "selection": "words added later",
    "placebo": "the same, a grid before",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart of the three cells, one of details repaired, one of the excess over each comparison."""
    charts = (
        ("repair-cells", "Where the added details were", CELLS, "share of added words"),
        ("repair-net", "Details repaired", NET, "per step"),
        ("repair", "More than under each comparison", NULLS, "difference of shares"),
    )
    listed = [(*chart, _contrast.known(rows, chart[2], group=None)) for chart in charts]
    return [
        _contrast.of_estimands(name, title, found, names, axis, theme, "prompts", "users")
        for name, title, names, axis, found in listed
        if found.height
    ]
