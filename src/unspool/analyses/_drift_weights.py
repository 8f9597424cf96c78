"""Drift if nobody had stopped: transitions weighted by the inverse probability that their thread had gone on so far.

Robins, Rotnitzky & Zhao 1995 (J. Am. Stat. Assoc. 90); Hernan, Brumback & Robins 2000 (Epidemiology 11) for stabilised
weights. The hazard of stopping is a logit on what the log knows; what it does not know stays unweighted, and
`tipping_point` says how strongly stopping would have to depend on it.

Weights are stabilised by the hazard of the steps and of the users' lasting levels. If people who write long prompts
stop sooner, threads that go on are of others, but their prompts change no less. Weights for that would fall on prompts
that happen to be long, which are shorter next time, and make a fall out of nothing. Levels of threads are not told
apart from stops that depend on the prompts so far: `doubt` says where the other views of the change speak against it.

Products of estimated ratios are too large on average, the more factors they have: late steps would count for more than
they are. So the weights of each class of steps are brought to its number of transitions (Hajek's mean, by class).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from unspool.analyses._draws import joined
from unspool.analyses._drift_along import Along
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Row
from unspool.analyses._stopping_levels import levels
from unspool.analyses._stops import Stops, standard, with_unknown
from unspool.analyses._words import sign
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife
from unspool.stats.logit import Logit, logit, newton_step, unit_sums

CUT, MOST_CUT = 0.001, 5
"""Of the weights this share, and at most so many, are cut down to the next: a fixed share of a large log would bias."""
LEAST_WORTH = 2 / 3
"""What weights that leave levels alone have to be worth at least, as a share of what they are worth without levels."""
LIMIT = 3.0
"""Log odds per standard deviation up to which a tipping point is looked for."""
NOTHING = "no thread has two prompts in a row with a value"
WHAT = "mean change over all transitions, weighted by the inverse probability of going on, steps as often as in the log"
UNSEEN = "log odds of stopping per SD of the change not seen at which the weighted drift is 0"


@dataclass(frozen=True)
class Weighted:
    """A feature's transitions with their weights, of the prompts of `stops`, on which the hazard was fitted."""

    along: Along
    stops: Stops
    design: "Design"
    fit: Logit
    note: str | None = None

    @cached_property
    def odds(self) -> Floats:
        """Odds of stopping at each prompt."""
        return self._odds(self.design.z)

    @cached_property
    def lasting(self) -> Floats:
        """The same if all that does not last were as in the mean prompt of its step."""
        return self._odds(self.design.lasting)

    def _odds(self, z: Floats) -> Floats:
        p = np.minimum(self.fit.probabilities(z), 1 - 1e-12)
        return np.asarray(p / (1 - p))

    @cached_property
    def raw(self) -> Floats:
        """Stabilised weights of the known transitions, not yet cut."""
        log = self.stops.along(np.log1p(self.odds) - np.log1p(self.lasting))
        return np.exp(log[self.along.pairs])

    @cached_property
    def cut(self) -> Flags:
        """Which of these weights are cut."""
        return np.asarray(self.raw > bound(self.raw))

    @cached_property
    def at(self) -> Ints:
        """The class of steps of each known transition."""
        return self.stops.kind[self.along.pairs]

    @cached_property
    def weights(self) -> Floats:
        """The weights of the known transitions, which add up to their number in each class of steps."""
        return even(np.minimum(self.raw, bound(self.raw)), self.at)

    @property
    def worth(self) -> float:
        """Of how many transitions these weights are worth: as many of equal weight would be as uncertain."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    @property
    def told(self) -> str:
        """The same in words."""
        worth = f"weights worth {self.worth:,.0f} of {len(self.weights):,} transitions"
        return f"{worth}, largest {self.weights.max():.1f}"

    def sums(self) -> Floats:
        """What the estimator needs of each unit.

        Of each class of steps: changes, their number, weighted changes, weights, and derivatives of these two by the
        coefficients of the hazard. Then score and Hessian of the hazard.
        """
        stops, steps, pairs = self.stops, self.along.steps, self.along.pairs
        change, weight = self.along.changes, self.weights
        free = np.where(self.cut, 0, weight)
        p, lasting = (odds / (1 + odds) for odds in (self.odds, self.lasting))
        each = [p * self.design.z[:, j] - lasting * self.design.lasting[:, j] for j in np.flatnonzero(self.fit.kept)]
        slopes = [stops.along(one)[pairs] for one in each]
        columns = [change, np.ones(len(pairs)), weight * change, weight]
        columns += [free * change * slope for slope in slopes] + [free * slope for slope in slopes]
        places = [np.flatnonzero(self.at == one) for one in np.unique(self.at)]
        of_steps = [steps.sums([column[here] for column in columns], pairs[here]) for here in places]
        y = stops.stopped.astype(np.float64)
        of_hazard = unit_sums(self.design.z, y, self.fit, steps.units, steps.people.n_units)
        return np.concatenate([*of_steps, of_hazard], axis=1)

    def estimator(self) -> Estimator:
        """From such sums to the weighted drift, and the plain one less it."""
        k, classes = len(self.fit.penalty), len(np.unique(self.at))
        each = 4 + 2 * k

        def estimates(sums: Floats) -> Floats:
            cells = sums[..., : classes * each].reshape(*sums.shape[:-1], classes, each)
            move = newton_step(sums[..., classes * each :], self.fit)[..., None, :]
            change, n, top, bottom = np.moveaxis(cells[..., :4], -1, 0)
            top = top + (cells[..., 4 : 4 + k] * move).sum(axis=-1)
            bottom = bottom + (cells[..., 4 + k :] * move).sum(axis=-1)
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.where(n > 0, top / bottom, 0)
                weighted, plain = ((n * mean).sum(axis=-1), change.sum(axis=-1)) / n.sum(axis=-1)
            return np.stack([weighted, plain - weighted], axis=-1)

        return estimates

    def tilted(self, gamma: float) -> float:
        """The weighted drift if the odds of stopping had a factor exp(gamma * change in SD) of the change not seen."""
        pairs = self.along.steps.pairs
        known = np.isin(pairs, self.along.pairs)
        change = self.along.changes
        tilt = np.exp(gamma * (change - change.mean()) / change.std())
        factor = np.ones(len(self.odds))
        factor[self.along.pairs] = tilt / ((self.weights @ tilt) / self.weights.sum())
        log = self.stops.along(np.log1p(self.odds * factor) - np.log1p(self.lasting))[pairs[known]]
        weight = np.exp(log)
        weight = even(np.minimum(weight, bound(weight)), self.at)
        return float(weight @ change / len(change))


def even(weights: Floats, at: Ints) -> Floats:
    """The weights by a factor for each class, so that they add up to its number of transitions."""
    return np.asarray(weights * (np.bincount(at) / np.maximum(np.bincount(at, weights), 1e-300))[at])


def bound(weights: Floats) -> float:
    """The weight to which larger ones are cut."""
    n = min(MOST_CUT, int(np.ceil(CUT * len(weights))), len(weights) - 1)
    return float(np.partition(weights, len(weights) - 1 - n)[len(weights) - 1 - n])


def weighted(along: Along, stops: Stops) -> Weighted | None:
    """The weights of a feature's transitions; None if there are none.

    Few people with long threads, whose levels and prompts say the same, can make a few weights so large that the rest
    counts for nothing. Then the levels are left out, and the note says so.
    """
    if not len(along.pairs):
        return None
    beside, alone = (_weighted(along, stops, design(along, stops, of_users=of_users)) for of_users in (True, False))
    if beside.worth >= LEAST_WORTH * alone.worth:
        return beside
    return replace(alone, note=f"levels of people left out; with them {beside.told}")


def _weighted(along: Along, stops: Stops, explained: "Design") -> Weighted:
    return Weighted(along, stops, explained, logit(explained.z, stops.stopped.astype(np.float64)))


@dataclass(frozen=True)
class Design:
    """What the hazard is explained by, shape (prompts, columns): `z`, and `lasting`, with means for what does not last.

    The column `seen` is the feature at the prompt.
    """

    z: Floats
    lasting: Floats
    seen: int


def design(along: Along, stops: Stops, *, of_users: bool = True) -> Design:
    """Steps and users' levels of the feature and of the words; the feature now and so far, gap, upscale, words."""
    features = [along] if along.name == "n_words" else [along, Along("n_words", along.steps, stops.length)]
    lasting = [*stops.by_step(), *(standard(levels(feature)) for feature in features if of_users)]
    values = (along.x, stops.past_mean(along.x), *(one.x for one in features[1:]), stops.gap, stops.upscaled)
    others = [column for value in values for column in with_unknown(value)]
    n = np.bincount(stops.kind)
    means = [(np.bincount(stops.kind, column) / np.maximum(1, n))[stops.kind] for column in others]
    return Design(np.array([*lasting, *others]).T, np.array([*lasting, *means]).T, len(lasting))


def rows(along: Along, stops: Stops, note: str | None) -> Iterator[Row]:
    """ipcw, stopping_part and tipping_point; `note` says on which sample."""
    made = weighted(along, stops)
    if made is None:
        yield from (along.void(name, NOTHING) for name in ("ipcw", "stopping_part", "tipping_point"))
        return
    drift, part = jackknife(made.sums(), made.estimator(), level=along.steps.log.settings.level)
    chosen = along.ends(along.pairs)
    notes = (note, along.lost, made.told, made.note, made.fit.note)
    yield (row := along.row("ipcw", drift, WHAT, chosen, *notes, **along.in_sd(drift)))
    what = "mean change over all transitions less the same weighted by the inverse probability of going on"
    yield along.row("stopping_part", part, what, chosen, note, along.lost, **along.in_sd(part))
    yield _tipping(made, row, note)


DOUBT = (
    "the change as it stands and the change without last prompts hold 0: where a lasting level of threads decides who "
    "stops, weights make a change out of nothing"
)


def doubt(rows: Iterable[Row]) -> list[Row]:
    """The rows of a feature, with DOUBT at ipcw and stopping_part where they alone see a change."""
    listed = list(rows)
    by = {row["estimand"]: row for row in listed if row.get("group") is None and row.get("step") is None}
    alone, *others = (by.get(name) for name in ("ipcw", "raw_transition", "drop_last"))
    known = [one for one in (alone, *others) if one and one.get("ci_low") is not None]
    if len(known) < 3 or [bool(sign(one)) for one in known] != [True, False, False]:
        return listed
    doubtful = ("ipcw", "stopping_part")
    return [row | {"note": joined(row["note"], DOUBT)} if row["estimand"] in doubtful else row for row in listed]


def _tipping(made: Weighted, drift: Row, note: str | None) -> Row:
    """The tilt that would make the weighted drift vanish; `effect`: the log odds per SD of the prompt that was seen."""
    from scipy.optimize import brentq

    if not sign(drift):
        return made.along.void("tipping_point", "the weighted drift is not clearly different from 0: nothing to erase")
    if made.along.changes.std() == 0:
        return made.along.void("tipping_point", "all changes are alike: no tilt towards some of them")
    edge = -LIMIT * sign(drift)
    if made.tilted(edge) * drift["estimate"] > 0:
        return made.along.void("tipping_point", f"no dependence of up to {LIMIT:g} log odds per SD erases the drift")
    found = Estimate(float(brentq(made.tilted, min(0, edge), max(0, edge), xtol=1e-3)))
    seen = float(made.fit.coefficients[made.design.seen])
    own = {"effect": seen, "effect_name": "log odds per SD of the prompt seen"}
    chosen = made.along.ends(made.along.pairs)
    return made.along.row("tipping_point", found, UNSEEN, chosen, note, "a bound, without interval", **own)
