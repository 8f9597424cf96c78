"""The hard rest of an alignment: what can be matched in more than one way, pair by pair."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

LEAST_JACCARD = 0.5
"""Segments that share a smaller part of their words are not compared word by word."""
Matches = list[tuple[int, int]]


def longest_increasing(values: Sequence[int]) -> list[int]:
    """Places of a longest strictly increasing subsequence, in order; [] of none. Patience sorting, n log n."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        pile = bisect_left(tops, value)
        before.append(ends[pile - 1] if pile else -1)
        if pile == len(tops):
            tops.append(value)
            ends.append(place)
        else:
            tops[pile], ends[pile] = value, place
    found, place = [], ends[-1] if ends else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]


def common(old: Sequence[int], new: Sequence[int]) -> Matches:
    """Places in both of a longest common subsequence, in n steps over words of m bits. Allison & Dix 1986.

    Of several it is the one that patience sorting finds: each word of the later text as early as it can be, with the
    last word of the earlier text that it can stand for.
    """
    where: defaultdict[int, int] = defaultdict(int)
    for place, word in enumerate(new):
        where[word] |= 1 << place
    ends, rows = 0, [0]  # bit j of row i: the shortest beginning of `new` with so much in common with old[:i] ends at j
    for word in old:
        reached = ends | where.get(word, 0)
        ends = reached & ~(reached - (ends << 1 | 1))
        rows.append(ends)
    return _traced(old, new, rows)


def _traced(old: Sequence[int], new: Sequence[int], rows: Sequence[int]) -> Matches:
    found, i, beyond = [], len(old), rows[-1].bit_length()
    while ends := rows[i] & ((1 << beyond) - 1):
        beyond = ends.bit_length() - 1
        i -= 1
        while old[i] != new[beyond]:
            i -= 1
        found.append((i, beyond))
    return found[::-1]


def match(old: Sequence[Sequence[int]], new: Sequence[Sequence[int]]) -> Matches:
    """Places of words in both texts, counted over their segments: common subsequences of the segments that match."""
    first_old, first_new = _firsts(old), _firsts(new)
    return [(first_old[s] + i, first_new[t] + j) for s, t in paired(old, new) for i, j in common(old[s], new[t])]


def _firsts(segments: Sequence[Sequence[int]]) -> list[int]:
    return list(accumulate(map(len, segments), initial=0))


def paired(old: Sequence[Sequence[int]], new: Sequence[Sequence[int]]) -> Matches:
    """Which segments match: one alone with one alone, else so that the Jaccard indices of 1/2 or more sum highest."""
    if len(old) == len(new) == 1:
        return [(0, 0)]
    before, after = [set(segment) for segment in old], [set(segment) for segment in new]
    score = np.array([[len(a & b) / len(a | b) for b in after] for a in before])
    score[score < LEAST_JACCARD] = 0
    if not score.any():
        return []
    if min(score.shape) == 1:
        s, t = np.unravel_index(int(score.argmax()), score.shape)
        return [(int(s), int(t))]
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(-score)
    return [(s, t) for s, t in zip(rows.tolist(), columns.tolist(), strict=True) if score[s, t] > 0]
