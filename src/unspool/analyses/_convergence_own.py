"""Convergence, mode "corrected": the asymmetry A of threads' ends, its companions, and the test by reversal."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses import Measured
from unspool.analyses import _convergence_beta as beta
from unspool.analyses import _convergence_ends as ends
from unspool.analyses._columns import known
from unspool.analyses._convergence_reversal import Reversals
from unspool.analyses._convergence_threads import Threads, threads
from unspool.analyses._draws import joined
from unspool.analyses._drift_along import Along
from unspool.analyses._people import NOBODY
from unspool.analyses._steps import Flags, Row, method, scale, steps, told
from unspool.analyses._stopping_levels import rise
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife, means_carried, of_enough

NONE = {"n_prompts": 0, "n_threads": 0, "n_users": 0}
HEADLINES = ("A_step", "A_last", "reversal", "sigma_slope")
COMPANIONS = ("pitman_morgan", "galton_slope", "galton_null", "galton_excess")
SLOPES = ("blomqvist", "trend_on_start", "ar_within", "ar_half_panel")
UNTESTED = ("galton_slope", "galton_null", "risers_centred", "fallers_centred", "gap_start_centred", "gap_end_centred")
"""Not 0 where nothing converges either: a test against 0 would say nothing."""
TOO_SHORT = f"a trend takes {beta.LEAST_TREND} steps, and halves to compare take {beta.LEAST_HALVES}"
SLOPE = "slope of first + later on first - later value, both about their means"
SIDE = "means over threads, split by the sign of later - first value, less the mean of all at the step"
METHODS = {
    "pitman_morgan": "correlation of first + later with first - later value",
    "galton_slope": "slope of the change on the first value",
    "galton_null": "slope that repeatability alone gives, -(1 - ICC) of both values",
    "galton_excess": "slope of the change on the first value less the one that repeatability alone gives",
    "blomqvist": "slope of the change on the first value, less noise: half the variance of changes, rerolls left out",
    "trend_on_start": "slope of the rise of a line through the thread on its start, less the scatter about the lines",
    "ar_within": "slope of a value on the one before, with effects of threads",
    "ar_half_panel": "the same, twice that of all steps less the mean of that of their halves",
    "sigma_slope": "slope of ln SD over threads on the step",
    "A_last_minus_step": "A at the last prompt less A at the fixed step, same threads",
    **dict.fromkeys(("risers_centred", "fallers_centred", "gap_start_centred", "gap_end_centred"), SIDE),
}


def rows(log: Measured) -> Iterator[Row]:
    """The rows of all features; a feature without values has its headlines, null with the reason."""
    found = threads(steps(log), log.settings)
    names, reasons = known(log)
    tests = Reversals(log.settings.seed)
    for name in names:
        yield from _Feature(found, name, log, tests).rows()
    yield from tests.rows()
    for name, reason in reasons.items():
        yield from ({"feature": name, "estimand": estimand, "note": reason, **NONE} for estimand in HEADLINES)


@dataclass(frozen=True)
class _Feature:
    """The rows of one feature."""

    found: Threads
    name: str
    log: Measured
    tests: Reversals

    def rows(self) -> Iterator[Row]:
        values = self.found.steps.values(self.name)
        chosen, x = self.found.course(values)
        less_rise = values - rise(Along(self.name, self.found.steps, values))
        last = self.found.last(less_rise)[chosen]
        yield from self._at_step(chosen, x)
        yield from self._at_last(less_rise)
        yield self._last_minus_step(chosen, x, last)
        yield self._spread(chosen, x)
        yield self._less_noise(values, chosen, x)
        yield from self._along(chosen, x)
        yield from self._sides(chosen, x)
        if self.log.columns[self.name].log:
            yield from self._other_scales()

    def _at_step(self, chosen: Flags, x: Floats) -> Iterator[Row]:
        sums = self.found.sums(ends.pair_columns(x[:, 0], x[:, -1]), chosen)
        a, *others = self._jackknife(sums, ends.of_pairs(ends.everything, sums), ends.pairs_carried(sums))
        row = self._row("A_step", a, chosen, self._at_fixed(chosen))
        self.tests.keep("reversal", sums[:, 3], row)
        yield row
        for estimand, one in zip(COMPANIONS, others, strict=True):
            yield self._row(estimand, one, chosen, self._at_fixed(chosen))

    def _at_last(self, values: Floats) -> Iterator[Row]:
        for estimand, least in (("A_last", self.found.least), ("A_last_all", 2)):
            chosen, first, last = self.found.ends(values, least)
            sums = self.found.sums(ends.pair_columns(first, last), chosen)
            a = self._asymmetry(sums)
            about = joined(self.found.at_last(least), self.found.left_out(chosen, least))
            row = self._row(estimand, a, chosen, about)
            if estimand == "A_last":
                self.tests.keep("reversal_last", sums[:, 3], row)
            yield row

    def _last_minus_step(self, chosen: Flags, x: Floats, last: Floats) -> Row:
        ended = ~np.isnan(last)
        both, x, last = chosen.copy(), x[ended], last[ended]
        both[chosen] = ended
        columns = [*ends.pair_columns(x[:, 0], x[:, -1]), *ends.pair_columns(x[:, 0], last)]
        sums = self.found.sums(columns, both)
        (one,) = self._jackknife(sums, ends.of_two_pairs(sums), means_carried(sums[:, 4], sums[:, 10]))
        return self._row("A_last_minus_step", one, both, self._at_fixed(both), 3)

    def _spread(self, chosen: Flags, x: Floats) -> Row:
        sums = self.found.sums(ends.spread_columns(x), chosen)
        (slope,) = self._jackknife(sums, ends.of_spreads(sums), ends.spreads_carried(sums))
        return self._row("sigma_slope", slope, chosen, self._at_fixed(chosen), self.found.step)

    def _less_noise(self, values: Floats, chosen: Flags, x: Floats) -> Row:
        """The slope on the first value less its noise; of the changes of these threads, rerolls left out."""
        steps = self.found.steps
        inside = np.zeros(int(steps.thread.max(initial=-1)) + 1, dtype=bool)
        inside[steps.thread[self.found.starts[chosen]]] = True
        pairs = steps.pairs[inside[steps.thread[steps.pairs]] & ~self.found.again[steps.pairs]]
        change = values[pairs + 1] - values[pairs]
        pairs, change = pairs[~np.isnan(change)], change[~np.isnan(change)]
        threads = self.found.sums(ends.pair_columns(x[:, 0], x[:, -1]), chosen)
        changes = steps.sums([np.ones(len(change)), change, change**2], pairs)
        size = ends.ROUNDING * float(threads[:, 4:6].sum()) / max(1.0, float(threads[:, 0].sum()))
        carried = ends.pairs_carried(threads)[:, 2:3]
        (one,) = self._jackknife(np.concatenate([threads, changes], axis=1), beta.of_noise(size), carried)
        return self._row("blomqvist", one, chosen, self._at_fixed(chosen))

    def _along(self, chosen: Flags, x: Floats) -> Iterator[Row]:
        """The slope of trends on starts, and persistence within threads."""
        about, n = ends.centred(x, float(np.abs(x).max(initial=0))), x.shape[1]
        floor = ends.ROUNDING * float((about**2).sum())
        rest = self._at_fixed(chosen)
        if n < beta.LEAST_TREND:
            yield self._row("trend_on_start", Estimate(None, note=TOO_SHORT), chosen, rest, n)
        else:
            sums = self.found.sums(beta.trend_columns(about), chosen)
            (one,) = self._jackknife(sums, beta.of_trends(n, floor / max(1, len(x))), sums[:, 3:4])
            yield self._row("trend_on_start", one, chosen, rest, n)
        found = [Estimate(None, note=TOO_SHORT)] * 2
        if n >= beta.LEAST_HALVES:
            sums = self.found.sums(beta.lag_columns(about), chosen)
            found = self._jackknife(sums, beta.persistence(floor), sums[:, 1:2])
        for estimand, one in zip(SLOPES[2:], found, strict=True):
            yield self._row(estimand, one, chosen, rest, n)

    def _sides(self, chosen: Flags, x: Floats) -> Iterator[Row]:
        """Split by the change less its mean: a common rise would put all threads on one side."""
        change = x[:, -1] - x[:, 0]
        rises = ends.centred(change, float(np.abs(x).max(initial=0))) > 0
        sums = self.found.sums(ends.side_columns(x, rises), chosen)
        found = self._jackknife(sums, ends.sides, ends.sides_carried(sums))
        parts = (chosen.copy(), chosen.copy())
        parts[0][chosen], parts[1][chosen] = rises, ~rises
        n, about = x.shape[1], self._at_fixed(chosen)
        for place, one in enumerate(found[: 2 * n]):
            side, step = divmod(place, n)
            name = ("risers_centred", "fallers_centred")[side]
            yield self._row(name, one, parts[side], about, 1, step=step + 1)
        for name, one in zip(("gap_start_centred", "gap_end_centred"), found[2 * n :], strict=True):
            yield self._row(name, one, chosen, about, 1)

    def _other_scales(self) -> Iterator[Row]:
        """A at the fixed step once more on two other scales: the sensitivity of the answer to the scale."""
        raw = pl.col(self.name).cast(pl.Float64)
        for estimand, value, on in (("A_step_raw", raw, "raw scale"), ("A_step_log1p", raw.log1p(), "ln(1 + x)")):
            chosen, x = self.found.course(self.found.steps.of(value))
            sums = self.found.sums(ends.pair_columns(x[:, 0], x[:, -1]), chosen)
            a = self._asymmetry(sums)
            yield self._row(estimand, a, chosen, self._at_fixed(chosen), on=on)

    def _asymmetry(self, sums: Floats) -> Estimate:
        return self._jackknife(sums, ends.of_pairs(ends.asymmetry, sums), ends.pairs_carried(sums)[:, :1])[0]

    def _jackknife(self, sums: Floats, estimator: Estimator, carried: Floats) -> list[Estimate]:
        """Degrees of freedom are of the users it rests on: a few threads bring most of the squared changes."""
        return jackknife(sums, estimator, level=self.log.settings.level, carried=carried)

    def _at_fixed(self, chosen: Flags) -> str | None:
        found = self.found
        return joined(found.at_step, found.chosen_because, found.left_out(chosen, found.needed))

    def _row(
        self,
        estimand: str,
        one: Estimate,
        chosen: Flags,
        about: str | None,
        prompts: int = 2,
        step: int | None = None,
        on: str | None = None,
    ) -> Row:
        people = self.found.steps.people
        notes = (self.log.notes.get(self.name), about, NOBODY if people.ids is None else None, _few(chosen))
        what = f"{METHODS.get(estimand, SLOPE)}; {on or scale(self.name, self.log.columns)}"
        numbers = self.found.numbers(chosen, prompts)
        one = of_enough(one, numbers["n_users"])
        row = told(one, self.log.settings, *notes, feature=self.name, estimand=estimand, step=step)
        row |= numbers | {"method": method(people, what)}
        return row | {"p_value": None} if estimand in UNTESTED else row


def _few(chosen: Flags) -> str | None:
    n = int(chosen.sum())
    return f"{n} thread(s) with a value at both: too few" if n < ends.LEAST_THREADS else None
