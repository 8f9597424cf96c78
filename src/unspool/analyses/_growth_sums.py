"""Words added and removed per user, by kind of words, step and kind of edit."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl

from unspool import tables
from unspool.analyses import Measured
from unspool.analyses._people import People, people
from unspool.stats.jackknife import Floats

KINDS = tables.WORD_KINDS
ADDED, REMOVED = (tuple(f"{what}_{kind}" for kind in KINDS) for what in ("added", "removed"))
FAMILIES = ("content", "style")
STEPS = range(2, 11)


@dataclass(frozen=True)
class Transitions:
    """The edits of a log by unit (user or group of users).

    `sums`: shape (units, 2 + 2 * kinds): transitions, change in words, added words by kind, removed ones.
    `by_step`: per step of STEPS transitions, net content and net style words, shape (units, 3). `by_kind`: transitions
    and those of each kind of edit, shape (units, 1 + EDIT_KINDS). `users_at`: how many users have one to a step.
    """

    people: People
    n: int
    n_threads: int
    sums: Floats
    by_step: dict[int, Floats]
    by_kind: Floats
    users_at: dict[int, int]


def transitions(edits: pl.LazyFrame, log: Measured) -> Transitions:
    """Read the edits once, and their users."""
    found = people(edits.select("user_id").collect()["user_id"], log.settings.seed)
    rows = _with_unit(edits, found)
    counts = edits.select(n=pl.len(), n_threads=pl.col("thread_id").n_unique()).collect()
    net = {family: _net(family) for family in FAMILIES}
    steps = rows.filter(pl.col("step").is_in(list(STEPS))).group_by("unit", "step").agg(pl.len(), **net).collect()
    change = pl.col("n_after").cast(pl.Int64) - pl.col("n_before").cast(pl.Int64)
    by_word_kind = pl.col(*ADDED, *REMOVED).cast(pl.Int64).sum()
    whole = rows.group_by("unit").agg(pl.len(), change.sum(), by_word_kind)
    kinds = rows.group_by("unit").agg(pl.len(), *((pl.col("kind") == k).sum().alias(k) for k in tables.EDIT_KINDS))
    users = edits.group_by("step").agg(pl.col("user_id").n_unique()).collect()
    by_step = {step: steps.filter(step=step).drop("step") for step in STEPS}
    return Transitions(
        found,
        n=counts["n"].item(),
        n_threads=counts["n_threads"].item(),
        sums=_dense(whole.collect(), found.n_units),
        by_step={step: _dense(frame, found.n_units) for step, frame in by_step.items() if frame.height},
        by_kind=_dense(kinds.collect(), found.n_units),
        users_at=dict(users.rows()),
    )


def _net(family: str) -> pl.Expr:
    kinds = tables.CONTENT_KINDS if family == "content" else tables.STYLE_KINDS
    added, removed = (pl.sum_horizontal(pl.col(f"{w}_{k}").cast(pl.Int64) for k in kinds) for w in ("added", "removed"))
    return (added - removed).sum()


def _with_unit(edits: pl.LazyFrame, found: People) -> pl.LazyFrame:
    if found.ids is None:
        return edits.with_columns(unit=pl.lit(0, dtype=pl.Int64))
    units = pl.LazyFrame({"user_id": found.ids, "unit": found.units})
    return edits.join(units, on="user_id", how="left").with_columns(pl.col("unit").fill_null(0))


def _dense(frame: pl.DataFrame, n_units: int) -> Floats:
    """The columns but `unit`, a row per unit, 0 where a unit has none."""
    sums = np.zeros((n_units, frame.width - 1))
    sums[frame["unit"].to_numpy()] = frame.drop("unit").to_numpy()
    return sums


@cache
def confusions() -> Floats:
    """The labelled words of each unit, content and style by row, found content and style by column: (units, 4)."""
    text = files("unspool.lexicons").joinpath("word_kinds_confusion.tsv").read_bytes()
    rows = pl.read_csv(text, separator="\t")
    matrix = np.zeros((rows["unit"].n_unique(), 4))
    place = rows.select(pl.col("gold", "found").replace_strict({"content": 0, "style": 1}, return_dtype=pl.Int64))
    units = rows["unit"].rank("dense").to_numpy().astype(np.int64) - 1
    matrix[units, 2 * place["gold"].to_numpy() + place["found"].to_numpy()] = rows["n"].to_numpy()
    return matrix
