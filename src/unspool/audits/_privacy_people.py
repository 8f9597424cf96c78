"""Handles and ids of a log's own people that stand plain in its texts, found with the key alone."""

import polars as pl

from unspool.audits import Audited
from unspool.compiling.pseudonyms import normal_name

TOKEN = r"[\p{L}\p{M}\p{N}_.\-]{3,40}"
NO_KEY = "the key does not lie beside the study, so that names cannot be digested"
COMMON = 2.5
"""Zipf frequency from which on a plain word is a word: a user named "dragon" raises no alarm."""


def own_handles(log: Audited) -> tuple[int, int] | None:
    """How many prompts hold a handle or id of one of the log's people, and of how many prompts; None without key.

    A plain word of general English is taken for the word.
    """
    if log.pseudonyms is None:
        return None
    texts = log.prompts.select(token=pl.col("text").str.extract_all(TOKEN))
    distinct = texts.explode("token", empty_as_null=False).unique().collect()["token"].drop_nulls()
    known = _people(log)
    digests = log.pseudonyms.ids(distinct.to_frame("t").select(normal_name(pl.col("t")))["t"], "user")
    hits = [token for token in distinct.filter(digests.is_in(known.implode())) if not _is_word(token)]
    seen = log.prompts.select(pl.len()).collect().item()
    if not hits:
        return 0, seen
    held = texts.select(pl.col("token").list.eval(pl.element().is_in(pl.lit(pl.Series(hits)).implode())).list.any())
    return int(held.collect().to_series().sum()), seen


def _people(log: Audited) -> pl.Series:
    users = log.prompts.select(pl.col("user_id").unique()).collect()["user_id"].drop_nulls()
    aliases = log.aliases["alias"] if log.aliases is not None else pl.Series([], dtype=pl.String)
    return pl.concat([users, aliases.cast(pl.String)])


def _is_word(token: str) -> bool:
    from wordfreq import zipf_frequency

    return token.isalpha() and zipf_frequency(token.lower(), "en") >= COMMON
