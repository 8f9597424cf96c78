"""Style kinds: which share of a prompt's words says what is depicted, and which how."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.features import Column, Context
from unspool.features._style_lexicon import KINDS, Codes
from unspool.features._style_rules import REPETITION, kinds_of
from unspool.features._style_words import Flags, Numbers, lengths, stream
from unspool.features.length import WORD
from unspool.syntax.codes import coded, places

__all__ = ["CAPTIONS", "CITATION", "COLUMNS", "FAMILIES", "KINDS", "TITLE", "USES", "kinds", "measure"]

TITLE = "Style kinds"
CITATION = (
    "Oppenlaender 2024, A taxonomy of prompt modifiers for text-to-image generation (Behaviour & Information "
    "Technology 43(15), arXiv 2204.13988), with style modifiers divided into style, medium, light and camera"
)
CAPTIONS = True
USES = ""
_MEANINGS = {
    "subject": "what is depicted, and all that is of no other kind",
    "style": "artists, movements, genres, moods, looks of films, games and studios",
    "medium": "how it is made and as what: oil painting, photo, 3d render, logo, poster",
    "light": "light and colour of the picture: golden hour, muted colors, black and white",
    "camera": "lens, shot, angle, film and composition",
    "quality": "quality boosters, render engines and picture sites among them",
    "negative": "negations with what they reach over: no text, without people",
    "repetition": "second and later uses of words or whole comma-separated parts that are repeated for emphasis",
    "magic": "words far from any subject, meant to surprise",
}
COLUMNS = tuple(
    Column(
        f"share_{kind}",
        "Share of magic terms" if kind == "magic" else f"Share of {kind} words",
        "share",
        f"Words that are of the kind {kind} ({_MEANINGS[kind]}), divided by all words. The nine shares sum to 1.",
        high=1.0,
    )
    for kind in KINDS
)
FAMILIES = {
    "n_content_words": ("subject", "negative"),
    "n_style_words": ("style", "medium", "light", "camera", "quality", "magic"),
}
"""What is depicted, and how: the two families of kinds; repetition belongs to neither."""
COLUMNS += (
    Column(
        "n_content_words", "Content words", "words", "Words of the kinds subject and negative.", empty=0, integer=True
    ),
    Column(
        "n_style_words",
        "Style words",
        "words",
        "Words of the kinds style, medium, light, camera, quality and magic.",
        empty=0,
        integer=True,
    ),
)
_EDGE = " \t\r\n.!?:;()[]{}\"'*~-_"


@dataclass(frozen=True, slots=True)
class _Parts:
    """Comma-separated parts of texts: how many a text has, which distinct part each is, whether it was there before.

    `words` per distinct part, and the kind of each of these words, part after part.
    """

    per_text: Numbers
    part: Numbers
    repeated: Flags
    words: Numbers
    kinds: Codes


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Shares of words by kind, share_<kind> for each of KINDS, in [0, 1], summing to 1; all null without words.

    And how many words are of the two FAMILIES of kinds: 0 without words.
    """
    parts = _parts(rows["text"])
    n_parts = len(parts.words)
    of_word = np.repeat(np.arange(n_parts), parts.words)
    counts = np.bincount(of_word * len(KINDS) + parts.kinds, minlength=n_parts * len(KINDS))
    counts = counts.reshape(n_parts, len(KINDS))
    again = np.zeros_like(counts)
    again[:, REPETITION] = parts.words
    per_part = np.concatenate([counts, again])[parts.part + n_parts * parts.repeated]
    sums = np.zeros((rows.height, len(KINDS)), dtype=np.int64)
    if rows.height:
        sums = np.add.reduceat(per_part, np.cumsum(parts.per_text) - parts.per_text)
    total = pl.Series(sums.sum(axis=1))
    shares = {f"share_{kind}": pl.Series(values) / total for kind, values in zip(KINDS, sums.T, strict=True)}
    families = {name: sums[:, [KINDS.index(kind) for kind in kinds]].sum(axis=1) for name, kinds in FAMILIES.items()}
    found = pl.DataFrame({**shares, **families})
    return found.select(pl.col(column.name).cast(column.kind) for column in COLUMNS).fill_nan(None)


def kinds(texts: pl.Series) -> pl.DataFrame:
    """Every word of the texts with its kind: row, position, token, kind; no rows for a text without words.

    `row`: which text, from 0. `position`: which of its words, from 0. `token`: the word as written. `kind`: an Enum of
    KINDS. A null text has no words.
    """
    parts = _parts(texts)
    found = parts.kinds[places(parts.part, parts.words)]
    found[np.repeat(parts.repeated, parts.words[parts.part])] = REPETITION
    tokens = texts.fill_null("").str.extract_all(WORD)
    rows = pl.DataFrame({"row": np.arange(len(texts), dtype=np.uint32), "token": tokens}).with_columns(
        position=pl.int_ranges(pl.col("token").list.len(), dtype=pl.UInt32)
    )
    return (
        rows.explode("position", "token", empty_as_null=False)
        .with_columns(kind=pl.Series(np.array(KINDS)[found], dtype=pl.String).cast(pl.Enum(KINDS)))
        .select("row", "position", "token", "kind")
    )


def _parts(texts: pl.Series) -> _Parts:
    """Each distinct comma-separated part is cut into words and tagged once: the same parts come again and again.

    A sign that is of no word must be none in lower case: Unicode has capitals that `WORD` does not know yet, though it
    knows their small letters.
    """
    known = texts.fill_null("").str.replace_all(r"\p{Unassigned}", "\N{REPLACEMENT CHARACTER}")
    lists = known.str.to_lowercase().str.split(",")
    part, distinct = coded(lists.explode(empty_as_null=False).str.strip_chars(_EDGE))
    words = stream(distinct)
    per_text = lengths(lists)
    plain = np.zeros(len(distinct), dtype=np.bool_)
    plain[words.text[words.plain]] = True
    return _Parts(
        per_text,
        part,
        _seen_before(np.repeat(np.arange(len(texts)), per_text), part) & plain[part],
        np.bincount(words.text, minlength=len(distinct)),
        kinds_of(words),
    )


def _seen_before(text: Numbers, part: Numbers) -> Flags:
    """Whether a part stands in the same text before."""
    order = np.lexsort((part, text))
    again = (np.diff(text[order], prepend=-1) == 0) & (np.diff(part[order], prepend=-1) == 0)
    seen = np.zeros(len(part), dtype=np.bool_)
    seen[order] = again
    return seen
