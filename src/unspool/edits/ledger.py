"""The ledger of edits: what each prompt of a thread changed in the one before."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool import tables
from unspool.edits._align import Alignment, align
from unspool.edits._rules import Edited, kinds
from unspool.edits._spans import WHAT, changed, counts, spans
from unspool.edits._texts import Ints, Texts, cut, distinct
from unspool.edits.pairs import pairs
from unspool.features.length import WORD
from unspool.syntax.codes import coded

PAIRS_AT_ONCE = 50_000
_COUNTS = [f"{what}_{kind}" for what in ("added", "removed") for kind in tables.WORD_KINDS]
_OF_TEXTS = ("kind", "similarity", "n_before", "n_after", "n_kept", "n_moved", "spans", *_COUNTS)


def ledger(prompts: pl.DataFrame) -> pl.DataFrame:
    """The table edits: one row per prompt that has one before it in its thread, in the order of the prompts.

    `prompts`: rows of the prompts table with the thread_id and step of a rule; all prompts of its threads, in any
    order. Words are those of the feature n_words. `similarity` is in [0, 1], counts are words. Two texts without words
    have the similarity 1 and no spans; a null text is one without words. No pairs give a table without rows.
    """
    rows = pairs(prompts).with_columns(pl.col("text", "text_before").fill_null(""), params_changed=_params_changed())
    same = (pl.col("text") == pl.col("text_before")).alias("same")
    marked = rows.with_row_index("row").with_columns(same)
    parts = [_unchanged(marked.filter("same")), *_changed(marked.filter(~pl.col("same")))]
    typed = [tables.conform(part, tables.EDITS).with_columns(part["row"]) for part in parts]
    return pl.concat(typed).sort("row").drop("row").with_columns(pl.col(_COUNTS).fill_null(0))


def _params_changed() -> pl.Expr:
    """Whether parameters, in any order, or the number of image links differ."""
    said = [
        pl.col(f"params{end}").fill_null([]).list.eval(pl.element().struct.json_encode()).list.sort().list.join("\n")
        for end in ("", "_before")
    ]
    other = pl.col("params").ne_missing(pl.col("params_before"))
    return (other & (said[0] != said[1])) | pl.col("n_image_links").ne_missing(pl.col("n_image_links_before"))


def _unchanged(rows: pl.DataFrame) -> pl.DataFrame:
    """The edits of pairs of equal texts."""
    n_words = pl.col("text").str.count_matches(WORD)
    kind = pl.when("params_changed").then(pl.lit("parameters")).otherwise(pl.lit("reroll"))
    return rows.with_columns(
        *(n_words.alias(name) for name in ("n_before", "n_after", "n_kept")),
        kind=kind,
        similarity=pl.lit(1.0),
        n_moved=pl.lit(0),
        spans=pl.lit([], dtype=tables.SPANS),
    )


def _changed(rows: pl.DataFrame) -> list[pl.DataFrame]:
    """The edits of pairs of different texts, in parts; each distinct pair of texts of a part is worked once."""
    parts = []
    for part in rows.iter_slices(PAIRS_AT_ONCE):
        code, texts = coded(pl.concat([part["text_before"], part["text"]]))
        both = code.reshape(2, -1)
        keys, place = np.unique(both[0] * len(texts) + both[1], return_inverse=True)
        found = edits(texts, keys // len(texts), keys % len(texts))
        parts.append(pl.concat([part, found[place]], how="horizontal"))
    return parts


def edits(texts: pl.Series, before: Ints, after: Ints) -> pl.DataFrame:
    """The edits from texts to texts, by their places in `texts`, which are distinct; no pair is of a text with itself.

    One row per pair: the columns of the table edits that depend on the texts alone.
    """
    words = cut(texts)
    found = align(words, before, after)
    old, new = changed(words, found)
    added, n = new.of(WHAT.index("added")), len(before)
    n_kept = np.bincount(found.new.pair[~found.new.left], minlength=n)
    n_moved = np.bincount(found.new.pair[found.moved], minlength=n)
    similarity = _similarity(words, found, before, after)
    edited = Edited(texts, words, before, after, found, old, added, n_kept, n_moved, similarity)
    columns = {
        "kind": kinds(edited),
        "similarity": similarity,
        "n_before": words.sizes[before],
        "n_after": words.sizes[after],
        "n_kept": n_kept,
        "n_moved": n_moved,
        "spans": spans(words, old, new, n),
    }
    per_kind = np.concatenate([counts(added, n), counts(old, n)], axis=1)
    return pl.DataFrame(columns | dict(zip(_COUNTS, per_kind.T, strict=True))).select(_OF_TEXTS)


def _similarity(words: Texts, found: Alignment, before: Ints, after: Ints) -> NDArray[np.float64]:
    """Distinct words in both texts by those in either; 1 where there are none."""
    n_words = max(len(words.words), 1)
    text = np.repeat(np.arange(len(words.sizes)), words.sizes)
    types = np.bincount(distinct(text * n_words + words.word) // n_words, minlength=len(words.sizes))
    kept = found.new.keys(np.flatnonzero(~found.new.left), n_words)
    both = np.bincount(distinct(kept) // n_words, minlength=len(before))
    either = types[before] + types[after] - both
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)
