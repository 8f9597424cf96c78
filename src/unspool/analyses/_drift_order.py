"""The order null: whether the order of a thread's prompts matters, its last prompt set aside.

If the prompts but the last are exchangeable, every order of them is equally likely. It is approximate where stopping is
strong, for the prompts before the last are those at which the thread went on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from unspool.analyses._drift_along import ENOUGH, SHOWN, Along, ratio
from unspool.analyses._people import Ints
from unspool.analyses._steps import Row, Steps
from unspool.analyses._stops import sampled
from unspool.stats.codes import places
from unspool.stats.jackknife import Estimate, Floats, jackknife
from unspool.stats.order import MOST, Pairs, kendall, largest, pairs, signs

DRAWS = 999
MOST_PROMPTS = 20_000
MOST_PAIRS = 300_000
NORMAL = 1.959963984540054


def rows(along: Along) -> Iterator[Row]:
    """order_null; by step the curve since step 1 and the band it stays in: order_curve, null_low, null_high."""
    kept = np.flatnonzero(along.known & (along.steps.left > 0))
    yield _tau(along, kept)
    yield from _curve(along, kept)


def _tau(along: Along, kept: Ints) -> Row:
    """Mean of Kendall's tau over threads with interval and test over users; of a single user over orders.

    Neighbouring prompts resemble each other, so that orders are not alike likely even where nothing drifts: tau varies
    more than over orders, and its own spread over users tells by how much.
    """
    steps = along.steps
    found = kendall(along.x[kept], steps.thread[kept])
    if not len(found.tau):
        return along.void("order_null", "no thread has two prompts with a value before its last")
    starts = kept[np.flatnonzero(np.diff(steps.thread[kept], prepend=-1))][found.series]
    sums, level = steps.sums([found.tau, np.ones(len(starts))], starts), steps.log.settings.level
    estimate = jackknife(sums, ratio, level=level, carried=sums[:, 1])[0]
    z = _z(found.tau, found.variance)
    notes = [f"threads of more than {MOST} prompts: {MOST} at equal distances" if found.n_cut else None]
    notes += ["all prompts of each thread are alike: no order to test" if z is None else None]
    chosen = kept[np.isin(steps.thread[kept], steps.thread[starts])]
    what = "mean Kendall tau-a over threads, last prompt set aside"
    if estimate.p_value is None and z is not None:
        what += "; p-value over orders within threads, exact moments"
    own = replace(estimate, p_value=estimate.p_value if z is None or estimate.p_value is not None else _normal(z))
    return along.row(
        "order_null", own, what, chosen, *notes, **({} if z is None else {"effect": z, "effect_name": "z"})
    )


def _normal(z: float) -> float:
    return erfc(abs(z) / sqrt(2))


def _z(tau: Floats, variance: Floats) -> float | None:
    spread = float(np.sqrt(variance.sum()))
    return float(tau.sum()) / spread if spread > 0 else None


def _curve(along: Along, kept: Ints) -> Iterator[Row]:
    """Mean of x at a step less x at step 1, over threads that have both before their last prompt.

    Under the null its mean is 0 and its variance 2 s^2 per thread, s^2 the variance (m - 1) of the m kept values.
    """
    steps, thread = along.steps, along.steps.thread
    if not len(kept):
        return
    m = np.bincount(thread[kept])
    mean = np.bincount(thread[kept], weights=along.x[kept]) / np.maximum(m, 1)
    squares = np.bincount(thread[kept], weights=(along.x[kept] - mean[thread[kept]]) ** 2)
    variance = 2 * squares / np.maximum(m - 1, 1)
    first = np.full(len(m), np.nan)
    at_first = kept[steps.step[kept] == 1]
    first[thread[at_first]] = along.x[at_first]
    later = kept[(steps.step[kept] > 1) & (steps.step[kept] <= SHOWN)]
    later = later[~np.isnan(first[thread[later]])]
    for step, at in enumerate(places(steps.step[later], SHOWN + 1)[2:], start=2):
        chosen = later[at]
        if len(chosen) < ENOUGH:
            continue
        change = along.x[chosen] - first[thread[chosen]]
        sums = steps.sums([change, np.ones(len(chosen))], chosen)
        found = jackknife(sums, ratio, level=steps.log.settings.level, carried=sums[:, 1])[0]
        band = NORMAL * float(np.sqrt(variance[thread[chosen]].sum())) / len(chosen)
        what = "mean change since step 1, last prompt of each thread set aside"
        yield along.row("order_curve", found, what, chosen, step=step)
        for estimand, edge in (("null_low", -band), ("null_high", band)):
            yield along.row(estimand, Estimate(edge), f"{what}: 95% band over orders, by step", chosen, step=step)


@dataclass
class Family:
    """The order tests of several features together, on a sample of whole users: for p-values by max-T."""

    steps: Steps
    prompts: Ints
    pairs: Pairs
    note: str
    weights: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, along: Along) -> None:
        """A feature of the log, whose values have one entry per prompt of all threads."""
        of = signs(along.x[self.prompts], self.pairs)
        thread = self.steps.thread[self.prompts]
        known = ~np.isnan(along.x[self.prompts])
        spread = float(
            np.sqrt(kendall(along.x[self.prompts][known], thread[known], most=len(known) + 2).variance.sum())
        )
        if spread > 0:
            self.weights.append((of / spread).astype(np.float32))

    def adjust(self, rows: Sequence[Row], seed: int) -> None:
        """Fill p_adjusted of the rows order_null: how often the largest of all features is as far from 0."""
        mine = [row for row in rows if row["estimand"] == "order_null" and row.get("p_value") is not None]
        if not self.weights or not mine:
            return
        draws = orders(self.steps)
        top = largest(np.stack(self.weights), self.pairs, len(self.prompts), draws, seed)
        for row in mine:
            adjusted = (1 + int((top >= abs(row["effect"])).sum())) / (1 + draws)
            row["p_adjusted"] = max(row["p_value"], adjusted)
            row["note"] = "; ".join(filter(None, [row["note"], self.note]))


def orders(steps: Steps) -> int:
    """How many orders are drawn: DRAWS, or fewer where fewer draws are asked for."""
    return min(DRAWS, steps.log.settings.draws)


def family(steps: Steps) -> Family:
    """The sample: threads with two prompts before their last, of users drawn at random."""
    long = np.flatnonzero((steps.left > 0) & (steps.step + steps.left > 2) & (steps.step <= MOST))
    n_pairs = float((steps.step[long] - 1).sum())
    most = MOST_PROMPTS if n_pairs == 0 else int(min(MOST_PROMPTS, MOST_PAIRS * len(long) / n_pairs))
    chosen, note = sampled(steps, long, most)
    said = f"p_adjusted: max-T over the features, {orders(steps)} orders" + (f", {note}" if note else "")
    return Family(steps, chosen, pairs(steps.thread[chosen]), said)
