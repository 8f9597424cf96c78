"""The change of surprisal from step to step, as it is and with length held; and what appending anything does."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast, _labels

TITLE = "Surprisal, freed of length"
MULTIPLES = True
READ = (
    "Dots are mean changes from one prompt of a thread to the next; left of the line prompts become likelier. What is "
    "left with length held is not owed to longer prompts. Bars are intervals over users."
)
NAMES = {
    "raw_transition": "as it is",
    "length_held": "length held",
    "same_length": "of equal length",
}
APPENDS = {
    "append_observed": "what people append",
    "append_null": "what others append",
    "beyond_append": "difference",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per measure of surprisal, and one per measure of appended words against those of others."""
    charts = _contrast.per_feature("surprisal", rows, NAMES, "change per step", columns, theme)
    appended = _contrast.known(rows, APPENDS, group=None)
    parts = appended.partition_by("feature", as_dict=True, maintain_order=True)
    return charts + [
        _contrast.of_estimands(
            f"appended-{name}",
            f"{_labels.title(str(name), columns)} of appended words",
            found,
            APPENDS,
            _labels.axis("change", _labels.unit(str(name), columns)),
            theme,
            "prompts",
            "users",
        )
        for (name,), found in parts.items()
    ]
