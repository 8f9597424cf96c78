import re
from collections import Counter

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool import tables
from unspool.features import Context, repetition


def measured(*texts):
    return repetition.measure(pl.DataFrame({"text": texts}, schema={"text": pl.String}), Context()).rows()


def paper(text):
    """The authors' definition, word by word."""
    words = [word for word in re.findall(r"\w+", text.lower()) if word not in repetition.stop_words()]
    repeated = sum(count for count in Counter(words).values() if count > 1)
    parts = len(text.split())
    return repeated, repeated / parts if parts else None


def own(text):
    pattern = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
    words = pattern.findall(text.lower())
    return 1 - len(set(words)) / len(words) if words else None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # red twice of 4 parts; 3 types of 4 words
        ("a red red cat", (2, 2 / 4, 1 / 4)),
        # red three times and cat twice: 5 uses of 6 parts; 3 types (red, cat, the) of 6 words
        ("Red cat, RED the Cat red", (5, 5 / 6, 3 / 6)),
        # stop words repeat for the own share alone: 1 type of 3
        ("The the THE", (0, 0.0, 2 / 3)),
        # \w+ cuts at the hyphens, so 4 uses stand in 1 part; a hyphenated word is one word of the own
        ("very-red-bird-red-bird", (4, 4.0, 0.0)),
        ("red-fox-red-fox", (4, 4.0, 0.0)),
        # don't is don and t, both stop words
        ("don't don't", (0, 0.0, 1 / 2)),
        # an underscore is of the authors' words; the own are a, b, a, b, b: 2 types of 5
        ("a_b a_b b", (2, 2 / 3, 3 / 5)),
        ("one", (0, 0.0, 0.0)),
        ("", (0, None, None)),
        (" \n\t ", (0, None, None)),
        (", , ,", (0, 0.0, None)),
        (None, (None, None, None)),
    ],
)
def test_by_hand(text, expected):
    assert measured(text) == [pytest.approx(expected)]


def test_empty_frame_keeps_types():
    empty = repetition.measure(tables.empty(tables.PROMPTS), Context())
    assert empty.schema == {column.name: column.kind for column in repetition.COLUMNS}
    assert empty.height == 0


def test_rows_do_not_mix():
    texts = ["red red", "red", None, "red red", "", "blue red blue"]
    assert measured(*texts) == [measured(text)[0] for text in texts]


HOSTILE = [
    "<b>bold</b> <script>alert(1)</script>",
    "=cmd|' /C calc'!A0 cmd",
    "\x00 red\x00red \x1f\x1c red",
    "\u200fשלום שלום\u200e مرحبا مرحبا",
    "👩\u200d🚀 👩\u200d🚀 ❤️ ❤️ 🔥🔥",
    "x² x² ½ ½ ⅷ ⅷ",
    "café café cafe\u0301 cafe\u0301",
    "ΟΔΟΣ οδος İstanbul istanbul STRASSE straße",
    "हिन्दी हिन्दी ภาษาไทย 日本語 日本語",
    "red " * 2500,
    "\u00a0red\u2003red\u200bred\u3000red",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_as_the_authors_count(text):
    assert measured(text)[0][:2] == paper(text)


@given(
    st.lists(
        st.text(
            st.one_of(
                st.sampled_from("ab AB_-'’,. 1²\n\x1c\u0301\u200d"), st.characters(exclude_categories=["Cs", "Cn"])
            )
        ),
        max_size=6,
    )
)
def test_is_the_authors_definition(texts):
    assert [row[:2] for row in measured(*texts)] == [paper(text) for text in texts]


@given(st.lists(st.text(st.sampled_from("abAB -'’,.1\n"), max_size=30), max_size=6))
def test_own_share_is_one_less_types_by_tokens(texts):
    found = [row[2] for row in measured(*texts)]
    assert found == [share if share is None else pytest.approx(share) for share in map(own, texts)]
    assert all(share is None or 0 <= share < 1 for share in found)


def test_pattern_is_pythons_for_every_character_that_python_knows():
    import unicodedata

    known = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    series = pl.Series(known)
    assert series.str.contains(f"^{repetition.PYTHON_WORD}$").to_list() == [bool(re.match(r"\w", c)) for c in known]
    assert series.str.contains(repetition.PYTHON_PART).to_list() == [not c.isspace() for c in known]
    assert series.str.to_lowercase().to_list() == [c.lower() for c in known]


def test_stop_words_are_nltks_of_the_time():
    words = repetition.stop_words()
    assert len(words) == 179
    assert {"i", "the", "don", "don't", "wouldn't", "ma", "y"} <= words
    # The contractions that NLTK added in 2025.
    assert words.isdisjoint({"i'm", "he's", "they've", "we'd"})
    assert all(word == word.lower().strip() for word in words)


def test_real_captions_and_prompts(real_data):
    rows = pl.read_ndjson(real_data / "midjourney_threads" / "sample.jsonl")
    texts = rows["text"].to_list()
    assert [row[:2] for row in measured(*texts)] == [paper(text) for text in texts]
