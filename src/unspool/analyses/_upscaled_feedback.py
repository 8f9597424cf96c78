"""Whether the prompt after an upscale is another than after none: what comparisons within threads take as given."""

import numpy as np

from unspool.analyses._drift_along import Along
from unspool.analyses._steps import Row
from unspool.analyses._stopping_levels import levels
from unspool.analyses._upscaled_sample import STEP, Sample
from unspool.analyses._upscaled_within import Told
from unspool.stats.jackknife import Estimate, Floats, jackknife, of_enough
from unspool.stats.within import carried, ols_estimator, ols_sums, within

WHAT = "change to the next prompt, upscaled less others, beside value and user's level so far, with effects of users"
BENT = ("within_user", "within_thread_diff", "within_thread", "within_thread_unadjusted")
BENDS = (
    "the prompt after an upscale is another than after none (feedback), which bends this the other way; "
    "stopping/upscale_hazard compares with earlier prompts alone"
)
NO_PAIR = "no prompt whose upscale is known has the next of its thread beside it"


def feedback(name: str, sample: Sample, values: Floats, told: Told, level: float) -> Row:
    """The difference of the next change after an upscale and after none, in the feature's unit."""
    steps, kept, note = sample.labelled.some
    x = np.full(len(sample.labelled.upscaled), np.nan)
    x[sample.places] = values
    along = Along(name, steps, x[kept])
    here = along.pairs
    if not len(here):
        return told("feedback", Estimate(None, note=NO_PAIR), WHAT, note)
    step = np.log(steps.step[here])
    upscaled = sample.labelled.upscaled[kept[here]].astype(np.float64)
    beside = (step, step**2, along.x[here], levels(along)[here], upscaled)
    y, *columns = (within(column, steps.user[here]) for column in (along.changes, *beside))
    sums = ols_sums(y, columns, steps.units[here], steps.people.n_units)
    every, k = ols_estimator(len(columns)), len(columns)
    one = jackknife(sums, lambda some: every(some)[..., -1:], level=level, carried=carried(sums, k))[0]
    numbers = steps.numbers(here)
    return told("feedback", of_enough(one, numbers["n_users"]), f"{WHAT}, {STEP}", note, **numbers)
