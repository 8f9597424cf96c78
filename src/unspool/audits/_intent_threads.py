"""The first and the last prompts of threads, and how their words agree."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool import tables
from unspool.analyses._models import label
from unspool.analyses._people import People, people
from unspool.analyses._steps import in_threads
from unspool.analyses._whole_users import whole_users
from unspool.audits import Audited
from unspool.audits._intent_words import measures
from unspool.stats.jackknife import Floats

MOST = 200_000
"""First and last prompts that are looked at, of whole users."""
_OF_LAST = ("upscaled", "model", "params")


@dataclass(frozen=True)
class Threads:
    """Threads of two prompts or more: their values by feature and estimand, users' codes, and their last prompts.

    `upscaled` and `model`: of the last prompt. `note`: of which sample they are, None for all.
    """

    values: dict[tuple[str, str], Floats]
    user: NDArray[np.int64]
    people: People
    upscaled: pl.Series
    model: pl.Series
    note: str | None


def threads(log: Audited) -> Threads:
    """The threads of a log, of whole users up to MOST prompts; both ends of a thread have to be in the log."""
    ends = (pl.col("step") == 1) ^ (pl.col("steps_left") == 0)
    kept, note = whole_users(log.log, ends, MOST, "who have threads of two or more prompts")
    known = log.prompts.collect_schema()
    absent = [pl.lit(None, dtype=tables.PROMPTS.columns[name]).alias(name) for name in _OF_LAST if name not in known]
    prompts = (
        in_threads(log.prompts.with_columns(absent))
        .filter(ends)
        .join(kept.lazy(), on="user_id", how="semi", nulls_equal=True)
    )
    columns = ("thread_id", "user_id", "text", "step", "upscaled", label().alias("label"))
    found = prompts.select(columns).collect()
    last = found.filter(pl.col("step") > 1)
    both = last.join(found.filter(pl.col("step") == 1).select("thread_id", first="text"), on="thread_id")
    both = both.sort("user_id", "thread_id")
    users = people(both["user_id"], log.settings.seed)
    codes = both.with_columns(users.code().cast(pl.Int64).fill_null(0).alias("user"))["user"].to_numpy()
    return Threads(measures(both["first"], both["text"]), codes, users, both["upscaled"], both["label"], note)
