"""Kinds of words for the ledger of edits: the style kinds of features/style, its subject words split further."""

import numpy as np
import polars as pl

from unspool import tables
from unspool.edits._word_classes import CLASS, Codes, classes, phrases
from unspool.edits._word_rules import Flags, Words, kinds_of
from unspool.features.length import WORD
from unspool.features.style import kinds
from unspool.syntax.codes import coded

SPLIT = "subject"
BREAK = r"[,;:|!?()\[\]{}\"“”„«»–—~<>\r\n\t]|\.+(?:\s|$)"


def word_kinds(texts: pl.Series) -> pl.DataFrame:
    """Every word of the texts with its kind: row, position, token, kind; no rows for a text without words.

    `row`: which text, from 0. `position`: which of its words, from 0. `token`: the word as written. `kind`: an Enum of
    tables.WORD_KINDS. A null text has no words.
    """
    found = kinds(texts)
    kind = found["kind"].cast(pl.String).replace(SPLIT, "entity").cast(pl.Enum(tables.WORD_KINDS)).to_physical()
    numbers = kind.to_numpy().astype(np.int8)
    split = (found["kind"] == SPLIT).to_numpy()
    inside = split | (found["kind"] == "repetition").to_numpy()  # "a very very tall tower" is one run
    begins = _begins(texts, inside)[inside]
    tokens = found["token"].filter(pl.Series(inside, dtype=pl.Boolean))
    numbers[split] = kinds_of(Words(_classes(tokens, begins), begins))[split[inside]]
    return found.with_columns(kind=pl.Series(tables.WORD_KINDS, dtype=pl.Enum(tables.WORD_KINDS)).gather(numbers))


def _begins(texts: pl.Series, inside: Flags) -> Flags:
    """Whether something else stands before each word than one of those that are in runs, in the same text."""
    pieces = texts.fill_null("").str.extract_all(rf"{WORD}|{BREAK}")
    piece, distinct = coded(pieces.explode(empty_as_null=False))
    is_word = distinct.str.contains(r"^[\p{L}\p{M}\p{N}]").to_numpy()[piece]
    after = np.concatenate([[True], ~is_word[:-1]])
    sizes = pieces.list.len().to_numpy().astype(np.int64)
    after[(np.cumsum(sizes) - sizes)[sizes > 0]] = True
    begins: Flags = after[is_word] | np.concatenate([[True], ~inside[:-1]])[: len(inside)]
    return begins


def _classes(tokens: pl.Series, begins: Flags) -> Codes:
    """The class of each word; the words of phrases that are prepositions are prepositions."""
    token, distinct = coded(tokens)
    lower = distinct.str.to_lowercase()
    code = classes(lower)[token]
    known = sorted({word for phrase in phrases() for word in phrase})
    numbers = lower.replace_strict(known, list(range(len(known))), default=-1, return_dtype=pl.Int32).to_numpy()[token]
    for phrase in phrases():
        code[_inside(numbers, begins, [known.index(word) for word in phrase])] = CLASS["preposition"]
    return code


def _inside(numbers: Codes, begins: Flags, phrase: list[int]) -> Flags:
    """Whether each word is in this phrase."""
    n = len(numbers) - len(phrase) + 1
    inside = np.zeros(len(numbers), dtype=np.bool_)
    if n <= 0:
        return inside
    starts = np.flatnonzero(numbers[:n] == phrase[0])
    for offset, number in enumerate(phrase[1:], start=1):
        starts = starts[(numbers[starts + offset] == number) & ~begins[starts + offset]]
    for offset in range(len(phrase)):
        inside[starts + offset] = True
    return inside
