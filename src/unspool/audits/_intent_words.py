"""Which words of a thread's last prompt stood in its first one: shares per thread."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.edits.terms import CONTENT, STYLE, coded_terms
from unspool.features.repetition import stop_words
from unspool.features.style import FAMILIES, kinds
from unspool.stats.jackknife import Floats
from unspool.syntax.codes import coded

Ints = NDArray[np.int64]


def measures(first: pl.Series, last: pl.Series) -> dict[tuple[str, str], Floats]:
    """Shares per thread by feature and estimand, from the texts of first and last prompts; NaN without such words.

    Content words are those of edits/terms.py; style words are the words of its style terms that are no function words.
    Each counts once per text, in lower case, and stands in the other text if that has it as a word of either family.
    """
    n = len(first)
    words = _words(pl.concat([first, last]))
    sides = [words.filter(pl.col("row") < n), words.filter(pl.col("row") >= n).with_columns(pl.col("row") - n)]
    content, style = ([_keys(side.filter(family=family)) for side in sides] for family in (CONTENT, STYLE))
    both = [_keys(side) for side in sides]
    recall = _share(content[1], both[0], n)
    shares = _style_shares(pl.concat([first, last]))
    return {
        ("content", "recall"): recall,
        ("content", "added"): 1 - recall,
        ("content", "precision"): _share(content[0], both[1], n),
        ("style", "share_first"): shares[:n],
        ("style", "share_last"): shares[n:],
        ("style", "share_change"): shares[n:] - shares[:n],
        ("style", "recall"): _share(style[1], both[0], n),
    }


def _words(texts: pl.Series) -> pl.DataFrame:
    """The words of texts: row, word (a code) and family, once each."""
    found = coded_terms(texts)
    names = found.names.with_columns(term=pl.col("term").str.split(" ")).with_row_index("code")
    parts = names.explode("term", empty_as_null=False).filter(~pl.col("term").is_in(stop_words()))
    numbers, _ = coded(parts["term"])
    listed = parts.select(pl.col("code").cast(pl.Int64), "family", word=pl.Series(numbers))
    uses = pl.DataFrame({"row": found.row, "code": found.code}, schema={"row": pl.Int64, "code": pl.Int64})
    return uses.join(listed, on="code").select("row", "word", "family").unique().sort("row", "word", "family")


def _keys(words: pl.DataFrame) -> Ints:
    """One number per row and word."""
    found: Ints = np.unique((words["row"].to_numpy() << 32) + words["word"].to_numpy())
    return found


def _share(of: Ints, among: Ints, n: int) -> Floats:
    """By row, the share of the keys `of` that are also `among`; NaN for a row without any."""
    there = np.isin(of, among, assume_unique=True)
    row = of >> 32
    with np.errstate(invalid="ignore"):
        return np.asarray(np.bincount(row[there], minlength=n) / np.bincount(row, minlength=n), dtype=np.float64)


def _style_shares(texts: pl.Series) -> Floats:
    """Style words by all words, with repetitions and function words, as the feature style counts them."""
    words = kinds(texts)
    row = words["row"].to_numpy().astype(np.int64)
    style = words["kind"].cast(pl.String).is_in(FAMILIES["n_style_words"]).to_numpy()
    with np.errstate(invalid="ignore"):
        return np.asarray(
            np.bincount(row[style], minlength=len(texts)) / np.bincount(row, minlength=len(texts)), dtype=np.float64
        )
