"""Labels of users and prompts: where the log first names them, which is the same under every key.

Ids in a study are digests under its key: the same log read anew has other ids, in another order. Whatever is drawn at
random, halved or put in order by users or prompts goes by their labels, so that the same log and seed give the same
numbers whoever reads it.
"""

from collections.abc import Collection
from typing import TypeVar

import polars as pl

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

DIGITS = 20
RECORD = pl.col("input").cast(pl.UInt64) * 2**32 + pl.col("record").cast(pl.UInt64)
"""A record's place among all of a log: by input, then by its number there."""
PSEUDONYMS = {"user_id": "user_pseudonym", "prompt_id": "prompt_pseudonym"}
"""Where `labelled` keeps the ids of the study."""


def user_record() -> pl.Expr:
    """The record of the first prompt of each row's user, UInt64, null without user; among all prompts of the user."""
    return pl.when(pl.col("user_id").is_not_null()).then(RECORD.min().over("user_id")).alias("user_record")


def labelled(prompts: Frame) -> Frame:
    """The prompts with labels, strings of 20 digits, for user_id and prompt_id; the ids stay in PSEUDONYMS.

    A user or prompt of which nobody knows the record keeps the id; null stays null.
    """
    known = set(prompts.lazy().collect_schema())
    records = {"user_id": pl.col("user_record"), "prompt_id": RECORD}
    kept = {PSEUDONYMS[name]: pl.col(name) for name in records if name in known}
    named = {
        name: pl.coalesce(record.cast(pl.String).str.zfill(DIGITS), name)
        for name, record in records.items()
        if known.issuperset({name}.union(record.meta.root_names()))
    }
    return prompts.with_columns(**named, **kept)


def pseudonym(name: str, known: Collection[str]) -> pl.Expr:
    """The study's own id of that name, whether or not a frame with the columns `known` is labelled."""
    kept = PSEUDONYMS.get(name, name)
    return pl.col(kept if kept in known else name).alias(name)
