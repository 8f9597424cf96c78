"""Pasted blocks: the last words of prompts that several people end with."""

import polars as pl

from unspool.features.length import WORD

LEAST_WORDS = 8


def blocks(prompts: pl.LazyFrame) -> pl.DataFrame:
    """Each run of LEAST_WORDS words that two or more people end a prompt with: block (a hash), prompts, users."""
    words = pl.col("text").str.to_lowercase().str.extract_all(WORD)
    ends = prompts.select("user_id", words=words).filter(pl.col("words").list.len() >= LEAST_WORDS)
    hashed = ends.select("user_id", block=pl.col("words").list.tail(LEAST_WORDS).list.join(" ").hash())
    found = hashed.group_by("block").agg(prompts=pl.len(), users=pl.col("user_id").drop_nulls().n_unique())
    return found.filter(pl.col("users") >= 2).collect().sort("prompts", "block", descending=True)


def ends_in(block: pl.Series) -> pl.Expr:
    """Whether a prompt ends in one of these blocks."""
    words = pl.col("text").str.to_lowercase().str.extract_all(WORD)
    end = words.list.tail(LEAST_WORDS).list.join(" ").hash()
    return (words.list.len() >= LEAST_WORDS) & end.is_in(block.implode())
