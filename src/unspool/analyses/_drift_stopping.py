"""Drift if nobody had stopped, what stopping adds to the plain one, and how strong unseen stopping would have to be."""

from collections.abc import Iterable, Iterator

import numpy as np

from unspool.analyses._draws import joined
from unspool.analyses._drift_along import Along
from unspool.analyses._drift_augmented import Augmented
from unspool.analyses._drift_change import transition
from unspool.analyses._drift_weights import Weighted, weighted
from unspool.analyses._steps import Row
from unspool.analyses._stops import Stops
from unspool.analyses._words import sign
from unspool.stats.jackknife import Estimate, jackknife

LIMIT = 3.0
"""Log odds per standard deviation up to which a tipping point is looked for."""
NOTHING = "no thread has two prompts in a row with a value"
WHAT = (
    "mean change over all transitions, weighted by the inverse probability of going on and augmented by the change "
    "expected where threads end, steps as often as in the log"
)
ALL_ALIKE = "all changes are alike"
UNSEEN = "log odds of stopping per SD of the change not seen at which the weighted drift is 0"


def rows(along: Along, stops: Stops, note: str | None) -> Iterator[Row]:
    """ipcw, stopping_part and tipping_point; `note` says on which sample."""
    if stops.fixed and len(along.pairs):
        yield transition(along, "ipcw", along.pairs, f"mean change over all transitions, none weighted: {stops.fixed}")
        yield from (along.void(name, stops.fixed) for name in ("stopping_part", "tipping_point"))
        return
    if len(along.pairs) and along.alike:
        yield transition(along, "ipcw", along.pairs, f"mean change over all transitions, none weighted: {ALL_ALIKE}")
        chosen, nothing = along.ends(along.pairs), Estimate(0.0, 0.0, note=ALL_ALIKE)
        yield along.row("stopping_part", nothing, "the change as it stands less the weighted one", chosen)
        yield along.void("tipping_point", f"{ALL_ALIKE}: no tilt towards some of them")
        return
    made = weighted(along, stops)
    if made is None:
        yield from (along.void(name, NOTHING) for name in ("ipcw", "stopping_part", "tipping_point"))
        return
    augmented = Augmented(made)
    carried = along.steps.sums([np.ones(len(along.pairs))], along.pairs)[:, 0]
    level = along.steps.log.settings.level
    drift, part = jackknife(augmented.sums(), augmented.estimator(), level=level, carried=carried)
    chosen = along.ends(along.pairs)
    notes = (note, along.lost, made.told, made.note, made.fit.note)
    yield (row := along.row("ipcw", drift, WHAT, chosen, *notes, **along.in_sd(drift)))
    what = "mean change over all transitions less the same if nobody had stopped, weighted and augmented as ipcw"
    yield along.row("stopping_part", part, what, chosen, note, along.lost, **along.in_sd(part))
    yield _tipping(made, row, note)


DOUBT = (
    "the change as it stands and the change without last prompts hold 0: where a lasting level of threads decides who "
    "stops, weights make a change out of nothing"
)


def doubt(rows: Iterable[Row]) -> list[Row]:
    """The rows of a feature, with DOUBT at ipcw and stopping_part where these alone see something."""
    listed = list(rows)
    by = {row["estimand"]: row for row in listed if row.get("group") is None and row.get("step") is None}
    doubtful = ("ipcw", "stopping_part")
    known = [by.get(name) for name in (*doubtful, "raw_transition", "drop_last")]
    seen = [bool(sign(one)) for one in known if one and one.get("ci_low") is not None]
    if len(seen) < len(known) or not any(seen[:2]) or any(seen[2:]):
        return listed
    return [row | {"note": joined(row["note"], DOUBT)} if row["estimand"] in doubtful else row for row in listed]


def _tipping(made: Weighted, drift: Row, note: str | None) -> Row:
    """The tilt that would make the weighted drift vanish; `effect`: the log odds per SD of the prompt that was seen."""
    from scipy.optimize import brentq

    if not sign(drift):
        return made.along.void("tipping_point", "the weighted drift is not clearly different from 0: nothing to erase")
    edge = -LIMIT * sign(drift)
    plain = made.tilted(0)

    def left(gamma: float) -> float:
        return float(drift["estimate"]) + made.tilted(gamma) - plain

    if left(edge) * drift["estimate"] > 0:
        return made.along.void("tipping_point", f"no dependence of up to {LIMIT:g} log odds per SD erases the drift")
    found = Estimate(float(brentq(left, min(0, edge), max(0, edge), xtol=1e-3)))
    seen = float(made.fit.coefficients[made.design.seen])
    own = {"effect": seen, "effect_name": "log odds per SD of the prompt seen"}
    chosen = made.along.ends(made.along.pairs)
    return made.along.row("tipping_point", found, UNSEEN, chosen, note, "a bound, without interval", **own)
