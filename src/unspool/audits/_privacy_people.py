"""Handles and ids of a log's own people that stand plain in its texts, found with the key alone."""

import polars as pl

from unspool.audits import Audited
from unspool.audits._privacy_columns import said
from unspool.compiling.pseudonyms import Pseudonyms, normal_name
from unspool.labels import pseudonym

TOKEN = r"[\p{L}\p{M}\p{N}_.\-]{3,40}"
NO_KEY = "the key does not lie beside the study, so that names cannot be digested"
COMMON = 2.5
"""Zipf frequency from which on a plain word is a word: a user named "dragon" raises no alarm."""


def own_handles(log: Audited) -> tuple[int, int] | None:
    """How many prompts hold a handle or id of one of the log's people, and of how many prompts; None without key."""
    if log.pseudonyms is None:
        return None
    schema = log.prompts.collect_schema()
    captions = [pl.col("captions").fill_null([])] if "captions" in schema else []
    tokens = pl.concat_list(said(schema), *captions).list.join("\n").str.extract_all(TOKEN)
    distinct = log.prompts.select(token=tokens).explode("token", empty_as_null=False).unique().collect()["token"]
    hits = named(distinct.drop_nulls(), people(log.prompts, log.aliases), log.pseudonyms)
    seen = log.prompts.select(pl.len()).collect().item()
    if not hits:
        return 0, seen
    held = log.prompts.select(tokens.list.eval(pl.element().is_in(pl.lit(pl.Series(hits)).implode())).list.any())
    return int(held.collect().to_series().sum()), seen


def people(prompts: pl.LazyFrame, aliases: pl.DataFrame | None) -> pl.Series:
    """Pseudonyms of the people of some prompts, and of their handles."""
    users = prompts.select(pseudonym("user_id", prompts.collect_schema()).unique()).collect()["user_id"].drop_nulls()
    if aliases is None:
        return users
    return pl.concat([users, aliases.filter(pl.col("user_id").is_in(users.implode()))["alias"]])


def tokens_of(texts: pl.Series) -> pl.Series:
    """The different tokens of texts that could be a handle or an id."""
    return texts.drop_nulls().str.extract_all(TOKEN).explode(empty_as_null=False).unique().drop_nulls()


def named(tokens: pl.Series, pseudonyms_of: pl.Series, key: Pseudonyms) -> list[str]:
    """The tokens that are a handle or id of one of these people; a plain word of general English is a word."""
    frame = pl.DataFrame({"token": tokens, "bare": tokens.str.strip_chars(".-")})
    names = frame.select(normal_name(pl.col("bare"))).to_series()
    hit = key.ids(names, "user").is_in(pseudonyms_of.implode())
    return [token for token in frame["bare"].filter(hit).unique().sort() if not _is_word(token)]


def _is_word(token: str) -> bool:
    from wordfreq import zipf_frequency

    return token.isalpha() and zipf_frequency(token.lower(), "en") >= COMMON
