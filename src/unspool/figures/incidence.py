"""How threads end, by the number of prompts they had: satisfied, switched, abandoned."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "How threads end"
MULTIPLES = False
READ = (
    "Lines are shares of all threads that have ended in that way after so many prompts; bands are intervals over "
    "users. Satisfied: the last prompt was upscaled. Switched: it was not, and the next thread began within 30 minutes."
)
TALL = 280
ENDS = {
    "any": "ended",
    "satisfied": "satisfied",
    "switched": "switched",
    "abandoned": "abandoned",
    "unknown": "the log hides how",
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart."""
    found = rows.filter(pl.col("estimand") == "incidence", pl.col("estimate").is_not_null())
    data = _labels.lines(found, ENDS, "step")
    if not data.height:
        return []
    names = data["line"].unique(maintain_order=True).to_list()
    layers = _marks.along(int(max(data["step"])), "share of threads", **_marks.lines("line", names, theme))
    alt = f"{TITLE}: {_labels.ends(data)}."
    chart = _marks.finished(layers, data, theme, height=TALL, title=TITLE)
    n = _labels.n(found.filter(step=1), "threads", "users")
    return [Figure("incidence", TITLE, chart, n, alt, data)]
