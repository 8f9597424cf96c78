"""Threads as the source gives them."""

import polars as pl

from unspool.threads._tokens import first_of_user

NEEDS = ("given_thread_id",)
TITLE = "Thread ids of the source"
CITATION = "The log's own thread ids, for example those released with Don-Yehiya, Choshen & Abend 2023 (EMNLP)"


def starts(prompts: pl.DataFrame) -> pl.Series:
    """Whether each prompt starts a thread: its given_thread_id is not that of the user's prompt before it.

    `prompts` has user_id and given_thread_id, sorted by user and time; the result is Boolean, one value per row,
    none for an empty frame. A prompt without an id is a thread of its own: that it belongs to another cannot be told.
    """
    ids = prompts["given_thread_id"]
    return (first_of_user(prompts) | (ids != ids.shift(1)).fill_null(value=True)).alias("starts")


def groups(prompts: pl.DataFrame) -> pl.Series:
    """Number of each prompt's thread, the same for the user's prompts of one id.

    A thread may be left and taken up again: threads of the source can interleave. An id that two users share is a
    thread for each; a prompt without an id is a thread of its own.
    """
    alone = pl.when(pl.col("given_thread_id").is_null()).then(pl.int_range(pl.len()))
    return prompts.select(pl.struct("user_id", "given_thread_id", alone).rank("dense") - 1).to_series()
