"""Prompts to threads by a rule, row by row."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool import tables
from unspool import threads as rules


def label(rule: str, options: Mapping[str, Any]) -> str:
    """Name of a rule with its options, as the folder of its threads: `iou`, `iou-threshold=0.4`."""
    said = (f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in options.items())
    return "-".join([rule, *sorted(said)])


def assign(prompts: pl.DataFrame, rule: str = rules.DEFAULT, **options: Any) -> pl.DataFrame:
    """The threads table of some prompts, row by row: prompt_id, thread_id, step (from 1), steps_left (0 at the last).

    A thread is a contiguous run of one user's prompts in order (the source's own, `given`, may be left and taken up
    again) and bears the id of its first prompt. Prompts without a
    user, or without both time and order, have no thread: null.
    """
    orderly = prompts.select(pl.col("user_id").is_not_null() & pl.any_horizontal(_places(prompts))).to_series()
    known = prompts.filter(orderly)
    if not known.height:
        return tables.conform(prompts.select("prompt_id"), tables.THREADS)
    module = rules.rule(rule)
    runs = module.groups(known) if isinstance(module, rules.Interleaving) else _runs(known, module, options)
    found = (
        pl.DataFrame({"row": prompts.with_row_index("row").filter(orderly)["row"], "run": runs})
        .hstack(known.select("prompt_id"))
        .with_columns(
            thread_id=pl.col("prompt_id").first().over("run"),
            step=pl.int_range(1, pl.len() + 1).over("run"),
            length=pl.len().over("run"),
        )
        .select("row", "thread_id", "step", steps_left=pl.col("length").cast(pl.Int64) - pl.col("step"))
    )
    whole = prompts.select("prompt_id").with_row_index("row")
    return tables.conform(whole.join(found, on="row", how="left", maintain_order="left").drop("row"), tables.THREADS)


def _runs(prompts: pl.DataFrame, rule: rules.Rule, options: Mapping[str, Any]) -> pl.Series:
    """Number of the contiguous run that each prompt is in."""
    starts = rule.starts(prompts, **options) | (prompts["user_id"] != prompts["user_id"].shift()).fill_null(True)
    return starts.cum_sum()


def _places(prompts: pl.DataFrame) -> list[pl.Expr]:
    return [pl.col(name).is_not_null() for name in ("time", "order") if name in prompts.columns]
