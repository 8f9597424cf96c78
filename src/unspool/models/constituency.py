"""The paper's constituency parser: benepar behind spaCy's sentences, an extra whose weights are fetched by hand."""

from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import polars as pl

from unspool.models.parser import PIPELINE

if TYPE_CHECKING:
    from spacy.language import Language

WEIGHTS = "benepar_en3"
LONGEST = 512
"""Characters of a text that the authors parse."""


def missing() -> str | None:
    """Why the parser cannot be loaded and how to get it, in one sentence; None if it can."""
    if find_spec("benepar") is None:
        return "The paper's parser is not installed: `pip install 'unspool[constituency]'`."
    if not _has_weights():
        get = f"import benepar; benepar.download('{WEIGHTS}')"
        return f'The weights of the paper\'s parser are absent: `python -c "{get}"`.'
    return None


def depths(texts: pl.Series, nlp: "Language | None" = None) -> pl.Series:
    """Depth of the deepest bracket in the trees of the sentences in the first 512 characters of each text.

    The part of speech of a word is a bracket too: `(NP (DT a) (NN cat))` is 2 deep. 0 for a text without tokens; null
    where the parser fails, as it does on a line break that ends a sentence. `nlp` is `load()` unless given. Source: the
    authors' released `get_constituency_depth_and_num_sentences`.
    """
    cut = texts.fill_null("").str.slice(0, LONGEST)
    distinct = cut.unique(maintain_order=True)
    found = [_depth(nlp or load(), text) for text in distinct]
    return cut.replace_strict(distinct, pl.Series(found, dtype=pl.UInt32)).cast(pl.UInt32)


def bracket_depth(tree: str) -> int:
    """How deep the brackets of a tree are nested; 0 without brackets."""
    depth = deepest = 0
    for sign in tree:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    return deepest


@cache
def load(weights: str = WEIGHTS) -> "Language":
    """The sentences of spaCy with the trees of benepar; loaded once per process. `weights`: a name or a folder."""
    import benepar  # noqa: F401  registers its part of the pipeline
    import spacy

    _restore_for_benepar()
    nlp = spacy.load(PIPELINE, exclude=["ner", "tagger", "attribute_ruler", "lemmatizer"])
    nlp.add_pipe("benepar", config={"model": weights})
    return nlp


def _depth(nlp: "Language", text: str) -> int | None:
    if not text or text.isspace():
        return 0
    try:
        return max(bracket_depth(sentence._.parse_string) for sentence in nlp(text).sents)
    except (AssertionError, StopIteration, ValueError):  # what benepar 0.2 raises where its words and pieces disagree
        return None


def _has_weights() -> bool:
    import nltk.data

    try:
        nltk.data.find(f"models/{WEIGHTS}")
    except LookupError:
        return False
    return True


def _restore_for_benepar() -> None:
    """Benepar 0.2 calls a method of tokenizers that transformers 5 took away; this is what it gave for T5."""
    from transformers import PreTrainedTokenizerBase

    def build(self: Any, ids: list[int]) -> list[int]:
        return [*ids, self.eos_token_id]

    if not hasattr(PreTrainedTokenizerBase, "build_inputs_with_special_tokens"):
        PreTrainedTokenizerBase.build_inputs_with_special_tokens = build
