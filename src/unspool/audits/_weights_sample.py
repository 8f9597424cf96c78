"""The prompts that weights are fitted and tried on, and rounds of training projected from: of whole users."""

import polars as pl

from unspool.analyses._whole_users import whole_users
from unspool.audits import Audited

COLUMNS = {
    **dict.fromkeys(("prompt_id", "user_id", "thread_id", "text"), pl.String),
    **{"step": pl.UInt32, "upscaled": pl.Boolean},
    **dict.fromkeys(("n_words", "n_style_words", "dialect", "caption_dialect"), pl.Float64),
}
"""What is read of a log; what it lacks is null."""


def sampled(log: Audited) -> tuple[pl.DataFrame, str | None]:
    """All prompts of users with threads, up to the settings' number, with COLUMNS; and a note if these are not all."""
    kept, note = whole_users(log.log, pl.col("text").is_not_null(), log.settings.sample, "with prompts in threads")
    known = log.prompts.collect_schema()
    read = [(pl.col(name) if name in known else pl.lit(None)).cast(kind).alias(name) for name, kind in COLUMNS.items()]
    # A filter by value reaches the files of a log, which a join does not: no more than the sample is ever in memory.
    mine = log.prompts.filter(pl.col("user_id").is_in(kept["user_id"].drop_nulls().implode()))
    return mine.select(read).collect().sort("prompt_id"), note
