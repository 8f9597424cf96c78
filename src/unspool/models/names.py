"""Names of persons in texts, as spaCy's small English pipeline recognises them."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from unspool.models.parser import BATCH_TEXTS, LONGEST, PIPELINE

if TYPE_CHECKING:
    from spacy.language import Language

NAMES: dict[str, pl.DataType | type[pl.DataType]] = {
    "text": pl.UInt32,
    "name": pl.String,
    "start": pl.UInt32,
    "end": pl.UInt32,
}
CANDIDATE = r"\p{Lu}[\p{L}\p{M}'’\-]+ (?:\p{Lu}\. ?)?\p{Lu}[\p{L}\p{M}'’\-]+"
"""Two words with capitals: what a full name looks like. Only texts that hold one are given to the recogniser."""
_WHOLE = rf"^{CANDIDATE}(?: \p{{Lu}}[\p{{L}}\p{{M}}'’\-]+)*$"


def names(texts: Sequence[str]) -> pl.DataFrame:
    """Names of two or more capitalised words: text (its place), name, start and end in characters.

    Single names are left out: they are taken for words of any kind too often. Equal texts are read each for itself.
    """
    asked = pl.DataFrame({"value": pl.Series(texts, dtype=pl.String).str.slice(0, LONGEST)}).with_row_index("text")
    asked = asked.filter(pl.col("value").str.contains(CANDIDATE))
    found = list[tuple[int, str, int, int]]()
    documents = _recogniser().pipe(asked["value"].to_list(), batch_size=BATCH_TEXTS) if asked.height else ()
    for place, document in zip(asked["text"].to_list(), documents, strict=True):
        found += [(place, e.text, e.start_char, e.end_char) for e in document.ents if e.label_ == "PERSON"]
    listed = pl.DataFrame(found, schema=NAMES, orient="row")
    return listed.filter(pl.col("name").str.contains(_WHOLE))


@cache
def _recogniser() -> "Language":
    import spacy

    kept = ("tok2vec", "ner")
    return spacy.load(PIPELINE, exclude=[name for name in _PIPES if name not in kept])


_PIPES = ("tok2vec", "tagger", "parser", "attribute_ruler", "lemmatizer", "senter", "ner")
