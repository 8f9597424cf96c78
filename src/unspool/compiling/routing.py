"""Which user's bucket an event belongs to: a reply goes where the message it answers is, whoever pressed the button."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from unspool.compiling.events import KIND
from unspool.tables import PROMPT_KINDS


def bucket_of(users: pl.Expr, buckets: int) -> pl.Expr:
    """Bucket of a digest: its highest bits, so that the order of buckets is the order of users. No user: bucket 0."""
    if buckets == 1:
        return pl.lit(0, dtype=pl.UInt32)
    return (users.fill_null(0) // (2**64 // buckets)).cast(pl.UInt32)


def follow(parent: np.ndarray) -> np.ndarray:
    """Follow parents to the end of every chain; `parent[i] == i` ends one. Cycles end somewhere on the cycle."""
    for _ in range(max(1, len(parent)).bit_length() + 1):
        further = parent[parent]
        if np.array_equal(further, parent):
            break
        parent = further
    return parent


def parents(ids: pl.Series, references: pl.Series) -> np.ndarray:
    """Row number of the message that each row refers to, or the row's own number where it is not among the rows."""
    own = pl.DataFrame({"id": ids}).with_row_index("row")
    found = pl.DataFrame({"id": references}).join(
        own.unique("id", keep="first"), on="id", how="left", maintain_order="left"
    )
    return found["row"].fill_null(own["row"]).to_numpy().astype(np.int64)


def owners(slim: pl.LazyFrame, actions: Sequence[str] = PROMPT_KINDS) -> pl.DataFrame:
    """Columns message_id, owner: for messages whose events must go to another user's bucket than their own.

    The owner is the user of the message at which the replies end: a prompt (of a kind in `actions`), perhaps of nobody
    known, or a message whose prompt is not there; of that one's user is not known either, the message stays its user's.
    `slim` has message_id, user_id, reference_id and kind of every event of linked sources, in input order. About 32
    bytes an event are held at once: the one place where memory grows with the log.
    """
    roots = pl.Series([*(kind for kind in PROMPT_KINDS if kind in actions), "prompt"], dtype=KIND)
    messages = (
        slim.group_by("message_id", maintain_order=True)
        .agg(
            user_id=pl.col("user_id").drop_nulls().first(),
            uneven=pl.col("user_id").n_unique() > 1,
            reference_id=pl.col("reference_id").drop_nulls().first(),
            root=pl.col("kind").is_in(roots.implode()).any(),
        )
        .collect()
    )
    end = follow(parents(messages["message_id"], messages["reference_id"].set(messages["root"], None)))
    found = messages["user_id"].gather(end)
    whose = pl.when(messages["root"].gather(end)).then(found).otherwise(found.fill_null(messages["user_id"]))
    moved = pl.col("uneven") | pl.col("owner").ne_missing(pl.col("user_id"))
    return messages.with_columns(owner=whose).filter(moved).select("message_id", "owner")


def owned(events: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Events with the column `owner`: as `owners` has it, or else their own user."""
    moved = owners.with_columns(moved=pl.lit(True))
    events = events.drop("owner", strict=False).join(moved, on="message_id", how="left", maintain_order="left")
    return events.with_columns(owner=pl.when("moved").then("owner").otherwise("user_id")).drop("moved")
