"""Words of texts as numbers: what the models of the dialect score are trained on and score."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from unspool.features.length import WORD
from unspool.models.ngrams import MOST_CODES, UNKNOWN, Codes, Counts
from unspool.syntax.codes import coded, places

MIN_COUNT = 2
"""Uses in one of the two training texts that make a word part of the vocabulary."""
AT_ONCE = 250_000
"""Texts that are split at a time, to save memory."""


@dataclass(frozen=True)
class Words:
    """The words of texts, one text after the other: places in `vocabulary`, and how many each text has."""

    numbers: Codes
    lengths: Counts
    vocabulary: pl.Series

    def head(self, n: int) -> "Words":
        """The first n words of all; the text that they end in is cut there."""
        ends = np.minimum(np.cumsum(self.lengths), n)
        return replace(self, numbers=self.numbers[:n], lengths=np.diff(ends, prepend=0))

    def codes(self, vocabulary: pl.Series) -> Codes:
        """The words as codes of a model: UNKNOWN, or one more than that for the first of the vocabulary, and so on."""
        numbered = vocabulary.to_frame("word").with_row_index("code", offset=UNKNOWN + 1)
        found = self.vocabulary.to_frame("word").join(numbered, on="word", how="left", maintain_order="left")["code"]
        return found.fill_null(UNKNOWN).to_numpy().astype(np.uint32)[self.numbers]


def common_vocabulary(sides: Sequence[Words]) -> pl.Series:
    """Words used at least twice in one of the texts, the most used ones if there are too many."""
    used = [np.bincount(side.numbers, minlength=len(side.vocabulary)) for side in sides]
    counts = pl.concat([pl.DataFrame({"word": s.vocabulary, "n": n}) for s, n in zip(sides, used, strict=True)])
    found = counts.group_by("word").agg(most=pl.col("n").max(), n=pl.col("n").sum()).filter(pl.col("most") >= MIN_COUNT)
    return found.sort("n", "word", descending=[True, False]).head(MOST_CODES - UNKNOWN - 1)["word"]


def words(texts: pl.Series) -> Words:
    """Words as n_words counts them, without case; a typographic apostrophe is the plain one. A null text has none."""
    parts = [_words(texts.slice(start, AT_ONCE)) for start in range(0, max(len(texts), 1), AT_ONCE)]
    if len(parts) == 1:
        return parts[0]
    vocabulary = pl.concat([part.vocabulary for part in parts]).unique()
    numbers = np.concatenate([part.codes(vocabulary) for part in parts]) - np.uint32(UNKNOWN + 1)
    return Words(numbers, np.concatenate([part.lengths for part in parts]), vocabulary)


def _words(texts: pl.Series) -> Words:
    """The same for few texts: they are split at spaces, and each distinct piece is cut into words once."""
    pieces = texts.fill_null("").str.split(" ")
    codes, distinct = coded(pieces.explode(empty_as_null=False))
    found = distinct.str.to_lowercase().str.replace_all("’", "'", literal=True).str.extract_all(WORD)
    numbers, vocabulary = coded(found.explode(empty_as_null=False))
    sizes = found.list.len().to_numpy().astype(np.int64)
    ends = np.append(0, np.cumsum(sizes[codes]))[np.cumsum(pieces.list.len().to_numpy())]
    return Words(numbers[places(codes, sizes)].astype(np.uint32), np.diff(ends, prepend=0), vocabulary)
