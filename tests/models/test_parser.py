"""The parser gives what spaCy gives text by text, equal texts once, and takes what people paste."""

import time
from functools import cache

import numpy as np
import polars as pl
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from unspool.models import parser
from unspool.models.parser import BATCH_CHARACTERS, BATCH_TEXTS, LONGEST, PIPELINE, parse, pipeline

PROMPTS = (
    "a cat",
    "a cat sits on a red mat. Two dogs are running!",
    "Portrait of an old fisherman, weathered face, golden hour, 85mm lens, f/1.4",
    "I'm gonna paint the sea, she said; he couldn't believe it",
    "ice cream  cone and ice\ncream",
    "isometric diorama of a tiny Japanese village :: cherry blossoms :: 8k --no people",
    "don't, won't, ain't, let's, y'all, 'em",
    "THE QUICK BROWN FOX. the mice were better than the geese",
    "blue, blue, blue, blue",
    "https://example.org/a.png a knight in the style of a woodcut",
    "<b>bold</b> & =1+1 \x00\x07 \u202eright to left\u202c",
    "🎨🎨 a robot painting a still life ❤️",
    "a house!!!??? (very big), [small], {red}",
    "café crème, naïve art, El Niño, Übermensch",
    "кот на крыше, 猫が屋根の上にいる",
    "\n\na line\n\n\nanother line\t\ttabs\n",
    "She is seen by those who were standing there and who had been leaving. It has rained.",
    "steam-powered owl, wide-angle, state-of-the-art, t-shirt, 3d render, v2.0",
    "the man who the woman whom the child saw loves sleeps",
)
PARSED = ["token", "lemma", "pos", "starts_sentence", "depth"]


@cache
def whole_spacy():
    """The pipeline as it is shipped, with all its parts."""
    return spacy.load(PIPELINE)


def by_spacy(text):
    """The definition in a plain loop: one text at a time, one token at a time."""
    doc = whole_spacy()(text)
    starts = {sentence.start for sentence in doc.sents}
    return [(w.text, w.lemma_, w.pos_, w.i in starts, len(list(w.ancestors))) for w in doc]


def tokens_of(parsed, row):
    return parsed.tokens.filter(pl.col("document") == parsed.documents[row]).select(PARSED).rows()


def test_it_gives_what_spacy_gives_text_by_text():
    parsed = parse(pl.Series(PROMPTS))
    for row, text in enumerate(PROMPTS):
        assert tokens_of(parsed, row) == by_spacy(text), text


def test_real_prompts_too(real_data):
    texts = pl.read_ndjson(real_data / "discord_newbies41" / "newbies41_small_2025-07.jsonl")["text"]
    parsed = parse(texts)
    different = [row for row, text in enumerate(texts) if tokens_of(parsed, row) != by_spacy(text)]
    assert different == []


def test_a_text_does_not_depend_on_its_company():
    together = parse(pl.Series(PROMPTS))
    for row, text in enumerate(PROMPTS):
        assert tokens_of(parse(pl.Series([text])), 0) == tokens_of(together, row)


def test_a_second_call_gives_the_same():
    first, second = parse(pl.Series(PROMPTS)), parse(pl.Series(PROMPTS))
    assert first.tokens.equals(second.tokens)


def test_words_of_a_call_are_forgotten():
    parsed = parse(pl.Series(["a qwzzkfoo on a mat"]))
    assert "qwzzkfoo" in parsed.tokens["token"].to_list()
    assert "qwzzkfoo" not in pipeline().vocab.strings


def test_the_columns():
    # "Cats" is the subject of "sleep", its root; "!" hangs on the root. The second sentence is one word, a name.
    parsed = parse(pl.Series(["Cats sleep! Goodnight"]))
    assert parsed.tokens.schema == pl.Schema(parser.COLUMNS)
    assert parsed.tokens.rows() == [
        (0, "Cats", "cat", "NOUN", True, True, 1),
        (0, "sleep", "sleep", "VERB", True, False, 0),
        (0, "!", "!", "PUNCT", False, False, 1),
        (0, "Goodnight", "Goodnight", "PROPN", True, True, 0),
    ]


def test_equal_texts_are_one_document():
    parsed = parse(pl.Series(["a cat", "a dog", "a cat", "a cat"]))
    assert parsed.documents.to_list() == [0, 1, 0, 0]
    assert parsed.n_texts == 4
    assert parsed.tokens["token"].to_list() == ["a", "cat", "a", "dog"]


def test_null_and_empty_texts_have_no_tokens():
    parsed = parse(pl.Series([None, "", "cat", None]))
    assert parsed.documents.to_list() == [0, 0, 1, 0]
    assert parsed.tokens["document"].to_list() == [1]


@pytest.mark.parametrize("texts", [pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.Null)])
def test_no_texts(texts):
    parsed = parse(texts)
    assert parsed.n_texts == 0
    assert parsed.documents.dtype == pl.UInt32
    assert parsed.tokens.schema == pl.Schema(parser.COLUMNS)


def test_only_nulls():
    assert parse(pl.Series([None, None])).tokens.height == 0


def test_values_of_documents_are_spread_over_texts():
    parsed = parse(pl.Series(["a cat", "", "three red dogs", "a cat"]))
    counted = parsed.tokens.group_by("document").agg(n=pl.len())
    assert parsed.per_text(counted).to_dict(as_series=False) == {"n": [2, None, 3, 2]}


def test_blanks_are_space_and_no_words():
    parsed = parse(pl.Series(["cat \n dog", "  "]))
    assert parsed.tokens.filter(~pl.col("is_word")).select("document", "pos").rows() == [(0, "SPACE"), (1, "SPACE")]


@pytest.mark.parametrize(
    ("text", "words"), [("!?", 0), ("|", 0), ("🎨", 0), ("8k", 1), ("猫", 1), ("a-b", 2), ("can't", 2), ("<b>", 1)]
)
def test_a_word_holds_a_letter_or_a_digit(text, words):
    assert parse(pl.Series([text])).tokens["is_word"].sum() == words


def test_long_texts_are_cut():
    text = ("a cat sits on a mat. " * 600)[: LONGEST + 500]
    parsed = parse(pl.Series([text[:LONGEST], text, text * 8]))
    assert parsed.documents.to_list() == [0, 0, 0]
    assert "".join(parsed.tokens["token"]) == text[:LONGEST].replace(" ", "")


@pytest.mark.parametrize("text", ["a" * 100_000, "cat, " * 20_000, "\n" * 100_000, "a.b/" * 25_000, "1" * 100_000])
def test_pastes_are_parsed_in_time(text):
    began = time.process_time()
    assert parse(pl.Series([text])).tokens.height > 0
    assert time.process_time() - began < 20


@given(st.lists(st.text(max_size=40), max_size=8))
def test_any_text_keeps_its_signs_and_its_row(texts):
    parsed = parse(pl.Series(texts, dtype=pl.String))
    assert parsed.n_texts == len(texts)
    for row, text in enumerate(texts):
        tokens = parsed.tokens.filter(pl.col("document") == parsed.documents[row])
        assert "".join(tokens["token"]).replace(" ", "") == text.replace(" ", "")
        assert tokens["starts_sentence"].to_list()[:1] == [True] * bool(text)


@given(st.lists(st.integers(0, 3 * BATCH_CHARACTERS // 2), max_size=40))
def test_batches_cover_the_texts_and_are_small(lengths):
    texts = ["x" * length for length in lengths]
    batches = list(parser._batches(texts))
    assert [text for _, batch in batches for text in batch] == texts
    assert [start for start, _ in batches] == [sum(len(b) for _, b in batches[:i]) for i in range(len(batches))]
    assert all(sum(map(len, batch)) <= BATCH_CHARACTERS or len(batch) == 1 for _, batch in batches)


def test_a_batch_has_a_number_of_texts():
    assert [len(batch) for _, batch in parser._batches(["x"] * (2 * BATCH_TEXTS + 1))] == [BATCH_TEXTS, BATCH_TEXTS, 1]


def test_depths_follow_the_heads():
    # Two trees: 1 <- 0, 1 <- 2 <- 3 <- 4 and 5 alone. Token 4 is three arcs from token 1: 4 -> 3 -> 2 -> 1.
    ways = np.array([1, 0, -1, -1, -1, 0])
    assert parser._depths(ways).tolist() == [1, 0, 1, 2, 3, 0]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_depths_of_any_tree(numbers):
    # The head of token i is one of those before it; token 0 is the root.
    heads = [number % (i or 1) for i, number in enumerate(numbers)]
    expected = [0] * len(heads)
    for i, head in enumerate(heads[1:], start=1):
        expected[i] = expected[head] + 1
    assert parser._depths(np.array(heads) - np.arange(len(heads))).tolist() == expected
