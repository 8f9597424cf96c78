"""How threads end: satisfied, switched or abandoned."""

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Steps
from unspool.stats.jackknife import Floats

SATISFIED, SWITCHED, ABANDONED = "satisfied", "switched", "abandoned"
CAUSES = (SATISFIED, SWITCHED, ABANDONED)
SOON = 30 * 60 * 1000
"""Milliseconds within which the user's next thread must begin for a switch."""


def causes(steps: Steps, upscaled: Floats) -> tuple[Ints, str | None]:
    """Of each prompt: 0 not its thread's last, 1 to 3 the place of its cause in CAUSES, -1 an end of unknown cause.

    Satisfied: the last prompt was upscaled. Switched: it was not, and the user's next thread begins within 30 minutes.
    Abandoned: neither. Unknown: where upscales or times are, and where the log ends within 30 minutes. The note counts
    the last threads of users, whose switch the log cannot see.
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
    unseen = int((not_kept & np.isinf(wait)).sum())
    note = f"{unseen:,} threads are their user's last: a switch to a later one is not seen" if unseen else None
    return code, note


def _waits(steps: Steps, last: Ints) -> tuple[Floats, Flags]:
    """Milliseconds from each thread's last prompt to the user's next thread, inf without one, NaN without times.

    And whether the log goes on for 30 minutes after it, or has a later thread of the user.
    """
    time = steps.of(pl.col("time").dt.epoch("ms"))
    first = np.flatnonzero(np.diff(steps.thread, prepend=-1))
    if np.isnan(time[np.concatenate([first, last])]).any() or steps.people.ids is None:
        return np.full(len(last), np.nan), np.zeros(len(last), dtype=bool)
    begin, end = time[first], time[last]
    span = int(max(begin.max(), end.max()) - begin.min()) + 1
    begun = np.sort(steps.user[first] * span + (begin - begin.min()).astype(np.int64))
    ended = steps.user[last] * span + (end - begin.min()).astype(np.int64)
    place = np.searchsorted(begun, ended, side="right")
    follows = begun[np.minimum(place, len(begun) - 1)]
    same_user = (place < len(begun)) & (follows // span == steps.user[last])
    wait = np.where(same_user, follows - ended, np.inf)
    return wait, same_user | (end + SOON <= np.nanmax(time))
