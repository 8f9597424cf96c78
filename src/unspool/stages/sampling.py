"""A sample of a large log for the features that are slow: whole users, drawn in strata of how much they wrote."""

from hashlib import blake2b

import polars as pl

from unspool.labels import PSEUDONYMS, labelled


def sampled_users(prompts: pl.LazyFrame, most: int, seed: int) -> pl.Series | None:
    """Users whose prompts are scored, about `most` prompts in all; None for everybody.

    Users are drawn whole, so that their threads stay whole, from strata of 1, 2-3, 4-7, ... prompts, each stratum
    giving the same share of its prompts as nearly as whole users allow, and one user at least (so a small log with a
    few very busy users gives more than was asked for). Prompts without a user are users of one prompt, named by their
    prompt_id. The draw depends on labels and seed alone.
    """
    label, owner = pl.coalesce("user_id", "prompt_id"), pl.coalesce(*PSEUDONYMS.values())
    users = labelled(prompts).group_by(label=label).agg(owner.first().alias("owner"), n=pl.len()).collect()
    total = int(users["n"].sum() or 0)
    if total <= most:
        return None
    drawn = (
        users.with_columns(
            stratum=pl.col("n").log(2).floor(),
            place=pl.Series([_place(label, seed) for label in users["label"]], dtype=pl.UInt64),
        )
        .sort("stratum", "place")
        .with_columns(
            before=(pl.col("n").cum_sum() - pl.col("n")).over("stratum"), all=pl.col("n").sum().over("stratum")
        )
        .filter((pl.col("before") + pl.col("n") / 2 <= pl.col("all") * (most / total)) | (pl.col("before") == 0))
    )
    return drawn["owner"].sort()


def _place(label: str, seed: int) -> int:
    return int.from_bytes(blake2b(f"{seed} {label}".encode(), digest_size=8).digest(), "little")
