"""The weighted drift with what is expected of the change that was never made: augmented inverse probability weights.

Robins, Rotnitzky & Zhao 1995 (J. Am. Stat. Assoc. 90); Bang & Robins 2005 (Biometrics 61). A weighted regression says
which change follows a prompt; the estimate is its mean over all prompts that a thread had come to, those at which it
ended among them. It is right where the hazard is, and where the change is linear in what explains the hazard; large
weights matter less, since they weigh only what that line leaves.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unspool.analyses._drift_weights import Weighted
from unspool.analyses._people import Ints
from unspool.stats.jackknife import Estimator, Floats
from unspool.stats.logit import newton_step, unit_sums
from unspool.stats.within import ols_sums, unpacked

RIDGE = 1.0
"""Of squared coefficients of standardised columns, not of classes of steps: holds back what few changes cannot tell."""
_HOLD = 1e-9


@dataclass(frozen=True)
class Augmented:
    """A feature's weighted transitions, and the prompts from which they could have come."""

    made: Weighted

    @cached_property
    def z(self) -> Floats:
        """What the change is explained by: the columns of the hazard, shape (prompts, k)."""
        return np.asarray(self.made.design.z[:, self.made.fit.kept])

    @cached_property
    def places(self) -> Ints:
        """Prompts with a value at which a thread ends by choice or from which it makes a known transition."""
        along, there = self.made.along, self.made.stops.stopped & self.made.stops.open
        there[along.pairs] = True
        return np.flatnonzero(there & along.known)

    @cached_property
    def coming(self) -> Floats:
        """The weight of having come to each prompt."""
        return np.asarray(np.exp(self.made.stops.along(self.made.factors) - self.made.factors))

    @cached_property
    def expected(self) -> Floats:
        """Of these places: the weight of having come there, cut, times the chance of going on by steps and levels."""
        coming = np.minimum(self.coming, self.made.most)
        return np.asarray((coming / (1 + self.made.lasting))[self.places])

    @cached_property
    def share(self) -> Floats:
        """Of these places: what each counts for in the estimate; each class of steps as much as its transitions."""
        kind, n = self.made.stops.kind[self.places], np.bincount(self.made.at, minlength=len(self.made.stops.bounds))
        total = np.maximum(np.bincount(kind, self.expected, len(n)), 1e-300)
        return np.asarray((n / n.sum() / total)[kind] * self.expected)

    @cached_property
    def classes(self) -> Ints:
        """The classes of steps in which there are transitions."""
        return np.unique(self.made.at)

    def sums(self) -> Floats:
        """What the estimator needs of each unit.

        Products of the columns, and with the change, weighted; of each class of steps the number of transitions, the
        sum of changes, expected weights, and columns by these; score and Hessian of the hazard.
        """
        along, stops = self.made.along, self.made.stops
        steps, pairs = along.steps, along.pairs
        n_units = steps.people.n_units
        columns = list(self.z[pairs].T)
        of_line = ols_sums(along.changes, columns, steps.units[pairs], n_units, self.made.capped)
        of_steps = [self._of_class(one) for one in self.classes]
        chosen, y = stops.chosen, stops.stopped.astype(np.float64)
        of_hazard = unit_sums(self.made.design.z[chosen], y[chosen], self.made.fit, steps.units[chosen], n_units)
        return np.concatenate([of_line, *of_steps, of_hazard], axis=1)

    def _of_class(self, one: int) -> Floats:
        along, steps = self.made.along, self.made.along.steps
        there = self.made.at == one
        made = steps.sums([np.ones(int(there.sum())), along.changes[there]], along.pairs[there])
        here = self.made.stops.kind[self.places] == one
        weight, places = self.expected[here], self.places[here]
        return np.concatenate([made, steps.sums([weight, *(weight * self.z[places].T)], places)], axis=1)

    def estimator(self) -> Estimator:
        """From such sums to the drift if nobody had stopped, and the plain one less it.

        The hazard moves by one Newton step, and what hangs on it to first order, as in the whole.
        """
        k, classes = self.z.shape[1], len(self.classes)
        line, each = k * (k + 1) // 2 + k, 3 + k
        penalty, slope = self._penalty(), self._slope()

        def estimates(sums: Floats) -> Floats:
            beta = self._line(sums[..., :line], penalty)
            cells = sums[..., line : line + classes * each].reshape(*sums.shape[:-1], classes, each)
            n, change, weight, columns = cells[..., 0], cells[..., 1], cells[..., 2], cells[..., 3:]
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = np.where(n > 0, (columns * beta[..., None, :]).sum(axis=-1) / weight, 0)
                augmented, plain = ((n * mean).sum(axis=-1), change.sum(axis=-1)) / n.sum(axis=-1)
            augmented = augmented + newton_step(sums[..., line + classes * each :], self.made.fit) @ slope
            return np.stack([augmented, plain - augmented], axis=-1)

        return estimates

    def _penalty(self) -> Floats:
        """The ridge of each column: none of those of classes of steps, so that each has its own mean."""
        classes = len(self.made.stops.bounds)
        return np.where(np.arange(self.made.design.z.shape[1]) < classes, 0, RIDGE)[self.made.fit.kept]

    def _line(self, sums: Floats, penalty: Floats) -> Floats:
        """Coefficients of the change, shape (..., k)."""
        matrix, right = unpacked(sums, len(penalty))
        diagonal = np.arange(len(penalty))
        matrix[..., diagonal, diagonal] += penalty + _HOLD * len(self.made.at)
        return np.asarray(np.linalg.solve(matrix, right[..., None])[..., 0])

    def _slope(self) -> Floats:
        """Derivatives of the estimate by the coefficients of the hazard, shape (k,)."""
        made, z, pairs = self.made, self.z, self.made.along.pairs
        p, q = (odds / (1 + odds) for odds in (made.odds, made.lasting))
        calm = made.design.lasting[:, made.fit.kept]
        each = p[:, None] * z - q[:, None] * calm
        log = np.stack([made.stops.along(one) for one in each.T], axis=1)
        beta, pull = self._whole()
        kind, share, value = made.stops.kind[self.places], self.share, z[self.places] @ beta
        mean = np.bincount(kind, share * value) / np.maximum(np.bincount(kind, share), 1e-300)
        free = (self.coming <= made.most)[self.places, None]
        moved = np.where(free, (log - each)[self.places], 0) - (q[:, None] * calm)[self.places]
        left = np.where(made.cut, 0, made.capped * (made.along.changes - z[pairs] @ beta))
        return np.asarray((share * (value - mean[kind])) @ moved + (left * (z[pairs] @ pull)) @ log[pairs])

    def _whole(self) -> tuple[Floats, Floats]:
        """Coefficients of the change, and how the estimate moves with the weighted products of columns and changes."""
        made, z, pairs = self.made, self.z, self.made.along.pairs
        matrix = (z[pairs] * made.capped[:, None]).T @ z[pairs]
        matrix += np.diag(self._penalty() + _HOLD * len(made.at))
        right = z[pairs].T @ (made.capped * made.along.changes)
        solved = np.linalg.solve(matrix, np.stack([right, self.share @ z[self.places]], axis=1))
        return np.asarray(solved[:, 0]), np.asarray(solved[:, 1])
