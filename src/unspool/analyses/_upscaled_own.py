"""Rows of mode "corrected" of upscaled prompts against the others: within a person and between people."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from unspool.analyses import Measured, _upscaled_pairs, _upscaled_threads, _upscaled_within
from unspool.analyses._columns import known
from unspool.analyses._draws import joined
from unspool.analyses._people import NOBODY
from unspool.analyses._steps import Row, method, scale, told
from unspool.analyses._upscaled_feedback import BENDS, BENT, feedback
from unspool.analyses._upscaled_sample import Labelled, Sample, labelled
from unspool.analyses._words import sign
from unspool.stats.jackknife import Estimate, Floats
from unspool.stats.user_pairs import ranked

OF_USERS = (
    *("pooled", "between_user", "between_minus_within"),
    *("within_user", "within_user_rank", "within_user_texts"),
    *("within_thread_diff", "user_weighted_delta", "informative_delta"),
)
OF_THREADS = ("within_thread", "within_thread_unadjusted")
ESTIMANDS = (*OF_USERS, *OF_THREADS, "feedback")
WITHOUT_USERS = ("pooled", "within_thread_diff", *OF_THREADS)
"""What can be estimated, without an interval, of a log that names nobody."""
UNKNOWN = "this log cannot know which prompts were upscaled"


def own_rows(log: Measured) -> Iterator[Row]:
    """One row per column of the log and estimand, without their place (feature and group), with `column`."""
    names, reasons = known(log)
    found = labelled(log)
    if not len(found.upscaled):
        names, reasons = [], dict.fromkeys(log.columns, UNKNOWN)
    sample: Sample | None = None
    for name in names:
        values = found.steps.values(name)
        places = np.flatnonzero(~np.isnan(values))
        if sample is None or not np.array_equal(sample.places, places):
            sample = Sample(found, places)
        yield from _of(name, log, sample, values[places])
    for name, reason in reasons.items():
        yield from _void(name, reason)


def _void(name: str, *reasons: str | None) -> Iterator[Row]:
    return ({"column": name, "estimand": estimand, "note": joined(*reasons)} for estimand in ESTIMANDS)


def _of(name: str, log: Measured, sample: Sample, values: Floats) -> Iterator[Row]:
    notes, level = (log.notes.get(name), _left_out(log, sample)), log.settings.level
    if not sample.upscaled.any() or sample.upscaled.all():
        which = "every" if len(values) and sample.upscaled.all() else "no"
        yield from _void(name, *notes, f"{which} prompt with a value was upscaled")
        return
    found = sample.labelled

    def row(estimand: str, one: Estimate, what: str, note: str | None = None, **more: object) -> Row:
        one = _named(one, estimand, found)
        on = method(found.steps.people, f"{what}; {scale(name, log.columns)}")
        more = more if one.estimate is not None else {k: v for k, v in more.items() if not k.startswith("effect")}
        return told(one, log.settings, *notes, note, column=name, estimand=estimand, method=on, **more)

    ranks = ranked(values)
    back = feedback(name, sample, values, row, level)
    bends = BENDS if sign(back) else None
    for one in (
        *_upscaled_within.rows(sample, values, ranks, row, level),
        *_upscaled_threads.rows(sample, values, row, level),
        *_upscaled_pairs.rows(sample, ranks, row, level),
    ):
        yield one | {"note": joined(one["note"], bends)} if one["estimand"] in BENT else one
    yield back


def _named(found: Estimate, estimand: str, prompts: Labelled) -> Estimate:
    """The estimate, where the log names people; else what is known without them."""
    if prompts.steps.people.ids is not None or found.estimate is None:
        return found
    return replace(found, note=NOBODY) if estimand in WITHOUT_USERS else Estimate(None, note=NOBODY)


def _left_out(log: Measured, sample: Sample) -> str | None:
    lost = log.prompts.select(pl.len()).collect().item() - len(sample.places)
    return f"{lost:,} prompt(s) left out: no value, no upscale known, or in no thread" if lost else None
