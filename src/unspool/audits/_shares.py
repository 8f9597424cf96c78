"""Shares and means over prompts as rows, with intervals over users."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unspool.audits import Audited
from unspool.stats.jackknife import Floats, cut, jackknife

Row = dict[str, Any]


def ratio(sums: Floats) -> Floats:
    """The first column of sums divided by the second."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., :1] / sums[..., 1:2]


def share_row(part: NDArray[np.generic], whole: NDArray[np.generic], log: Audited, **more: Any) -> Row:
    """Sum of `part` by sum of `whole`, one value per user in each, with a jackknife interval over users."""
    sums = np.column_stack([part, whole]).astype(np.float64)
    (found,) = jackknife(sums, ratio, level=log.settings.level)
    if (sums[:, 0] <= sums[:, 1]).all() and (sums >= 0).all():
        found = cut(found)
    return {
        "estimate": found.estimate,
        "standard_error": found.standard_error,
        "ci_low": found.low,
        "ci_high": found.high,
        "ci_level": None if found.low is None else log.settings.level,
        "method": "ratio of sums; jackknife over users, Student's t",
        **more,
        "note": "; ".join(note for note in (more.get("note"), found.note) if note) or None,
    }
