"""The threads of each user one after the other: which thread follows which, and what the two have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Steps
from unspool.edits.terms import CONTENT, Terms, coded_terms
from unspool.features.length import WORD
from unspool.stats.jackknife import Floats
from unspool.syntax.codes import coded, places

ALIKE = 0.5
"""Share of the content terms of the shorter prompt from which on two threads are about the same."""
TAIL = 8
"""Words at the end of two prompts that make the second a paste of the first where they are the same."""
MOST_THREADS = 200_000
"""Threads whose texts are compared at most; of a larger log a random sample of whole users is taken."""


@dataclass(frozen=True)
class Said:
    """What the first and the last prompts of n threads say: those of thread t are the rows t and n + t.

    `tail`: code of a row's last words, -1 for a row that has fewer than TAIL.
    """

    terms: Terms
    tail: Ints
    n: int

    def of(self, family: str) -> "Said":
        """The terms of one family."""
        return Said(self.terms.of(family), self.tail, self.n)

    def pasted(self, one: Ints, other: Ints) -> Flags:
        """Whether two rows end with the same words."""
        return np.asarray((self.tail[one] == self.tail[other]) & (self.tail[one] >= 0))

    def within(self, rows: Ints) -> tuple[Ints, Ints]:
        """All terms of some rows: the place of the row among `rows`, and the term's code."""
        sizes = np.bincount(self.terms.row, minlength=2 * self.n)
        return np.repeat(np.arange(len(rows)), sizes[rows]), self.terms.code[places(rows, sizes)]

    def has(self, rows: Ints, codes: Ints) -> Flags:
        """Whether each row has the term beside it."""
        if not len(self._keys):
            return np.zeros(len(rows), dtype=np.bool_)
        wanted = rows * len(self.terms.names) + codes
        there = np.searchsorted(self._keys, wanted)
        return np.asarray(self._keys[np.minimum(there, len(self._keys) - 1)] == wanted)

    @cached_property
    def _keys(self) -> Ints:
        return self.terms.row * len(self.terms.names) + self.terms.code

    def overlap(self, one: Ints, other: Ints) -> Floats:
        """Terms that two rows share, by those of the row that has fewer; 0 where one has none."""
        sizes = np.bincount(self.terms.row, minlength=2 * self.n)
        which, code = self.within(one)
        shared = np.bincount(which[self.has(other[which], code)], minlength=len(one))
        return np.asarray(shared / np.maximum(1, np.minimum(sizes[one], sizes[other])))


@dataclass(frozen=True)
class Sequel:
    """Threads of the users that were looked at, by user and time; one value per thread in every array.

    `first`, `last`: places of their first and last prompts in Steps. `said`: what these say. `user`: codes. `number`:
    from 0 within the user. `again`: it is about the same as the thread before, so that it may be a part of it.
    `after`: there is a thread of the user before it, which had ended when it began. `pasted`: it begins with the tail
    of that thread's last prompt. `began`: hours since 1970; `hours`: since the end of the thread before, of no meaning
    for a first thread; both NaN without times. `sampled`: how many users were looked at, None for all.
    """

    first: Ints
    last: Ints
    said: Said
    user: Ints
    number: Ints
    again: Flags
    after: Flags
    pasted: Flags
    began: Floats
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
    said = _said(steps.column(pl.col("text"), np.concatenate([first, last])))
    has_before = number > 0
    again, pasted = _again(said.of(CONTENT), has_before), np.zeros(len(user), dtype=np.bool_)
    here = np.flatnonzero(has_before)
    pasted[here] = said.pasted(here - 1 + said.n, here)
    ended = np.concatenate([np.zeros(min(1, len(user)), np.bool_), steps.order[last[:-1]] < steps.order[first[1:]]])
    began, hours = _hours(steps, first, last)
    return Sequel(first, last, said, user, number, again, has_before & ended, pasted, began, hours, sampled)


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


def _said(texts: pl.Series) -> Said:
    """What texts say: first the first prompts of all threads, then their last."""
    ends = tails(texts)
    tail = np.full(len(texts), -1, dtype=np.int64)
    tail[ends.is_not_null().to_numpy()] = coded(ends.drop_nulls())[0]
    return Said(coded_terms(texts), tail, len(texts) // 2)


def _again(said: Said, has_before: Flags) -> Flags:
    """Whether each thread is about the same as the one before."""
    again = np.zeros(said.n, dtype=np.bool_)
    here = np.flatnonzero(has_before)
    for before in (here - 1, here - 1 + said.n):
        again[here] |= said.overlap(before, here) >= ALIKE
    return again


def tails(texts: pl.Series) -> pl.Series:
    """The last words of each text in lower case, null for a text of fewer."""
    words = texts.str.to_lowercase().str.extract_all(WORD)
    frame = pl.DataFrame({"words": words}, schema={"words": pl.List(pl.String)})
    long = pl.col("words").list.len() >= TAIL
    return frame.select(pl.when(long).then(pl.col("words").list.tail(TAIL).list.join(" ")))["words"]


def _hours(steps: Steps, first: Ints, last: Ints) -> tuple[Floats, Floats]:
    """Hours at which each thread began, and from the last prompt of the thread before to there; NaN without times."""
    times = steps.of(pl.col("time").dt.epoch("ms")) / 3_600_000
    between = np.full(len(first), np.nan)
    between[1:] = times[first[1:]] - times[last[:-1]]
    return times[first], between


def notes(found: Sequel) -> Iterator[str]:
    """What was left out, in words."""
    yield from sample(found)
    yield from pairs_left_out(found)


def sample(found: Sequel) -> Iterator[str]:
    """Of how many users the threads are, if not of all."""
    if found.sampled is not None:
        yield f"on a random sample of {found.sampled:,} users"


def pairs_left_out(found: Sequel) -> Iterator[str]:
    """How many threads are no sound pair with the one before."""
    has_before = found.number > 0
    alike, early = int(found.again.sum()), int((has_before & ~found.after).sum())
    if alike:
        yield (
            f"{alike:,} of {has_before.sum():,} next threads share half of their content words with the thread before "
            "and may be parts of it: left out, with the pair after each"
        )
    if early:
        yield f"{early:,} next thread(s) began before the thread before had ended: left out"
