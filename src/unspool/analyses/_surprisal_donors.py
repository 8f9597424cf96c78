"""Whose words stand in for a piece that was appended: others' pieces, or the ends of others' first prompts."""

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags
from unspool.features.length import WORD

DRAWS = 5
"""Others' words that are put in the place of a piece, each time drawn anew."""
TRIES = 20


def of_pieces(pieces: pl.DataFrame, generator: np.random.Generator) -> tuple[Ints, Flags]:
    """For each piece places of DRAWS others of as many words by other users of its group, and whether there are any.

    Pieces of one number of words stand side by side in a group, and those of a user inside: the piece of number r of
    the others is the r-th before the user's own, or the r-th with these left out.
    """
    stratum = pieces.select(pl.struct("group", "n").rle_id()).to_series().to_numpy()
    own = pieces.select(pl.struct("group", "n", "user_id").rle_id()).to_series().to_numpy()
    (start, size), (begin, mine) = _runs(stratum), _runs(own)
    others = size - mine
    drawn = generator.integers(0, np.maximum(others, 1)[:, None], (len(pieces), DRAWS))
    places = start[:, None] + drawn
    places += np.where(places >= begin[:, None], mine[:, None], 0)
    return np.minimum(places, len(pieces) - 1), others > 0


def _runs(codes: Ints) -> tuple[Ints, Ints]:
    """First place and size of the run that each code stands in."""
    sizes = np.bincount(codes)
    starts = np.cumsum(sizes) - sizes
    return starts[codes], sizes[codes]


def of_firsts(pieces: pl.DataFrame, firsts: pl.DataFrame, generator: np.random.Generator) -> tuple[Ints, Flags]:
    """For each piece places in `firsts` of DRAWS prompts of its group by other users, of as many words or more.

    `firsts`: sorted by group, the longest first. A prompt of the user's own is drawn anew; where none else is found in
    a few tries, there is none.
    """
    group, n_words = (firsts[name].to_numpy().astype(np.int64) for name in ("group", "n_words"))
    asked, n = (pieces[name].to_numpy().astype(np.int64) for name in ("group", "n"))
    long = int(n_words.max(initial=0)) + 1
    start, end = np.searchsorted(group, asked), np.searchsorted(group * long - n_words, asked * long - n, side="right")
    size = np.maximum(end - start, 0)
    codes = pl.concat([pieces["user_id"], firsts["user_id"]]).rank("dense").to_numpy()
    own, theirs = codes[: len(pieces), None], codes[len(pieces) :]
    places = np.zeros((len(pieces), DRAWS), dtype=np.int64)
    wanted = np.broadcast_to((size > 0)[:, None], places.shape).copy()
    for _ in range(TRIES if len(firsts) else 0):
        drawn = start[:, None] + generator.integers(0, np.maximum(size, 1)[:, None], places.shape)
        places = np.where(wanted, np.minimum(drawn, len(firsts) - 1), places)
        wanted &= theirs[places] == own
    return places, (size > 0) & ~wanted.any(axis=1)


def last_words(texts: pl.Series, n: pl.Series) -> pl.Series:
    """The last n words of each text, one blank between."""
    words = pl.col("text").str.extract_all(WORD).list.tail(pl.col("n")).list.join(" ")
    return pl.DataFrame({"text": texts, "n": n}).select(words).to_series()
