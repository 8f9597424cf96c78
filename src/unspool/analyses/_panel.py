"""Threads of at least so many prompts, and a feature along them: the panel of the figures by step."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured
from unspool.analyses._columns import batches
from unspool.analyses._people import Ints, People, people
from unspool.errors import UnspoolError
from unspool.stats.bootstrap import Floats

PAPER = 10
ENOUGH = 50
SHORTEST = 2


@dataclass(frozen=True)
class Panel:
    """Threads of at least `least` prompts, in the order of their ids, of which `steps` steps are shown.

    `rows`: their prompts at these steps and their last ones. `users`: the code in `people` of each thread. `note`: why
    `least` is below the paper's 10, None where it is not or was asked for.
    """

    rows: pl.LazyFrame
    ids: pl.Series
    users: Ints
    people: People
    least: int
    steps: int
    note: str | None


@dataclass(frozen=True)
class Cells:
    """A feature along threads: `threads`, their numbers in the panel; `steps`, shape (threads, steps), NaN-free.

    `last`: the value at each thread's last prompt, NaN where unknown. `n_left_out`: threads of the panel without a
    value at some shown step.
    """

    threads: Ints
    steps: Floats
    last: Floats
    n_left_out: int = 0

    def only(self, chosen: NDArray[np.bool_], n_threads: int) -> "Cells":
        """The chosen ones of these threads, of a part of the panel that has `n_threads`."""
        left_out = n_threads - int(chosen.sum())
        return Cells(self.threads[chosen], self.steps[chosen], self.last[chosen], left_out)


def choose_least(lengths: Ints, asked: int | None) -> tuple[int, str | None]:
    """The prompts that a thread needs, and a sentence where that is not the paper's 10 though nobody asked.

    Unless asked: 10 if at least 50 threads are that long, else the largest length from 10 down to 2 that at least 50
    threads have, else 2. An error if a length below 2 is asked for: one prompt has no course.
    """
    if asked is not None:
        if asked < SHORTEST:
            raise UnspoolError(
                "Threads of one prompt have no course to look at.", f"`least` is {asked}.", "Set it to 2 or more."
            )
        return asked, None
    enough = [least for least in range(SHORTEST, PAPER + 1) if (lengths >= least).sum() >= ENOUGH]
    least = max(enough, default=SHORTEST)
    if least == PAPER:
        return least, None
    has, used = int((lengths >= PAPER).sum()), int((lengths >= least).sum())
    why = f"only {has:,} are that long" if has else "none is that long"
    return least, f"threads of at least {least} prompts ({used:,}), not of {PAPER} as in the paper, because {why}"


def panel(log: Measured) -> Panel:
    """The threads of a log that are long enough; their prompts are read later, feature by feature."""
    length = pl.col("step") + pl.col("steps_left")
    lengths = log.prompts.filter(pl.col("step") == 1).select(length).collect().to_series().to_numpy()
    least, note = choose_least(lengths, log.settings.least)
    steps = min(log.settings.steps or least, least)
    if steps < SHORTEST:
        raise UnspoolError("One step shows no change.", f"`steps` is {steps}.", "Set it to 2 or more.")
    needed = (pl.col("step") <= steps) | (pl.col("steps_left") == 0)
    rows = log.prompts.filter(pl.col("thread_id").is_not_null() & (length >= least) & needed)
    threads = rows.group_by("thread_id").agg(pl.col("user_id").first()).collect().sort("thread_id")
    found = people(threads["user_id"], log.settings.seed)
    users = threads.with_columns(code=found.code())["code"].to_numpy().astype(np.int64)
    return Panel(rows, threads["thread_id"], users, found, least, steps, note)


def cells(panel: Panel, names: Sequence[str]) -> Iterator[tuple[str, Cells]]:
    """Each feature along the threads in which it is known at every shown step."""
    thread = pl.col("thread_id").cast(pl.Enum(panel.ids)).to_physical().alias("thread")
    n_rows = len(panel.ids) * (panel.steps + 1)
    for batch in batches(names, n_rows):
        frame = panel.rows.select(thread, "step", "steps_left", *batch).collect()
        for name in batch:
            yield name, _cells(panel, frame, name)


def _cells(panel: Panel, frame: pl.DataFrame, name: str) -> Cells:
    thread, step, left = (frame[column].to_numpy().astype(np.int64) for column in ("thread", "step", "steps_left"))
    values = frame[name].cast(pl.Float64).to_numpy()
    steps = np.full((len(panel.ids), panel.steps), np.nan)
    last = np.full(len(panel.ids), np.nan)
    shown, ends = step <= panel.steps, left == 0
    steps[thread[shown], step[shown] - 1] = values[shown]
    last[thread[ends]] = values[ends]
    whole = ~np.isnan(steps).any(axis=1)
    return Cells(np.flatnonzero(whole), steps[whole], last[whole], int((~whole).sum()))


def left_out(found: Cells) -> str | None:
    """How many threads lack a value, in words."""
    if not found.n_left_out:
        return None
    return f"{found.n_left_out:,} thread(s) left out: no value at some step"
