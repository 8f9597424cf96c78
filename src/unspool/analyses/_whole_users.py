"""Samples of a log that hold all prompts of the users in them, for what is too dear to do on all."""

import polars as pl

from unspool.analyses import Measured
from unspool.analyses._steps import in_threads


def whole_users(log: Measured, counts: pl.Expr, most: int, what: str) -> tuple[pl.DataFrame, str | None]:
    """The users (column user_id) to look at, and a note where these are not all who have anything.

    Users come in random order until `most` of their prompts in threads meet the condition `counts`; the first always
    comes in. Users without any such prompt are left out. The seed is that of the log's settings.
    """
    per_user = in_threads(log.prompts).group_by("user_id").agg(n=counts.sum().cast(pl.Int64)).filter(pl.col("n") > 0)
    users = per_user.collect().sort("user_id").sample(fraction=1.0, shuffle=True, seed=log.settings.seed)
    kept = users.filter((pl.col("n").cum_sum() <= most) | (pl.int_range(pl.len()) == 0)).select("user_id")
    note = f"on a random sample of {kept.height:,} of the {users.height:,} users {what}"
    return kept, note if kept.height < users.height else None
