"""Log odds of ending a thread, or of upscaling, at a prompt, per standard deviation of a feature there."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unspool.analyses._draws import joined
from unspool.analyses._drift_along import Along
from unspool.analyses._people import NOBODY, Ints
from unspool.analyses._steps import Flags, Row
from unspool.analyses._stopping_ends import ABANDONED, CAUSES, SATISFIED, SWITCHED
from unspool.analyses._stopping_levels import levels
from unspool.analyses._stops import Stops, standard, with_unknown
from unspool.stats.jackknife import Floats, jackknife
from unspool.stats.logit import carried_by, logit, one_step, unit_sums

HEADLINES = ("hazard", "hazard_pooled", *(f"hazard_{cause}" for cause in CAUSES), "upscale_hazard")
LEAST = 10
"""Prompts that each of the two outcomes needs."""


@dataclass(frozen=True)
class Hazards:
    """One feature on the prompts of `stops`, with the code of how each ends (_stopping_ends.causes)."""

    along: Along
    stops: Stops
    code: Ints
    note: str | None

    @cached_property
    def columns(self) -> list[Floats]:
        """Steps, gap, the user's level of the feature, the feature: one value per prompt."""
        level = standard(levels(self.along))
        return [*self.stops.by_step(), *with_unknown(self.stops.gap), level, standard(self.along.x)]

    def rows(self) -> Iterator[Row]:
        """All estimands of HEADLINES."""
        stopped, known = self.stops.stopped, self.along.known & self.stops.open
        yield self.row("hazard", stopped, known, self.decided)
        yield self.row("hazard_pooled", stopped, known, self.decided, pooled=True)
        for number, cause in enumerate(CAUSES, start=1):
            yield self.of_cause(cause, number)
        kept = self.stops.upscaled
        sure = self.along.known & ~np.isnan(kept)
        if not sure.any():
            yield self.along.void("upscale_hazard", "this log cannot know which prompts were upscaled")
            return
        yield self.row("upscale_hazard", kept == 1, sure)

    @property
    def decided(self) -> str | None:
        """How many prompts say nothing, since their step alone decides whether a thread ends there."""
        n = int((~self.stops.open).sum())
        return f"{n:,} prompts left out: at their step all threads end, or none" if n else None

    def of_cause(self, cause: str, number: int) -> Row:
        """The hazard of one cause; prompts whose thread ended by an unknown one are left out."""
        ends = self.code[self.stops.stopped]
        name = f"hazard_{cause}"
        if np.isnan(self.stops.upscaled).all():
            return self.along.void(name, "this log cannot know which prompts were upscaled, and so not how threads end")
        if cause != SATISFIED and not np.isin(ends, (2, 3)).any():
            return self.along.void(
                name, "no thread's end is known to be a switch or an end for good: times are missing"
            )
        sure = self.code >= 0 if cause != SATISFIED else ~(self.stops.stopped & np.isnan(self.stops.upscaled))
        known = self.along.known & sure & self.stops.open
        unknown = int((~sure).sum())
        lost = f"{unknown:,} ends of unknown cause left out" if unknown else None
        return self.row(
            name, self.code == number, known, self.decided, lost, self.note if cause in (SWITCHED, ABANDONED) else None
        )

    def row(self, name: str, y: Flags, known: Flags, *notes: str | None, pooled: bool = False) -> Row:
        """The coefficient of the feature in a logit of `y` on the prompts chosen by `known`."""
        along = self.along
        reason = self._reason(y[known], pooled)
        if reason:
            return along.void(name, joined(reason, *notes) or reason)
        columns = self.columns[:-2] + self.columns[-1:] if pooled else self.columns
        chosen = np.flatnonzero(known)
        z = np.array([column[chosen] for column in columns]).T
        outcome = y[chosen].astype(np.float64)
        fit = logit(z, outcome)
        if fit.place(len(columns) - 1) is None:
            return along.void(name, "the feature does not vary beside the steps and the users' levels")
        units, n_units = along.steps.units[chosen], along.steps.people.n_units
        sums = unit_sums(z, outcome, fit, units, n_units)
        # Who always stops, or never does, says by the feature no more than that people differ.
        n, n_stops = np.bincount(units, minlength=n_units), np.bincount(units, outcome, n_units)
        last, level = len(columns) - 1, along.steps.log.settings.level
        carried = np.asarray(carried_by(sums, fit, last)) * ((n_stops > 0) & (n_stops < n))
        found = jackknife(sums, one_step(fit, last), level=level, carried=carried)[0]
        beside = "step, gap" if pooled else "step, gap, the user's level of the feature so far"
        what = f"logit beside {beside}, per SD of the feature at this prompt"
        return along.row(name, found, what, chosen, *notes, fit.note)

    def _reason(self, y: Flags, pooled: bool) -> str | None:
        if not pooled and self.along.steps.people.ids is None:
            return NOBODY.replace("no interval over users", "nothing within users")
        n = int(y.sum())
        if min(n, len(y) - n) < LEAST:
            return f"{n:,} of {len(y):,} prompts have this outcome: {LEAST} with it and without it are needed"
        return None
