"""Several tests at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values that keep the family-wise error; none for none. Holm 1979 (Scand. J. Stat. 6).

    NaN is an error. The i-th smallest of m is multiplied by m - i + 1, made monotone and cut at 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if np.isnan(p).any():
        raise ValueError("a p-value is NaN: leave unknown ones out")
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    found = np.empty_like(p)
    found[order] = adjusted
    return found
