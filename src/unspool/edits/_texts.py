"""Distinct texts as arrays of words, cut into segments."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool import tables
from unspool.edits.word_kinds import word_kinds
from unspool.features.length import WORD
from unspool.syntax.codes import coded, places

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
PART = rf"{WORD}|[,.;:|\r\n]|^--"
"""A word, or what ends a segment."""
FIRST_OF_WORD = r"^[\p{L}\p{M}\p{N}]"


@dataclass(frozen=True, slots=True)
class Texts:
    """Words of texts, one text after the other.

    `sizes`: words per text. Per word: `token`, its place in `tokens`, as written; `word`, its place in `words`, equal
    for words that are compared as equal; `segment`, counted over all texts; `kind`, its place in WORD_KINDS.
    """

    sizes: Ints
    token: Ints
    tokens: pl.Series
    word: Ints
    words: pl.Series
    segment: Ints
    kind: Ints


def same_word(token: pl.Expr) -> pl.Expr:
    """What is equal for words that are compared as equal: case does not matter, and "an" is "a"."""
    return token.str.to_lowercase().replace({"an": "a"})


def cut(texts: pl.Series) -> Texts:
    """Cut texts into words, those of n_words, and segments, which end at , . ; : | a new line, and a blank with --."""
    pieces = texts.str.split(" ")
    piece, distinct = coded(pieces.explode(empty_as_null=False))
    found = distinct.str.extract_all(PART)
    part, parts = coded(found.explode(empty_as_null=False))
    per_piece = found.list.len().to_numpy().astype(np.int64)
    elements = part[places(piece, per_piece)]
    row = np.repeat(np.arange(len(texts)), pieces.list.len().to_numpy().astype(np.int64))
    row = np.repeat(row, per_piece[piece])
    is_word = parts.str.contains(FIRST_OF_WORD).to_numpy()[elements]
    segment = np.cumsum(~is_word | (np.diff(row, prepend=-1) != 0))
    word, words = coded(parts.to_frame("token").select(same_word(pl.col("token")))["token"])
    token = elements[is_word]
    kind = word_kinds(texts)["kind"].cast(pl.Enum(tables.WORD_KINDS)).to_physical().to_numpy().astype(np.int64)
    sizes = np.bincount(row[is_word], minlength=len(texts))
    return Texts(sizes, token, parts, word[token], words, segment[is_word], kind)


def runs(firsts: Ints, sizes: Ints) -> Ints:
    """The whole numbers from each first on, so many of each, one after the other."""
    found: Ints = np.repeat(firsts - (np.cumsum(sizes) - sizes), sizes) + np.arange(sizes.sum())
    return found


def distinct(values: Ints) -> Ints:
    """The distinct values, sorted; several times as fast as numpy's own for many values."""
    ordered = np.sort(values)
    found: Ints = ordered[np.diff(ordered, prepend=ordered[:1] - 1) != 0]
    return found
