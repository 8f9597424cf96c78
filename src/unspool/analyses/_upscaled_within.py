"""Upscaled against not on a feature's own scale: pooled, between users, within users and within threads."""

from collections.abc import Callable, Iterator

import numpy as np

from unspool.analyses._steps import Row
from unspool.analyses._upscaled_sample import STEP, Sample
from unspool.stats.jackknife import Estimate, Floats, jackknife, of_enough
from unspool.stats.user_pairs import Ranked
from unspool.stats.within import carried, means, ols_estimator, ols_sums

Told = Callable[..., Row]
K = 3
"""Regressors within users: ln step, its square, upscaled."""
SQUARES = K * (K + 1) // 2
NO_USER = "no user upscaled some of these prompts and not others"
NO_THREAD = "no thread holds both upscaled prompts and others with a value"


def rows(sample: Sample, values: Floats, ranks: Ranked, told: Told, level: float) -> Iterator[Row]:
    """Rows of the estimands pooled, between_user, within_user, within_user_rank, ... of one feature."""
    share = ranks.midranks / max(1, len(values))
    user, thread = sample.by_user, sample.by_thread
    of_user, of_thread = user.sums(values, share), thread.sums(values)
    between = _between(sample, values)
    whole = sample.numbers()
    sides = _sides(sample, values)
    pooled = jackknife(sides, _last(2), level=level, carried=carried(sides, 2))[0]
    yield _row(told, "pooled", pooled, "difference of means", whole)
    what = f"least squares of user means, weighted by prompts, {STEP} (Mundlak 1978)"
    found = jackknife(between, _last(4), level=level, carried=carried(between, 4))[0]
    yield _row(told, "between_user", found, what, whole)
    both = jackknife(np.concatenate([between, of_user[:, : SQUARES + K]], axis=1), _contrast, level=level)[0]
    yield _row(told, "between_minus_within", both, f"between_user less within_user (Mundlak 1978), {STEP}", whole)
    what = f"least squares with effects of users, {STEP}"
    found, ranked = jackknife(of_user, _outcomes(2), level=level, carried=carried(of_user[:, : SQUARES + K], K))
    ranked = _times(ranked, 2)
    why = None if user.informed["n_prompts"] else NO_USER
    rank = {"effect": ranked.estimate, "effect_name": None if ranked.estimate is None else "rank_difference"}
    yield _row(told, "within_user", found, what, user.informed, why, **rank)
    yield _row(told, "within_user_rank", ranked, f"{what}, of pooled mid-ranks / n times 2", user.informed, why)
    yield _texts(sample, values, told, level)
    what, why = f"least squares with effects of threads, {STEP}", None if thread.informed["n_prompts"] else NO_THREAD
    found = jackknife(of_thread, _last(K), level=level, carried=carried(of_thread, K))[0]
    yield _row(told, "within_thread_diff", found, what, thread.informed, why)


def _row(
    told: Told, estimand: str, found: Estimate, what: str, size: Row, why: str | None = None, **more: object
) -> Row:
    known = Estimate(None, note=why) if why else of_enough(found, size["n_users"])
    return told(estimand, known, what, **size, **more)


def _last(k: int) -> Callable[[Floats], Floats]:
    """The last of k coefficients."""
    every = ols_estimator(k)
    return lambda sums: every(sums)[..., -1:]


def _outcomes(n: int) -> Callable[[Floats], Floats]:
    """The coefficient of upscaled for each of n outcomes that share their regressors."""

    def estimates(sums: Floats) -> Floats:
        starts = range(SQUARES, SQUARES + n * K, K)
        each = [np.concatenate([sums[..., :SQUARES], sums[..., at : at + K]], axis=-1) for at in starts]
        return np.concatenate([_last(K)(one) for one in each], axis=-1)

    return estimates


def _contrast(sums: Floats) -> Floats:
    """Between less within, of the sums of both side by side."""
    return np.asarray(_last(4)(sums[..., :14]) - _last(K)(sums[..., 14:]))


def _times(found: Estimate, factor: float) -> Estimate:
    """An estimate in other units."""
    given = (found.estimate, found.standard_error, found.low, found.high)
    estimate, error, low, high = (None if value is None else factor * value for value in given)
    return Estimate(estimate, error, low, high, found.p_value, found.n_units, found.note)


def _sides(sample: Sample, values: Floats) -> Floats:
    ones = np.ones(len(values))
    columns = [ones, sample.upscaled.astype(np.float64)]
    return ols_sums(values, columns, sample.units, sample.labelled.steps.people.n_units)


def _between(sample: Sample, values: Floats) -> Floats:
    """Sums of least squares of users' means on their share of upscaled prompts and their mean places."""
    size = np.bincount(sample.users)
    there = size > 0
    columns = [means(column, sample.users)[there] for column in (*sample.step, sample.upscaled.astype(np.float64))]
    people = sample.labelled.steps.people
    y = means(values, sample.users)[there]
    units = people.units[: len(size)][there]
    return ols_sums(y, [np.ones(len(y)), *columns], units, people.n_units, size[there].astype(np.float64))


def _texts(sample: Sample, values: Floats, told: Told, level: float) -> Row:
    """within_user of texts: however often a user sent a text, it counts once."""
    one = sample.texts.absorbed
    sums = one.sums(values[sample.texts.first])
    found = jackknife(sums, _last(4), level=level, carried=carried(sums, 4))[0]
    what = f"least squares with effects of users, each text of a user once, {STEP} and for ln of its number of prompts"
    return _row(told, "within_user_texts", found, what, one.informed, None if one.informed["n_prompts"] else NO_USER)
