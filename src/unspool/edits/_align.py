"""Which word of the earlier text is which of the later one: equal segments first, then what is left of them."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from unspool.edits._common import longest_increasing, match
from unspool.edits._texts import Flags, Ints, Texts, distinct, runs
from unspool.syntax.codes import places

MOST_WORDS = 500
"""Where more words than these are left on a side, they are matched by the order in which equal ones occur."""
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(slots=True)
class Side:
    """The words of one text of each pair, pair after pair, and their segments.

    Per word: its `pair`; `at`, its place in the texts; `match`, its place in the other side, -1 while it has none;
    `segment_of`. Per segment: its pair, first word, size, and a hash of its words in their order.
    """

    pair: Ints
    at: Ints
    word: Ints
    match: Ints
    segment_of: Ints
    segment_pair: Ints
    segment_first: Ints
    segment_size: Ints
    segment_hash: np.ndarray = field(repr=False)

    @classmethod
    def of(cls, texts: Texts, codes: Ints) -> "Side":
        """The side of pairs of which each has the text of this code."""
        pair = np.repeat(np.arange(len(codes)), texts.sizes[codes])
        at = places(codes, texts.sizes)
        word, segment = texts.word[at], texts.segment[at]
        begins = (np.diff(segment, prepend=-1) != 0) | (np.diff(pair, prepend=-1) != 0)
        first = np.flatnonzero(begins)
        of = np.cumsum(begins) - 1
        size = np.diff(first, append=len(at))
        hashes = _hashes(word, np.arange(len(at)) - first[of], first, len(texts.words))
        return cls(pair, at, word, np.full(len(at), -1), of, pair[first], first, size, hashes)

    @property
    def left(self) -> Flags:
        """Words without a match."""
        left: Flags = self.match < 0
        return left

    def keys(self, chosen: Ints, n_words: int) -> Ints:
        """Numbers that are equal for equal words of one pair."""
        keys: Ints = self.pair[chosen] * n_words + self.word[chosen]
        return keys


@dataclass(frozen=True, slots=True)
class Alignment:
    """Both sides of all pairs; `moved`: per word of the later text, whether it has a match out of order."""

    old: Side
    new: Side
    moved: Flags


def align(texts: Texts, before: Ints, after: Ints) -> Alignment:
    """Align the text of each code in `before` with that in `after`."""
    old, new = Side.of(texts, before), Side.of(texts, after)
    n_words = len(texts.words)
    _equal_segments(old, new)
    _ends_of_single(old, new, len(before))
    _ambiguous(old, new, n_words)
    i, j = _both_left(old, new)
    _note(old, new, *_chosen(i, j, in_order(old.keys(i, n_words), new.keys(j, n_words))))
    return Alignment(old, new, _moved(new))


def _hashes(word: Ints, place: Ints, first: Ints, n_words: int) -> np.ndarray:
    """A hash of the words of each segment in their order; what collides is sorted out word by word."""
    if not len(word):
        return np.zeros(0, dtype=np.uint64)
    of_word = np.random.default_rng(0).integers(2**64, size=n_words, dtype=np.uint64)
    powers = np.full(int(place.max()) + 1, MULTIPLIER)
    return np.add.reduceat(of_word[word] * np.cumprod(powers)[place], first)


def in_order(old: Ints, new: Ints) -> tuple[Ints, Ints]:
    """Places of equal keys: the first of a key on one side with its first on the other, its second with its second."""
    if not len(old) or not len(new):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order, first, group, n_old, n_new = _grouped(old, new)
    hit = np.flatnonzero(np.arange(len(order)) - first[group] < np.minimum(n_old, n_new)[group])
    return order[hit], order[hit + n_old[group[hit]]] - len(old)


def _grouped(old: Ints, new: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Both sides by key, old before new: the order; per key its first place; each one's key; per key, old and new."""
    order = np.argsort(np.concatenate([old, new]), kind="stable")
    keys = np.concatenate([old, new])[order]
    begins = np.diff(keys, prepend=keys[0] - 1) != 0
    first = np.flatnonzero(begins)
    n_old = np.add.reduceat((order < len(old)).astype(np.int64), first)
    return order, first, np.cumsum(begins) - 1, n_old, np.diff(first, append=len(keys)) - n_old


def _note(old: Side, new: Side, i: Ints, j: Ints) -> None:
    """Words i of the old side are words j of the new one, where they are equal and of one pair."""
    same = (old.word[i] == new.word[j]) & (old.pair[i] == new.pair[j])
    old.match[i[same]], new.match[j[same]] = j[same], i[same]


def _chosen(i: Ints, j: Ints, found: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    return i[found[0]], j[found[1]]


def _equal_segments(old: Side, new: Side) -> None:
    """Segments of the same words in the same order, in any place."""
    _, code = np.unique(np.concatenate([old.segment_hash, new.segment_hash]), return_inverse=True)
    n_old, n = len(old.segment_hash), len(code)
    s, t = in_order(old.segment_pair * n + code[:n_old], new.segment_pair * n + code[n_old:])
    same = old.segment_size[s] == new.segment_size[t]
    s, t = s[same], t[same]
    size = old.segment_size[s]
    _note(old, new, runs(old.segment_first[s], size), runs(new.segment_first[t], size))


def _ends_of_single(old: Side, new: Side, n: int) -> None:
    """Where one segment is left on each side: the words that both begin with, and those that both end with."""
    open_old, open_new = (np.flatnonzero(side.left[side.segment_first]) for side in (old, new))
    counts = [np.bincount(side.segment_pair[s], minlength=n) for side, s in ((old, open_old), (new, open_new))]
    single = (counts[0] == 1) & (counts[1] == 1)
    s, t = open_old[single[old.segment_pair[open_old]]], open_new[single[new.segment_pair[open_new]]]
    a, b, size_a, size_b = old.segment_first[s], new.segment_first[t], old.segment_size[s], new.segment_size[t]
    most = np.minimum(size_a, size_b)
    n_first = _leading(old.word[runs(a, most)] == new.word[runs(b, most)], most)
    rest = most - n_first
    back = runs(np.zeros_like(rest), rest)
    i, j = np.repeat(a + size_a - 1, rest) - back, np.repeat(b + size_b - 1, rest) - back
    n_last = _leading(old.word[i] == new.word[j], rest)
    _note(old, new, runs(a, n_first), runs(b, n_first))
    _note(old, new, runs(a + size_a - n_last, n_last), runs(b + size_b - n_last, n_last))


def _leading(flags: Flags, sizes: Ints) -> Ints:
    """How many flags are set at the beginning of each run of these sizes."""
    starts = np.cumsum(sizes) - sizes
    unset = np.append(np.flatnonzero(~flags), len(flags))
    leading: Ints = np.minimum(unset[np.searchsorted(unset, starts)] - starts, sizes)
    return leading


def _both_left(old: Side, new: Side) -> tuple[Ints, Ints]:
    """Words without a match, of the pairs in which both sides have some."""
    left = [side.pair[side.left] for side in (old, new)]
    n = 1 + max((int(pairs[-1]) for pairs in left if len(pairs)), default=-1)
    both = (np.bincount(left[0], minlength=n) > 0) & (np.bincount(left[1], minlength=n) > 0)
    i, j = np.flatnonzero(old.left), np.flatnonzero(new.left)
    return i[both[old.pair[i]]], j[both[new.pair[j]]]


def _ambiguous(old: Side, new: Side, n_words: int) -> None:
    """Match by segments where a word is left on both sides and stands on one of them twice; all else is forced."""
    i, j = _both_left(old, new)
    if not len(i):
        return
    order, first, _, n_old, n_new = _grouped(old.keys(i, n_words), new.keys(j, n_words))
    twice = (np.minimum(n_old, n_new) > 0) & (np.maximum(n_old, n_new) > 1)
    pairs = distinct(np.concatenate([old.pair[i], new.pair[j]])[order[first[twice]]])
    _match_each(old, new, i[np.isin(old.pair[i], pairs)], j[np.isin(new.pair[j], pairs)])


def _match_each(old: Side, new: Side, i: Ints, j: Ints) -> None:
    """Match the left words i and j, pair by pair."""
    found_i, found_j = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for begin_i, left, begin_j, right in zip(*_by_pair(old, i), *_by_pair(new, j), strict=True):
        if max(sum(map(len, left)), sum(map(len, right))) <= MOST_WORDS:
            matches = np.array(match(left, right), dtype=np.int64).reshape(-1, 2)
            found_i.append(i[begin_i + matches[:, 0]])
            found_j.append(j[begin_j + matches[:, 1]])
    _note(old, new, np.concatenate(found_i), np.concatenate(found_j))


def _by_pair(side: Side, chosen: Ints) -> tuple[list[int], list[list[list[int]]]]:
    """Where the chosen words of each pair begin, and their segments."""
    pair, segment, words = side.pair[chosen], side.segment_of[chosen], side.word[chosen].tolist()
    edges = np.append(np.flatnonzero(np.diff(segment, prepend=-1)), len(chosen)).tolist()
    segments = [words[begin:end] for begin, end in pairwise(edges)]
    begins = np.flatnonzero(np.diff(pair, prepend=-1))
    cuts = np.append(np.searchsorted(edges, begins), len(segments)).tolist()
    return begins.tolist(), [segments[begin:end] for begin, end in pairwise(cuts)]


def _moved(new: Side) -> Flags:
    """Matched words that are not in a longest run of matches in the same order on both sides."""
    moved = np.zeros(len(new.match), dtype=np.bool_)
    kept = np.flatnonzero(~new.left)
    pair, place = new.pair[kept], new.match[kept]
    falls = (np.diff(place) < 0) & (np.diff(pair) == 0)
    chosen = kept[np.isin(pair, distinct(pair[1:][falls]))]
    edges = np.append(np.flatnonzero(np.diff(new.pair[chosen], prepend=-1)), len(chosen)).tolist()
    matches = new.match[chosen].tolist()
    moved[chosen] = True
    for begin, end in pairwise(edges):
        stays = longest_increasing(matches[begin:end])
        moved[chosen[begin + np.array(stays)]] = False
    return moved
