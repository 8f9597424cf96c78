"""How threads end: satisfied, switched or abandoned."""

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Steps
from unspool.stats.jackknife import Floats

SATISFIED, SWITCHED, ABANDONED = "satisfied", "switched", "abandoned"
CAUSES = (SATISFIED, SWITCHED, ABANDONED)
DAY = 24 * 60 * 60 * 1000
SOON = 30 * 60 * 1000
"""Milliseconds within which the user's next thread must begin for a switch."""


def causes(steps: Steps, upscaled: Floats) -> tuple[Ints, str | None]:
    """Of each prompt: 0 not its thread's last, 1 to 3 the place of its cause in CAUSES, -1 an end of unknown cause.

    Satisfied: the last prompt was upscaled. Switched: it was not, and the user's next thread begins within 30 minutes.
    Abandoned: neither. Unknown: where the upscale or a time of the user is, and where the log ends within 30 minutes.
    The note counts the threads that end in an unknown way for want of times, and the last threads of users, whose
    switch the log cannot see.
    """
    code = np.zeros(len(steps.left), dtype=np.int64)
    last = np.flatnonzero(steps.left == 0)
    if not len(last):
        return code, None
    wait, seen = _waits(steps, last)
    not_kept = upscaled[last] == 0
    code[last] = -1
    code[last[upscaled[last] == 1]] = 1
    code[last[not_kept & (wait <= SOON)]] = 2
    code[last[not_kept & seen & ~(wait <= SOON)]] = 3
    return code, _note(int((not_kept & np.isnan(wait)).sum()), int((not_kept & np.isinf(wait)).sum()))


def _note(untimed: int, unseen: int) -> str | None:
    said = [
        f"{untimed:,} threads of users without all times of day end in an unknown way" if untimed else "",
        f"{unseen:,} threads are their user's last: a switch to a later one is not seen" if unseen else "",
    ]
    return "; ".join(filter(None, said)) or None


def _waits(steps: Steps, last: Ints) -> tuple[Floats, Flags]:
    """Milliseconds from each thread's last prompt to the user's next thread, inf without one.

    NaN for users of whom a time is missing at a thread's beginning or end: a switch could hide there. And whether the
    log goes on for 30 minutes after it, or has a later thread of the user.
    """
    time = steps.of(pl.col("time").dt.epoch("ms"))
    first = np.flatnonzero(np.diff(steps.thread, prepend=-1))
    lost = np.isnan(time[first]) | np.isnan(time[last])
    lost |= bool((np.nan_to_num(time) % DAY == 0).all())
    lost = np.bincount(steps.user[first], lost)[steps.user[first]] > 0
    if lost.all() or steps.people.ids is None:
        return np.full(len(last), np.nan), np.zeros(len(last), dtype=bool)
    begin, end = (np.where(lost, np.nanmax(time), time[places]) for places in (first, last))
    span = int(max(begin.max(), end.max()) - begin.min()) + 1
    begun = steps.user[first] * span + (begin - begin.min()).astype(np.int64)
    ended = steps.user[last] * span + (end - begin.min()).astype(np.int64)
    order = np.argsort(begun, kind="stable")
    own = np.empty(len(begun), dtype=np.int64)
    own[order] = np.arange(len(begun))
    begun = begun[order]
    # Where times are coarse the next thread may begin at the very time at which this one ends.
    place = np.maximum(np.searchsorted(begun, ended), own + 1)
    follows = begun[np.minimum(place, len(begun) - 1)]
    same_user = (place < len(begun)) & (follows // span == steps.user[last])
    wait = np.where(lost, np.nan, np.where(same_user, follows - ended, np.inf))
    return wait, ~lost & (same_user | (end + SOON <= np.nanmax(time)))
