"""What the alignment of pairs says: counts per kind of word, and the spans in reading order."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool import tables
from unspool.edits._align import Alignment, Side
from unspool.edits._texts import Flags, Ints, Texts

WHAT = ("removed", "added", "moved")
_REMOVED, _ADDED, _MOVED = range(len(WHAT))
N_KINDS = len(tables.WORD_KINDS)


@dataclass(frozen=True, slots=True)
class Changed:
    """Words of one side that changed: `place` in the side, `pair`, `kind`, and `hunk`, how many words before it stay.

    `what`: its place in WHAT.
    """

    side: Side
    place: Ints
    what: Ints
    kind: Ints
    hunk: Ints

    @property
    def pair(self) -> Ints:
        """The pair of each word."""
        pair: Ints = self.side.pair[self.place]
        return pair

    def of(self, what: int) -> "Changed":
        """Those of one sort."""
        chosen = self.what == what
        return Changed(self.side, self.place[chosen], self.what[chosen], self.kind[chosen], self.hunk[chosen])


def changed(texts: Texts, found: Alignment) -> tuple[Changed, Changed]:
    """The removed words of the earlier texts, and the added and moved ones of the later texts."""
    stays_new = ~found.new.left & ~found.moved
    stays_old = np.zeros(len(found.old.match), dtype=np.bool_)
    stays_old[found.new.match[stays_new]] = True
    old, new = np.flatnonzero(found.old.left), np.flatnonzero(~stays_new)
    what = np.where(found.moved[new], _MOVED, _ADDED)
    removed = np.full(len(old), _REMOVED)
    return (
        Changed(found.old, old, removed, texts.kind[found.old.at[old]], _hunks(found.old, stays_old)[old]),
        Changed(found.new, new, what, texts.kind[found.new.at[new]], _hunks(found.new, stays_new)[new]),
    )


def _hunks(side: Side, stays: Flags) -> Ints:
    """How many words that stay stand before each word, in its text."""
    before: Ints = np.cumsum(stays) - stays
    begins = np.flatnonzero(np.diff(side.pair, prepend=-1))
    sizes = np.diff(begins, append=len(stays))
    hunks: Ints = before - np.repeat(before[begins], sizes)
    return hunks


def counts(words: Changed, n_pairs: int) -> Ints:
    """How many of the words are of each kind, shape (pairs, kinds)."""
    found = np.bincount(words.pair * N_KINDS + words.kind, minlength=n_pairs * N_KINDS)
    return found.reshape(n_pairs, N_KINDS).astype(np.int64)


def spans(texts: Texts, old: Changed, new: Changed, n_pairs: int) -> pl.Series:
    """Per pair its spans: runs of words of one sort and kind in one segment, joined by blanks, in reading order."""
    words = pl.concat([_words(texts, side) for side in (old, new)])
    found = (
        words.group_by("side", "run", maintain_order=True)
        .agg(
            pl.col("pair", "hunk", "first", "what", "kind").first(),
            text=pl.col("token").str.join(" "),
            n_words=pl.len(),
        )
        .sort("pair", "hunk", "side", "first")
        .select(
            "pair",
            pl.struct(
                pl.col("what").replace_strict(dict(enumerate(WHAT)), return_dtype=pl.String),
                pl.col("kind").replace_strict(dict(enumerate(tables.WORD_KINDS)), return_dtype=pl.String),
                "text",
                pl.col("n_words").cast(pl.UInt32),
            ).alias("spans"),
        )
        .group_by("pair", maintain_order=True)
        .agg("spans")
    )
    every = pl.DataFrame({"pair": np.arange(n_pairs)})
    joined = every.join(found, on="pair", how="left", maintain_order="left")
    return joined["spans"].cast(tables.SPANS).fill_null([])


def _words(texts: Texts, words: Changed) -> pl.DataFrame:
    """The changed words of a side, each with the number of its run."""
    segment = words.side.segment_of[words.place]
    edges = [np.diff(values, prepend=-1) != 0 for values in (words.what, words.kind, segment)]
    begins = np.logical_or.reduce([*edges, np.diff(words.place, prepend=-2) != 1])
    return pl.DataFrame(
        {
            "side": np.full(len(begins), 0 if (words.what == _REMOVED).all() else 1),
            "run": np.cumsum(begins),
            "pair": words.pair,
            "hunk": words.hunk,
            "first": words.place,
            "what": words.what,
            "kind": words.kind,
            "token": texts.tokens.gather(texts.token[words.side.at[words.place]]),
        }
    )
