"""The threads of each user one after the other: which thread follows which, and what the two have in common."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Steps
from unspool.edits.terms import CONTENT, coded_terms
from unspool.features.length import WORD
from unspool.stats.jackknife import Floats

ALIKE = 0.5
"""Share of the content terms of the shorter prompt from which on two threads are about the same."""
TAIL = 8
"""Words at the end of two prompts that make the second a paste of the first where they are the same."""
MOST_THREADS = 200_000
"""Threads whose texts are compared at most; of a larger log a random sample of whole users is taken."""


@dataclass(frozen=True)
class Sequel:
    """Threads of the users that were looked at, by user and time; one value per thread in every array.

    `first`, `last`: places of their first and last prompts in Steps. `user`: codes. `number`: from 0 within the user.
    `again`: it is about the same as the thread before, so that it may be a part of it. `after`: there is a thread of
    the user before it, which had ended when it began. `pasted`: it begins with the tail of that thread's last prompt.
    `hours` since then, NaN without times. `sampled`: how many users were looked at, None for all.
    """

    first: Ints
    last: Ints
    user: Ints
    number: Ints
    again: Flags
    after: Flags
    pasted: Flags
    hours: Floats
    sampled: int | None

    @property
    def follows(self) -> Flags:
        """Whether a thread and the one before it are a sound pair: neither is about the same as the one before it."""
        found = self.after & ~self.again
        found[1:] &= ~self.again[:-1]
        return found

    def runs(self, length: int) -> Ints:
        """The last threads of all runs of so many threads of which each follows the one before soundly."""
        chain = self.follows
        inside = np.ones(len(chain), dtype=np.bool_)
        for back in range(length - 1):
            inside &= np.concatenate([np.zeros(min(back, len(chain)), np.bool_), chain[: len(chain) - back]])
        return np.flatnonzero(inside)


def sequel(steps: Steps, most: int = MOST_THREADS) -> Sequel:
    """The threads of a log's users in the order of their first prompts."""
    first = np.flatnonzero(np.diff(steps.thread, prepend=-1))
    last = np.append(first[1:], len(steps.thread))[: len(first)] - 1
    order = np.lexsort((steps.order[first], steps.user[first]))
    first, last = first[order], last[order]
    kept, sampled = _sample(steps, steps.user[first], most)
    first, last = first[kept], last[kept]
    user = steps.user[first]
    opens = np.flatnonzero(np.diff(user, prepend=-1))
    number = np.arange(len(user)) - np.repeat(opens, np.diff(opens, append=len(user)))
    again, pasted = _alike(steps, first, last, number > 0)
    ended = np.concatenate([np.zeros(min(1, len(user)), np.bool_), steps.order[last[:-1]] < steps.order[first[1:]]])
    return Sequel(first, last, user, number, again, (number > 0) & ended, pasted, _hours(steps, first, last), sampled)


def _sample(steps: Steps, user: Ints, most: int) -> tuple[Flags, int | None]:
    """Which threads belong to the users that are looked at, and how many users these are."""
    if len(user) <= most:
        return np.ones(len(user), dtype=np.bool_), None
    threads = np.bincount(user)
    drawn = np.random.default_rng(steps.log.settings.seed).permutation(len(threads))
    chosen = np.zeros(len(threads), dtype=np.bool_)
    chosen[drawn[np.cumsum(threads[drawn]) <= most]] = True
    kept = chosen[user]
    return kept, int((np.bincount(user[kept]) > 0).sum())


def _alike(steps: Steps, first: Ints, last: Ints, has_before: Flags) -> tuple[Flags, Flags]:
    """Whether each thread is about the same as the one before, and whether it begins with a paste from there."""
    here = np.flatnonzero(has_before)
    texts = steps.column(pl.col("text"))
    again, pasted = (np.zeros(len(first), dtype=np.bool_) for _ in range(2))
    if len(here):
        opening, before, ending = (texts.gather(at) for at in (first[here], first[here - 1], last[here - 1]))
        again[here] = (_overlap(before, opening) >= ALIKE) | (_overlap(ending, opening) >= ALIKE)
        pasted[here] = (tails(ending) == tails(opening)).fill_null(False).to_numpy()
    return again, pasted


def _overlap(one: pl.Series, other: pl.Series) -> Floats:
    """Content terms of two texts that are the same, by those of the text that has fewer; 0 where one has none."""
    n = len(one)
    found = coded_terms(pl.concat([one, other])).of(CONTENT)
    sizes = np.bincount(found.row, minlength=2 * n)
    key = np.sort((found.row % n) * (len(found.names) + 1) + found.code)
    shared = np.bincount(key[1:][key[1:] == key[:-1]] // (len(found.names) + 1), minlength=n)
    return np.asarray(shared / np.maximum(1, np.minimum(sizes[:n], sizes[n:])))


def tails(texts: pl.Series) -> pl.Series:
    """The last words of each text in lower case, null for a text of fewer."""
    words = texts.str.to_lowercase().str.extract_all(WORD)
    frame = pl.DataFrame({"words": words}, schema={"words": pl.List(pl.String)})
    long = pl.col("words").list.len() >= TAIL
    return frame.select(pl.when(long).then(pl.col("words").list.tail(TAIL).list.join(" ")))["words"]


def _hours(steps: Steps, first: Ints, last: Ints) -> Floats:
    """Hours from the last prompt of the thread before to the first of each thread; of no meaning for a first thread."""
    times = steps.of(pl.col("time").dt.epoch("ms"))
    hours = np.full(len(first), np.nan)
    hours[1:] = (times[first[1:]] - times[last[:-1]]) / 3_600_000
    return hours


def notes(found: Sequel) -> Iterator[str]:
    """What was left out, in words."""
    has_before = found.number > 0
    if found.sampled is not None:
        yield f"on a random sample of {found.sampled:,} users"
    alike, early = int(found.again.sum()), int((has_before & ~found.after).sum())
    if alike:
        yield (
            f"{alike:,} of {has_before.sum():,} next threads share half of their content words with the thread before "
            "and may be parts of it: left out, with the pair after each"
        )
    if early:
        yield f"{early:,} next thread(s) began before the thread before had ended: left out"
