"""Intervals and tests over users by leaving out one user at a time: the estimators are functions of sums per user.

The variance is that of the delete-one-cluster jackknife, CV3 of MacKinnon, Nielsen & Webb 2023 (J. Econometrics 232;
J. Appl. Econometrics 38), with Student's t of one degree of freedom less than there are users, or than those on whom an
estimate rests are worth (Carter, Schnepel & Steigerwald 2017, Rev. Econ. Stat. 99). With few users, or a few
who write most of a log, a percentile bootstrap over users covers less than it says (docs/validation.md); this one errs
to the other side. It also costs one evaluation per user where the bootstrap needs a product for every draw.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.95
MIN_USERS = 3
ENOUGH_ALIKE = 6
"""Users of whom all say the same who are clear without an interval: by a sign test p = 2 / 2^6 = .03."""
CELLS_AT_ONCE = 4_000_000

Floats = NDArray[np.float64]
Estimator = Callable[[Floats], Floats]
"""From sums, shape (..., columns), to estimates, shape (..., estimates); NaN where an estimate is undefined."""


@dataclass(frozen=True)
class Estimate:
    """An estimate with standard error, interval and two-sided p-value; None where there is none, and `note` says why.

    `n_units`: users (or groups of users) that have anything to say.
    """

    estimate: float | None
    standard_error: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    n_units: int = 0
    note: str | None = None


def jackknife(
    sums: Floats, estimator: Estimator, *, level: float = LEVEL, null: float = 0.0, carried: Floats | None = None
) -> list[Estimate]:
    """Each estimate of `estimator` on the sums of all units, with its interval of that level and its test against null.

    `sums`: shape (units, columns); units whose sums are all 0 do not count. Fewer than MIN_USERS units have an estimate
    and no interval. An estimate that is undefined without one of the units has no interval.

    `carried`: what each unit adds to what the estimates are divided by, shape (units,), or (units, estimates) where
    that differs. Where few units bring nearly all of it, they count as 1 / sum of squared shares; None for as many as
    there are. Fewer than MIN_USERS of these have no interval.
    """
    there = (sums != 0).any(axis=1)
    worth = _worth(carried[there]) if carried is not None else np.array(np.inf)
    sums = sums[there]
    whole = sums.sum(axis=0)
    estimates = np.atleast_1d(estimator(whole))
    if len(sums) < MIN_USERS:
        return [_without_interval(value, len(sums)) for value in estimates]
    without = _without_each(sums, whole, estimator)
    each = zip(estimates, without.T, np.broadcast_to(worth, len(estimates)).tolist(), strict=True)
    return [_one(value, column, level, null, one) for value, column, one in each]


def _worth(carried: Floats) -> Floats:
    squares = (carried**2).sum(axis=0)
    return np.where(squares > 0, carried.sum(axis=0) ** 2 / np.where(squares > 0, squares, 1), np.inf)


def means_carried(*sizes: Floats) -> Floats:
    """What each unit adds to the variance of a sum or difference of separate means, where errors are alike: (units,).

    `sizes`: for each of the means how much each unit adds to its denominator, shape (units,). The sum of n / N^2 over
    the means, of a unit's n of all N: of a mean over many and one over few the few decide.
    """
    totals = [float(size.sum()) for size in sizes]
    parts = [size / total**2 for size, total in zip(sizes, totals, strict=True) if total > 0]
    return np.sum(parts, axis=0) if parts else np.zeros_like(sizes[0])


def _without_interval(value: float, n: int) -> Estimate:
    return Estimate(known(value), n_units=n, note=UNDEFINED if known(value) is None else few(n))


def few(n: int) -> str:
    """Why there is no interval over so few users."""
    return f"{n} user(s): an interval over users needs at least {MIN_USERS}"


def lopsided(worth: float) -> str:
    """Why there is no interval where so few users bring nearly all."""
    return f"no interval: so few users bring nearly all that it rests on that they are worth {worth:.1f} users"


def of_enough(found: Estimate, n_users: int | None) -> Estimate:
    """The estimate without its interval where fewer than MIN_USERS users have what it is about.

    Units may count in the sums, and in the degrees of freedom, that only say something of what is adjusted for.
    """
    if found.estimate is None or n_users is None or n_users >= MIN_USERS:
        return found
    return Estimate(found.estimate, n_units=found.n_units, note=few(n_users))


def all_alike(standard_error: float | None, n_users: int | None) -> bool:
    """Whether an estimate has no interval because all of enough users say the same."""
    return standard_error == 0 and (n_users or 0) >= ENOUGH_ALIKE


def no_surer(found: Estimate, *sides: Estimate) -> Estimate:
    """The difference of some sides without its interval where one of them has none: nothing tells the error of that.

    A side of which ENOUGH_ALIKE users or more say the same has next to none.
    """
    unsure = [side for side in sides if side.low is None and not all_alike(side.standard_error, side.n_units)]
    if found.low is None or not unsure:
        return found
    return Estimate(found.estimate, n_units=found.n_units, note=f"of one side: {unsure[0].note}")


def _without_each(sums: Floats, whole: Floats, estimator: Estimator) -> Floats:
    """The estimates without each unit, shape (units, estimates)."""
    step = max(1, CELLS_AT_ONCE // max(1, sums.shape[1]))
    parts = [estimator(whole - sums[start : start + step]) for start in range(0, len(sums), step)]
    return np.concatenate([part.reshape(-1, part.shape[-1]) for part in parts])


ROUNDING = 1e-12
ALIKE = "no interval: it is the same without any of the users, who leave nothing to tell an error by"
UNDEFINED = "undefined on these users: nothing to divide by"


def _one(estimate: float, without: Floats, level: float, null: float, worth: float) -> Estimate:
    n = len(without)
    if known(estimate) is None:
        return Estimate(None, n_units=n, note=UNDEFINED)
    if worth < MIN_USERS:
        return Estimate(float(estimate), n_units=n, note=lopsided(worth))
    lost = int((~np.isfinite(without)).sum())
    if lost:
        return Estimate(
            float(estimate),
            n_units=n,
            note=f"no interval: it hangs on {lost} single user(s), without whom it is undefined",
        )
    error = float(np.sqrt((n - 1) / n * ((without - estimate) ** 2).sum()))
    if error <= ROUNDING * max(1.0, abs(estimate)):
        exact = float(estimate) if abs(estimate) > ROUNDING else 0.0
        return Estimate(exact, 0.0, n_units=n, note=ALIKE)
    low, high, p = student(float(estimate), error, min(n, worth) - 1, level, null)
    return Estimate(float(estimate), error, low, high, p, n)


def student(
    estimate: float, error: float, freedom: float, level: float, null: float = 0.0
) -> tuple[float, float, float]:
    """Interval and two-sided p-value by Student's t. An error of 0 gives p 1 at the null and 0 elsewhere."""
    from scipy.special import stdtr, stdtrit

    reach = float(stdtrit(freedom, (1 + level) / 2)) * error
    if error == 0:
        return estimate, estimate, float(estimate == null)
    p = 2 * float(stdtr(freedom, -abs(estimate - null) / error))
    return estimate - reach, estimate + reach, p


def cut(found: Estimate, lowest: float = 0.0, highest: float = 1.0) -> Estimate:
    """The same, its interval cut to what is possible: of a share to [0, 1]."""
    ends = {
        end: min(max(value, lowest), highest) for end in ("low", "high") if (value := getattr(found, end)) is not None
    }
    return replace(found, **ends)


def known(value: float) -> float | None:
    """The number, None for NaN and infinity."""
    return float(value) if np.isfinite(value) else None
