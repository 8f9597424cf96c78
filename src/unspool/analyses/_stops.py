"""Whether a thread stops at a prompt: what else explains it than the feature at hand, as columns of a logit."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Steps, scaled
from unspool.stats.jackknife import Floats

BOUNDS = (1, 2, 3, 4, 5, 7, 10, 20)
"""Steps at which a class of steps may begin; classes with fewer than EACH ends or goings-on are joined."""
EACH = 10
MANY = 20
"""Threads that come to a step, all of which end there or go on, from which on that is no chance."""
FIXED = "threads end where their number of prompts is fixed, so that who stops is no choice"
MOST_PROMPTS = 500_000
"""Prompts on which the weights' hazard is fitted at most: those of whole users."""


@dataclass(frozen=True)
class Stops:
    """The prompts of `steps` with what explains stopping: `stopped`, a flag per prompt; `kind`, the class of its step.

    `gap`: of ln(1 + seconds since the prompt before in the thread); `upscaled`: 1 or 0; NaN where unknown.
    `start`: the place of the first prompt of each prompt's thread. `open`: whether threads both end and go on at its
    step, so that ending there is a choice.
    """

    steps: Steps
    stopped: Flags
    kind: Ints
    bounds: Ints
    gap: Floats
    upscaled: Floats
    length: Floats
    start: Ints
    open: Flags

    @property
    def chosen(self) -> "Flags | slice":
        """The prompts at which ending is a choice, as an index; a slice where all are."""
        return slice(None) if self.open.all() else self.open

    @property
    def fixed(self) -> str | None:
        """Why there is no choice to speak of, None if there is: the ends are fixed by the number of prompts."""
        n, ends = int(self.open.sum()), int((self.open & self.stopped).sum())
        return None if min(ends, n - ends) >= EACH or self.open.all() else FIXED

    def by_step(self) -> list[Floats]:
        """A column of ones, one per class of steps but the first, and ln(step)."""
        dummies = [(self.kind == one).astype(np.float64) for one in range(1, len(self.bounds))]
        return [np.ones(len(self.kind)), *dummies, standard(np.log(self.steps.step))]

    def along(self, values: Floats) -> Floats:
        """Running sums within threads, the present prompt included."""
        total = np.cumsum(values)
        return np.asarray(total - (total - values)[self.start])

    def past_mean(self, x: Floats) -> Floats:
        """The mean of the known values before each prompt in its thread; NaN where there are none."""
        known = ~np.isnan(x)
        centre = float(x[known].mean()) if known.any() else 0.0
        value = np.where(known, x - centre, 0)
        n = self.along(known.astype(np.float64)) - known
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(n > 0, (self.along(value) - value) / n, np.nan)) + centre


def stops(steps: Steps) -> Stops:
    """Read what explains stopping, once for all features."""
    new = np.diff(steps.thread, prepend=-1) != 0
    start = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0)) if len(new) else np.zeros(0, dtype=np.int64)
    open_ = by_choice(steps.step, steps.left == 0)
    bounds = classes(steps.step[open_], steps.left[open_] == 0)
    kind = np.searchsorted(bounds, steps.step, side="right") - 1
    schema = steps.log.prompts.collect_schema()
    time = steps.of(pl.col("time").dt.epoch("ms"))
    gap = np.where(new, np.nan, np.log1p(np.maximum(np.diff(time, prepend=np.nan) / 1000, 0)))
    length = steps.of(scaled("n_words", steps.log.columns)) if "n_words" in schema else np.full(len(new), np.nan)
    return Stops(steps, steps.left == 0, kind, bounds, gap, steps.of(pl.col("upscaled")), length, start, open_)


def by_choice(step: Ints, stopped: Flags) -> Flags:
    """Whether threads both end and go on at the step of each prompt; also where fewer than MANY come to it.

    Where all of many end (a game of six rounds) or none does, the step decides, and nothing else can be seen to.
    """
    n, ends = np.bincount(step), np.bincount(step, weights=stopped)
    decided = (n >= MANY) & ((ends == 0) | (ends == n))
    return np.asarray(~decided[step])


def classes(step: Ints, stopped: Flags) -> Ints:
    """First steps of the classes, each with EACH prompts at least that end their thread, and that do not."""
    kind = np.searchsorted(BOUNDS, step, side="right") - 1
    ends = np.bincount(kind, weights=stopped, minlength=len(BOUNDS))
    others = np.bincount(kind, minlength=len(BOUNDS)) - ends
    found, n = [], np.zeros(2)
    for bound, own in zip(reversed(BOUNDS), reversed(list(zip(ends, others, strict=True))), strict=True):
        n = n + own
        if n.min() >= EACH:
            found.append(bound)
            n = np.zeros(2)
    return np.array(sorted({1, *(found[:-1] if n.any() else found)}), dtype=np.int64)


def standard(values: Floats) -> Floats:
    """Values less their mean by their standard deviation, 0 where unknown; 0 throughout if they do not vary."""
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values))
    away = np.where(known, values - values[known].mean(), 0)
    spread = float(np.sqrt((away**2).sum() / known.sum()))
    return np.asarray(away / spread if spread > 0 else away)


def with_unknown(values: Floats) -> list[Floats]:
    """Standardised values and a column that is 1 where they are unknown."""
    return [standard(values), np.isnan(values).astype(np.float64)]


def sampled(steps: Steps, places: Ints, most: int) -> tuple[Ints, str | None]:
    """Those of the places that are of users drawn at random, until they are about `most`; a note if not all are."""
    if len(places) <= most:
        return places, None
    user = steps.user[places]
    count = np.bincount(user, minlength=len(steps.people.units))
    order = np.random.default_rng(steps.log.settings.seed).permutation(len(count))
    before = np.cumsum(count[order]) - count[order]
    chosen = np.zeros(len(count), dtype=bool)
    chosen[order[before < most]] = True
    kept = places[chosen[user]]
    return kept, f"of {len(kept):,} of {len(places):,} prompts, all those of users drawn at random"


def part(steps: Steps, most: int = MOST_PROMPTS) -> tuple[Steps, Ints, str | None]:
    """The steps of a sample of whole users, the places of their prompts in the whole, and a note if not all are."""
    places, note = sampled(steps, np.arange(len(steps.user)), most)
    if note is None:
        return steps, places, None
    arrays = {name: getattr(steps, name)[places] for name in ("order", "user", "thread", "step", "left")}
    return replace(steps, **arrays), places, f"estimated from {note.removeprefix('of ')}"
