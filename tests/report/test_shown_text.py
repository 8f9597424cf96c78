"""Text of a log in a page: escaped, visible, cut; edits marked as they are."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.edits.words import word_diff
from unspool.report._text import LONGEST, changed, shown

TAG = re.compile(r"<[^>]*>")


def words(markup):
    """What a reader sees."""
    return html.unescape(TAG.sub("", str(markup)))


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("", ""),
        ("a fox", "a fox"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b \"c\" 'd'", "a &amp; b &#34;c&#34; &#39;d&#39;"),
        ("{{ 7 * 7 }} {% raw %}", "{{ 7 * 7 }} {% raw %}"),
        ("=cmd|' /C calc'!A0", "=cmd|&#39; /C calc&#39;!A0"),
        ("👩\u200d🚀 é 日本", "👩\u200d🚀 é 日本"),
        ("a\u00a0b\u3000c", "a\u00a0b\u3000c"),
    ],
)
def test_text_is_escaped_and_else_as_it_was(text, markup):
    assert str(shown(text)) == markup


@pytest.mark.parametrize(
    ("character", "mark"),
    [
        *(("\u202e", "U+202E"), ("\u2066", "U+2066"), ("\u200f", "U+200F"), ("\x00", "U+0000"), ("\x1b", "U+001B")),
        *(("\ufeff", "U+FEFF"), ("\u2028", "U+2028"), ("\ud800", "U+D800"), ("\n", "↵"), ("\t", "⇥"), ("\r", "␍")),
    ],
)
def test_what_cannot_be_seen_is_shown(character, mark):
    found = str(shown(f"a{character}b"))
    assert character not in found
    assert words(found) == f"a{mark}b"
    assert 'class="unseen"' in found


def test_a_paste_is_cut_and_says_so():
    # 10,000 characters, of which 700 stand: 9,300 are left.
    found = str(shown("x" * 10_000))
    assert found == "x" * LONGEST + "… (9,300 more characters)"


def test_changes_are_marked_with_the_blanks_outside():
    found = changed(word_diff("a red fox", "a white fox in snow"))
    assert str(found) == "a <del>red</del> <ins>white</ins> fox <ins>in snow</ins>"


def test_changes_of_the_same_text_are_none():
    assert str(changed(word_diff("a fox", "a fox"))) == "a fox"
    assert str(changed(word_diff("", ""))) == ""


def test_marked_words_are_escaped_too():
    found = str(changed(word_diff("a <b> fox", "a <script> fox")))
    assert "<script>" not in found and "<b>" not in found
    assert words(found) == "a <b script> fox"


def test_long_changes_are_cut():
    found = str(changed(word_diff("x " * 5_000, "y " * 5_000)))
    assert len(found) < 3 * LONGEST


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_makes_a_tag_of_its_own(before, after):
    tags = set(re.findall(r"</?([a-z]+)", str(changed(word_diff(before, after)))))
    assert tags <= {"ins", "del", "span"}


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), max_size=60), st.text(max_size=60))
def test_added_and_kept_words_are_the_later_text(before, after):
    markup = str(changed(word_diff(before, after)))
    kept = re.sub(r"<del>(?:(?!</del>).)*</del>", "", markup)
    assert words(kept).replace(" ", "") == words(shown(after)).replace(" ", "")
