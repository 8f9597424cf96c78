"""Rounds of retraining on what a log's people kept: the law of style in prompts, tilted once per round.

Ferbach et al. 2024 (NeurIPS, arXiv 2407.09499): training on what was chosen turns p(x) into p(x) e^{r(x)} / Z. Here x
is the share of style words s of a prompt and r(s) = b s, b being the slope of the log ratio of densities of the data
that is trained on and of first prompts, by logistic regression.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Floats = NDArray[np.float64]

TOLERATED = 0.1
"""How much above that of first prompts the style mass may stay in the end, by that of first prompts."""
STEPS = 40
CLOSE = 1e-12


@dataclass(frozen=True)
class Law:
    """A law of style shares: values in [0, 1] and what each weighs, in sum 1."""

    values: Floats
    mass: Floats

    @property
    def mean(self) -> float:
        """The style mass: the mean share of style words."""
        return float(self.values @ self.mass)

    def tilted(self, slope: float) -> "Law":
        """P e^{slope s} / Z."""
        logs = slope * (self.values - self.values.max(initial=0.0))
        found = self.mass * np.exp(logs if slope > 0 else slope * (self.values - self.values.min(initial=0.0)))
        return Law(self.values, found / found.sum())


def law(shares: Floats) -> Law:
    """The law of some shares; equal ones are one value."""
    values, counts = np.unique(np.round(shares, 4), return_counts=True)
    return Law(values, counts / counts.sum())


def rounds(first: Law, slope: float, n: int, fresh: float = 0.0) -> list[float]:
    """Style mass of rounds 0 to n: p_{t+1} = fresh p_first + (1 - fresh) tilt(p_t)."""
    now, masses = first, [first.mean]
    for _ in range(n):
        tilted = now.tilted(slope)
        now = Law(first.values, fresh * first.mass + (1 - fresh) * tilted.mass)
        masses.append(now.mean)
    return masses


def resting(first: Law, slope: float, fresh: float) -> float:
    """The style mass in the long run.

    At rest p = fresh p_first / (1 - (1 - fresh) e^{b s} / Z), where Z, the mean of e^{b s}, is what makes p sum to 1.
    """
    held = first.mass > 0
    values, mass = first.values[held], first.mass[held]
    logs = slope * values - (slope * values).max()
    if fresh >= 1:
        return first.mean
    kept = (1 - fresh) * np.exp(logs)

    def at_rest(z: float) -> Floats:
        """P where the mean of e^{b s} is z; its sum falls from infinity at 1 - fresh to below 1 at 1."""
        return np.asarray(fresh * mass * z / (z - kept))

    least = (1 - fresh) * (1 + CLOSE) + CLOSE
    if at_rest(least).sum() < 1:  # too few fresh prompts to move it from where the tilt alone ends
        return float(values[logs == 0].mean())
    return float(at_rest(brentq(lambda z: at_rest(z).sum() - 1, least, 2.0, xtol=CLOSE / 10)) @ values)


def holding_share(first: Law, slope: float) -> float:
    """The smallest share of fresh prompts that holds the style mass within TOLERATED in the long run, 0 for none."""
    most = first.mean * (1 + TOLERATED)
    if slope <= 0 or resting(first, slope, 0.0) <= most:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if resting(first, slope, middle) <= most else (middle, high)
    return high
