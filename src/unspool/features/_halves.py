"""Halves of the users: what is estimated on one half is used on the other."""

from hashlib import blake2b

import polars as pl


def half(user_ids: pl.Series, seed: int = 0) -> pl.Series:
    """The half of each user, 0 or 1 (UInt8), one per row; null where the user is.

    It depends on the id and the seed alone: the same in every part of a log, on every machine and in every version.
    """
    users = user_ids.drop_nulls().unique()
    halves = [blake2b(f"half {seed} {user}".encode(), digest_size=1).digest()[0] & 1 for user in users]
    codes = pl.Series(halves, dtype=pl.UInt8)
    return user_ids.replace_strict(users, codes, default=None, return_dtype=pl.UInt8).alias("half")
