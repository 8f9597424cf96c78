"""Terms of prompts: the style phrases and the content words that threads keep, drop and carry over."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features.length import WORD
from unspool.features.repetition import stop_words
from unspool.features.style import FAMILIES, kinds
from unspool.syntax.codes import coded, places

STYLE, CONTENT = "style", "content"
_BREAK = r"[;:|!?()\[\]{}\"“”„«»+—–*~<>·•‧∙\r\n\t]|\s/\s|\.+$"
"""What ends a phrase inside a comma-separated segment."""
_LETTER = r"\p{L}"
_CUES = ("without",)
"""Function words that the list of function words lacks."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Terms:
    """Which terms stand in which texts: `row` and `code` per use, sorted, each pair once; `names` by code.

    `names` has the columns term and family. A word may be a style term in one text and a content term in another: it
    has two codes then.
    """

    row: Ints
    code: Ints
    names: pl.DataFrame

    def of(self, family: str) -> "Terms":
        """Those of one family, with the same codes."""
        kept = (self.names["family"] == family).to_numpy()[self.code]
        return Terms(self.row[kept], self.code[kept], self.names)


def terms(texts: pl.Series) -> pl.DataFrame:
    """The terms of each text: row (UInt32, from 0), term, family ("style" or "content"); once per row and term.

    Style terms are the longest runs of words of one style kind inside a comma-separated segment, without function words
    at their ends; content terms are single words of the kinds subject and negative that are no function words. Both
    have a letter; lower case, joined by a blank. A text without words has no terms, and so has a null one.
    """
    found = coded_terms(texts)
    rows = pl.DataFrame({"row": found.row.astype(np.uint32)})
    return pl.concat([rows, found.names[found.code]], how="horizontal")


def coded_terms(texts: pl.Series) -> Terms:
    """The same as codes, for logs of millions of prompts. Each distinct comma-separated segment is looked at once."""
    segments = texts.fill_null("").str.to_lowercase().str.split(",")
    segment, distinct = coded(segments.explode(empty_as_null=False).str.strip_chars())
    listed = _of_segments(distinct)
    term, names = coded(listed["term"])
    uses = 2 * term + (listed["family"] == CONTENT).to_numpy()
    sizes = np.bincount(listed["segment"].to_numpy(), minlength=len(distinct))
    row = np.repeat(np.arange(len(texts)), segments.list.len().to_numpy())
    pair = _once(np.repeat(row, sizes[segment]), uses[places(segment, sizes)], 2 * len(names))
    known = pl.DataFrame(
        {"term": names.gather(np.repeat(np.arange(len(names)), 2)), "family": [STYLE, CONTENT] * len(names)},
        schema={"term": pl.String, "family": pl.String},
    )
    return Terms(*pair, known)


def _once(row: Ints, use: Ints, size: int) -> tuple[Ints, Ints]:
    """Rows and uses, each term once per row: as style where it is both."""
    key = np.sort(row * max(1, size) + use)  # faster than np.unique, whose hashing is slow on millions
    key = key[np.diff(key // 2, prepend=-1) > 0]
    return key // max(1, size), key % max(1, size)


def _of_segments(segments: pl.Series) -> pl.DataFrame:
    """The terms of distinct segments, in order: segment, term, family."""
    words = kinds(segments).rename({"row": "segment"}).with_columns(phrase=_phrases(segments))
    known = words.filter(~pl.col("token").is_in([*stop_words(), *_CUES]))
    content = known.filter(
        pl.col("kind").cast(pl.String).is_in(FAMILIES["n_content_words"]), pl.col("token").str.contains(_LETTER)
    ).select("segment", term="token", family=pl.lit(CONTENT))
    return pl.concat([content, _style(words)]).sort("segment", maintain_order=True)


def _style(words: pl.DataFrame) -> pl.DataFrame:
    """The style terms among words with their phrases: segment, term, family."""
    stop = pl.col("token").is_in([*stop_words(), *_CUES])
    runs = words.with_columns(run=pl.struct("segment", "phrase", "kind").rle_id(), place=pl.int_range(pl.len()))
    runs = runs.filter(pl.col("kind").cast(pl.String).is_in(FAMILIES["n_style_words"]))
    ends = runs.filter(~stop).group_by("run").agg(start=pl.col("place").min(), end=pl.col("place").max())
    inside = runs.join(ends, on="run").filter(pl.col("place").is_between("start", "end")).sort("place")
    phrases = inside.group_by("run", maintain_order=True).agg(pl.col("segment").first(), term=pl.col("token"))
    joined = phrases.select("segment", pl.col("term").list.join(" "), family=pl.lit(STYLE))
    return joined.filter(pl.col("term").str.contains(_LETTER))


def _phrases(segments: pl.Series) -> pl.Series:
    """The number of the phrase that each word of the segments is in: they end at brackets, colons and the like."""
    pieces = segments.str.extract_all(rf"{WORD}|{_BREAK}").explode(empty_as_null=False)
    is_word = pieces.str.contains(rf"^{WORD}")
    return (~is_word).cum_sum().filter(is_word)
