"""Terms of prompts: which phrases and words they are, once per text, whatever the text is like."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unspool.edits.terms import CONTENT, STYLE, coded_terms, terms


def listed(text):
    """Style terms and content terms of one text, sorted."""
    found = terms(pl.Series([text], dtype=pl.String))
    return tuple(sorted(found.filter(family=family)["term"].to_list()) for family in (STYLE, CONTENT))


@pytest.mark.parametrize(
    ("text", "style", "content"),
    [
        ("a red fox, octane render, golden hour", ["golden hour", "octane render"], ["fox", "red"]),
        # Function words at the ends go; those inside stay.
        ("an oil painting of a fox by Hokusai and Moebius", ["hokusai and moebius", "oil painting"], ["fox"]),
        # A sign ends a phrase, another kind does too.
        ("octane render | 8k", ["8k", "octane render"], []),
        ("octane render · 8k / golden hour • fox", ["8k", "golden hour", "octane render"], ["fox"]),
        ("oil painting golden hour", ["golden hour", "oil painting"], []),
        # What is negated is content; numbers and function words are none.
        ("3 dogs without people, 16:9", [], ["dogs", "people"]),
        # Said twice, in any case: one term.
        ("Golden Hour, a fox, golden hour, FOX", ["golden hour"], ["fox"]),
        ("", [], []),
        (None, [], []),
        ("!? --- ,,, ::", [], []),
        ("<b>fox</b>; =cmd|'calc'!rm", [], ["b", "calc", "cmd", "fox", "rm"]),
    ],
)
def test_terms_by_hand(text, style, content):
    assert listed(text) == (style, content)


def test_a_term_is_a_style_term_where_it_is_both():
    # "photo" is a medium in the first segment and said of a thing in the second.
    found = terms(pl.Series(["photo, a photo album"]))
    assert found.filter(term="photo")["family"].to_list() == [STYLE]


def test_rows_and_types():
    found = terms(pl.Series(["a fox", None, "golden hour, fox"]))
    assert sorted(found.rows()) == [(0, "fox", CONTENT), (2, "fox", CONTENT), (2, "golden hour", STYLE)]
    assert found.schema == {"row": pl.UInt32, "term": pl.String, "family": pl.String}
    assert terms(pl.Series([], dtype=pl.String)).schema == found.schema
    assert terms(pl.Series([], dtype=pl.String)).is_empty()


@settings(max_examples=60)
@given(st.lists(st.one_of(st.none(), st.text(max_size=60)), max_size=6))
def test_a_text_has_the_same_terms_in_any_company(texts):
    together = terms(pl.Series(texts, dtype=pl.String))
    assert together.select("row", "term").is_unique().all()
    assert together["row"].is_sorted()
    for row, text in enumerate(texts):
        alone = terms(pl.Series([text], dtype=pl.String)).drop("row")
        assert set(together.filter(row=row).drop("row").rows()) == set(alone.rows())


def test_codes_of_one_family():
    found = coded_terms(pl.Series(["a fox, golden hour", "golden hour"]))
    style = found.of(STYLE)
    assert style.row.tolist() == [0, 1]
    assert len(set(style.code.tolist())) == 1
    assert found.names["term"][int(style.code[0])] == "golden hour"
