"""A user's own level of a feature, as far as it shows by the time of each prompt."""

import numpy as np

from unspool.analyses._drift_along import ENOUGH, Along
from unspool.analyses._people import Ints
from unspool.stats.codes import ranks
from unspool.stats.jackknife import Floats
from unspool.stats.nested import components, nested_sums


def levels(along: Along) -> Floats:
    """What is expected of the user's level from the values up to each prompt, less the mean over users.

    The best linear prediction from threads and prompts with variance components (Henderson 1975, Biometrics 31), shape
    (prompts,). Values after the prompt are left out, since there are more of them
    where a thread goes on: where prompts grow, a mean over all would make stops look as if they came after prompts
    above it. For the same reason the average rise along threads is taken off before.
    """
    steps, known = along.steps, along.known
    level = np.zeros(len(along.x))
    if not known.any():
        return level
    x = along.x - rise(along)
    of_user, of_thread, of_prompt = variances(x[known], steps.thread[known], steps.user[known])
    value = np.where(known, x - _mean_of_users(x[known], steps.user[known]), 0.0)
    order = np.lexsort((np.arange(len(x)), steps.thread, steps.user))
    user, thread = steps.user[order], steps.thread[order]
    n, total = (_along(column[order], thread) for column in (known.astype(np.float64), value))
    weight = 1 / (n * of_thread + of_prompt)
    ends = np.diff(thread, append=-1) != 0
    before = [_before(np.where(ends, column * weight, 0.0), user, thread) for column in (n, total)]
    precision, seen = (past + column * weight for past, column in zip(before, (n, total), strict=True))
    level[order] = of_user * seen / (1 + of_user * precision)
    return level


def rise(along: Along) -> Floats:
    """What the feature has risen by at each prompt's step since the first one: mean changes, added up.

    Steps from which fewer than ENOUGH threads go on have the mean of all of these: one thread's change is no mean.
    """
    step = along.steps.step
    start = step[along.pairs]
    n = np.bincount(start, minlength=int(step.max(initial=0)) + 1)
    total = np.bincount(start, along.changes, minlength=len(n))
    few = n < ENOUGH
    change = np.where(few, total[few].sum() / max(1, n[few].sum()), total / np.maximum(1, n))
    change[0] = 0.0
    return np.asarray(np.concatenate([[0.0], np.cumsum(change)])[step])


def variances(x: Floats, thread: Ints, user: Ints) -> tuple[float, float, float]:
    """Between users, threads and prompts, none below 0; all of it between users where they are undefined."""
    sums = nested_sums(x, ranks(thread), ranks(user))
    found = np.maximum(components(sums.sum(axis=0)), 0)
    if np.isnan(found).any() or not found.sum() > 0:
        return 1.0, 0.0, 1.0
    of_user, of_thread, of_prompt = found.tolist()
    return of_user, of_thread, max(of_prompt, 1e-6 * float(found.sum()))


def _mean_of_users(x: Floats, user: Ints) -> float:
    n = np.bincount(user)
    return float((np.bincount(user, x)[n > 0] / n[n > 0]).mean())


def _along(values: Floats, groups: Ints) -> Floats:
    """Running sums within groups that stand side by side, the present value included."""
    total = np.cumsum(values)
    opens = np.maximum.accumulate(np.where(np.diff(groups, prepend=-1) != 0, np.arange(len(groups)), 0))
    return np.asarray(total - (total - values)[opens])


def _before(values: Floats, users: Ints, threads: Ints) -> Floats:
    """Running sums within users over the threads before the present one; values stand at the ends of threads."""
    so_far = _along(values, users) - values
    opens = np.maximum.accumulate(np.where(np.diff(threads, prepend=-1) != 0, np.arange(len(threads)), 0))
    return np.asarray(so_far[opens])
