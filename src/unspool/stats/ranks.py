"""Ranks of one sample against another: Mann-Whitney's U, and Cliff's delta with what each value adds to it.

All comes from the counts of both samples at each distinct value, so a sample is sorted once and never paired off.
"""

from dataclasses import dataclass
from math import erfc, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class MannWhitney:
    """`u`: pairs in which the value of the group is the greater one, ties as half; 0 if there are no pairs.

    `p_value`: two-sided, of the normal approximation. `delta`: Cliff's delta, P(group > others) - P(group < others),
    in [-1, 1]. Both None where the group or the others are empty. `placements`: one per value, see `placements`.
    """

    u: float
    p_value: float | None
    delta: float | None
    placements: Floats


def midranks(values: ArrayLike) -> Floats:
    """Ranks from 1, shape (n,); equal values share the mean of their ranks. NaN is not allowed."""
    _, code, count = np.unique(_clean(values), return_inverse=True, return_counts=True)
    ranks: Floats = np.cumsum(count) - (count - 1) / 2
    return ranks[code]


def mann_whitney(values: ArrayLike, group: ArrayLike) -> MannWhitney:
    """Compare the values where `group` is true with the others; both have shape (n,), NaN is not allowed.

    The normal approximation is corrected for ties and for continuity, as in
    scipy.stats.mannwhitneyu(method="asymptotic"). Mann & Whitney 1947 (Ann. Math. Stat. 18); Cliff 1993 (Psychol. Bull.
    114): delta = 2 U / (n_group n_others) - 1.
    """
    chosen = np.asarray(group, dtype=bool)
    _, code = np.unique(_clean(values), return_inverse=True)
    inside = np.bincount(code[chosen], minlength=code.max(initial=-1) + 1)
    outside = np.bincount(code[~chosen], minlength=len(inside))
    placed = _placements(inside, outside)
    u = float(inside @ (np.cumsum(outside) - outside / 2)) if len(code) else 0.0
    pairs = int(inside.sum()) * int(outside.sum())
    if not pairs:
        return MannWhitney(0.0, None, None, np.where(chosen, placed[0][code], placed[1][code]))
    p_value = _p_value(u, inside + outside, pairs)
    return MannWhitney(u, p_value, 2 * u / pairs - 1, np.where(chosen, placed[0][code], placed[1][code]))


def placements(values: ArrayLike, group: ArrayLike) -> Floats:
    """Where each value stands among those of the other side, shape (n,), in [0, 1]; NaN if that side is empty.

    For a value x of the group, the share of the others below it, ties as half: F_others(x). For another value y, the
    share of the group above it: 1 - F_group(y). Both average to theta = P(group > others) + P(equal)/2 over their side,
    and mean over the group + mean over the others - theta is the linear part of theta in the sample (Hajek's
    projection): with it theta is drawn again from sums per user. DeLong, DeLong & Clarke-Pearson 1988 (Biometrics 44).
    """
    return mann_whitney(values, group).placements


def _clean(values: ArrayLike) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if np.isnan(numbers).any():
        raise ValueError("ranks of NaN are undefined: leave unknown values out")
    return numbers


def _placements(inside: Ints, outside: Ints) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore", divide="ignore"):
        below = (np.cumsum(outside) - outside / 2) / outside.sum()
        above = 1 - (np.cumsum(inside) - inside / 2) / inside.sum()
    return below, above


def _p_value(u: float, tied: Ints, pairs: int) -> float:
    """Two-sided p-value of U; 1 if all values are equal. `tied`: how often each distinct value occurs."""
    if len(tied) == 1:
        return 1.0
    n, ties = float(tied.sum()), tied.astype(np.float64)
    variance = pairs / 12 * ((n + 1) - float((ties**3 - ties).sum()) / (n * (n - 1)))
    z = (abs(u - pairs / 2) - 0.5) / sqrt(variance)
    return min(1.0, erfc(z / sqrt(2)))
