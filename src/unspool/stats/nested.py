"""Variance components of prompts in threads in users: how much of the variance lies between and within them.

Analysis of variance for unequal numbers (Henderson's method 1 for nested factors: Henderson 1953, Biometrics 9; Searle,
Casella & McCulloch 1992, Variance Components, ch. 5): the sums of squares equal their expectations. All is a function
of sums per user.
"""

import numpy as np
from numpy.typing import NDArray

from unspool.stats.jackknife import Floats
from unspool.stats.within import within

Ints = NDArray[np.int64]

COMPONENTS = ("user", "thread", "prompt")


def nested_sums(values: Floats, threads: Ints, users: Ints) -> Floats:
    """Sums per user, shape (highest user code + 1, 10), for `components`; every thread is of one user.

    Columns: users (1), threads, prompts, sum and sum of squares about the means of threads, between threads and between
    users, and of the numbers of prompts: the square, the squares by thread, these divided by the user's number.
    """
    y = within(values, np.zeros(len(values), dtype=np.int64))
    n, of_thread = np.bincount(users), np.bincount(threads)
    owner = np.zeros(len(of_thread), dtype=np.int64)
    owner[threads] = users
    there = of_thread > 0
    total, by_thread = np.bincount(users, y), np.bincount(threads, y)
    with np.errstate(invalid="ignore", divide="ignore"):
        between_threads = np.bincount(owner[there], (by_thread**2 / of_thread)[there], minlength=len(n))
        squares = np.bincount(owner[there], (of_thread**2)[there].astype(np.float64), minlength=len(n))
        columns = [
            (n > 0).astype(np.float64),
            np.bincount(owner[there], minlength=len(n)),
            n,
            total,
            np.bincount(users, within(y, threads) ** 2, minlength=len(n)),
            between_threads,
            total**2 / n,
            n**2,
            squares,
            squares / n,
        ]
    return np.nan_to_num(np.stack(columns, axis=1))


def components(sums: Floats) -> Floats:
    """Variance between users, between threads of a user, between prompts of a thread, shape (..., 3); may be negative.

    NaN where they are undefined: fewer than two users, no user with two threads, or no thread with two prompts.
    """
    a, b, n, total, inside, threads, users, squares, thread_squares, shares_of_user = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        prompt = _over(inside, n - b)
        thread = _over(threads - users - (b - a) * prompt, n - shares_of_user)
        rest = users - total**2 / n - (a - 1) * prompt - (shares_of_user - thread_squares / n) * thread
        return np.stack([_over(rest, n - squares / n), thread, prompt], axis=-1)


def _over(top: Floats, bottom: Floats) -> Floats:
    """A quotient; NaN where the degrees of freedom below are none."""
    return np.where(bottom > 1e-9, top / np.where(bottom > 1e-9, bottom, 1), np.nan)


def shares(sums: Floats) -> Floats:
    """The components by their sum, shape (..., 3); NaN where nothing varies."""
    found = components(sums)
    whole = found.sum(axis=-1, keepdims=True)
    return np.where(whole > 0, found / np.where(whole > 0, whole, 1), np.nan)


def bounded(parts: Floats) -> Floats:
    """Shares, shape (..., 3), with negative ones as 0 and the others by their sum."""
    found = np.maximum(parts, 0)
    return np.asarray(found / found.sum(axis=-1, keepdims=True))


def design_effect(sums: Floats) -> Floats:
    """Variance of the mean over prompts, by what it would be with as many unrelated prompts, shape (..., 1).

    Negative components count as 0.
    """
    part = bounded(shares(sums))
    n = sums[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        alike = part[..., 0] * sums[..., 7] / n + part[..., 1] * sums[..., 8] / n + part[..., 2]
    return np.asarray(alike[..., None])
