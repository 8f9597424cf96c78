"""Whether two words are spellings of one."""

from functools import cache

SHORTEST, LONG = 4, 8
RARE = 1e-6
"""Words of general English that are less frequent than this may be misspelled; two more frequent ones are two words."""


@cache
def is_typo(before: str, after: str) -> bool:
    """Whether one edit (two in words of 8 letters or more) makes one word the other, and one of them is hardly known.

    Words of 4 letters or more, lower case. An edit: a letter put in, left out or replaced, or two neighbours swapped.
    """
    short, length = sorted((len(before), len(after)))
    if short < SHORTEST or any(letter.isdigit() for letter in before + after):
        return False
    most = 2 if length >= LONG else 1
    return length - short <= most and distance(before, after) <= most and _rare(before, after)


def distance(before: str, after: str) -> int:
    """Edits from one word to the other, neighbours swapped once counted as one (optimal string alignment)."""
    last, row = [0] * (len(after) + 1), list(range(len(after) + 1))
    for i, letter in enumerate(before, 1):
        above, last, row = last, row, [i]
        for j, other in enumerate(after, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == after[j - 2] and before[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _rare(before: str, after: str) -> bool:
    from wordfreq import word_frequency

    return min(word_frequency(word, "en", "large") for word in (before, after)) < RARE
