"""Threads by the model they were made with, the two models that most people used, and who used both."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from unspool.analyses._carryover_terms import gained
from unspool.analyses._models import label
from unspool.analyses._people import Ints
from unspool.analyses._sequel import Said, Sequel, sample, sequel
from unspool.analyses._steps import Flags, Steps
from unspool.edits.terms import STYLE
from unspool.stats.jackknife import Floats

NOT_TOLD = -1
NO_COLUMNS = "the log does not say with which model or version a prompt was made"
ONE_MODEL = "all threads are of one model, as far as the log says"
FEWEST = 3
"""People that a model needs to be compared with another."""


@dataclass(frozen=True)
class Threads:
    """The threads of a log's users in order, and their models.

    `model`: code in `names` of each thread, NOT_TOLD where it is not known or changes inside the thread. `pair`: codes
    of the two models with the most people, the earlier one first.
    """

    steps: Steps
    found: Sequel
    names: tuple[str, ...]
    model: Ints
    pair: tuple[int, int]
    changed: int

    @cached_property
    def side(self) -> Ints:
        """0 for threads of the earlier of the two models, 1 for the later one, NOT_TOLD for others."""
        return np.select([self.model == self.pair[0], self.model == self.pair[1]], [0, 1], NOT_TOLD)

    @cached_property
    def used(self) -> Flags:
        """Whether each user has threads of each of the two models, shape (2, users)."""
        n = len(self.steps.people.units)
        return np.array([np.bincount(self.found.user[self.side == which], minlength=n) > 0 for which in (0, 1)])

    @property
    def both(self) -> Flags:
        """Which users have threads of both, shape (users,)."""
        return np.asarray(self.used.sum(axis=0) == 2)

    @property
    def alone(self) -> Flags:
        """Which users have threads of one of them alone."""
        return np.asarray(self.used.sum(axis=0) == 1)

    @cached_property
    def style(self) -> Said:
        """The style terms of first and last prompts."""
        return self.found.said.of(STYLE)

    def added(self) -> tuple[Ints, Ints]:
        """Style terms that threads of the two models added: thread and code."""
        return gained(self.style, np.flatnonzero(self.side >= 0))

    def notes(self) -> Iterator[str]:
        """Which models are compared, and what is left out."""
        earlier, later = (self.names[code] for code in self.pair)
        yield f"{later} against {earlier}, {self.both.sum():,} user(s) of both"
        yield from sample(self.found)
        if len(self.names) > 2:
            yield f"{len(self.names) - 2} other model(s) or version(s) left out"
        if self.changed:
            yield f"{self.changed:,} thread(s) in which the model changes left out"


def threads(steps: Steps) -> Threads | str:
    """The threads of a log by their models; why not, where the log does not say or has only one."""
    schema = steps.log.prompts.collect_schema()
    if not {"model", "params"} <= set(schema):
        return NO_COLUMNS
    found = sequel(steps)
    labels = _exact(steps.column(label(), np.concatenate([found.first, found.last])))
    if not labels.count():
        return NO_COLUMNS
    names = labels.drop_nulls().unique().sort()
    codes = labels.cast(pl.Enum(names)).to_physical().cast(pl.Int64).fill_null(NOT_TOLD).to_numpy()
    first, last = np.split(codes, 2)
    model = np.where(first == last, first, NOT_TOLD)
    pair = _pair(model, found, len(names))
    if isinstance(pair, str):
        return pair
    changed = int(((first != last) & (first >= 0) & (last >= 0)).sum())
    return Threads(steps, found, tuple(names), model, pair, changed)


def _exact(labels: pl.Series) -> pl.Series:
    """Labels without those of a model whose version others name: they may be of any version."""
    named = labels.drop_nulls().unique().to_list()
    vague = [one for one in named if any(other.startswith(f"{one} ") for other in named)]
    return labels.set(labels.is_in(vague).fill_null(False), None)


def _pair(model: Ints, found: Sequel, n: int) -> tuple[int, int] | str:
    """The two models with the most people, those of more threads first among equals; the earlier one first."""
    people = np.array([len(np.unique(found.user[model == code])) for code in range(n)])
    size = np.bincount(model[model >= 0], minlength=n)
    most = np.lexsort((np.arange(n), -size, -people))[:2].tolist()
    if np.count_nonzero(size) < 2:
        return ONE_MODEL
    if people[most].min() < FEWEST:
        return f"fewer than {FEWEST} people used the second model"
    times = [_median(found.began[model == code]) for code in most]
    one, other = most if not times[1] < times[0] else most[::-1]
    return one, other


def _median(hours: Floats) -> float:
    known = hours[~np.isnan(hours)]
    return float(np.median(known)) if len(known) else np.nan
