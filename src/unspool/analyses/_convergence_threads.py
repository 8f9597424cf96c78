"""The threads in which convergence is looked for: their first prompts, a fixed step, and their ends."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from unspool.analyses import Settings
from unspool.analyses._draws import joined
from unspool.analyses._panel import ENOUGH, choose_least
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Row, Steps
from unspool.stats.jackknife import Floats

MARGIN = 3
"""Prompts that a thread has after the fixed step, where enough threads have: who stops at it is not looked at."""


@dataclass(frozen=True)
class Threads:
    """All threads of a log: `starts`, places of their first prompts, and their `lengths`.

    Means and ends are compared at step 1 and at `step`, over threads of at least `needed` prompts; `least` as in the
    paper's panel, `chosen_because` where it was not asked for.
    """

    steps: Steps
    starts: Ints
    lengths: Ints
    least: int
    step: int
    needed: int
    chosen_because: str | None

    @cached_property
    def again(self) -> Flags:
        """Whether the prompt after each, in the same thread, has the same text: a reroll."""
        schema = self.steps.log.prompts.collect_schema()
        if "text" not in schema:
            return np.zeros(len(self.steps.step), dtype=bool)
        text = self.steps.column(pl.col("text"))
        return np.asarray((text == text.shift(-1)).fill_null(False).to_numpy() & (self.steps.left > 0))

    def course(self, values: Floats) -> tuple[Flags, Floats]:
        """Which threads are long enough and have a value at each step to `step`; their values (threads, steps)."""
        long = np.flatnonzero(self.lengths >= self.needed)
        x = values[self.starts[long][:, None] + np.arange(self.step)]
        known = ~np.isnan(x).any(axis=1)
        chosen = np.zeros(len(self.starts), dtype=bool)
        chosen[long[known]] = True
        return chosen, x[known]

    def ends(self, values: Floats, least: int) -> tuple[Flags, Floats, Floats]:
        """Which threads of at least `least` prompts have a value at both ends, and these values."""
        first, last = values[self.starts], self.last(values)
        chosen = (self.lengths >= least) & ~np.isnan(first) & ~np.isnan(last)
        return chosen, first[chosen], last[chosen]

    def last(self, values: Floats) -> Floats:
        """The value at the last prompt of every thread."""
        return np.asarray(values[self.starts + self.lengths - 1])

    def sums(self, columns: list[Floats], chosen: Flags) -> Floats:
        """Sums per unit of columns that have one value per chosen thread."""
        return self.steps.sums(columns, self.starts[chosen])

    def numbers(self, chosen: Flags, prompts: int) -> Row:
        """n_prompts (so many of each thread), n_threads and n_users of the chosen threads."""
        found = self.steps.numbers(self.starts[chosen])
        return found | {"n_prompts": prompts * found["n_threads"]}

    def left_out(self, chosen: Flags, least: int) -> str | None:
        """How many threads of at least `least` prompts lack a value, in words."""
        n = int((self.lengths >= least).sum()) - int(chosen.sum())
        return f"{n:,} thread(s) left out: no value at some step" if n else None

    @property
    def at_step(self) -> str:
        """What is compared, in words, with what that has of the last prompts."""
        told = f"step {self.step} against step 1, threads of at least {self.needed} prompts"
        if self.needed > self.step:
            return f"{told}, so that step {self.step} is the last of none"
        n = int((self.lengths == self.step).sum())
        return f"{told}; too few go on after step {self.step}, which is the last of {n:,} of them"

    def at_last(self, least: int) -> str:
        """The same of the last prompt."""
        return str(joined(f"last prompt against the first, threads of at least {least} prompts", self.chosen_because))


def threads(steps: Steps, settings: Settings) -> Threads:
    """The threads of a log, the step at which they are compared, and how long they have to be for that."""
    starts = np.flatnonzero(steps.step == 1)
    lengths = steps.left[starts] + 1
    least, because = choose_least(lengths, settings.least)
    step = min(settings.steps or least, least)
    enough = [margin for margin in range(MARGIN + 1) if (lengths >= step + margin).sum() >= ENOUGH]
    needed = max(least, step + max(enough, default=0))
    return Threads(steps, starts, lengths, least, step, needed, because)
