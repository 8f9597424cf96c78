"""Length: parts between blanks as Python splits them, words without punctuation, characters."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.features import Context
from unspool.features.length import COLUMNS, measure


def counts(*texts):
    return measure(pl.DataFrame({"text": texts}, schema={"text": pl.String}), Context()).rows()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a cat, asleep", (3, 3, 13)),
        ("a - cat", (3, 2, 7)),  # a dash alone is a part and no word
        ("ultra-detailed, don't", (2, 2, 21)),  # joined by a hyphen or an apostrophe: one word
        ("a red , fox", (4, 3, 11)),
        ("8k::2", (1, 2, 5)),  # 8k and 2
        ("!!!", (1, 0, 3)),
        ("", (0, 0, 0)),
        ("  \n\t ", (0, 0, 5)),
        ("élan vital", (2, 2, 10)),
        ("e\u0301lan", (1, 1, 5)),  # a letter and its accent are two code points of one word
        ("🦊 fox", (2, 1, 5)),
        ("<script>alert(1)</script>", (1, 4, 25)),  # script, alert, 1, script
        ("\u202ered fox\u202c", (2, 2, 9)),
        ("a\x1cb", (2, 2, 3)),  # the file separator splits, as Python has it
    ],
)
def test_counts(text, expected):
    assert counts(text) == [expected]


def test_a_long_paste():
    assert counts("word " * 2000) == [(2000, 2000, 10_000)]


def test_no_rows_and_a_null():
    assert counts() == []
    assert counts(None) == [(None, None, None)]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=20))
def test_parts_are_those_of_python(texts):
    assert [row[0] for row in counts(*texts)] == [len(text.split()) for text in texts]
    assert [row[2] for row in counts(*texts)] == [len(text) for text in texts]


def test_the_columns_are_those_declared():
    found = measure(pl.DataFrame({"text": ["a fox"]}), Context())
    assert found.columns == [column.name for column in COLUMNS]
    assert [column.empty for column in COLUMNS] == [0, 0, 0]
