"""Tokens of prompts and how many of them adjacent prompts share: what the rules `iou` and `overlap` are made of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.errors import UnspoolError
from unspool.syntax.codes import coded, places

PATTERNS = {"words": r"\w+", "whitespace": r"\S+"}
LOWERED = {"words": True, "whitespace": False}
ROW_BITS = np.uint64(32)
ROW_MASK = np.uint64(2**32 - 1)

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Shared:
    """Sizes of token sets, one row per prompt: the prompt's own, that of the row before, and of what both hold."""

    size: Counts
    before: Counts
    both: Counts

    def iou(self) -> NDArray[np.float64]:
        """Shared tokens divided by tokens in either, in [0, 1]; 0 where both are empty."""
        return _ratio(self.both, self.size + self.before - self.both)

    def overlap(self) -> NDArray[np.float64]:
        """Shared tokens divided by the smaller set, in [0, 1]; 0 where one is empty."""
        return _ratio(self.both, np.minimum(self.size, self.before))


def _ratio(part: Counts, whole: Counts) -> NDArray[np.float64]:
    return part / np.maximum(whole, 1)


def shared(texts: pl.Series, tokens: str) -> Shared:
    """Token sets of each text and of the text in the row before it, whoever wrote that; the first has 0 before it."""
    rows, numbers = _numbered(texts, tokens)
    # Sorted by token, then row, a repeat stands beside its first use, and a token shared with the row before has a
    # key one higher than there.
    keys = (numbers << ROW_BITS) | rows
    keys.sort()
    keys = keys[np.diff(keys, prepend=~keys[:1]) != 0]
    owners = (keys & ROW_MASK).astype(np.int64)
    size = np.bincount(owners, minlength=len(texts))
    both = np.bincount(owners[1:][np.diff(keys) == 1], minlength=len(texts))
    return Shared(size, np.concatenate([np.zeros(1, dtype=np.int64), size])[: len(size)], both)


def _numbered(texts: pl.Series, tokens: str) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The row of each token and its number, equal for equal tokens.

    Texts are split at spaces, and what stands between them is cut into tokens once for each distinct piece: there
    are far fewer of them than pieces, and the regular expression is what takes the time.
    """
    pieces = texts.str.split(" ")
    codes, distinct = coded(pieces.explode(empty_as_null=False))
    found = (distinct.str.to_lowercase() if LOWERED[tokens] else distinct).str.extract_all(PATTERNS[tokens])
    numbers, _ = coded(found.explode(empty_as_null=False))
    rows = np.repeat(np.arange(len(texts), dtype=np.uint64), pieces.list.len().to_numpy())
    per_piece = found.list.len().to_numpy().astype(np.int64)
    return np.repeat(rows, per_piece[codes]), numbers[places(codes, per_piece)].astype(np.uint64)


def first_of_user(prompts: pl.DataFrame) -> pl.Series:
    """Whether a row is the first of its user, in a frame sorted by user."""
    return prompts["user_id"].ne_missing(prompts["user_id"].shift(1))


def dissimilar(
    prompts: pl.DataFrame, measure: Callable[[Shared], NDArray[np.float64]], threshold: float, tokens: str
) -> pl.Series:
    """Whether each prompt starts a thread because it is less similar than `threshold` to the user's prompt before it.

    `prompts` needs user_id and text. A prompt without tokens, or after one without, starts a thread unless the two
    texts are equal; a null text is one without tokens. A similarity of exactly `threshold` continues the thread.
    """
    _check(threshold, tokens)
    texts = prompts["text"].fill_null("")
    counts = shared(texts, tokens)
    continues = (measure(counts) >= threshold) & (np.minimum(counts.size, counts.before) > 0)
    repeated = texts == texts.shift(1, fill_value="")
    return (first_of_user(prompts) | ~(pl.Series(continues, dtype=pl.Boolean) | repeated)).alias("starts")


def _check(threshold: float, tokens: str) -> None:
    if tokens not in PATTERNS:
        raise UnspoolError(
            f"There is no kind of tokens named {tokens!r}.",
            f"Known are: {', '.join(PATTERNS)}.",
            "Name one of them.",
            exit_code=2,
        )
    if not 0 <= threshold <= 1:
        raise UnspoolError(
            "The threshold of a thread rule is out of range.",
            f"It is {threshold}; a share in [0, 1] was expected.",
            "The paper's is 0.3.",
            exit_code=2,
        )
