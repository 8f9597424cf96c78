"""Words of prompts as arrays, and the word table that says what a word is worth.

A frame of prompts becomes one flat array of words with row pointers (CSR). Everything that depends only on the spelling
of a word (stem, frequency, how much of a subject it is, its vector) is worked out once per distinct word.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl

WORD = r"[\p{L}\p{M}\p{N}]+"
UNKNOWN_ZIPF = 1.5
UNKNOWN_SUBJECT = 0.7
NUMBER_ZIPF = 4.5


@dataclass(frozen=True, slots=True)
class Table:
    """Word table: `words` (word, entry, zipf, subject, medium) and `vectors`, one float32 row per entry."""

    words: pl.DataFrame
    vectors: np.ndarray


@dataclass(frozen=True, slots=True)
class Tokens:
    """Words of a frame in reading order: `ptr` (n + 1) cuts the flat arrays into rows."""

    n: int
    ptr: np.ndarray
    row: np.ndarray
    stem: np.ndarray
    n_stems: int
    idf: np.ndarray
    subject: np.ndarray
    entry: np.ndarray
    vectors: np.ndarray


@cache
def table() -> Table:
    """The shipped word table, read once."""
    with files("unspool.lexicons").joinpath("scene_words.npz").open("rb") as handle:
        data = np.load(handle)
        spelled = bytes(data["words"]).decode().split("\n")
        zipf, subject = data["zipf"] / np.float32(32), data["subject"] / np.float32(255)
        vectors = data["vectors"].astype(np.float32) * data["scale"]
    words = pl.DataFrame({"word": spelled, "entry": np.arange(len(spelled)), "zipf": zipf, "subject": subject})
    return Table(words, vectors)


def _stem(word: pl.Expr) -> pl.Expr:
    return word.str.replace(r"ies$", "y").str.replace(r"([^su])s$", "$1")


def _vocabulary(words: pl.Series) -> pl.DataFrame:
    """One row per distinct word: its values, and a stem id in order of spelling, whoever else is in the frame."""
    number = pl.col("word").str.contains(r"^\d+$")
    return (
        words.unique(maintain_order=True)
        .to_frame("word")
        .join(table().words, on="word", how="left", maintain_order="left")
        .with_columns(
            stem=_stem(pl.col("word")).rank("dense").cast(pl.Int64) - 1,
            zipf=pl.when(number).then(NUMBER_ZIPF).otherwise(pl.col("zipf").fill_null(UNKNOWN_ZIPF)),
            subject=pl.col("subject").fill_null(UNKNOWN_SUBJECT),
            entry=pl.col("entry").fill_null(-1),
        )
    )


def _halves(words: pl.Series) -> pl.DataFrame:
    """Unknown words that are two known words written together ("mapquest"): the word and its two table entries."""
    known = table().words.select("word", "entry", "zipf").filter(pl.col("word").str.len_chars() >= 3)
    return (
        words.filter(words.str.len_chars().is_between(6, 24))
        .to_frame("word")
        .with_columns(cut=pl.int_ranges(3, pl.col("word").str.len_chars() - 2))
        .explode("cut", empty_as_null=False)
        .with_columns(left=pl.col("word").str.slice(0, pl.col("cut")), right=pl.col("word").str.slice(pl.col("cut")))
        .join(known.rename({"entry": "left_entry", "zipf": "left_zipf"}), left_on="left", right_on="word")
        .join(known.rename({"entry": "right_entry", "zipf": "right_zipf"}), left_on="right", right_on="word")
        .with_columns(worth=pl.min_horizontal("left_zipf", "right_zipf"))
        .sort("word", "worth", "cut", descending=[False, True, False])
        .unique("word", keep="first", maintain_order=True)
        .select("word", "left_entry", "right_entry")
    )


def _with_compounds(vocabulary: pl.DataFrame) -> tuple[pl.DataFrame, np.ndarray]:
    """Give compounds an entry of their own, behind the table's: the sum of their halves' vectors."""
    vectors = table().vectors
    halves = _halves(vocabulary.filter(pl.col("entry") < 0)["word"]).with_row_index("extra", offset=len(vectors))
    joined = vocabulary.join(halves.select("word", "extra"), on="word", how="left", maintain_order="left")
    sums = vectors[halves["left_entry"].to_numpy()] + vectors[halves["right_entry"].to_numpy()]
    return joined.with_columns(entry=pl.coalesce("extra", "entry")), np.concatenate([vectors, sums])


def tokenise(text: pl.Series) -> Tokens:
    """Lower-cased runs of letters and digits of every prompt; apostrophes join, an empty prompt has no words."""
    lists = text.fill_null("").str.to_lowercase().str.replace_all("['’`]", "").str.extract_all(WORD)
    lengths = lists.list.len().to_numpy().astype(np.int64)
    flat = lists.explode(empty_as_null=False).rename("word")
    vocabulary, vectors = _with_compounds(_vocabulary(flat))
    code = (
        flat.to_frame()
        .join(vocabulary.select("word").with_row_index("code"), on="word", how="left", maintain_order="left")["code"]
        .to_numpy()
    )
    ptr = np.concatenate([[0], np.cumsum(lengths)])
    stem = vocabulary["stem"].to_numpy()
    zipf = vocabulary["zipf"].to_numpy()
    idf = np.clip((7.2 - zipf) / 4.0, 0.02, 1.2)
    return Tokens(
        n=text.len(),
        ptr=ptr,
        row=np.repeat(np.arange(text.len()), lengths),
        stem=stem[code],
        n_stems=int(stem.max(initial=0)) + 1,
        idf=idf[code],
        subject=vocabulary["subject"].to_numpy()[code],
        entry=vocabulary["entry"].to_numpy()[code],
        vectors=vectors,
    )


def row_sum(values: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    """Sum of `values` over every row; 0 for an empty row. Rows do not touch each other, not even in rounding."""
    out = np.zeros((len(ptr) - 1, *values.shape[1:]), values.dtype)
    full = np.flatnonzero(ptr[1:] > ptr[:-1])
    if len(full):
        out[full] = np.add.reduceat(values, ptr[full], axis=0)
    return out


def row_cosines(tokens: Tokens, weights: list[np.ndarray], chunk: int = 2048) -> list[np.ndarray]:
    """Cosine of every row with the row before, one array per weight: of weighted sums of the words' vectors.

    In [-1, 1]; 0 where one of the two has no known word, and in the first row.
    """
    known = tokens.entry >= 0
    entry, worth = tokens.entry[known], np.stack([w[known] for w in weights], axis=1).astype(np.float32)
    ptr = np.concatenate([[0], np.cumsum(known)])[tokens.ptr]
    out = np.zeros((len(weights), tokens.n))
    last = np.zeros((len(weights), 1, tokens.vectors.shape[1]), np.float32)
    for start in range(0, tokens.n, chunk):
        sums = _chunk_sums(tokens.vectors, entry, worth, ptr[start : start + chunk + 1])
        sums /= np.maximum(np.sqrt(np.einsum("wij,wij->wi", sums, sums)), 1e-6)[:, :, None]
        before = np.concatenate([last, sums[:, :-1]], axis=1)
        out[:, start : start + chunk] = np.einsum("wij,wij->wi", sums, before)
        last = sums[:, -1:]
    return list(out)


def _chunk_sums(vectors: np.ndarray, entry: np.ndarray, worth: np.ndarray, ptr: np.ndarray) -> np.ndarray:
    """Sums of weighted vectors, the k-th words of all rows at a time, longest rows first (reduceat is slower)."""
    length = np.diff(ptr)
    order = np.argsort(-length, kind="stable")
    left = np.searchsorted(-length[order], -np.arange(length.max(initial=0)))
    sums = np.zeros((worth.shape[1], len(length), vectors.shape[1]), np.float32)
    for k, n in enumerate(left):
        at = ptr[order[:n]] + k
        word, value = vectors[entry[at]], worth[at]
        for i in range(worth.shape[1]):
            sums[i, :n] += word * value[:, i, None]
    out = np.empty_like(sums)
    out[:, order] = sums
    return out
