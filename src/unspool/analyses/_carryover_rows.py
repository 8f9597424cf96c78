"""What a thread leaves behind in the user's next threads, one feature at a time: rows of the analysis carryover."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unspool.analyses._people import Ints
from unspool.analyses._sequel import Sequel
from unspool.analyses._steps import Flags, Row, Steps, told
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife

GAPS = {"under 1 hour": (-np.inf, 1), "1 to 24 hours": (1, 24), "over 24 hours": (24, np.inf)}
NO_PAIR = "no user has two threads that follow one another and have values"
NO_GAIN = "the mean gain within threads is not clearly different from 0: there is nothing to carry over"
NO_RUN = "no user has four threads that follow one another and have values"


@dataclass(frozen=True)
class Values:
    """A feature at the first prompt of each thread, and its gain from there to the last; NaN where it has no value."""

    name: str
    first: Floats
    gain: Floats


def values(name: str, steps: Steps, found: Sequel) -> Values:
    """The values of a feature in these threads."""
    every = steps.values(name)
    first, last = every[found.first], every[found.last]
    return Values(name, first, last - first)


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one log; `notes` hold for all of them."""

    steps: Steps
    found: Sequel
    notes: tuple[str, ...]

    def of(self, x: Values) -> Iterator[Row]:
        """All rows of one feature."""
        yield from self.retention(x)
        yield from self.decay(x)
        yield from self.dose(x)
        yield selected(self, x)

    def pairs(self, x: Values) -> Ints:
        """The threads that follow one soundly, with values in both."""
        here = np.flatnonzero(self.found.follows)
        return here[~np.isnan(x.first[here] - x.first[here - 1] + x.gain[here - 1])]

    def retention(self, x: Values) -> Iterator[Row]:
        """R, carried and gain."""
        here = self.pairs(x)
        missing = int(self.found.follows.sum()) - len(here)
        note = f"{missing:,} pair(s) of threads without a value left out" if missing else None
        estimates = self.estimates(kept_sums(x, here), here, retention)
        gain = estimates[2] if estimates else None
        for name, one in zip(("R", "carried", "gain"), estimates or [Estimate(None, note=NO_PAIR)] * 3, strict=True):
            known = one if name != "R" or gain is None or clear(gain) else Estimate(None, note=NO_GAIN)
            yield self.row(known, x, name, note, **self.numbers(here))
        if x.name == "n_style_words":
            yield self.ratio(x, here[~self.found.pasted[here]], "R_without_paste", note)

    def decay(self, x: Values) -> Iterator[Row]:
        """R by the time between two threads."""
        here = self.pairs(x)
        hours = self.found.hours[here]
        timeless = "the log has no times" if len(here) and np.isnan(hours).all() else None
        for group, (low, high) in GAPS.items():
            yield self.ratio(x, here[(hours >= low) & (hours < high)], "R", timeless, group=group)

    def ratio(self, x: Values, here: Ints, estimand: str, note: str | None, **same: str) -> Row:
        """R of some pairs; null with the reason where there is no clear gain."""
        estimates = self.estimates(kept_sums(x, here), here, retention)
        one = estimates[0] if estimates else Estimate(None, note=NO_PAIR)
        if estimates and not clear(estimates[2]):
            one = Estimate(None, note=NO_GAIN)
        return self.row(one, x, estimand, note, **self.numbers(here), **same)

    def dose(self, x: Values) -> Iterator[Row]:
        """Dose and placebo: slopes of changes of first prompts on the gain between them, and on a later one."""
        for name, (middle, y, z, share) in {"dose": dose(self.found, x), "placebo": placebo(self.found, x)}.items():
            sums = [np.ones(len(y)), y, z, z * share, y * z, z * z * share]
            estimates = self.estimates(sums, middle, slope, rests_on=5)
            one = estimates[0] if estimates else Estimate(None, note=NO_RUN)
            numbers = self.numbers(middle, behind=2 if name == "placebo" else 1, ahead=1)
            yield self.row(one, x, name, None, **numbers)

    def estimates(
        self, columns: list[Floats], threads: Ints, estimator: Estimator, *, rests_on: int | None = None
    ) -> list[Estimate]:
        """Estimates with intervals over users from columns with one value per thread; none without threads.

        `rests_on`: the column whose sum they are divided by, where few users may bring nearly all of it.
        """
        if not len(threads):
            return []
        sums = self.steps.people.sums(columns, self.found.user[threads])
        carried = None if rests_on is None else sums[:, rests_on]
        return jackknife(sums, estimator, level=self.steps.log.settings.level, carried=carried)

    def numbers(self, threads: Ints, behind: int = 1, ahead: int = 0) -> Row:
        """Numbers of the first and last prompts of some threads and so many before and after each."""
        inside = np.zeros(len(self.found.first), dtype=np.bool_)
        for away in range(-behind, ahead + 1):
            inside[threads + away] = True
        marked = np.zeros(len(self.steps.thread), dtype=np.bool_)
        marked[self.found.first[inside]] = marked[self.found.last[inside]] = True
        return self.steps.numbers(np.flatnonzero(marked))

    def row(self, one: Estimate, x: Values, estimand: str, note: str | None, **more: object) -> Row:
        """A row of one feature."""
        log = self.steps.log
        same = {"feature": x.name, "estimand": estimand}
        return told(one, log.settings, log.notes.get(x.name), *self.notes, note, **same, **more)


def clear(one: Estimate) -> bool:
    """Whether an estimate is surely not 0; true of one that has no interval and is not 0."""
    if one.low is None or one.high is None:
        return bool(one.estimate)
    return one.low > 0 or one.high < 0


def kept_sums(x: Values, here: Ints) -> list[Floats]:
    """Columns for `retention`, of the threads that follow one."""
    return [np.ones(len(here)), x.first[here] - x.first[here - 1], x.gain[here - 1]]


def retention(sums: Floats) -> Floats:
    """From sums (..., 3) of ones, changes of the first prompt and gains before: R, mean change, mean gain."""
    n, change, gain = np.moveaxis(sums, -1, 0)
    return np.stack([ratio(change, gain), ratio(change, n), ratio(gain, n)], axis=-1)


def ratio(above: Floats, below: Floats) -> Floats:
    """Above by below; NaN where there is nothing to divide by."""
    return np.where(below == 0, np.nan, above / np.where(below == 0, 1, below))


def slope(sums: Floats) -> Floats:
    """From sums (..., 6) of 1, y, z, cz, yz and cz^2: covariance of y and z by the variance of a gain within users."""
    n, y, z, cz, yz, czz = np.moveaxis(sums, -1, 0)
    n = np.where(n == 0, np.nan, n)
    below = czz - z * cz / n
    return ratio(yz - y * z / n, np.where(below > 1e-9 * np.abs(czz), below, 0))[..., None]


def at(values: Floats, threads: Ints, allowed: Flags) -> Floats:
    """Values of threads, NaN where not allowed."""
    return np.where(allowed, values[np.clip(threads, 0, len(values) - 1)], np.nan)


def dose(found: Sequel, x: Values) -> tuple[Ints, Floats, Floats, Floats]:
    """Threads k between two others; f[k+1] - f[k-1]; g[k] less the gains two threads before and after; their share.

    Of gains two threads away only those in the same run of threads count, one or both. Neither they nor g[k] share a
    prompt with f[k+1] - f[k-1], what differs between users goes out, and what is like its neighbours in time goes out
    by symmetry. `share` turns the square of z into the variance of one gain: m / (m + 1) with m gains away.
    """
    follows = np.append(found.follows, [False, False])
    k = np.flatnonzero(follows[:-2] & follows[1:-1])
    near = np.stack([at(x.gain, k - 2, follows[k - 1] & (k > 1)), at(x.gain, k + 2, follows[k + 2])])
    m = (~np.isnan(near)).sum(axis=0)
    y = x.first[k + 1] - x.first[k - 1]
    z = x.gain[k] - np.nansum(near, axis=0) / np.maximum(m, 1)
    kept = (m > 0) & ~np.isnan(y) & ~np.isnan(z)
    return k[kept], y[kept], z[kept], (m / (m + 1))[kept]


def placebo(found: Sequel, x: Values) -> tuple[Ints, Floats, Floats, Floats]:
    """The same for a change that was over before: f[k-1] - f[k-2] with g[k] - g[k+1], in runs of four threads."""
    k = found.runs(4) - 1
    y, z = x.first[k - 1] - x.first[k - 2], x.gain[k] - x.gain[k + 1]
    kept = ~np.isnan(y) & ~np.isnan(z)
    return k[kept], y[kept], z[kept], np.full(int(kept.sum()), 0.5)


def selected(rows: Rows, x: Values) -> Row:
    """How the first prompt of users with several threads differs from that of users with one."""
    found = rows.found
    several = np.append(found.number[1:] > 0, np.False_)[: len(found.number)]
    here = np.flatnonzero((found.number == 0) & ~np.isnan(x.first))
    value, many = x.first[here], several[here]
    one, other = many.astype(np.float64), (~many).astype(np.float64)
    estimates = rows.estimates([one, one * value, other, other * value], here, _apart)
    apart = estimates[0] if estimates else Estimate(None, note="no thread has a value at its first prompt")
    note = f"{many.sum():,} user(s) with several threads, {(~many).sum():,} with one"
    return rows.row(apart, x, "selected", note, **rows.steps.numbers(found.first[here]))


def _apart(sums: Floats) -> Floats:
    one, x, other, y = np.moveaxis(sums, -1, 0)
    return (ratio(x, one) - ratio(y, other))[..., None]


def gap(rows: Rows, style: Values, content: Values) -> Row:
    """R of style words less R of content words, on the same pairs of threads."""
    here = np.intersect1d(rows.pairs(style), rows.pairs(content))
    columns = [*kept_sums(style, here), *kept_sums(content, here)]
    estimates = rows.estimates(columns, here, _both)
    one = estimates[0] if estimates else Estimate(None, note=NO_PAIR)
    if estimates and not (clear(estimates[1]) and clear(estimates[2])):
        one = Estimate(None, note=NO_GAIN)
    return rows.row(one, Values("style_minus_content", style.first, style.gain), "R", None, **rows.numbers(here))


def _both(sums: Floats) -> Floats:
    one, other = retention(sums[..., :3]), retention(sums[..., 3:])
    return np.stack([one[..., 0] - other[..., 0], one[..., 2], other[..., 2]], axis=-1)
