"""Bootstrap over users: an estimator is a function of sums per user, so all draws are one matrix product.

Users are drawn with replacement, whole: prompts of one user are alike, so intervals from single prompts would be too
narrow. A draw gives each user a weight, and the sums of the draw are weights times the sums per user; the estimator
never sees a prompt. Field & Welsh 2007 (J. R. Stat. Soc. B 69) on cluster bootstraps; Hanley & MacGibbon 2006 (Comput.
Methods Programs Biomed. 83) on Poisson weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS = 2000
LEVEL = 0.95
KINDS = ("multinomial", "poisson")
MIN_USERS = 6
"""Users that a percentile interval takes: of fewer all agree by chance more often than it says (2 / 2^6 = .03)."""
CELLS_AT_ONCE = 2_000_000
ROUNDING = 1e-12
UNDEFINED = "undefined on these users: nothing to divide by"
ALIKE = "no interval: it is the same in every draw of users, who leave nothing to tell an error by"

Floats = NDArray[np.float64]
Estimator = Callable[[Floats], Floats]
"""From sums, shape (..., columns), to estimates, shape (..., estimates); NaN where an estimate is undefined."""


@dataclass(frozen=True)
class Interval:
    """An estimate with its percentile interval. None where there is none, and then `note` says why."""

    estimate: float | None
    low: float | None
    high: float | None
    note: str | None = None


def by_user(values: ArrayLike, users: NDArray[np.int64], n_users: int) -> Floats:
    """Sums per user, shape (n_users, columns), of values with one row per prompt or pair; users are 0 to n_users-1."""
    return column_sums(list(np.asarray(values, dtype=np.float64).T), users, n_users)


def column_sums(columns: Sequence[NDArray[np.generic]], users: NDArray[np.int64], n_users: int) -> Floats:
    """The same of columns that stand by themselves."""
    sums = [np.bincount(users, weights=np.asarray(column, np.float64), minlength=n_users) for column in columns]
    return np.stack(sums, axis=1) if sums else np.zeros((n_users, 0))


def weights(n_users: int, draws: int, generator: np.random.Generator, kind: str = "multinomial") -> Floats:
    """How often each user is in each draw, shape (draws, n_users).

    "multinomial": every draw holds n_users users. "poisson": each user by itself, mean 1, so that parts of a log can
    be drawn on different machines and added.
    """
    if kind == "multinomial":
        # Counting drawn users is several times as fast as numpy's multinomial, which draws a binomial per user.
        chosen = generator.integers(n_users, size=(draws, n_users)) + n_users * np.arange(draws)[:, None]
        return np.bincount(chosen.ravel(), minlength=draws * n_users).reshape(draws, n_users).astype(np.float64)
    if kind == "poisson":
        return generator.poisson(1.0, size=(draws, n_users)).astype(np.float64)
    raise ValueError(f"weights are one of {KINDS}, not {kind!r}")


def drawn(sums: Floats, *, draws: int = DRAWS, seed: int = 0, kind: str = "multinomial") -> Floats:
    """Sums of each draw, shape (draws, columns), from sums per user, shape (users, columns). The same for one seed."""
    generator = np.random.default_rng(seed)
    step = max(1, CELLS_AT_ONCE // max(1, len(sums)))
    sizes = [min(step, draws - done) for done in range(0, draws, step)]
    return np.concatenate([weights(len(sums), size, generator, kind) @ sums for size in sizes])


def intervals(
    sums: Floats,
    estimator: Estimator,
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
    seed: int = 0,
    kind: str = "multinomial",
) -> list[Interval]:
    """Each estimate of `estimator` on the sums of all users, with its percentile interval of that level.

    `sums` has shape (users, columns). Users whose rows are all 0 should be left out before. Fewer than MIN_USERS users
    have an estimate and no interval; no users have neither. Draws in which an estimate is undefined are left out of its
    interval, and its note counts them. An estimate that is the same in every draw has no interval.
    """
    estimates = np.atleast_1d(estimator(sums.sum(axis=0)))
    if len(sums) < MIN_USERS:
        reason = f"{len(sums)} user(s): an interval over users needs at least {MIN_USERS}"
        whys = (UNDEFINED if len(sums) and np.isnan(value) else reason for value in estimates)
        return [Interval(_known(value), None, None, why) for value, why in zip(estimates, whys, strict=True)]
    replicates = estimator(drawn(sums, draws=draws, seed=seed, kind=kind)).reshape(draws, -1)
    return [_interval(value, column, level) for value, column in zip(estimates, replicates.T, strict=True)]


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _interval(estimate: float, replicates: Floats, level: float) -> Interval:
    defined = replicates[~np.isnan(replicates)]
    if np.isnan(estimate) or not len(defined):
        return Interval(_known(estimate), None, None, UNDEFINED)
    if np.ptp(defined) <= ROUNDING * max(1.0, abs(estimate)):  # one person has all of it, or everybody the same
        return Interval(float(estimate), None, None, ALIKE)
    ends = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    low, high = np.where(np.abs(ends) <= ROUNDING * max(1.0, abs(estimate)), 0.0, ends)
    lost = len(replicates) - len(defined)
    note = f"undefined in {lost} of {len(replicates)} draws" if lost else None
    return Interval(float(estimate), float(low), float(high), note)
