"""How upscales are spread over users."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses._people import NOBODY
from unspool.analyses._steps import Row
from unspool.stats.jackknife import MIN_USERS, UNDEFINED, Estimate, Floats, cut, few, jackknife, student

SHARE, OF_USERS, TOP, SPREAD = "share", "share_of_users", "share_top_tenth", "spread"
ESTIMANDS = (SHARE, OF_USERS, TOP, SPREAD)
NOT_KNOWN = "the log does not tell which prompts were upscaled"
NO_UPSCALES = "no prompt was upscaled"
TENTH = 0.1


def upscale_rows(per_user: pl.DataFrame, level: float) -> Iterator[Row]:
    """Rows of the feature "upscaled" from a frame with a row per user: user, n prompts, up of them upscaled.

    `user` null: prompts of which nobody is known; they count in the share, and with nobody known at all there is
    nothing else and no interval.
    """
    if not per_user["n"].sum():
        yield from (_row(name, Estimate(None, note=NOT_KNOWN), per_user) for name in ESTIMANDS)
        return
    sums = per_user.select("up", "n").to_numpy().astype(np.float64)
    whole = cut(jackknife(sums, ratio, level=level)[0])
    named = per_user.filter(pl.col("user").is_not_null())
    if not named.height:
        yield _row(SHARE, Estimate(whole.estimate, note=NOBODY), per_user)
        yield from (_row(name, Estimate(None, note="the log names nobody"), per_user) for name in ESTIMANDS[1:])
        return
    up, n = (named[name].to_numpy().astype(np.float64) for name in ("up", "n"))
    users = cut(jackknife(np.column_stack([up > 0, np.ones(len(up))]), ratio, level=level)[0])
    several = named.filter(pl.col("n") > 1)
    yield _row(SHARE, whole, per_user, level, "upscaled prompts by prompts")
    yield _row(OF_USERS, users, named, level, "users with an upscaled prompt by users")
    yield _row(
        TOP, top_tenth(up[up > 0], level), named.filter(pl.col("up") > 0), level, "upscaled prompts of the tenth"
    )
    yield _row(SPREAD, spread(up[n > 1], n[n > 1], level), several, level, "of users with two prompts or more")


def _row(name: str, found: Estimate, of: pl.DataFrame, level: float | None = None, what: str = "") -> Row:
    numbers = {"n_prompts": int(of["n"].sum()), "n_users": of["user"].drop_nulls().len()}
    return {
        **{"feature": "upscaled", "estimand": name, "estimate": found.estimate, **numbers},
        **{"standard_error": found.standard_error, "ci_low": found.low, "ci_high": found.high},
        "ci_level": None if found.low is None else level,
        "method": f"{what}; jackknife over users, Student's t" if what else None,
        "note": found.note,
    }


def ratio(sums: Floats) -> Floats:
    """The first of two sums by the second."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sums[..., 1:] > 0, sums[..., :1] / sums[..., 1:], np.nan)


def top_tenth(counts: Floats, level: float) -> Estimate:
    """The share of all that the tenth of users with most have, all of `counts` being above 0.

    Where a tenth is not a whole number of users, the next one counts by that fraction: the Lorenz curve at 0.9, to 1.
    """
    n = len(counts)
    if not n:
        return Estimate(None, note=NO_UPSCALES)
    ordered = np.sort(counts)[::-1]
    if n < MIN_USERS:
        return Estimate(float(_most(ordered, n * TENTH) / ordered.sum()), n_units=n, note=few(n))
    rest = (n - 1) * TENTH
    inside = np.arange(n) <= np.floor(rest)
    without = np.where(inside, _most(ordered, rest + 1) - ordered, _most(ordered, rest)) / (ordered.sum() - ordered)
    estimate = float(_most(ordered, n * TENTH) / ordered.sum())
    error = float(np.sqrt((n - 1) / n * ((without - estimate) ** 2).sum()))
    low, high, _ = student(estimate, error, n - 1, level)
    return Estimate(estimate, error, max(low, 0.0), min(high, 1.0), None, n)


def _most(ordered: Floats, users: float) -> float:
    """What the first so many users have, the last of them by a fraction."""
    return float(np.interp(users, np.arange(len(ordered) + 1), np.concatenate([[0.0], np.cumsum(ordered)])))


def spread(up: Floats, n: NDArray[np.float64], level: float) -> Estimate:
    """SD over users of the probability that a prompt of theirs is upscaled, without the noise of their few prompts.

    Each user counts alike. The variance is E[p^2] - E[p]^2, and both are estimated without bias: p_u^2 by
    up (up - 1) / (n (n - 1)), and E[p]^2 by the mean product of the rates of two different users. The interval is that
    of the variance, cut off at 0.
    """
    if len(up) < MIN_USERS:
        return Estimate(None, n_units=len(up), note=f"fewer than {MIN_USERS} users have two prompts")
    rate = up / n
    pairs_up = up * (up - 1) / (n * (n - 1))
    found = jackknife(np.column_stack([np.ones(len(up)), rate, rate**2, pairs_up]), _variance, level=level)[0]
    if found.estimate is None:
        return Estimate(None, n_units=len(up), note=UNDEFINED)
    low, high = (None if end is None else float(np.sqrt(max(end, 0.0))) for end in (found.low, found.high))
    note = found.note if found.estimate > 0 else "rates differ no more than chance would make them"
    return Estimate(float(np.sqrt(max(found.estimate, 0.0))), None, low, high, None, found.n_units, note)


def _variance(sums: Floats) -> Floats:
    m, rates, squares, both = (sums[..., place : place + 1] for place in range(4))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(m > 1, both / m - (rates**2 - squares) / (m * (m - 1)), np.nan)
