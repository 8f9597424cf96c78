"""The difference of a feature between two groups of texts at equal length, by regression on the log of the length."""

import numpy as np
from numpy.typing import NDArray

from unspool.analyses._steps import Row
from unspool.audits import Audited
from unspool.audits._language_numbers import row
from unspool.audits._language_pairs import Pair, share_as_large, studentised
from unspool.stats.jackknife import jackknife

Floats = NDArray[np.float64]

HOW = "least squares of the feature on the group and the natural log of the number of words"
NO_VALUES = "no pair of texts has the feature"
FLAT = 1e-9


def difference(pair: Pair, feature: str, log: Audited) -> Row:
    """The later less the earlier group, other things than length as they are; `effect`: without equal length.

    The p-value is that of the coefficient by its jackknife error among permuted groups.
    """
    pair = pair.known(feature)
    if not pair.n_users or not pair.later.any():
        return {"note": NO_VALUES, "n_prompts": 0, "n_threads": 0, "n_users": 0}
    values = pair.texts[feature].to_numpy()
    columns = _products(values, pair.later.astype(np.float64), np.log(pair.texts["n_words"].to_numpy()))
    rest = columns[pair.users < 0].sum(axis=0)  # lines of a file, which no user takes along
    (found,) = jackknife(pair.sums(columns), lambda sums: coefficient(sums + rest), level=log.settings.level)
    p = _permuted(pair, values, log) if pair.side_by_side and found.standard_error is not None else None
    raw = float(values[pair.later].mean() - values[~pair.later].mean())
    return row(pair, found, log, HOW, p, effect=raw, effect_name="difference without equal length")


def _products(values: Floats, later: Floats, length: Floats) -> Floats:
    ones = np.ones(len(values))
    return np.column_stack(
        [ones, later, length, later * length, length * length, values, later * values, length * values]
    )


def coefficient(sums: Floats) -> Floats:
    """The group's coefficient, shape (..., 1), from sums of 1, g, l, gl, ll, y, gy and ly; NaN with one group alone.

    Where all texts are of one length it is the plain difference.
    """
    n, g, length, gl, ll, y, gy, ly = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        gg, gl, ll = g - g * g / n, gl - g * length / n, ll - length * length / n
        gy, ly = gy - g * y / n, ly - length * y / n
        by_length = ll > FLAT * n
        gl, ll = np.where(by_length, gl, 0.0), np.where(by_length, ll, 1.0)
        rest = gg - gl * gl / ll
        found = np.where(rest > FLAT * n, (gy - gl * ly / ll) / rest, np.nan)
    return np.asarray(found[..., None])


def _permuted(pair: Pair, values: Floats, log: Audited) -> float:
    length = np.log(pair.texts["n_words"].to_numpy())
    kept, moved = (pair.sums(_products(values, side.astype(np.float64), length)) for side in (pair.later, ~pair.later))
    chosen = np.random.default_rng(log.settings.seed).random((log.settings.permutations, pair.n_users)) < 0.5
    return share_as_large(np.abs([_ratio(kept), *(_ratio(np.where(one[:, None], moved, kept)) for one in chosen)]))


def _ratio(sums: Floats) -> float:
    whole = sums.sum(axis=0)
    without = coefficient(whole - sums)[:, 0]
    return studentised(float(coefficient(whole)[0]), without[np.isfinite(without)], 0.0)
