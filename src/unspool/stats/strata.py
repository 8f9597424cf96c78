"""Two groups compared within strata: Mantel-Haenszel differences and odds ratios as sums, one value per stratum.

The pooled difference of shares is sum(difference) / sum(weight), Greenland & Robins 1985 (Biometrics 41, 55-68); the
pooled odds ratio sum(concordant) / sum(discordant), Mantel & Haenszel 1959. Both hold with very many small strata.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

CONTINUITY = 0.5
"""Added to both sums of an odds ratio, so that it is finite where one of them is 0."""


@dataclass(frozen=True)
class Strata:
    """Sums per stratum: what both pooled figures are made from; all 0 in a stratum that has one group only.

    With a rows of the first group, b of the second, and x and y of them with the event: `weight` ab / (a + b),
    `difference` (xb - ya) / (a + b), `concordant` x (b - y) / (a + b), `discordant` (a - x) y / (a + b).
    """

    weight: Floats
    difference: Floats
    concordant: Floats
    discordant: Floats


def strata(stratum: Ints, first: Flags, event: Flags, n: int) -> Strata:
    """The sums of each of `n` strata, from the stratum (0 to n - 1), group and event of each row."""
    a, b = (np.bincount(stratum[group], minlength=n).astype(np.float64) for group in (first, ~first))
    x, y = (np.bincount(stratum[group & event], minlength=n).astype(np.float64) for group in (first, ~first))
    size = np.maximum(a + b, 1)
    return Strata(a * b / size, (x * b - y * a) / size, x * (b - y) / size, (a - x) * y / size)


def difference(sums: Floats) -> Floats:
    """The pooled difference of shares from sums (..., 2) of `difference` and `weight`; NaN without weight."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[..., 1] > 0, sums[..., 0] / sums[..., 1], np.nan)


def log_odds(sums: Floats) -> Floats:
    """The pooled log odds ratio from sums (..., 2) of `concordant` and `discordant`; NaN where both are 0.

    CONTINUITY is added to both.
    """
    ratio = np.log(np.maximum(sums[..., 0], 0) + CONTINUITY) - np.log(np.maximum(sums[..., 1], 0) + CONTINUITY)
    return np.where(sums.sum(axis=-1) > 0, ratio, np.nan)
