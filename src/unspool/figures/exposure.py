"""Whether people first use a term after others in the channel did, against the same with their times moved."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "First uses after the use of others"
MULTIPLES = False
READ = (
    "Dots right of the line: a person's first use of a term comes rather in the hour after others used it than at "
    "shifted times. Style that does so, where content does not, is what copying would look like, and so would an event "
    "that all talk of. Bars are intervals over users."
)
NAMES = {"hazard": "all first uses", "hazard_without_blocks": "outside pasted blocks"}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart: log hazard ratios of style terms and of content terms."""
    return _contrast.of_families("exposure", TITLE, rows, NAMES, "log ratio of hazards", theme, "prompts", "users")
