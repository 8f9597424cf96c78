"""A feature along all threads of a log, and its rows of results."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unspool.analyses._draws import joined
from unspool.analyses._people import NOBODY, Ints
from unspool.analyses._steps import Flags, Row, Steps, method, scale, told
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife

HEADLINES = (
    "thread_slope",
    "raw_transition",
    "drop_last",
    "ipcw",
    "stopping_part",
    "tipping_point",
    "order_null",
    "last_minus_earlier",
    "share_rising",
)
"""The estimands of mode "corrected" that every feature has one row of, whatever is known."""
SHOWN = 10
"""Steps that rows by step go to."""
ENOUGH = 20
"""Threads that a row by step needs."""
ROUNDING = 1e-9
WITHIN_SD = "per SD within threads"


@dataclass(frozen=True)
class Along:
    """One feature along the threads: `x`, one value per prompt on the feature's scale, NaN where unknown."""

    name: str
    steps: Steps
    x: Floats
    note: str | None = None

    @cached_property
    def known(self) -> Flags:
        """Which prompts have a value."""
        return np.asarray(~np.isnan(self.x))

    @cached_property
    def pairs(self) -> Ints:
        """Places of the prompts from which there is a transition with both values known, to the next place."""
        start = self.steps.pairs
        return np.asarray(start[self.known[start] & self.known[start + 1]])

    @cached_property
    def changes(self) -> Floats:
        """The change of each of these transitions."""
        return np.asarray(self.x[self.pairs + 1] - self.x[self.pairs])

    @property
    def alike(self) -> bool:
        """Whether all changes are the same but for rounding."""
        return bool(np.ptp(self.changes) <= ROUNDING * np.abs(self.changes).max())

    @cached_property
    def lost(self) -> str | None:
        """How many transitions have no change, in words."""
        n = len(self.steps.pairs) - len(self.pairs)
        return f"{n:,} of {len(self.steps.pairs):,} transitions left out: no value at one end" if n else None

    @cached_property
    def deviation(self) -> Floats:
        """Values less their thread's mean; NaN where unknown."""
        thread, known = self.steps.thread, self.known
        n = np.bincount(thread, weights=known)
        total = np.bincount(thread, weights=np.where(known, self.x, 0))
        return np.asarray(self.x - (total / np.maximum(n, 1))[thread])

    @cached_property
    def sd(self) -> float | None:
        """The standard deviation within threads of two known values or more; None where there is none."""
        n_per_thread = np.bincount(self.steps.thread[self.known])
        freedom = int(self.known.sum()) - int((n_per_thread > 0).sum())
        squares = float(np.nansum(self.deviation**2))
        return float(np.sqrt(squares / freedom)) if freedom and squares > 0 else None

    def ends(self, pairs: Ints) -> Flags:
        """The prompts at either end of these transitions."""
        chosen = np.zeros(len(self.x), dtype=bool)
        chosen[pairs] = chosen[pairs + 1] = True
        return chosen

    def row(
        self, estimand: str, found: Estimate, what: str, chosen: Flags | Ints, *notes: str | None, **more: object
    ) -> Row:
        """A row of results from these prompts; `more` are its further columns."""
        people = self.steps.people
        nobody = NOBODY if people.ids is None and found.estimate is not None else None
        own = told(found, self.steps.log.settings, self.note, *notes, nobody)
        said = method(people, f"{what}; {scale(self.name, self.steps.log.columns)}")
        same = {"feature": self.name, "estimand": estimand, "method": said}
        return {**own, **same, **self.steps.numbers(chosen), **more}

    def rows(
        self, names: list[str], sums: Floats, estimator: Estimator, row: Callable[[str, Estimate], Row]
    ) -> list[Row]:
        """A row per estimate of an estimator, by `row`."""
        found = jackknife(sums, estimator, level=self.steps.log.settings.level)
        return [row(name, one) for name, one in zip(names, found, strict=True)]

    def in_sd(self, found: Estimate) -> Row:
        """The estimate in standard deviations within threads, as the row's effect."""
        if found.estimate is None or self.sd is None:
            return {}
        return {"effect": found.estimate / self.sd, "effect_name": WITHIN_SD}

    def void(self, estimand: str, reason: str, **more: object) -> Row:
        """The row of what cannot be estimated."""
        return unknown(self.name, estimand, joined(self.note, reason), **more)


def unknown(name: str, estimand: str, reason: str | None, **more: object) -> Row:
    """The row of an estimate that is not known, and why."""
    counts = {"n_prompts": 0, "n_threads": 0, "n_users": 0}
    return {"feature": name, "estimand": estimand, "estimate": None, "note": reason, **counts, **more}


def ratio(sums: Floats) -> Floats:
    """From sums (..., 2 k) of k numerators and k denominators to their ratios; NaN over nothing."""
    k = sums.shape[-1] // 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(sums[..., k:] > 1e-12, sums[..., :k] / sums[..., k:], np.nan))
