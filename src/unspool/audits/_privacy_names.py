"""Which names of persons in prompts may be of private people: those that few people write and that no list knows."""

from functools import cache
from importlib.resources import files

import polars as pl

from unspool.features.length import WORD

COMMON = 3.0
"""Zipf frequency in general English from which on a word is common: one use in a million words."""


@cache
def artists() -> frozenset[str]:
    """Artists of the project's list of styles, in lower case."""
    text = files("unspool.lexicons").joinpath("style_artists.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return frozenset(name.strip().lower() for line in lines for name in line.split(",") if name.strip())


def private(names: pl.DataFrame, min_users: int) -> pl.DataFrame:
    """Names (columns name, user_id) with `key`, `users`, and `private`: whether a private person may be meant.

    Not if `min_users` people or more write it, if an artist of the list has it, or if all its words are common English.
    """
    keyed = names.with_columns(key=pl.col("name").str.to_lowercase().str.replace(r"['’]s$", ""))
    users = keyed.group_by("key").agg(users=pl.col("user_id").n_unique())
    known = pl.DataFrame(
        {"key": users["key"], "known": [key in artists() or _all_common(key) for key in users["key"].to_list()]},
        schema={"key": pl.String, "known": pl.Boolean},
    )
    told = users.join(known, on="key").with_columns(private=(pl.col("users") < min_users) & ~pl.col("known"))
    return keyed.join(told.select("key", "users", "private"), on="key", how="left", maintain_order="left")


def _all_common(key: str) -> bool:
    from wordfreq import zipf_frequency

    words = pl.Series([key]).str.extract_all(WORD)[0].to_list()
    return all(zipf_frequency(word, "en") >= COMMON for word in words)
