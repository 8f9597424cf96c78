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

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from unspool.analyses._drift_along import Along
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags
from unspool.analyses._stopping_levels import levels
from unspool.analyses._stops import Stops, standard, with_unknown
from unspool.stats.jackknife import Floats
from unspool.stats.logit import Logit, logit

CUT, MOST_CUT = 0.001, 5
"""Of the weights this share, and at most so many, are cut down to the next: a fixed share of a large log would bias."""
LEAST_WORTH = 2 / 3
"""What weights that leave levels alone have to be worth at least, as a share of what they are worth without levels."""


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
        """Odds of stopping at each prompt; 0 where it is no choice."""
        return self._odds(self.design.z)

    @cached_property
    def lasting(self) -> Floats:
        """The same if all that does not last were as in the mean prompt of its step."""
        return self._odds(self.design.lasting)

    def _odds(self, z: Floats) -> Floats:
        p = np.minimum(self.fit.probabilities(z), 1 - 1e-12)
        return np.asarray(np.where(self.stops.open, p / (1 - p), 0))

    @cached_property
    def factors(self) -> Floats:
        """The log of what going on at each prompt multiplies a weight by."""
        return np.asarray(np.log1p(self.odds) - np.log1p(self.lasting))

    @cached_property
    def raw(self) -> Floats:
        """Stabilised weights of the known transitions, not yet cut."""
        return np.asarray(np.exp(self.stops.along(self.factors)[self.along.pairs]))

    @cached_property
    def most(self) -> float:
        """The weight to which larger ones are cut."""
        return bound(self.raw)

    @cached_property
    def cut(self) -> Flags:
        """Which of these weights are cut."""
        return np.asarray(self.raw > self.most)

    @cached_property
    def capped(self) -> Floats:
        """The weights of the known transitions after the cut."""
        return np.minimum(self.raw, self.most)

    @cached_property
    def at(self) -> Ints:
        """The class of steps of each known transition."""
        return self.stops.kind[self.along.pairs]

    @cached_property
    def weights(self) -> Floats:
        """The same, brought to the number of transitions in each class of steps."""
        return even(self.capped, self.at)

    @property
    def worth(self) -> float:
        """Of how many transitions these weights are worth: as many of equal weight would be as uncertain."""
        return float(self.weights.sum() ** 2 / (self.weights**2).sum())

    @property
    def told(self) -> str:
        """The same in words."""
        worth = f"weights worth {self.worth:,.0f} of {len(self.weights):,} transitions"
        return f"{worth}, largest {self.weights.max():.1f}"

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
    chosen = stops.chosen
    return Weighted(along, stops, explained, logit(explained.z[chosen], stops.stopped[chosen].astype(np.float64)))


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
