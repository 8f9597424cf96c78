"""The change from one prompt to the next, as it looks and with who stops allowed for."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "Change per step, naive and corrected"
MULTIPLES = True
READ = (
    "Dots are mean changes from a prompt to the next one, on the natural log for lengths; bars are intervals over "
    "users. Where the first and the second disagree, who stops when bends the change as it stands."
)
NAMES = {
    "raw_transition": "all transitions",
    "ipcw": "weighted for stopping",
    "drop_last": "without the last",
    "thread_slope": "slope in the thread",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature, the chief ones first."""
    return _contrast.per_feature("change", rows, NAMES, "change per step", columns, theme)
