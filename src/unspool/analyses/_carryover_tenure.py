"""How first prompts change from thread to thread of a user: rows of the analysis carryover."""

from collections.abc import Iterator

import numpy as np

from unspool.analyses._carryover_rows import Rows, Values
from unspool.analyses._people import Ints
from unspool.analyses._sequel import Sequel
from unspool.analyses._steps import Row
from unspool.stats.jackknife import Estimate, Floats, jackknife
from unspool.stats.within import ols_estimator, ols_sums, within

MOST_STEPS, ENOUGH = 10, 50
"""Threads per user that tenure looks at, at most; users that must have so many for it to look at them."""
MOST_WEEKS = 26
"""Periods that have an effect of their own, at most: the weeks of a longer log are put together."""


def tenure(rows: Rows, x: Values) -> Iterator[Row]:
    """The mean first and last prompt of threads 1, 2, ... of the users with so many, and the slope of the first."""
    panel = _panel(rows.found, x)
    note = f"the first {panel.shape[1]} threads of users with as many that have values; parts of threads not counted"
    if panel.shape[1] < 2:
        yield rows.row(
            Estimate(None, note="no user has two threads"), x, "tenure_slope", None, **rows.numbers(panel[:0, 0])
        )
        return
    ended = panel[~np.isnan(x.gain[panel]).any(axis=1)]
    *means, rise = rows.estimates([np.ones(len(panel)), *x.first[panel].T], panel[:, 0], _along)
    last = rows.estimates([np.ones(len(ended)), *(x.first + x.gain)[ended].T], ended[:, 0], _along)[:-1]
    numbers = rows.steps.numbers(rows.found.first[panel.ravel()])
    yield from _by_number(rows, x, "tenure", means, panel, note)
    yield from _by_number(rows, x, "tenure_last", last, ended, f"last prompts of {note}")
    yield rows.row(rise, x, "tenure_slope", note, **numbers)
    timed = panel[~np.isnan(rows.found.began[panel]).any(axis=1)]
    numbers = rows.steps.numbers(rows.found.first[timed.ravel()])
    yield rows.row(_in_weeks(rows, x, timed), x, "tenure_slope_weeks", note, **numbers)


def _by_number(rows: Rows, x: Values, estimand: str, means: list[Estimate], panel: Ints, note: str) -> Iterator[Row]:
    for number, one in enumerate(means):
        counts = rows.steps.numbers(rows.found.first[panel[:, number]])
        yield rows.row(one, x, estimand, note, **counts, step=number + 1, p_value=None)


def _panel(found: Sequel, x: Values) -> Ints:
    """Threads, shape (users, K): the first K of each user that has K with values."""
    own = np.flatnonzero(~found.again & ~np.isnan(x.first))
    user = found.user[own]
    opens = np.flatnonzero(np.diff(user, prepend=-1))
    sizes = np.diff(opens, append=len(user))
    have = np.array([(sizes >= k).sum() for k in range(1, MOST_STEPS + 1)])
    enough = np.flatnonzero(have >= ENOUGH)
    k = max(2, int(enough[-1]) + 1 if len(enough) else 0)
    k = k if have[k - 1] else 1
    return np.asarray(own[opens[sizes >= k][:, None] + np.arange(k)])


def _along(sums: Floats) -> Floats:
    """From sums (..., 1 + K) of ones and values by number: means by number, and their slope on it."""
    means = sums[..., 1:] / np.where(sums[..., :1] == 0, np.nan, sums[..., :1])
    away = np.arange(means.shape[-1]) - (means.shape[-1] - 1) / 2
    return np.concatenate([means, (means * away).sum(axis=-1, keepdims=True) / (away**2).sum()], axis=-1)


def _in_weeks(rows: Rows, x: Values, panel: Ints) -> Estimate:
    """The slope of the first prompt on the number of the thread, with effects of users and of calendar weeks."""
    if not len(panel):
        none = np.isnan(rows.found.began).all()
        return Estimate(None, note="the log has no times" if none else "of no user all times are known")
    week = _weeks(rows.found.began[panel.ravel()])
    user = rows.found.user[panel.ravel()]
    own = np.repeat(np.arange(len(panel)), panel.shape[1])
    number = np.tile(np.arange(panel.shape[1], dtype=np.float64), len(panel))
    columns = [*(week == each for each in range(1, week.max() + 1)), number]
    y, *z = (within(column.astype(np.float64), own) for column in (x.first[panel.ravel()], *columns))
    people = rows.steps.people
    sums = ols_sums(y, z, people.units[user], people.n_units)
    return jackknife(sums, ols_estimator(len(z)), level=rows.steps.log.settings.level)[-1]


def _weeks(hours: Floats) -> Ints:
    """Codes of the weeks in which there is anything, as many weeks together as make MOST_WEEKS."""
    week = np.unique(hours // (7 * 24), return_inverse=True)[1]
    return np.asarray(week * min(1, MOST_WEEKS / (week.max() + 1)), dtype=np.int64)
