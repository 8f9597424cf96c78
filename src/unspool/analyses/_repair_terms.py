"""Content words that were added along threads, and the grids after which they could have been."""

from dataclasses import dataclass

import numpy as np

from unspool.analyses._captions import CONTENT, Captioned
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags

REACH = 10
"""A word that is added later counts as one that could have been added now if that comes within so many prompts."""


@dataclass(frozen=True)
class Additions:
    """One value per content word that a prompt has and the prompt before it in the thread has not.

    `place`: of the prompt before, whose grid the user saw. `missing`: no caption of that grid has the word. `appears`:
    some caption of the next grid has it. `waits`: earlier prompts in a row, up to the last one that had the word, after
    which it could have been added and was not.
    """

    place: Ints
    word: Ints
    missing: Flags
    appears: Flags
    waits: Ints


def additions(log: Captioned) -> Additions:
    """The added words between prompts that both have captions."""
    said, steps = log.said, log.steps
    order = np.lexsort((said.place, said.word, steps.thread[said.place]))
    place, word, family = said.place[order], said.word[order], said.family[order]
    thread, step = steps.thread[place], steps.step[place]
    again = (np.diff(thread, prepend=-1) == 0) & (np.diff(word, prepend=-1) == 0)
    apart = step - np.where(again, np.roll(step, 1), 0)
    added = np.flatnonzero((step > 1) & (apart > 1) & (family == CONTENT))
    kept = added[log.known[place[added]] & log.known[place[added] - 1]]
    before, word = place[kept] - 1, word[kept]
    missing, appears = ~log.shown.hold(before, word), log.shown.hold(before + 1, word)
    return Additions(before, word, missing, appears, apart[kept] - 2)


@dataclass(frozen=True)
class Chances:
    """Words that could be added after a grid: `now` those that were, the others came later in the thread.

    `place`: of the grid's prompt. `missing`: no caption of the grid has the word.
    """

    place: Ints
    word: Ints
    now: Flags
    missing: Flags


def chances(log: Captioned, found: Additions) -> Chances:
    """The added words, and for the same grids those that the user added within REACH prompts but not yet."""
    waits = np.minimum(found.waits, REACH - 1)
    back = np.arange(waits.sum()) - np.repeat(np.cumsum(waits) - waits, waits) + 1
    place, word = np.repeat(found.place, waits) - back, np.repeat(found.word, waits)
    compared = np.isin(place, found.place) & log.known[place]
    place, word = place[compared], word[compared]
    now = np.arange(len(found.place) + len(place)) < len(found.place)
    missing = np.concatenate([found.missing, ~log.shown.hold(place, word)])
    return Chances(np.concatenate([found.place, place]), np.concatenate([found.word, word]), now, missing)


def held(log: Captioned, rows: Chances) -> tuple[Chances, Flags]:
    """The chances that were there after the grid before too, and whether the word was missing from that one.

    Kept are those of which the prompt before is of the same thread, has captions, and has not the word either.
    """
    before = np.maximum(rows.place - 1, 0)
    kept = (log.steps.step[rows.place] > 1) & log.known[before] & ~log.said.hold(before, rows.word)
    found = Chances(rows.place[kept], rows.word[kept], rows.now[kept], rows.missing[kept])
    return found, ~log.shown.hold(found.place - 1, found.word)


def by_chance(log: Captioned, found: Additions, partner: Ints) -> tuple[Flags, Flags]:
    """Whether each added word is missing before and appears after in the grids of another pair of prompts.

    `partner`: by added word the place of that pair's first prompt, -1 for none. Also whether there is such a pair.
    """
    there = partner >= 0
    other = np.maximum(partner, 0)
    return ~log.shown.hold(other, found.word) & log.shown.hold(np.where(there, other + 1, 0), found.word), there


def net_repairs(log: Captioned) -> Ints:
    """Per pair of prompts with captions: details said and shown from now on, less those no longer said and shown.

    The first are content words that are new in the prompt, missing from the grid before and there in the next; the
    others the same read backwards. Without growth of what is depicted the two balance.
    """
    later, earlier = log.pairs + 1, log.pairs
    return _newly(log, earlier, later) - _newly(log, later, earlier)


def _newly(log: Captioned, before: Ints, after: Ints) -> Ints:
    number, at = log.said.at(after)
    place, word, family = log.said.place[at], log.said.word[at], log.said.family[at]
    new = (family == CONTENT) & ~log.said.hold(before[number], word)
    new &= ~log.shown.hold(before[number], word) & log.shown.hold(place, word)
    return np.bincount(number[new], minlength=len(after))
