"""Prompts as a stream of words and breaks, each spelled so that the lexicons find it."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features.length import WORD
from unspool.syntax.codes import coded, places

BREAK = r"[,;:|!?()\[\]{}\"“”„«»+—–*~<>\r\n\t]|\.+$"
PIECE = rf"{WORD}|&|{BREAK}"

Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stream:
    """Texts one after the other, each ended by a break. An element is a word, a part of one with hyphens, or a sign.

    `spelling`: its number among `spellings`. `word`: number of its word, counted over the stream, -1 in breaks and `&`.
    `is_break`. Of the words: `token` is equal for words that are written alike, `plain` tells whether it has two
    letters or more, `text` is the row.
    """

    spelling: Numbers
    spellings: pl.Series
    is_break: Flags
    word: Numbers
    token: Numbers
    plain: Flags
    text: Numbers


def stream(texts: pl.Series) -> Stream:
    """The words and breaks of lower-cased texts; what stands between blanks is cut up once per distinct piece."""
    pieces = (texts + " ,").str.split(" ")
    piece, distinct = coded(pieces.explode(empty_as_null=False))
    found = distinct.str.extract_all(PIECE)
    token, tokens = coded(found.explode(empty_as_null=False))
    parts = _parts(tokens)
    part, spellings = coded(parts.explode(empty_as_null=False))
    # An element is a part of a token of a distinct piece; `elements` tells which of them stand where in the texts.
    per_token = lengths(parts)
    per_piece = _sums(per_token[token], lengths(found))
    elements = places(piece, per_piece)
    where, of_token = places(token, per_token), np.repeat(token, per_token[token])
    is_word = tokens.str.contains(r"^[\p{L}\p{M}\p{N}]").to_numpy()[of_token]
    is_sign = (tokens == "&").to_numpy()[of_token]
    first = np.zeros(len(part), dtype=np.bool_)
    first[np.cumsum(per_token) - per_token] = True
    begins = (first[where] & is_word)[elements]
    plain = tokens.str.contains(r"\p{L}.*\p{L}").to_numpy()
    row = np.repeat(np.repeat(np.arange(len(texts)), lengths(pieces)), per_piece[piece])
    words = of_token[elements[begins]]
    return Stream(
        spelling=part[where][elements],
        spellings=spellings,
        is_break=(~is_word & ~is_sign)[elements],
        word=np.where(is_word[elements], np.cumsum(begins) - 1, -1),
        token=words,
        plain=plain[words],
        text=row[begins],
    )


def spell(words: pl.Expr) -> pl.Expr:
    """The parts of words as the lexicons spell them: see style_phrases.toml."""
    return (
        words.str.replace_all(r"(\p{N})['’]s", "${1}s")
        .str.replace_all(r"['’]s(-|$)", "$1")
        .str.replace_all(r"['’]", "")
        .str.replace_all(r"\p{N}+", "#")
        .str.replace(r"^&$", "and")
        .str.replace_all("colour", "color", literal=True)
        .str.replace_all(r"(\p{L}[^su\-])s(-|$)", "$1$2")
        .str.split("-")
    )


def _parts(tokens: pl.Series) -> pl.Series:
    return tokens.to_frame("token").select(spell(pl.col("token")))["token"]


def lengths(lists: pl.Series) -> Numbers:
    """How many values each list has."""
    return lists.list.len().to_numpy().astype(np.int64)


def _sums(values: Numbers, sizes: Numbers) -> Numbers:
    """Sums over consecutive runs of these sizes."""
    total: Numbers = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(values)])
    ends = np.cumsum(sizes)
    sums: Numbers = total[ends] - total[ends - sizes]
    return sums
