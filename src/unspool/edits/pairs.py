"""Adjacent prompts of threads, side by side."""

import polars as pl

from unspool import tables

BOTH = ("time", "text", "params", "n_weights", "n_image_links")
"""Columns that stand for both prompts: under their own name for the later one, with `_before` for the earlier one."""
PAIRS = {
    "prompt_id": pl.String,
    "before_id": pl.String,
    "thread_id": pl.String,
    "user_id": pl.String,
    "step": pl.UInt32,
    "gap_s": pl.Float64,
    **{f"{name}{end}": tables.PROMPTS.columns[name] for name in BOTH for end in ("", "_before")},
}


def pairs(prompts: pl.DataFrame) -> pl.DataFrame:
    """One row per prompt that has one before it in its thread, in the order of the prompts, with the columns of PAIRS.

    `prompts` has the columns of the prompts table, with the thread_id and step of a rule; threads may interleave.
    `gap_s`: seconds from the earlier prompt to the later one, null where a time is unknown. A prompt without a thread,
    or whose thread lacks the step before, is in no pair. A frame without pairs gives none.
    """
    columns = ["prompt_id", "thread_id", "user_id", "step", *BOTH]
    rows = prompts.select(columns).with_row_index("row").filter(pl.col("thread_id").is_not_null())
    placed = rows.sort("thread_id", "step").with_columns(
        pl.col("prompt_id", "thread_id", "step", *BOTH).shift().name.suffix("_before")
    )
    adjacent = (pl.col("thread_id") == pl.col("thread_id_before")) & (pl.col("step") == pl.col("step_before") + 1)
    gap = (pl.col("time") - pl.col("time_before")).dt.total_milliseconds() / 1000
    found = placed.filter(adjacent).sort("row").with_columns(before_id="prompt_id_before", gap_s=gap)
    return found.select(pl.col(name).cast(kind) for name, kind in PAIRS.items())
