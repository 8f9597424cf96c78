"""`unspool audit` and `unspool export` on the command line: what is told, exit codes, what programs read."""

import json

import polars as pl
import pytest
from tests.export.made_study import ALICE, MENTION, made, messages
from tests.terminal import unspool

from unspool import audits
from unspool.export import forms


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return made(tmp_path_factory.mktemp("reuse")).path


@pytest.fixture(scope="module")
def pointing(tmp_path_factory):
    """A study in which a prompt of one person holds the handle of another."""
    return made(tmp_path_factory.mktemp("pointing"), messages(MENTION)).path


def test_the_audits_are_told_and_what_they_come_to(study):
    found = unspool("audit", study)
    text = " ".join(found.out.split())
    for name in audits.in_order():
        assert audits.audit(name).QUESTION in text
    assert "May I ..." in text and "train a preference model (--to preference)" in text
    assert "Next: unspool export" in found.err


def test_rows_for_programs(study):
    rows = json.loads(unspool("audit", study, "--audit", "selection", "--json").out)
    assert {row["analysis"] for row in rows} == {"selection"} and {row["mode"] for row in rows} == {"audit"}
    listed = json.loads(unspool("audits", "--json").out)
    assert [one["name"] for one in listed] == audits.in_order()


def test_what_points_at_people_ends_with_3(pointing, tmp_path):
    found = unspool("audit", pointing, "--audit", "privacy", code=3)
    assert "Not fit to be passed on: handles or ids of the log's own people in 1 prompt" in " ".join(found.err.split())
    refused = unspool("export", pointing, "--to", "jsonl", "-o", tmp_path / "out.jsonl", code=3)
    assert "--allow handles" in refused.err and not (tmp_path / "out.jsonl").exists()
    unspool("export", pointing, "--to", "jsonl", "--redact", "-o", tmp_path / "out.jsonl")


def test_an_export_says_what_it_wrote(study, tmp_path):
    found = unspool("export", study, "--to", "jsonl", "--min-users", "2", "-o", tmp_path / "out.jsonl")
    assert found.out.strip() == str(tmp_path / "out.jsonl")
    assert "prompts" in found.err and "had no word left" in found.err and "text_raw" in found.err
    told = json.loads(unspool("export", study, "--to", "csv", "-o", tmp_path / "out.csv", "--json").out)
    assert told["prompts"] == pl.read_parquet(study / "prompts" / "*.parquet").height
    assert told["unknown"] == [] and "text_raw" in told["left_behind"]


def test_without_a_place_it_stands_beside_the_study(study):
    found = unspool("export", study, "--to", "preference")
    assert found.out.strip().endswith("study-preference.jsonl")
    assert (study.parent / "study-preference.jsonl").exists()


def test_nobody_of_that_name_is_told(study, tmp_path):
    found = unspool("export", study, "--to", "jsonl", "--drop-user", "nobody\x1b[31m", "-o", tmp_path / "out.jsonl")
    assert "nobody was left out" in " ".join(found.err.split()) and "\x1b[31m" not in found.err


def test_a_person_is_left_out_for_good(pointing, tmp_path):
    unspool("export", pointing, "--to", "jsonl", "--drop-user", f"handle_{ALICE}", "-o", tmp_path / "1.jsonl")
    again = unspool("export", pointing, "--to", "jsonl", "-o", tmp_path / "2.jsonl")
    for name in ("1.jsonl", "2.jsonl"):
        text = (tmp_path / name).read_text()
        assert ALICE not in text and "red fox" not in text
    assert "prompts of people who are left out" in " ".join(again.err.split())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--to", "excel"], "There is no export named 'excel'"),
        (["--to", "jsonl", "--min-users", "-1"], "--min-users"),
        (["--to", "jsonl", "--n-gram", "9"], "--n-gram"),
        ([], "--to"),
    ],
)
def test_wrong_use_is_told(study, arguments, told):
    found = unspool("export", study, *arguments, code=2)
    assert told in found.err
    if "excel" in arguments:
        assert all(name in found.err for name in forms())


def test_a_reference_that_is_not_there(study, tmp_path):
    found = unspool("audit", study, "--reference", tmp_path / "none.txt", code=2)
    assert "The reference" in found.err and "cannot be used" in found.err
