"""Drift in mode "corrected": every estimator on every feature of a log, one feature at a time."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _drift_change as change
from unspool.analyses import _drift_order as order
from unspool.analyses import _drift_pattern as pattern
from unspool.analyses import _drift_stopping as stopping
from unspool.analyses._columns import known
from unspool.analyses._drift_along import HEADLINES, Along, unknown
from unspool.analyses._people import Ints
from unspool.analyses._steps import Row, steps
from unspool.analyses._stops import Stops, part, stops


def own(log: Measured) -> pl.DataFrame:
    """The rows of all features; those of HEADLINES are there for each, null with the reason where nothing is known."""
    names, reasons = known(log)
    listed = list(_rows(log, names))
    listed += [unknown(name, estimand, reason) for name, reason in reasons.items() for estimand in HEADLINES]
    return results(listed, analysis="drift", mode="corrected", rule=log.rule, seed=log.settings.seed)


def _rows(log: Measured, names: list[str]) -> Iterator[Row]:
    if not names:
        return
    whole = steps(log)
    some, places, note = part(whole)
    about = stops(some)
    family = order.family(whole)
    of_order: list[Row] = []
    for name in names:
        along = Along(name, whole, whole.values(name), log.notes.get(name))
        family.add(along)
        yield from stopping.doubt([*change.rows(along), *stopping.rows(_part(along, about, places), about, note)])
        yield from pattern.rows(along)
        of_order += order.rows(along)
    family.adjust(of_order, log.settings.seed)
    yield from of_order


def _part(along: Along, about: Stops, places: Ints) -> Along:
    """The feature on the prompts on which the hazard is fitted."""
    whole = len(places) == len(along.x)
    return along if whole else replace(along, steps=about.steps, x=np.asarray(along.x[places]))
