"""How many prompts hold a run of words that few people use: what remains of a person when the name is gone."""

from collections.abc import Iterator

import polars as pl

from unspool.analyses._draws import joined
from unspool.analyses._whole_users import whole_users
from unspool.audits import Audited
from unspool.audits._privacy_columns import said
from unspool.audits._shares import Row, share_row
from unspool.features.length import WORD

SIZES = (1, 2, 3)
MOST = 100_000
"""Prompts that runs of words are counted in: of whole users, drawn at random."""


def gram_rows(log: Audited) -> Iterator[Row]:
    """`k_anonymity/rare` and `/unique` for runs of one to three words, with intervals over users."""
    texts, note = _texts(log)
    if not texts.height:
        why = "no person is known to have written a prompt"
        for size in SIZES:
            yield from ({**_same(size, kind), "note": why} for kind in ("rare", "unique"))
        return
    words = _words(texts)
    for size in SIZES:
        least = _least_users(words, size, texts.height)
        for kind, below in (("rare", log.settings.min_users), ("unique", 2)):
            held = texts.with_columns(hit=(pl.Series(least) < below).fill_null(False))
            per_user = held.group_by("user_id").agg(pl.col("hit").sum(), n=pl.len()).sort("user_id")
            same = {**_same(size, kind), "n_prompts": texts.height, "n_users": per_user.height}
            told = joined(f"used by fewer than {below:,} people", note)
            yield share_row(per_user["hit"].to_numpy(), per_user["n"].to_numpy(), log, note=told, **same)


def _same(size: int, kind: str) -> Row:
    return {"feature": "k_anonymity", "estimand": kind, "group": f"{size} word{'s' if size > 1 else ''}"}


def _texts(log: Audited) -> tuple[pl.DataFrame, str | None]:
    everything = log.prompts.select(pl.col("user_id").count()).collect().item()
    wanted = "user_id", said(log.prompts.collect_schema()).alias("said")
    if everything <= MOST:
        return log.prompts.filter(pl.col("user_id").is_not_null()).select(wanted).collect(), None
    kept, note = whole_users(log.log, pl.col("text").is_not_null(), MOST, "with prompts")
    chosen = log.prompts.join(kept.lazy(), on="user_id", how="semi").select(wanted).collect()
    return chosen, f"{note}, in which words look rarer than in the whole log"


def _words(texts: pl.DataFrame) -> pl.DataFrame:
    """The words of texts and of the prose behind parameters as hashes: row, user (a number), line, word."""
    found = texts.select(
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        user=pl.col("user_id").rank("dense").cast(pl.UInt32),
        word="said",
    )
    found = found.explode("word", empty_as_null=False).with_row_index("line")
    found = found.with_columns(pl.col("word").str.to_lowercase().str.extract_all(WORD))
    return found.explode("word", empty_as_null=False).with_columns(pl.col("word").hash())


def _least_users(words: pl.DataFrame, size: int, n: int) -> pl.Series:
    """For each text the smallest number of people who use one of its runs of so many words; null without such a run."""
    following = [pl.col("word").shift(-k).over("line") for k in range(size)]
    grams = words.select(
        "row",
        "user",
        gram=pl.struct([value.alias(f"w{k}") for k, value in enumerate(following)]).hash(),
        whole=following[-1].is_not_null(),
    )
    grams = grams.filter("whole").select("row", "user", "gram")
    users = grams.select("user", "gram").unique().group_by("gram").agg(users=pl.len())
    least = grams.join(users, on="gram").group_by("row").agg(pl.col("users").min())
    rows = pl.DataFrame({"row": pl.int_range(n, eager=True, dtype=pl.UInt32)})
    return rows.join(least, on="row", how="left", maintain_order="left")["users"]
