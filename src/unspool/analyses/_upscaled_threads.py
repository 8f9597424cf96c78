"""Which prompts of a thread were upscaled: conditional logit with the threads as strata."""

from collections.abc import Iterator
from math import exp, isfinite

import numpy as np

from unspool.analyses._steps import Flags, Row
from unspool.analyses._upscaled_sample import STEP, Sample
from unspool.analyses._upscaled_within import NO_THREAD, Told
from unspool.stats.conditional_logit import LONGEST, conditional_logit, mixed
from unspool.stats.jackknife import Estimate, Floats, jackknife
from unspool.stats.within import carried, ols_estimator, within

WHAT = "exact conditional logit with threads as strata, log odds ratio per standard deviation within threads"
MOST_ODDS = 700.0


def rows(sample: Sample, values: Floats, told: Told, level: float) -> Iterator[Row]:
    """Rows of within_thread, and of within_thread_unadjusted without the place in the thread."""
    chosen = mixed(sample.upscaled, sample.threads)
    size, cut = sample.numbers(chosen), int((np.bincount(sample.threads[chosen]) > LONGEST).sum())
    note = f"{cut:,} thread(s) of over {LONGEST} prompts cut into runs" if cut else None
    y, step = values[chosen], [column[chosen] for column in sample.step]
    for estimand, adjusted in (("within_thread", True), ("within_thread_unadjusted", False)):
        found = _fit(sample, chosen, y, step if adjusted else [], level)
        odds = {} if found.estimate is None or abs(found.estimate) > MOST_ODDS else _odds(found.estimate)
        yield told(estimand, found, f"{WHAT}, {STEP}" if adjusted else WHAT, note, **odds, **size)


def _odds(log_odds: float) -> Row:
    return {"effect": exp(log_odds), "effect_name": "odds_ratio"}


def _fit(sample: Sample, chosen: Flags, y: Floats, step: list[Floats], level: float) -> Estimate:
    threads, units = sample.threads[chosen], sample.units[chosen]
    if not len(y):
        return Estimate(None, note=NO_THREAD)
    away = within(y, threads)
    spread = float(np.sqrt((away**2).sum() / (len(y) - np.count_nonzero(np.bincount(threads)))))
    if not spread > 0:
        return Estimate(None, note="no thread with both upscaled prompts and others has two values of it")
    columns = [*(within(column, threads) for column in step), away / spread]
    n_units = sample.labelled.steps.people.n_units
    found = conditional_logit(columns, sample.upscaled[chosen], threads, units, n_units)
    if found.coefficients is None:
        return Estimate(None, note=found.note)
    every = ols_estimator(len(columns))
    rests = carried(found.sums, len(columns))
    one = jackknife(found.sums, lambda sums: every(sums)[..., -1:], level=level, carried=rests)[0]
    return one if one.estimate is None or isfinite(one.estimate) else Estimate(None, note=one.note)
