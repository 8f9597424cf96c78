"""Whether terms are kept rather after an upscale: in the thread, and for the next one."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "Terms kept after an upscale"
MULTIPLES = False
READ = (
    "Dots right of the line: a term is kept more often after an upscale than after none, within one person. Style that "
    "is kept more, where content is not, is what learning from success would look like. Bars are intervals over users."
)
NAMES = {
    "log_odds": "all uses",
    "log_odds_kept": "in the thread",
    "log_odds_carried": "for the next thread",
    "log_odds_added": "added terms",
    "log_odds_term": "same term",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart: log odds ratios of style terms and of content terms."""
    return _contrast.of_families("reinforcement", TITLE, rows, NAMES, "log odds ratio", theme, "prompts", "users")
