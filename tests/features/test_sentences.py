"""Sentences: the authors' counts over their first 512 characters, and the project's over the whole prompt."""

from functools import cache

import polars as pl
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from unspool.features import Context, length, sentences
from unspool.models import parser
from unspool.models.parser import LONGEST, PIPELINE

TALE = "A cat sits on a red mat. Two dogs run in the park. The sun is low and the light is gold. "
PROMPTS = (
    "a cat",
    "A cat sits on a mat. Two dogs run! Is it raining?",
    "portrait of a fisherman, golden hour, 85mm lens",
    "!!!",
    "a - cat",
    "The sky is red.\nThe sea is green.\n\nThe end.",
    "🎨. a robot paints. 猫が寝る。",
    TALE * 3,
    TALE * 9,
    "x" * 511 + " A dog runs. A cat sleeps.",
    " " * 600 + "A dog runs. A cat sleeps.",
    (TALE * 6)[:512],
    (TALE * 6)[:513],
)


def measured(*texts):
    return sentences.measure(pl.DataFrame({"text": texts}, schema={"text": pl.String}), Context())


@cache
def whole_spacy():
    return spacy.load(PIPELINE)


def by_authors(text):
    """Sentences of the first 512 characters by the parts of the whole text, and the other way round."""
    found = len(list(whole_spacy()(text[:512]).sents))
    parts = len(text.split())
    return found / parts, parts / found


def by_loop(text):
    """Sentences that hold a letter or a digit."""
    doc = whole_spacy()(text)
    return sum(any(sign.isalnum() for sign in sentence.text) for sentence in doc.sents)


def test_rates_by_hand():
    # 3 sentences; 18 parts between blanks: "A cat sits on a red mat." 7, "Two dogs run in the park." 6, "It rains - a
    # lot!" 5. The dash is a part but no word: 17 words.
    text = "A cat sits on a red mat. Two dogs run in the park. It rains - a lot!"
    assert measured(text).row(0) == (3 / 18, 18 / 3, 3, 3 / 17, 17 / 3)


def test_authors_loop_gives_the_same():
    ours = measured(*PROMPTS)
    for text, row in zip(PROMPTS, ours.rows(), strict=True):
        assert row[:2] == by_authors(text), text[:40]


def test_own_count_is_that_of_a_loop():
    assert measured(*PROMPTS)["n_sentences"].to_list() == [by_loop(text) for text in PROMPTS]


def test_paper_counts_sentences_of_512_characters_and_words_of_all():
    # 9 tales of 3 sentences and 22 words: 27 sentences, 198 words; only 18 sentences begin in the first 512 signs.
    assert [len(TALE), len((TALE * 9)[:512])] == [89, 512]
    paper, inverse, own, rate, words = measured(TALE * 9).row(0)
    assert (own, rate, words) == (27, 27 / 198, 198 / 27)
    assert (paper, inverse) == (18 / 198, 198 / 18)


def test_a_text_of_512_characters_is_parsed_once(monkeypatch):
    seen = []
    kept = parser.parse
    monkeypatch.setattr(parser, "parse", lambda texts: seen.append(texts.to_list()) or kept(texts))
    texts = (TALE * 6)[:512], (TALE * 6)[:513], "a cat"
    measured(*texts)
    assert seen == [list(texts), [(TALE * 6)[:512]]]


def test_cutting_leaves_the_parse_of_the_context_alone():
    rows = pl.DataFrame({"text": [TALE * 9]})
    context = Context()
    sentences.measure(rows, context)
    assert context.parse(rows["text"]) is context.parse(rows["text"])
    assert context.parse(rows["text"]).tokens.height > 200


def test_sentences_without_a_word_do_not_count():
    # spaCy makes a sentence of the marks, and the authors count it: 2 sentences, 7 parts; own: 1 sentence, 6 words.
    text = "*** A cat sits on a mat."
    assert len(list(whole_spacy()(text).sents)) == 2
    assert measured(text).row(0) == (2 / 7, 7 / 2, 1, 1 / 6, 6.0)


@pytest.mark.parametrize("text", [None, "", " ", " \n\t "])
def test_no_words_are_no_sentences(text):
    assert measured(text).row(0) == (None, None, 0, None, None)


def test_marks_are_a_word_to_the_authors_only():
    assert measured("!!!").row(0) == (1.0, 1.0, 0, None, None)


def test_words_are_those_of_what_was_parsed():
    # Of 2,000 words of six signs and a blank, 10,000 characters hold 1,428 and the first 4 signs of another.
    row = measured("planet " * 2_000).row(0)
    assert LONGEST == 10_000
    assert row[4] == pytest.approx(1429 / row[2])


@pytest.mark.parametrize(
    "text", ["<p>Hi.</p><p>Yo.</p>", "\u202e.cat a si sihT", "\x00. \x07.", "🎨. 🎨.", "a. " * 3_333]
)
def test_hostile_texts_have_numbers(text):
    row = measured(text).row(0)
    assert all(value is None or value >= 0 for value in row)
    assert (row[2] == 0) == (row[3] is None) == (row[4] is None)


def test_rows_keep_their_place():
    rows = measured(TALE * 9, "a cat", TALE * 9, "A cat. A dog runs.").rows()
    assert rows[0] == rows[2] == measured(TALE * 9).row(0)
    assert rows[1] == measured("a cat").row(0)


def test_no_rows():
    assert measured().schema == {column.name: column.kind for column in sentences.COLUMNS}


@settings(max_examples=40)
@given(st.lists(st.text(max_size=60), max_size=6))
def test_there_are_sentences_where_there_are_words(texts):
    rows = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    n_words = length.measure(rows, Context())["n_words"]
    assert (sentences.measure(rows, Context())["n_sentences"] > 0).to_list() == (n_words > 0).to_list()
