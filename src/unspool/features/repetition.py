"""Repetition: how many of a prompt's words come more than once."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features import Column, Context
from unspool.features.length import PYTHON_PART, WORD
from unspool.syntax.codes import coded

TITLE = "Repetition"
CITATION = "Don-Yehiya, Choshen & Abend 2023, Sec. 5: repeated words; stop words: NLTK's English list of 2017 to 2025"
CAPTIONS = True
USES = ""
COLUMNS = (
    Column(
        "repeat_words_paper",
        "Repeated words (paper)",
        "words",
        "Uses of the words that come more than once, the first use counted too, without stop words and case.",
        empty=0,
        mode="paper",
        integer=True,
    ),
    Column(
        "repeat_ratio_paper",
        "Share of repeated words (paper)",
        "share",
        "repeat_words_paper by parts between blanks; over 1 where those hold several words: `red-fox-red-fox`.",
        mode="paper",
    ),
    Column(
        "repeat_ratio",
        "Share of repeats",
        "share",
        "Uses after the first of its word, by words: 1 - types / tokens, stop words included, without case.",
        high=1.0,
    ),
)
# Python's \w, which the authors use. To the regular expressions here \w holds marks and joiners too (so the parts of
# an emoji) but not ².
PYTHON_WORD = r"[\p{L}\p{N}_]+"
ROW_BITS = 32

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Uses:
    """Of each row: its words, its different words, and the uses of those that come more than once."""

    tokens: Counts
    types: Counts
    repeated: Counts


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Repeats per text: repeat_words_paper (0 without words), repeat_ratio_paper and repeat_ratio (null without).

    All three are null where the text is.
    """
    pieces = rows["text"].fill_null("").str.split(" ")
    row = np.repeat(np.arange(len(rows)), pieces.list.len().to_numpy())
    codes, distinct = coded(pieces.explode(empty_as_null=False))
    folded = distinct.str.to_lowercase()
    paper = _uses(folded.str.extract_all(PYTHON_WORD), codes, row, len(rows), stop_words())
    own = _uses(folded.str.extract_all(WORD), codes, row, len(rows), frozenset())
    parts = np.bincount(row, weights=distinct.str.count_matches(PYTHON_PART).to_numpy()[codes], minlength=len(rows))
    known = pl.when(rows["text"].is_not_null())
    return pl.select(
        repeat_words_paper=known.then(pl.Series(paper.repeated, dtype=pl.UInt32)),
        repeat_ratio_paper=quotient(paper.repeated, parts),
        repeat_ratio=quotient(own.tokens - own.types, own.tokens),
    )


@cache
def stop_words() -> frozenset[str]:
    """The 179 English stop words that NLTK had when the paper was written."""
    return frozenset(files("unspool.lexicons").joinpath("stopwords_nltk.txt").read_text(encoding="utf-8").split())


def _uses(words: pl.Series, codes: Counts, row: Counts, n_rows: int, dropped: frozenset[str]) -> Uses:
    """Count each row's words; `words` has those of each distinct piece, `codes` and `row` have each piece's."""
    numbers, vocabulary = coded(words.explode(empty_as_null=False))
    per_piece = words.list.len().to_numpy().astype(np.int64)
    counts = per_piece[codes]
    last = (np.cumsum(per_piece) - 1)[codes]
    # Where the words of a piece end in `numbers`, less how many of them are still to come.
    number = numbers[np.repeat(last - np.cumsum(counts) + 1, counts) + np.arange(counts.sum())]
    kept = ~vocabulary.is_in(list(dropped)).to_numpy()[number]
    return _runs(np.repeat(row, counts)[kept], number[kept], n_rows)


def _runs(row: Counts, number: Counts, n_rows: int) -> Uses:
    keys = (row << ROW_BITS) | number
    keys.sort(kind="stable")  # five times as fast as the default on keys whose rows stand in order
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    lengths = np.diff(starts, append=len(keys))
    owners = keys[starts] >> ROW_BITS
    repeated = np.bincount(owners, weights=np.where(lengths > 1, lengths, 0), minlength=n_rows)
    tokens = np.bincount(owners, weights=lengths, minlength=n_rows)
    return Uses(tokens.astype(np.int64), np.bincount(owners, minlength=n_rows), repeated.astype(np.int64))


def quotient(part: Counts, whole: NDArray[Any]) -> pl.Series:
    """Part by whole, row by row; null where the whole is 0."""
    known = whole > 0
    return pl.Series(np.where(known, part / np.where(known, whole, 1), np.nan), nan_to_null=True)
