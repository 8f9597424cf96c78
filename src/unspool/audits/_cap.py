"""How much one person may weigh in a log, so that nobody has more than a share of it."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def cap_of(counts: NDArray[np.generic], share: float) -> float | None:
    """The largest weight per person, c, with c <= share * sum(min(n_u, c)) over people of n_u prompts each.

    None where that cannot be, with fewer than 1 / share people. Where nobody has more than the share already, c is what
    the most active one has. With the k most active people at c and the others whole, c = share * (k c + rest_k).
    """
    n = np.sort(np.asarray(counts, dtype=np.float64))[::-1]
    n = n[n > 0]
    if not len(n) or share * len(n) < 1:
        return None
    if n[0] <= share * n.sum():
        return float(n[0])
    rest = n.sum() - np.cumsum(n)
    k = np.arange(1, len(n) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        c = share * rest / (1 - share * k)
    following = np.append(n[1:], 0.0)
    fits = (share * k < 1) & (c <= n) & (c >= following)
    return float(c[np.argmax(fits)]) if fits.any() else float(n[-1])
