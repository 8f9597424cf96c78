"""Numbers in sentences: digits, signs, and no direction without an interval that has one."""

import polars as pl
import pytest

from unspool.analyses import _words as words
from unspool.analyses import results


def row(estimate, low=None, high=None, level=0.95):
    return {"estimate": estimate, "ci_low": low, "ci_high": high, "ci_level": None if low is None else level}


@pytest.mark.parametrize(
    ("spread", "decimals"), [(4.3, 1), (0.031, 3), (270, 0), (10, 0), (9.99, 1), (1, 1), (0.1, 2), (0, 0)]
)
def test_two_digits_of_the_spread(spread, decimals):
    assert words.places(spread) == decimals


def test_the_example_of_a_rise():
    rise = row(4.13, 1.98, 6.31)
    assert words.signed(rise["estimate"], words.of(rise)) == "+4.1"
    assert words.interval(rise) == "95% interval 2.0 to 6.3"
    assert words.interval(row(4, 1, 7, 0.9)) == "90% interval 1.0 to 7.0"
    assert words.interval(row(4)) == "no interval"


@pytest.mark.parametrize(
    ("estimate", "decimals"), [(16.67, 1), (0.109, 3), (2173.4, 0), (3.2628, 2), (0, 1), (-0.05, 4)]
)
def test_without_interval_digits_come_from_the_estimate(estimate, decimals):
    assert words.of(row(estimate)) == decimals
    assert words.of(row(estimate, estimate, estimate)) == decimals


def test_numbers():
    assert words.number(2173.4, 0) == "2,173"
    assert words.number(-0.001, 1) == "0.0"
    assert words.signed(-0.001, 1) == "+0.0"
    assert words.percent(0.254) == "25%"
    assert words.percent(0.0121) == "1.2%"
    assert words.percent_interval(row(0.2, 0.1, 0.333)) == "95% interval 10% to 33%"
    assert words.percent_interval(row(0.2)) == "no interval"
    assert [words.number_of(n, "user") for n in (1, 2, 30394, None)] == [
        "1 user",
        "2 users",
        "30,394 users",
        "unnamed users",
    ]


@pytest.mark.parametrize(
    ("low", "high", "sign"), [(0.1, 2, 1), (-2, -0.1, -1), (-1, 1, 0), (0, 1, 0), (-1, 0, 0), (None, None, 0)]
)
def test_a_direction_needs_an_interval_without_zero(low, high, sign):
    assert words.sign(row(1, low, high)) == sign


def test_the_paper_leads_and_captions_come_last():
    names = ["zzz", "caption_word_len_paper", "n_chars", "magic_ratio_paper", "word_len_paper", "void"]
    rows = results([{"feature": name, "estimate": None if name == "void" else 1.0} for name in names])
    assert words.lead(rows) == ["word_len_paper", "magic_ratio_paper", "zzz", "n_chars", "caption_word_len_paper"]


def test_titles():
    assert words.title("n_words") == "Words"
    assert words.title("caption_n_words") == "Words, captions"
    assert words.title("of another package") == "of another package"


def test_a_row_with_an_estimate_or_none():
    rows = results([{"feature": "x", "step": 1, "estimate": 2.0}, {"feature": "y", "note": "why"}])
    assert words.row(rows, feature="x", step=1)["estimate"] == 2.0
    assert words.row(rows, feature="x", step=None) is None
    assert words.row(rows, feature="y") is None
    assert words.reasons(rows) == ["Not estimated: why."]
    assert words.reasons(pl.DataFrame(schema=rows.schema)) == []


def test_reasons_are_those_of_the_rows_without_an_estimate():
    rows = pl.DataFrame({"estimate": [1.0, None], "note": ["left out: 3", "on a sample; nobody has two"]})
    assert words.reasons(rows) == ["Not estimated: nobody has two."]


@pytest.mark.parametrize(("log", "told"), [(0.07, "+7.3%"), (0.0, "+0.0%"), (-0.7, "-50%"), (0.4, "+49%")])
def test_a_difference_of_logs_in_percent(log, told):
    assert words.as_percent(log) == told


def test_rounding_is_no_digits():
    assert words.signed(1e-13, words.of(row(1e-13))) == "+0.0"


def test_what_is_the_same_whoever_is_left_out_is_clear_from_six_people_on():
    alike = {**row(0.5), "standard_error": 0.0}
    assert [words.sign({**alike, "n_users": n}) for n in (5, 6, None)] == [0, 1, 0]
    assert words.sign({**alike, "n_users": 9, "estimate": -0.5}) == -1
    assert words.bounds({**alike, "n_users": 9}) == (0.5, 0.5)
    assert words.bounds(row(0.5, 0.1, 0.9)) == (0.1, 0.9)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0.5, 0.1, 0.9), "more often"),
        ((-0.5, -0.9, -0.1), "less often"),
        ((0.5, -0.1, 1.1), "neither clearly more often nor less often"),
        ((0.5,), "more often here (not known beyond these users)"),
        ((-0.5,), "less often here (not known beyond these users)"),
        ((0.0,), "neither more often nor less often here (not known beyond these users)"),
    ],
)
def test_which_of_the_two_is_said_of_these_users_where_there_is_no_interval(values, told):
    assert words.more(row(*values)) == told


def test_percent_has_no_minus_zero():
    assert words.percent(-0.0001) == "0.0%"


def test_without_an_interval_a_side_is_not_known():
    told = {1: "more", -1: "less", 0: "no clear difference"}
    assert words.side(row(0.5, 0.1, 0.9), told) == "more"
    assert words.side(row(0.5, -0.1, 0.9), told) == "no clear difference"
    assert words.side(row(0.5), told) == words.BEYOND
