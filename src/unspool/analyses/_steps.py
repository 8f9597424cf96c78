"""The prompts of threads in order, as arrays, for the estimators that look at every step and transition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured, Settings
from unspool.analyses._draws import joined
from unspool.analyses._people import Ints, People, people
from unspool.features import Column
from unspool.stats.bootstrap import column_sums
from unspool.stats.codes import distinct
from unspool.stats.jackknife import Estimate, Floats

Flags = NDArray[np.bool_]
Row = dict[str, Any]


@dataclass(frozen=True)
class Steps:
    """The prompts that are in a thread, by thread and step: one value per prompt in every array.

    `thread`: 0, 1, ... in order, all prompts of a thread side by side; `user`: codes in `people`; `step` from 1, `left`
    0 at the last. Threads come in the order in which the log has their first prompts.
    """

    log: Measured
    people: People
    order: Ints
    user: Ints
    thread: Ints
    step: Ints
    left: Ints

    @cached_property
    def units(self) -> Ints:
        """The unit of each prompt's user, from 0 to `people.n_units` - 1: the grain of every interval."""
        return self.people.units[self.user]

    def values(self, name: str) -> Floats:
        """A feature on the scale on which it is compared (natural log of lengths): NaN where it has no value."""
        return self.of(scaled(name, self.log.columns))

    def of(self, expression: pl.Expr) -> Floats:
        """Any expression over the prompts with their features, as numbers; NaN where it is null."""
        return self.column(expression.cast(pl.Float64)).to_numpy()

    def column(self, expression: pl.Expr, places: Ints | None = None) -> pl.Series:
        """Any expression over the prompts with their features, in order; or only its values at some places."""
        found = in_threads(self.log.prompts).select(expression.alias("value")).collect()
        return found["value"].gather(self.order if places is None else self.order[places])

    @cached_property
    def pairs(self) -> Ints:
        """Places of the prompts that have a next one in their thread: the transitions are from these to these + 1."""
        return np.flatnonzero(self.left > 0)

    def numbers(self, chosen: Flags | Ints | None = None) -> Row:
        """n_prompts, n_threads and n_users of some prompts, for a row of results."""
        everything = slice(None) if chosen is None else chosen
        user, thread = self.user[everything], self.thread[everything]
        return {"n_prompts": len(user), "n_threads": distinct(thread), "n_users": self.people.count(user)}

    def sums(self, columns: Sequence[NDArray[np.generic]], chosen: Flags | Ints | None = None) -> Floats:
        """Sums per unit, shape (units, columns), of columns that have one value per chosen prompt."""
        units = self.units if chosen is None else self.units[chosen]
        return column_sums(columns, units, self.people.n_units)


def in_threads(prompts: pl.LazyFrame) -> pl.LazyFrame:
    """The prompts that are in a thread."""
    return prompts.filter(pl.col("thread_id").is_not_null())


def steps(log: Measured) -> Steps:
    """The prompts of a log's threads, read once; features are read one by one later."""
    rows = in_threads(log.prompts)
    found = people(rows.select("user_id").collect()["user_id"], log.settings.seed)
    base = rows.select(
        found.code().cast(pl.Int64).alias("user"),
        pl.col("thread_id").hash().alias("thread"),
        pl.col("step").cast(pl.Int64),
        pl.col("steps_left").cast(pl.Int64),
    ).collect()
    user, left = base["user"].fill_null(0).to_numpy(), base["steps_left"].to_numpy()
    thread = _in_order(base["thread"].to_numpy(), user)
    step = base["step"].to_numpy()
    order = np.lexsort((step, thread))
    return Steps(log, found, order, user[order], thread[order], step[order], left[order])


def _in_order(hashes: NDArray[np.uint64], user: Ints) -> Ints:
    """0, 1, ... for threads in the order of their users, and of their first places among those of a user."""
    _, first, code = np.unique(hashes, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.lexsort((first, user[first]))] = np.arange(len(first))
    return np.asarray(rank[code], dtype=np.int64)


def scaled(name: str, columns: Mapping[str, Column]) -> pl.Expr:
    """A feature on its scale: the natural log where its column says so (null for 0), else as it is."""
    value = pl.col(name).cast(pl.Float64)
    return pl.when(value > 0).then(value.log()) if name in columns and columns[name].log else value


def scale(name: str, columns: Mapping[str, Column]) -> str:
    """That scale in words, for the column `method`."""
    return "natural log" if name in columns and columns[name].log else "raw scale"


def told(found: Estimate, settings: Settings, *notes: str | None, **more: Any) -> Row:
    """A row with an estimate, its standard error over users, its interval and its p-value; its own note comes last."""
    return {
        "estimate": found.estimate,
        "standard_error": found.standard_error,
        "ci_low": found.low,
        "ci_high": found.high,
        "ci_level": None if found.low is None else settings.level,
        "p_value": found.p_value,
        "note": joined(*notes, found.note),
        **more,
    }


def method(people: People, what: str) -> str:
    """`what` was estimated, and how its interval was made, in words."""
    n = len(people.units)
    over = "users" if people.n_units == n else f"{people.n_units:,} random groups of {n:,} users"
    return f"{what}; jackknife over {over}, Student's t"
