"""The prompts of which the log knows whether they were upscaled, in threads, for comparisons within users."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Row, Steps, steps
from unspool.analyses._stops import part
from unspool.stats.conditional_logit import mixed
from unspool.stats.jackknife import Floats
from unspool.stats.within import cross_sums, outcome_sums, within

MOST = 500_000
"""Prompts on which the change after an upscale is looked at: it is a check, and dear."""
STEP = "adjusted for ln step and its square"


@dataclass(frozen=True)
class Labelled:
    """Those prompts: one value per prompt, in the order of `steps`. `text`: equal for equal texts of one user."""

    steps: Steps
    upscaled: Flags
    text: NDArray[np.uint64]

    @cached_property
    def some(self) -> tuple[Steps, Ints, str | None]:
        """Those of whole users, about MOST of them, their places, and a note where these are not all."""
        return part(self.steps, MOST)


@dataclass(frozen=True)
class Absorbed:
    """Regressors less the means of groups that lie inside units: what is the same for every outcome.

    `informed`: n_prompts, n_threads and n_users of the groups that hold both upscaled prompts and others.
    """

    columns: list[Floats]
    groups: Ints
    units: Ints
    squares: Floats
    informed: Row

    def sums(self, *outcomes: Floats) -> Floats:
        """Sums per unit of least squares with effects of the groups: X'X, then X'y of each outcome."""
        n = len(self.squares)
        parts = [outcome_sums(within(y, self.groups), self.columns, self.units, n) for y in outcomes]
        return np.concatenate([self.squares, *parts], axis=1)


@dataclass(frozen=True)
class Sample:
    """The labelled prompts with a value of a feature, by their places: features with the same gaps share it."""

    labelled: Labelled
    places: Ints

    @cached_property
    def users(self) -> Ints:
        """Codes of users, one per prompt."""
        return self.labelled.steps.user[self.places]

    @cached_property
    def threads(self) -> Ints:
        """Codes of threads, one per prompt."""
        return self.labelled.steps.thread[self.places]

    @cached_property
    def units(self) -> Ints:
        """Units of the jackknife, one per prompt."""
        return self.labelled.steps.units[self.places]

    @cached_property
    def upscaled(self) -> Flags:
        """Whether each was upscaled."""
        return self.labelled.upscaled[self.places]

    @cached_property
    def step(self) -> list[Floats]:
        """The regressors by which its place in the thread is adjusted for."""
        log_step = np.log(self.labelled.steps.step[self.places])
        return [log_step, log_step**2]

    @cached_property
    def by_user(self) -> Absorbed:
        """Place and upscaled less the means of users."""
        return self.absorbed(self.users)

    @cached_property
    def by_thread(self) -> Absorbed:
        """Place and upscaled less the means of threads."""
        return self.absorbed(self.threads)

    def absorbed(self, groups: Ints) -> Absorbed:
        """Place and upscaled less the means of groups, upscaled last."""
        return absorbed([*self.step, self.upscaled.astype(np.float64)], groups, self, mixed(self.upscaled, groups))

    @cached_property
    def texts(self) -> "Texts":
        """Each text of a user once."""
        return texts(self)

    def numbers(self, chosen: Flags | None = None) -> Row:
        """n_prompts, n_threads and n_users of these prompts, or of some of them."""
        return self.labelled.steps.numbers(self.places if chosen is None else self.places[chosen])


@dataclass(frozen=True)
class Texts:
    """Each text of a user once, `first` its first prompt in the sample, with the regressors less the means of users."""

    first: Ints
    absorbed: Absorbed


def absorbed(columns: list[Floats], groups: Ints, sample: Sample, informed: Flags) -> Absorbed:
    """Regressors less the means of groups of the prompts of a sample; `informed` as a flag per prompt."""
    centred = [within(column, groups) for column in columns]
    squares = cross_sums(centred, sample.units, sample.labelled.steps.people.n_units)
    return Absorbed(centred, groups, sample.units, squares, sample.numbers(informed))


def texts(sample: Sample) -> Texts:
    """A text counts as upscaled if any of its prompts was; ln of its number of prompts is adjusted for as well."""
    _, first, code, tries = np.unique(
        sample.labelled.text[sample.places], return_index=True, return_inverse=True, return_counts=True
    )
    once = Sample(sample.labelled, sample.places[first])
    kept = np.bincount(code, sample.upscaled) > 0
    columns = [np.log(tries), *once.step, kept.astype(np.float64)]
    return Texts(first, absorbed(columns, once.users, once, mixed(kept, once.users)))


def labelled(log: Measured) -> Labelled:
    """The prompts in threads, of a user where the log names any, of which it knows whether they were upscaled."""
    found = _side_by_side(steps(log.only(_usable(log))))
    upscaled = found.column(pl.col("upscaled")).to_numpy().astype(bool)
    alone = pl.int_range(pl.len(), dtype=pl.UInt64).hash()
    text = pl.when(pl.col("text").is_null()).then(alone).otherwise(pl.struct("user_id", "text").hash())
    return Labelled(found, upscaled, found.column(text).to_numpy())


def _side_by_side(found: Steps) -> Steps:
    """The same where a prompt has a next one only if that is of these prompts too: others may lie between."""
    follows = (np.diff(found.thread, append=-1) == 0) & (np.diff(found.step, append=0) == 1)
    return replace(found, left=np.where(follows, found.left, 0))


def _usable(log: Measured) -> pl.Expr:
    if "upscaled" not in log.prompts.collect_schema():
        return pl.lit(value=False)
    told = pl.col("upscaled").is_not_null()
    named = log.prompts.filter(told).select(pl.col("user_id").count()).collect().item()
    return told & pl.col("user_id").is_not_null() if named else told
