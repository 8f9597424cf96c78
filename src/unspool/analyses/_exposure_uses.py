"""First uses of terms in a channel, and whether others had used the term just before them, or before another time."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses import Measured
from unspool.analyses._people import Ints, People
from unspool.analyses._sequel import tails
from unspool.analyses._steps import Flags
from unspool.edits.terms import Terms, coded_terms
from unspool.stats.jackknife import Floats

HOUR = 3_600_000
MESSAGES = 50
LEAST_USERS = 5
MOST_USES = 100_000
"""First uses of a family that are looked at at most, of a random sample of users; all uses of others still count."""
DRAWS = 5
MOST_PROMPTS = 1_000_000
"""Prompts that are looked at at most, the earliest of a log: first uses need its beginning."""
SHIFTS = tuple(hours * HOUR for hours in range(2, 9))
"""By how much times are shifted, to both sides."""


@dataclass(frozen=True)
class Channel:
    """The prompts that have a user and a time, by channel and time; one value per prompt in every array.

    `time`: ms. `begin`, `end`: where the prompt's channel begins and ends among them. `row`: of the prompt in `order`.
    """

    user: Ints
    time: Ints
    begin: Ints
    end: Ints
    thread: pl.Series
    text: pl.Series
    cut: int | None

    def position(self, prompts: Ints, time: Ints) -> Ints:
        """How many prompts of the whole log stand before the first of these prompts' channels at or after a time."""
        low = int(self.time.min(initial=0))
        width = int(self.time.max(initial=0)) - low + 2
        channel = np.cumsum(np.diff(self.begin, prepend=-1) > 0) - 1
        key = channel * width + (self.time - low)
        return np.searchsorted(key, channel[prompts] * width + np.clip(time - low, 0, width - 1))


def channels(log: Measured, people: People) -> Channel:
    """The prompts of a log that have a user, a time and a text."""
    known = log.prompts.filter(
        pl.col("user_id").is_not_null(), pl.col("time").is_not_null(), pl.col("text").is_not_null()
    )
    moment = pl.col("time").dt.epoch("ms").cast(pl.Int64)
    times = known.select(moment).collect()["time"]
    if len(times) > MOST_PROMPTS:  # texts of the others are not read
        known = known.filter(moment <= times.sort()[MOST_PROMPTS - 1])
    rows = known.select(
        people.code().cast(pl.Int64).alias("user"), moment, pl.col("channel_id").fill_null(""), "thread_id", "text"
    ).collect()
    rows = rows.sort("time", maintain_order=True).head(MOST_PROMPTS).sort("channel_id", "time", maintain_order=True)
    new = rows.select(pl.col("channel_id").rle_id().cast(pl.Int64))["channel_id"].to_numpy()
    start = np.flatnonzero(np.diff(new, prepend=-1))
    begin, end = start[new], np.append(start[1:], len(new))[new] if len(new) else start
    cut = rows.height if len(times) > rows.height else None
    user, time = rows["user"].to_numpy(), rows["time"].to_numpy()
    return Channel(user, time, begin, end, rows["thread_id"], rows["text"], cut)


class Seen:
    """All uses of some terms in a channel: answers what others had written in a stretch of it."""

    def __init__(self, there: Channel, uses: Terms) -> None:
        self._there, self._size, self._terms = there, len(there.user) + 1, len(uses.names) + 1
        self._uses = _sorted(uses.code * self._size + uses.row)
        pair = there.user[uses.row] * self._terms + uses.code
        self._pairs = _sorted(pair)
        self._pairs = self._pairs[np.diff(self._pairs, prepend=-1) > 0]
        self._own_uses = _sorted(np.searchsorted(self._pairs, pair) * self._size + uses.row)
        self._own = _sorted(there.user * self._size + np.arange(len(there.user)))

    def pairs(self, prompt: Ints, term: Ints) -> Ints:
        """The number of a prompt's user and a term; one that stands for no use where the user never uses the term."""
        wanted = self._there.user[prompt] * self._terms + term
        place = np.searchsorted(self._pairs, wanted)
        found = np.append(self._pairs, -1)[place] == wanted
        return np.where(found, place, len(self._pairs))

    def used(self, term: Ints, pair: Ints, start: Ints, stop: Ints) -> Flags:
        """Whether another user used the term in the prompts from `start` up to before `stop`."""
        every = self._between(self._uses, term, start, stop)
        some = np.flatnonzero(every)
        every[some] -= self._between(self._own_uses, pair[some], start[some], stop[some])
        return np.asarray(every > 0)

    def back(self, prompt: Ints, stop: Ints, n: int) -> tuple[Ints, Flags]:
        """Where the last n prompts of others before `stop` begin, and whether the channel has so many."""
        user, opens = self._there.user[prompt], self._there.begin[prompt]
        start, others = np.maximum(stop - n, opens), np.zeros(len(stop), dtype=np.int64)
        left = np.arange(len(stop))
        while len(left):
            own = self._between(self._own, user[left], start[left], stop[left])
            others[left] = stop[left] - start[left] - own
            further = np.maximum(start[left] - (n - others[left]), opens[left])
            moved = further < start[left]
            start[left] = further
            left = left[moved]
        return start, others == n

    def _between(self, keys: Ints, code: Ints, start: Ints, stop: Ints) -> Ints:
        low, high = (np.searchsorted(keys, code * self._size + edge) for edge in (start, stop))
        return high - low


def _sorted(keys: Ints) -> Ints:
    return np.asarray(np.sort(keys), dtype=np.int64)


@dataclass(frozen=True)
class Firsts:
    """First uses of terms of one family by users: the prompt and the term of each; `seen` knows all uses of such terms.

    `sampled`: of how many users they are where they are a sample, else None.

    Terms of fewer than LEAST_USERS users are left out. A user's own earlier uses are looked for in all channels.
    """

    prompt: Ints
    term: Ints
    seen: Seen
    sampled: int | None = None

    def only(self, chosen: Flags) -> "Firsts":
        """Some of them."""
        return Firsts(self.prompt[chosen], self.term[chosen], self.seen, self.sampled)


def firsts(there: Channel, said: Terms, seed: int = 0) -> Firsts:
    """The first use of each term by each user; of two at the same time the first in the log."""
    pair = there.user[said.row] * (len(said.names) + 1) + said.code
    order = np.lexsort((there.time[said.row], pair))
    first = order[np.diff(pair[order], prepend=-1) > 0]
    users = np.bincount(said.code[first], minlength=len(said.names))
    common = users >= LEAST_USERS
    kept = common[said.code]
    first = np.sort(first[common[said.code[first]]])
    chosen = _sample(there.user[said.row[first]], first, seed)
    sampled = len(np.unique(there.user[said.row[chosen]])) if len(chosen) < len(first) else None
    first = chosen
    seen = Seen(there, Terms(said.row[kept], said.code[kept], said.names))
    return Firsts(said.row[first], said.code[first], seen, sampled)


def _sample(user: Ints, first: Ints, seed: int) -> Ints:
    """At most MOST_USES first uses: those of whole users, drawn at random."""
    if len(first) <= MOST_USES:
        return first
    sizes = np.bincount(user)
    drawn = np.random.default_rng(seed).permutation(len(sizes))
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    chosen[drawn[np.cumsum(sizes[drawn]) <= MOST_USES]] = True
    return first[chosen[user]]


def families(there: Channel) -> Terms:
    """All terms of the prompts."""
    return coded_terms(there.text)


@dataclass(frozen=True)
class Exposed:
    """Whether the term of each first use was used by others just before it, and just before each shifted time.

    `shifted`, shape (shifts, uses): 1 or 0, NaN where that time is outside the channel. `expected`: their mean.
    """

    observed: Floats
    shifted: Floats

    @property
    def expected(self) -> Floats:
        """Share of the shifted times before which the term was used; NaN where no shifted time is in the channel."""
        known = ~np.isnan(self.shifted)
        total = np.where(known.any(axis=0), np.nansum(self.shifted, axis=0), np.nan)
        return np.asarray(total / np.maximum(1, known.sum(axis=0)))

    def only(self, chosen: Flags) -> "Exposed":
        """Those of some first uses."""
        return Exposed(self.observed[chosen], self.shifted[:, chosen])

    @property
    def inside(self) -> Flags:
        """First uses with a shifted time in the channel."""
        return ~np.isnan(self.expected + self.observed)


@dataclass(frozen=True)
class Windows:
    """What stands before first uses and before their shifted times: prompts from `start` up to before `stop`.

    Shape (1 + shifts, uses), the first uses themselves in row 0. `known`: it lies in the channel, and for a shift so
    does what stands before the opposite one: what rises or falls steadily goes out.
    """

    start: Ints
    stop: Ints
    known: Flags

    def only(self, chosen: Flags) -> "Windows":
        """Those of some first uses."""
        return Windows(self.start[:, chosen], self.stop[:, chosen], self.known[:, chosen])


def windows(there: Channel, first: Firsts, messages: int | None = None) -> Windows:
    """The hour before, or the last `messages` of others."""
    time = there.time[first.prompt]
    opens, closes = (there.time[edge[first.prompt]] for edge in (there.begin, there.end - 1))
    moments = [time, *(time + shift for hours in SHIFTS for shift in (-hours, hours))]
    stop = [there.position(first.prompt, moment) for moment in moments]
    if messages is None:
        start = [there.position(first.prompt, moment - HOUR) for moment in moments]
        known = [moment - HOUR >= opens for moment in moments]
    else:
        found = [first.seen.back(first.prompt, end, messages) for end in stop]
        start, known = [begin for begin, _ in found], [enough for _, enough in found]
    inside = np.stack([here & (moment <= closes) for here, moment in zip(known, moments, strict=True)])
    for place in range(1, len(inside), 2):
        inside[place] = inside[place + 1] = inside[place] & inside[place + 1]
    return Windows(np.stack(start), np.stack(stop), inside)


def exposed(first: Firsts, before: Windows) -> Exposed:
    """The exposures of first uses."""
    order = np.argsort(first.term, kind="stable")  # looking up in order is several times faster
    term, pair = first.term[order], first.seen.pairs(first.prompt, first.term)[order]
    found = np.full(before.start.shape, np.nan)
    for row, start, stop in zip(found, before.start[:, order], before.stop[:, order], strict=True):
        row[order] = first.seen.used(term, pair, start, stop)
    found[~before.known] = np.nan
    return Exposed(found[0], found[1:])


def busy(first: Firsts, before: Windows, seed: int) -> tuple[Floats, Floats]:
    """The observed and expected exposures to the terms of other first uses, drawn at random, in means over DRAWS.

    What these differ by is due to the channel being busier, or more varied, before a first use than before the shifted
    times: nobody used these terms for the first time there.
    """
    random = np.random.default_rng(seed)
    observed, expected = np.zeros(len(first.term)), np.zeros(len(first.term))
    for _ in range(DRAWS):
        others = exposed(Firsts(first.prompt, random.permutation(first.term), first.seen), before)
        observed += others.observed / DRAWS
        expected += others.expected / DRAWS
    return observed, expected


def pasted(there: Channel) -> Flags:
    """Whether each prompt ends with the same words as an earlier prompt of another user in the same log."""
    tail = pl.DataFrame({"tail": tails(there.text), "user": there.user, "time": there.time})
    first = pl.col("user").sort_by("time").first().over("tail")
    since = pl.col("time").min().over("tail")
    other = (pl.col("user") != first) & (pl.col("time") > since)
    return tail.select(other & pl.col("tail").is_not_null())["user"].fill_null(False).to_numpy()
