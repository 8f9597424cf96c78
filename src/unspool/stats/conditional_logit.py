"""Logistic regression within strata: which members of a stratum were chosen, given how many were.

The exact conditional likelihood, whose sum over subsets is built up member by member (Gail, Lubin & Rubinstein 1981,
Biometrika 68; first and second derivatives by the same recursion), for all strata of equal size at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unspool.stats.jackknife import Floats
from unspool.stats.within import solve, unpacked, within

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LONGEST = 32
"""Members of a stratum at most: a longer one is cut into equal runs, which is a conditional likelihood as well."""
AT_ONCE = 20_000
ROUNDS = 40
CLOSE = 1e-12
"""A step whose expected gain of log-likelihood is below this ends the search."""
FLAT = 1e-4
"""Where less than this share of the information at 0 is left, on a sum of columns as on one, no maximum is finite."""


@dataclass(frozen=True)
class ConditionalLogit:
    """Log odds ratios per column, shape (k,), None where there is no finite maximum; `note` says why.

    `sums`: per unit the information and (score + information x coefficients), shape (units, k (k + 1) / 2 + k).
    `stats.within.ols_estimator(k)` makes the coefficients of their total, and of the total without a unit what one step
    of Newton's makes of the coefficients without it. `used`: the rows in strata of which some but not all were chosen.
    """

    coefficients: Floats | None
    sums: Floats
    used: Flags
    note: str | None = None


@dataclass(frozen=True)
class _Strata:
    """Strata of one size: members' columns, shape (size, k, strata), how many were chosen, their sums, and the units.

    Where more than half were chosen, the members left out are looked at with the opposite sign: the same likelihood.
    """

    members: Floats
    picked: Ints
    total: Floats
    units: Ints


def mixed(chosen: Flags, strata: Ints) -> Flags:
    """Rows in strata of which some but not all were chosen, shape (n,): only they say anything."""
    size, ours = np.bincount(strata), np.bincount(strata, chosen)
    return np.asarray(((ours > 0) & (ours < size))[strata])


def runs(strata: Ints) -> Ints:
    """Codes of strata, cut into equal runs of LONGEST members at most, in the order given; as they are if none is."""
    size = np.bincount(strata)
    if size.max(initial=0) <= LONGEST:
        return strata
    order = np.argsort(strata, kind="stable")
    start = np.cumsum(size) - size
    place = np.empty(len(strata), dtype=np.int64)
    place[order] = np.arange(len(strata)) - start[strata[order]]
    parts = -(-size // LONGEST)
    run = place * parts[strata] // size[strata]
    return np.asarray((np.cumsum(parts) - parts)[strata] + run, dtype=np.int64)


def conditional_logit(
    columns: Sequence[Floats], chosen: Flags, strata: Ints, units: Ints, n_units: int
) -> ConditionalLogit:
    """Fit `chosen` on k columns within strata; every stratum lies inside one unit. All of shape (n,), NaN not allowed.

    A column that those before it explain is left out (coefficient NaN): put last the one in which you are interested.
    """
    cut = runs(strata)
    used = mixed(chosen, cut)
    k = len(columns)
    empty = np.zeros((n_units, k * (k + 1) // 2 + k))
    if not used.any():
        return ConditionalLogit(None, empty, used, "no stratum has both members that were chosen and others")
    cases = list(_cases([column[used] for column in columns], chosen[used], cut[used], units[used]))
    found = _maximum(cases, k)
    if found is None:
        return ConditionalLogit(None, empty, used, "the chosen ones stand apart: no finite odds ratio")
    return ConditionalLogit(found, _unit_sums(cases, found, n_units), used)


def _cases(columns: Sequence[Floats], chosen: Flags, strata: Ints, units: Ints) -> Iterator[_Strata]:
    order = np.argsort(strata, kind="stable")
    strata = np.cumsum(np.diff(strata[order], prepend=-1) > 0) - 1
    x = np.stack([within(column[order], strata) for column in columns])
    size, ours = np.bincount(strata), np.bincount(strata, chosen[order]).astype(np.int64)
    flipped = 2 * ours > size
    x = np.where(flipped[strata], -x, x)
    taken = chosen[order] ^ flipped[strata]
    total: Floats = np.stack([np.bincount(strata, column * taken) for column in x])
    start, picked, unit = np.cumsum(size) - size, np.where(flipped, size - ours, ours), units[order]
    for n in np.flatnonzero(np.bincount(size)).tolist():
        those = np.flatnonzero(size == n)
        those = those[np.argsort(picked[those], kind="stable")]
        for here in np.split(those, range(AT_ONCE, len(those), AT_ONCE)):
            members: Floats = x[:, start[here] + np.arange(n)[:, None]].swapaxes(0, 1)
            yield _Strata(members, picked[here], total[:, here], unit[start[here]])


def _maximum(cases: list[_Strata], k: int) -> Floats | None:
    """The coefficients by Newton's method; None where the likelihood only rises.

    What a column adds to those before it is seen where all odds are alike: far out a separated one seems explained too.
    """
    beta = np.zeros(k)
    value, score, information = _at(cases, beta)
    kept = ~np.isnan(solve(information, score))
    ours = np.ix_(kept, kept)
    first = information[ours]
    for _ in range(ROUNDS):
        step = np.zeros(k)
        step[kept] = solve(information[ours], score[kept])
        if np.isnan(step).any():
            return None
        if score @ step < CLOSE:
            return None if _flat(information[ours], first) else np.where(kept, beta, np.nan)
        uphill = _uphill(cases, beta, step, value)
        if uphill is None:
            return None
        value, score, information, beta = uphill
    return None


def _flat(information: Floats, first: Floats) -> bool:
    """Whether in some direction less than a share FLAT of the first information is left."""
    root = np.linalg.inv(np.linalg.cholesky(first))
    return bool((np.linalg.eigvalsh(root @ information @ root.T) < FLAT).any())


def _uphill(
    cases: list[_Strata], beta: Floats, step: Floats, value: float
) -> tuple[float, Floats, Floats, Floats] | None:
    """The first of the step, half of it, a quarter, ... that does not lower the likelihood; None if each does."""
    for halving in range(20):
        here = beta + step / 2**halving
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a step too far is beyond numbers
            found = _at(cases, here)
        if found[0] >= value - 1e-12 * abs(value) and np.isfinite(found[2]).all():
            return (*found, here)
    return None


def _at(cases: list[_Strata], beta: Floats) -> tuple[float, Floats, Floats]:
    """Log-likelihood, score (k,) and information (k, k) of all strata."""
    value, score, information = 0.0, np.zeros(len(beta)), np.zeros((len(beta), len(beta)))
    for case in cases:
        logs, scores, packed = _stratum_sums(case, beta)
        value += float(logs.sum())
        score += scores.sum(axis=1)
        information += unpacked(packed.sum(axis=1), len(beta))[0]
    return value, score, information


def _stratum_sums(case: _Strata, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood (strata,), score (k, strata) and information (k (k + 1) / 2, strata) of each stratum."""
    one, first, second = _subsets(case.members, case.picked, beta)
    mean = first / one
    left, right = np.triu_indices(len(beta))
    return beta @ case.total - np.log(one), case.total - mean, second / one - mean[left] * mean[right]


def _subsets(members: Floats, picked: Ints, beta: Floats) -> tuple[Floats, Floats, Floats]:
    """Sums over all subsets of `picked` members of exp(sum of x beta), times the sum of x, times its products."""
    n, k, strata = members.shape
    left, right = np.triu_indices(k)
    most = int(picked.max())
    one = np.zeros((most + 1, strata))
    one[0] = 1
    first, second = np.zeros((k, most + 1, strata)), np.zeros((len(left), most + 1, strata))
    for place in range(n):
        x = members[place]
        weight = np.exp(beta @ x)
        upto = min(place, most - 1) + 1  # larger subsets than there are members so far are 0
        last, sums = one[:upto], first[:, :upto]
        crossed = x[left, None] * sums[right] + x[right, None] * sums[left] + (x[left] * x[right])[:, None] * last
        second[:, 1 : upto + 1] += weight * (second[:, :upto] + crossed)
        first[:, 1 : upto + 1] += weight * (sums + x[:, None] * last)
        one[1 : upto + 1] += weight * last
    each = np.arange(strata)
    return one[picked, each], first[:, picked, each], second[:, picked, each]


def _unit_sums(cases: list[_Strata], beta: Floats, n_units: int) -> Floats:
    k = len(beta)
    solved = np.where(np.isnan(beta), 0, beta)
    sums = np.zeros((n_units, k * (k + 1) // 2 + k))
    for case in cases:
        _, scores, packed = _stratum_sums(case, solved)
        right = scores + np.einsum("sij,j->is", unpacked(packed.T, k)[0], solved)
        for place, column in enumerate([*packed, *right]):
            sums[:, place] += np.bincount(case.units, column, minlength=n_units)
    return sums
