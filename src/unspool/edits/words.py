"""Word-level difference of two texts."""

import re
from difflib import SequenceMatcher
from typing import Literal

Span = tuple[Literal["kept", "added", "removed"], str]
_WORDS = re.compile(r"\s+|\w+|[^\w\s]+")
MOST_TOKENS = 2_000
"""Texts of more tokens are not aligned: they count as rewritten, or as kept if equal."""


def word_diff(before: str, after: str) -> list[Span]:
    """Spans of the later text that were kept or added, and of the earlier one that were removed, in reading order.

    The kept and added spans joined give `after`; the kept and removed ones give `before`. Two empty texts give [].
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    if max(len(old), len(new)) > MOST_TOKENS:
        return [("kept", after)] if before == after else [("removed", before), ("added", after)]
    spans: list[Span] = []
    for what, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            spans.append(("kept", "".join(new[k:m])))
            continue
        if j > i:
            spans.append(("removed", "".join(old[i:j])))
        if m > k:
            spans.append(("added", "".join(new[k:m])))
    return spans
