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
    found = rows.filter(
        pl.col("estimand") == "incidence", pl.col("estimate").is_not_null(), pl.col("group").is_in(list(ENDS))
    )
    if not found.height:
        return []
    place = {name: number for number, name in enumerate(ENDS)}
    found = found.sort(pl.col("group").replace_strict(place, return_dtype=pl.Int64), "step")
    keys = [ENDS[group] for group in found["group"]]
    told = [f"{key}, step {step}" for key, step in zip(keys, found["step"], strict=True)]
    data = _labels.drawn(found, told).with_columns(line=pl.Series(keys, dtype=pl.String))
    names = list(dict.fromkeys(keys))
    layers = _marks.along(int(max(found["step"])), "share of threads", **_marks.lines("line", names, theme))
    ends = [side["told"][-1] for side in data.partition_by("line", maintain_order=True)]
    alt = f"{TITLE}: {'; '.join(ends)}."
    n = _labels.n(found.filter(step=1), "threads", "users")
    chart = _marks.finished(layers, data, theme, height=TALL, title=TITLE)
    return [Figure("incidence", TITLE, chart, n, alt, data)]
