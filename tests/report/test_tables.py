"""Tables of a page and of other programs: digits, dashes, what is left away, what a spreadsheet or LaTeX would run."""

import csv
import io

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import made_results as made

from unspool.report import _formats
from unspool.report._tables import DASH, MOST_ROWS, cell, number, of_frame, of_results


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, DASH),
        (0.0, "0"),
        (-0.12345, "−0.1235"),
        (1234.5678, "1,235"),
        (12.0, "12"),
        (3.14159, "3.142"),
        (1e-9, "1e-09"),
        (1234567, "1,234,567"),
        ("a", "a"),
        ("x" * 500, "x" * 239 + "…"),
    ],
)
def test_cells(value, text):
    assert cell(value) == text


def test_number_rounds_to_four_digits():
    assert number(0.00012345) == "0.0001234" or number(0.00012345) == "0.0001235"
    assert number(-2000.4) == "−2,000"


def test_columns_that_say_nothing_are_left_away():
    table = of_results(made.frame(made.drift(("n_words",))), "caption")
    assert [name for name, _ in table.head] == [
        *("feature", "estimand", "step", "estimate", "interval", "prompts", "threads", "users", "note")
    ]
    # mean at step 1 is 10, its interval 9.5 to 10.5
    assert list(table.rows[0][:5]) == ["n_words", "mean", "1", "10", "9.5 to 10.5"]
    assert dict(table.head)["estimate"] and not dict(table.head)["note"]


def test_long_tables_are_cut_and_say_so():
    rows = pl.concat([made.frame(made.drift(("n_words",)))] * 400)
    table = of_results(rows, "caption")
    # 5 rows each: 2,000, of which 800 stand.
    assert (len(table.rows), table.n_left_out) == (MOST_ROWS, 1_200)


def test_tables_of_nothing():
    assert of_results(made.frame([]), "caption").rows == []
    assert of_frame(pl.DataFrame({"word": []}, schema={"word": pl.String}), "caption", {"word": "word"}).rows == []


HOSTILE = ["=1+1", "+x", "-x", "@SUM(A1)", "\t=1", " =1", "\r=1", "=cmd|' /C calc'!A0", "- 5"]
HARMLESS = ["-", "-3.5", "+2e5", "1", "a = b", "x@y", "", "version 6.1"]


def as_csv(values):
    rows = made.frame([made.point("across", "-", "rise", 1.0, model=value, step=i) for i, value in enumerate(values)])
    return list(csv.DictReader(io.StringIO(_formats.csv(rows))))


def test_a_spreadsheet_computes_no_text():
    assert [row["model"] for row in as_csv(HOSTILE)] == ["'" + value for value in HOSTILE]
    assert [row["model"] for row in as_csv(HARMLESS)] == HARMLESS


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_csv_gives_every_text_back(values):
    found = [row["model"] for row in as_csv([value.replace("\r", "").replace("\n", "") for value in values])]
    assert [f.removeprefix("'") for f in found] == [
        value.replace("\r", "").replace("\n", "").removeprefix("'") for value in values
    ]


def test_csv_holds_numbers_in_full():
    row = as_csv(["a"])[0]
    exact = made.frame([made.point("drift", "n_words", "rise", 1 / 3)])
    assert row["estimate"] == "1.0"
    assert f"{1 / 3!r}" in _formats.csv(exact)


def test_latex_is_escaped_and_of_booktabs():
    text = r"50% & a_b $x$ #1 {y} ~ ^ \input{/etc/passwd} <z>"
    found = _formats.latex(made.frame([made.point("across", "n_words", "rise", -1.5, 0.5, model=text)]))
    told = r"50\% \& a\_b \$x\$ \#1 \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{}input\{/etc/passwd\} "
    assert told + r"\textless{}z\textgreater{}" in found
    assert found.startswith(r"\begin{tabular}{lllrrr}")
    assert found.count(r"\toprule") == found.count(r"\midrule") == found.count(r"\bottomrule") == 1
    assert "$-$1.5" in found
    lines = found.splitlines()
    assert len({line.count(" & ") for line in lines if line.endswith(r" \\")}) == 1


def test_markdown_cells_stay_in_their_columns():
    found = _formats.markdown(made.frame([made.point("across", "n_words", "rise", 1.0, model="a|b\n<i>*x*</i> `c`")]))
    head, line, row = found.splitlines()
    assert row.count(" | ") == head.count(" | ") == line.count(" | ")
    assert r"a\|b" in row and r"\<i\>\*x\*\</i\> \`c\`" in row


@pytest.mark.parametrize("write", [_formats.csv, _formats.markdown, _formats.latex])
def test_no_rows_are_a_head_alone(write):
    assert write(made.frame([])).strip()


def test_mode_and_rule_are_told_where_rows_differ_in_them():
    rows = made.frame(made.drift(("n_words",)))
    other = rows.with_columns(mode=pl.lit("corrected"), rule=pl.lit("scene"))
    names = [name for name, _ in of_results(pl.concat([rows, other]), "caption").head]
    assert names[:4] == ["feature", "estimand", "mode", "rule"]
    assert "rule" not in [name for name, _ in of_results(other, "caption").head]
