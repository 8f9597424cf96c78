"""Threads of a frame of prompts: one row per thread, its prompts in order."""

import polars as pl

INSIDE = ("prompt_id", "step", "time", "text", "action", "upscaled")
"""Columns of a prompt that stand in a thread's list."""


def threads(frame: pl.DataFrame, *, weight: bool = True) -> pl.DataFrame:
    """One row per thread: thread_id, user_id, n_prompts, n_upscaled, first_text, last_text, weight, prompts.

    `n_upscaled` is null where the log does not know upscales.

    `prompts` is a list of structs of INSIDE in the order of steps. `weight`: the sum of those of its prompts, if they
    have any. Prompts without a thread are left out.
    """
    rows = frame.filter(pl.col("thread_id").is_not_null()).sort("user_id", "thread_id", "step", maintain_order=True)
    weighed = [pl.col("weight").sum()] if weight and "weight" in frame.columns else []
    return rows.group_by("thread_id", maintain_order=True).agg(
        pl.col("user_id").first(),
        pl.len().alias("n_prompts"),
        pl.when(pl.col("upscaled").count() > 0).then(pl.col("upscaled").sum()).alias("n_upscaled"),
        pl.col("text").first().alias("first_text"),
        pl.col("text").last().alias("last_text"),
        *weighed,
        pl.struct(INSIDE).alias("prompts"),
    )
