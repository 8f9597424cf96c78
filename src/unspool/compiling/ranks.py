"""Numeric ids as ranks that settle equal times, masked while they lie in the files of a run."""

from hashlib import blake2b

import numpy as np
import polars as pl

_ODD = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def rank(ids: pl.Expr) -> pl.Expr:
    """The number that a numeric id is, so that the order is one over all parts of a log; null for other ids."""
    return ids.str.to_integer(strict=False, dtype=pl.UInt64)


def masked(rows: pl.DataFrame, key: bytes) -> pl.DataFrame:
    """Rows with `rank` masked under the key by the row's `message_id`; done twice it is as it was."""
    mask = _mask(rows["message_id"].fill_null(0).to_numpy(), key)
    hidden = pl.Series("rank", rows["rank"].fill_null(0).to_numpy() ^ mask)
    return rows.with_columns(hidden.set(rows["rank"].is_null(), None))


def _mask(digests: np.ndarray, key: bytes) -> np.ndarray:
    mixed: np.ndarray = digests.astype(np.uint64)
    for secret in np.frombuffer(blake2b(key=key, digest_size=32, person=b"rank").digest(), dtype=np.uint64):
        mixed = _mixed(mixed ^ secret)
    return mixed


def _mixed(x: np.ndarray) -> np.ndarray:
    """SplitMix64."""
    step, one, two = (np.uint64(odd) for odd in _ODD)
    x = x + step
    x = (x ^ (x >> np.uint64(30))) * one
    x = (x ^ (x >> np.uint64(27))) * two
    mixed: np.ndarray = x ^ (x >> np.uint64(31))
    return mixed
