"""From phrases in a stream of words to the kind of each word. The rules in words: docs/features/style.md."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unspool.features._style_lexicon import (
    ALONE,
    FUNCTION,
    KIND,
    OF,
    OPENS_NEGATION,
    OPENS_STYLE,
    Codes,
    Matches,
    lexicon,
    matches,
    numbered,
    paint,
)
from unspool.features._style_words import Flags, Numbers, Stream

NAME_WORDS, STYLE_WORDS, NEGATED_WORDS, HEAD_WORDS = 3, 5, 3, 3
LONGEST_REPEAT = 3
OPEN, BREAK = -1, 64
"""An element in no phrase, and one that is a break."""
SUBJECT, STYLE, NEGATIVE, REPETITION = (KIND[name] for name in ("subject", "style", "negative", "repetition"))
VERB = r"^.{2,}(?:ed|en)$|^.{3,}ing$"


@dataclass(slots=True)
class Elements:
    """The elements of a stream: their numbers, whether they look like verbs, and their codes, which rules change."""

    number: Numbers
    verb: Flags
    code: Codes

    def among(self, name: str) -> Flags:
        """Whether each is one of a set of small words."""
        return np.take(lexicon().sets[name], self.number)

    def before(self, flags: Flags) -> Flags:
        """Whether the flag is set in the element before."""
        return np.concatenate([np.zeros(1, dtype=np.bool_), flags[:-1]])

    @property
    def joint(self) -> Flags:
        """Small words, which take the kind of a neighbour."""
        joint: Flags = (self.code == FUNCTION) | (self.code == OF)
        return joint

    @property
    def strong(self) -> Flags:
        """Elements of phrases that count wherever they stand."""
        return (self.code >= 0) & (self.code < ALONE)


def kinds_of(words: Stream) -> Codes:
    """The kind of each word, as a position in KINDS; repeats of a whole text are not looked for."""
    if not len(words.spelling):
        return np.zeros(0, dtype=np.int8)
    number = numbered(words.spellings)[words.spelling]
    found = matches(number)
    verb = words.spellings.str.contains(VERB).to_numpy()[words.spelling]
    elements = Elements(number, verb, paint(found, len(number)))
    elements.code[words.is_break] = BREAK
    openers = _openers(found, elements)
    _names(elements)
    _styles(elements, openers[OPENS_STYLE])
    _heads(elements)
    _alone(elements)
    _negations(elements, openers[OPENS_NEGATION])
    _joints(elements)
    kinds = _of_words(elements.code, words.word)
    kinds[repeats(words)] = REPETITION
    return kinds


def _openers(found: list[Matches], elements: Elements) -> dict[int, Numbers]:
    """Where the scopes of "in the style of" and of "no" begin; the cues take their kinds."""
    begins = {}
    for opener, kind in ((OPENS_STYLE, STYLE), (OPENS_NEGATION, NEGATIVE)):
        ends = [group.begin[group.code == opener] + group.length for group in found]
        after = np.unique(np.concatenate(ends))
        begins[opener] = after[elements.code[after - 1] == opener]
        elements.code[elements.code == opener] = kind
    return begins


def _scope(
    elements: Elements, begin: Numbers, words: int, ends: Callable[[Numbers, Flags], Flags], resets: Flags | None = None
) -> Flags:
    """Content words from `begin` on, at most so many, or so many again after a reset, up to where `ends` says stop.

    `ends` is asked with places and whether they are the first content word of their scope.
    """
    inside = np.zeros(len(elements.code), dtype=np.bool_)
    joint = elements.joint
    left = np.full(len(begin), words)
    while len(begin):
        alive = (elements.code[begin] != BREAK) & ~ends(begin, left == words) & ((left > 0) | joint[begin])
        begin, left = begin[alive], left[alive]
        inside[begin] |= ~joint[begin]
        left = left - ~joint[begin] if resets is None else np.where(resets[begin], words, left - ~joint[begin])
        begin = begin + 1
    return inside


def _names(elements: Elements) -> None:
    """After "by", up to three words are a name, and again after each "and", unless something there is none."""
    by = elements.number == lexicon().number("by")
    verb = elements.verb & (elements.code == OPEN) | elements.among("other_participle")
    begins = np.flatnonzero(elements.before(by & ~elements.before(verb & ~elements.among("names_maker"))))
    foreign = elements.strong & (elements.code != STYLE) | (elements.code >= ALONE) & ~elements.joint
    joins = elements.among("join")
    no_name = elements.among("not_artist") | foreign | (elements.joint & ~joins)
    scope = _scope(elements, begins, NAME_WORDS, lambda at, first: no_name[at] | elements.verb[at] & ~first, joins)
    elements.code[scope] = STYLE


def _styles(elements: Elements, begins: Numbers) -> None:
    """After "in the style of", up to five words are what it is the style of, up to a preposition."""
    ends = elements.among("stop") | elements.strong & np.isin(elements.code, [KIND[k] for k in ("quality", "negative")])
    ends |= elements.strong & np.isin(elements.code, [KIND["light"], KIND["camera"]])
    elements.code[_scope(elements, begins, STYLE_WORDS, lambda at, first: ends[at])] = STYLE


def _heads(elements: Elements) -> None:
    """Before "style", a known phrase, or up to three open words that fill the segment to there, or else one word."""
    heads = np.flatnonzero(elements.among("style_head"))
    places = np.maximum(heads - np.arange(1, HEAD_WORDS + 2)[:, None], -1)
    near = np.where(places < 0, np.int8(BREAK), elements.code[places])
    known = (near[0] >= 0) & (near[0] < FUNCTION) & (near[0] != NEGATIVE)
    run = np.cumprod([code == OPEN for code in near], axis=0).sum(axis=0)
    run = np.where(run > HEAD_WORDS, 1, run)
    for place, code in enumerate(near[:HEAD_WORDS], start=1):
        known &= code == near[0]
        elements.code[heads[known | (place <= run)] - place] = STYLE


def _alone(elements: Elements) -> None:
    """What counts only alone is a subject before an open word, and after one if nothing else follows."""
    alone = (elements.code >= ALONE) & (elements.code < FUNCTION)
    last, coming = _around(elements, np.flatnonzero(alone), ~alone & ~elements.joint)
    decides = np.where(coming != BREAK, coming, last)
    describes = (decides == OPEN) | (decides == SUBJECT)
    elements.code[alone] = np.where(describes, SUBJECT, elements.code[alone] - ALONE)


def _negations(elements: Elements, begins: Numbers) -> None:
    """A negation reaches over up to three words, up to a preposition or an unjoined phrase of another kind.

    What is joined by "and" or "or" belongs to it, unless it begins anew with an article or a pronoun.
    """
    joined = elements.before(elements.among("join"))
    other = elements.strong & (elements.code != SUBJECT) & (elements.code != NEGATIVE) & ~joined
    stop = elements.among("stop") | elements.among("article") & joined
    scope = _scope(elements, begins, NEGATED_WORDS, lambda at, first: stop[at] | other[at] & ~first)
    elements.code[scope] = NEGATIVE


def _joints(elements: Elements) -> None:
    """A small word takes the kind of the next word in its segment, "of" that of the last; else of the other side."""
    elements.code[elements.code == OPEN] = SUBJECT
    joint = elements.joint
    places = np.flatnonzero(joint)
    last, coming = _around(elements, places, ~joint)
    is_of = elements.code[places] == OF
    first, second = np.where(is_of, last, coming), np.where(is_of, coming, last)
    taken = np.where(first != BREAK, first, second)
    elements.code[places] = np.where(taken == BREAK, SUBJECT, taken)


def _around(elements: Elements, places: Numbers, firm: Flags) -> tuple[Codes, Codes]:
    """The code of the last firm element before each place and of the first after it. A stream ends with a firm break.

    Before the first firm element stands, as at the end, a break.
    """
    codes = elements.code[firm]
    rank = np.cumsum(firm, dtype=np.int32)[places]
    return codes[rank - 1], codes[rank]


def _of_words(code: Codes, word: Numbers) -> Codes:
    """The kind of each word from its parts: subject where they differ."""
    inside = word >= 0
    kinds, begins = code[inside], np.flatnonzero(np.diff(word[inside], prepend=-1))
    if not len(kinds):
        return kinds
    low, high = np.minimum.reduceat(kinds, begins), np.maximum.reduceat(kinds, begins)
    return np.where(low == high, low, SUBJECT)


def repeats(words: Stream) -> Flags:
    """Whether each word is in a run of up to three words that repeats the run just before it, in the same text."""
    repeated = np.zeros(len(words.token), dtype=np.bool_)
    for length in range(1, LONGEST_REPEAT + 1):
        if len(repeated) <= length:
            break
        same = np.zeros(len(repeated), dtype=np.bool_)
        same[length:] = (words.token[length:] == words.token[:-length]) & (words.text[length:] == words.text[:-length])
        same &= words.plain
        ends = same.copy()
        for back in range(1, length):
            ends[back:] &= same[:-back]
        for back in range(length):
            repeated[: len(repeated) - back] |= ends[back:]
    return repeated
