"""From the classes of words to the kinds of what is depicted. The rules in words: docs/analyses/growth.md."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unspool import tables
from unspool.edits._word_classes import CLASS, Codes

ENTITY, ATTRIBUTE, RELATION, SETTING, ACTION = (
    tables.WORD_KINDS.index(kind) for kind in ("entity", "attribute", "relation", "setting", "action")
)
NONE = -1

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Words:
    """Words one after the other: their classes, which rules change, and whether each begins a run.

    A run is what stands side by side in a text without a break or a word of a style kind.
    """

    code: Codes
    begins: Flags

    def among(self, *names: str) -> Flags:
        """Whether each word is of one of these classes."""
        wanted = np.zeros(len(CLASS), dtype=np.bool_)
        wanted[[CLASS[name] for name in names]] = True
        return wanted[self.code]

    def before(self, flags: Flags) -> Flags:
        """Whether the flag is set in the word before, in the same run."""
        return np.concatenate([[False], flags[:-1]]) & ~self.begins

    def after(self, flags: Flags) -> Flags:
        """Whether the flag is set in the word after, in the same run."""
        return np.concatenate([flags[1:] & ~self.begins[1:], [False]])


def kinds_of(words: Words) -> Codes:
    """The kind of each word, as a place in tables.WORD_KINDS."""
    if not len(words.code):
        return np.zeros(0, dtype=np.int8)
    _verbs(words)
    _numbers(words)
    phrase = _Phrases(words)
    kind = np.full(len(words.code), ENTITY, dtype=np.int8)
    kind[words.among("adjective", "number", "past", "adverb")] = ATTRIBUTE
    kind[words.among("material") & phrase.describes] = ATTRIBUTE
    kind[words.among("verb", "ing")] = ACTION
    kind[words.among("place_preposition", "preposition")] = RELATION
    kind[phrase.setting] = SETTING
    adverb = words.among("adverb") & ~phrase.setting
    kind[adverb & words.before(kind == ACTION) & ~words.after(kind == ATTRIBUTE)] = ACTION
    last = words.among("place_preposition", "preposition") & ~words.after(np.ones(len(kind), dtype=np.bool_))
    kind[last & words.before(words.among("verb", "ing"))] = ACTION
    _small(words, kind)
    return kind


def _verbs(words: Words) -> None:
    """A participle before what it describes is an adjective; after a noun, -ing is an action, the other a state.

    A verb after an article or an adjective is a noun. "To" before a verb goes with it, else it is a preposition.
    """
    words.code[words.among("past") & words.before(words.among("pronoun"))] = CLASS["verb"]
    describes = words.after(words.among("noun", "place", "built", "material", "adjective"))
    noun = words.before(words.among("noun", "place", "built", "material", "pronoun"))
    words.code[words.among("ing", "past") & describes & ~noun] = CLASS["adjective"]
    opened = words.before(words.among("adjective", "number", "material") | words.among("small") & ~_auxiliary(words))
    words.code[words.among("verb") & opened] = CLASS["noun"]
    to = words.among("to")
    words.code[to] = np.where(words.after(words.among("verb"))[to], CLASS["small"], CLASS["preposition"])


def _auxiliary(words: Words) -> Flags:
    """A small word right after a noun or a pronoun is a form of "be", or joins."""
    return words.before(words.among("noun", "place", "built", "material", "pronoun"))


def _numbers(words: Words) -> None:
    """A number counts what follows, or is a name or a leftover of parameters."""
    counts = words.after(words.among("noun", "place", "built", "material", "adjective", "pronoun", "number"))
    words.code[words.among("number") & ~counts] = CLASS["noun"]


class _Phrases:
    """Noun phrases: adjectives and nouns side by side; the last noun is the head.

    `describes`: whether a word stands before the head of its phrase. `setting`: whether the phrase says where or when,
    for its words and for the preposition before it.
    """

    def __init__(self, words: Words) -> None:
        noun = words.among("noun", "place", "built", "material")
        inside = noun | words.among("adjective", "number", "past")
        firsts = inside & ~words.before(inside)
        place = np.arange(len(inside))
        self.first = np.flatnonzero(firsts)
        # What is in no phrase has the number of one more, which has no head and is no setting.
        self.number = np.where(inside, np.cumsum(firsts) - 1, len(self.first))
        self.head = np.full(len(self.first) + 1, NONE)
        np.maximum.at(self.head, self.number[noun], place[noun])
        self.describes = inside & (place < self.head[self.number])
        opener = _last(words, ~words.among("small"))[self.first]
        self.setting = self._settings(words, opener)

    def _settings(self, words: Words, opener: Ints) -> Flags:
        """`opener`: the last word before each phrase that is not small."""
        head, opened = self.head[:-1], opener != NONE
        code = np.where(head != NONE, words.code[head], NONE)
        at_place = opened & words.among("place_preposition")[opener]
        setting = np.append((code == CLASS["place"]) | at_place & (code == CLASS["built"]), False)
        after_of = opened & (words.among("of") & ~words.begins)[opener]
        before = np.where(after_of, self.number[np.maximum(opener - 1, 0)], len(head))
        for _ in range(2):  # "in the middle of the ruins of a palace"
            setting[:-1] |= setting[before]
        found: Flags = setting[self.number]
        ties = opened & words.among("place_preposition", "preposition", "of")[opener] & setting[:-1]
        found[opener[ties]] = True
        return found


def _last(words: Words, firm: Flags) -> Ints:
    """The place of the last firm word before each word in its run, NONE if there is none."""
    place = np.arange(len(firm))
    last = np.maximum.accumulate(np.where(firm, place, NONE))
    begin = np.maximum.accumulate(np.where(words.begins, place, 0))
    last = np.concatenate([[NONE], last[:-1]])
    return np.where(last >= begin, last, NONE)


def _next(words: Words, firm: Flags) -> Ints:
    """The place of the next firm word after each word in its run, NONE if there is none."""
    ends = np.concatenate([words.begins[1:], [True]])[::-1]
    found = _last(Words(words.code[::-1], ends), firm[::-1])[::-1]
    return np.where(found == NONE, NONE, len(firm) - 1 - found)


def _small(words: Words, kind: Codes) -> None:
    """A small word takes the kind of the next word in its run, "of" that of the last; else of the other side."""
    of = words.among("of")
    firm = ~words.among("small") & ~of
    places = np.flatnonzero(~firm & (kind != SETTING))
    last, coming = _last(words, firm)[places], _next(words, firm)[places]
    first, second = np.where(of[places], last, coming), np.where(of[places], coming, last)
    taken = np.where(first != NONE, first, second)
    kind[places] = np.where(taken == NONE, ENTITY, kind[taken])
