"""Users as the unit of every interval: their codes, and what is drawn again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.stats.bootstrap import Floats, column_sums
from unspool.stats.codes import distinct

Ints = NDArray[np.int64]

MOST = 20_000
"""Units that are drawn at most: more users than this are dealt out at random into as many groups of equal size."""
NOBODY = "the log names nobody: no interval over users"


@dataclass(frozen=True)
class People:
    """Users by their codes 0 to n-1, in the order of their ids, and the unit of each, from 0 to `n_units`-1.

    Up to MOST users are units themselves. More of them are grouped at random, and groups are drawn: sums of random
    groups of equal size vary as those of users do, so that 2,000 draws cost the same for any number of users (random
    groups: Wolter 2007, Introduction to Variance Estimation, ch. 2). A log that names nobody has `ids` None and one
    unit, for which no interval is given.
    """

    ids: pl.Series | None
    units: Ints
    n_units: int

    def code(self) -> pl.Expr:
        """The code of each row's user; null without user."""
        if self.ids is None:
            return pl.lit(0, dtype=pl.UInt32)
        return pl.col("user_id").cast(pl.Enum(self.ids), strict=False).to_physical()

    def sums(self, columns: Sequence[NDArray[np.generic]], users: Ints) -> Floats:
        """Sums per unit, shape (n_units, columns), of columns with one value per row; `users` are the rows' codes."""
        return column_sums(columns, self.units[users], self.n_units)

    def count(self, users: Ints) -> int | None:
        """How many users these rows are of; None if the log names nobody."""
        return None if self.ids is None else distinct(users)

    def method(self, draws: int) -> str:
        """How intervals are made, in words."""
        if self.n_units == len(self.units):
            return f"percentile bootstrap over users, {draws:,} draws"
        return f"percentile bootstrap over {self.n_units:,} random groups of {len(self.units):,} users, {draws:,} draws"


def people(user_ids: pl.Series, seed: int) -> People:
    """The people of some ids, repeated or null as they may be; the grouping depends on the seed alone."""
    ids = user_ids.drop_nulls().unique().sort()
    if not len(ids) and len(user_ids):
        return People(None, np.zeros(1, dtype=np.int64), 1)
    order = np.arange(len(ids), dtype=np.int64)
    if len(ids) > MOST:
        order = np.random.default_rng(seed).permutation(len(ids)) % MOST
    return People(ids, order, min(len(ids), MOST))
