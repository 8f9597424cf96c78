"""Audits of a study: done once, made anew when a setting or the reference changes, with a weight for every prompt."""

import polars as pl
import pytest

import unspool
from unspool import audits, tables
from unspool.audits import Settings
from unspool.errors import UnspoolError
from unspool.simulate import simulate
from unspool.stages.audit import audit_study
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread

QUICK = Settings(permutations=9, rounds=3, sample=2_000)


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "export.json"
    simulate("newcomers", seed=5, users=40).write(path)
    return path


@pytest.fixture
def study(export, tmp_path):
    study = thread(read([str(export)], tmp_path / "study"), "scene")
    return measure(study, names=["length", "style"])


def test_rows_are_the_declared_table_and_each_key_stands_once(study):
    found = audit_study(study, QUICK).audit()
    tables.check(found, tables.RESULTS, "test")
    assert set(found["analysis"]) == set(audits.in_order())
    assert set(found["mode"]) == {"audit"}
    assert found.select(pl.struct(tables.RESULTS.key).is_duplicated().any()).item() is False
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).height == 0
    numbers = [name for name, kind in tables.RESULTS.columns.items() if kind == pl.Float64]
    assert not found.select(pl.any_horizontal(pl.col(numbers).is_nan()).any()).item()


def test_every_prompt_has_a_weight(study):
    audit_study(study, QUICK)
    weights, prompts = study.scan("weights").collect(), study.prompts()
    tables.check(weights, tables.WEIGHTS, "test")
    assert weights["prompt_id"].to_list() == prompts["prompt_id"].to_list()
    known = weights["weight"].drop_nulls()
    assert known.min() >= 0


def test_what_is_done_is_not_done_again_and_a_new_setting_is(study, monkeypatch):
    audit_study(study, QUICK)
    before = study.audit()
    monkeypatch.setattr("unspool.stages.audit.audited", lambda *_: pytest.fail("audited again"))
    assert audit_study(study, QUICK).audit().equals(before)
    with pytest.raises(pytest.fail.Exception):
        audit_study(study, Settings(permutations=9, rounds=4, sample=2_000))


def test_another_text_under_the_same_name_is_noticed(study, tmp_path):
    lines = [f"a photograph of a dog number {n} beside the old river that runs through the town" for n in range(900)]
    reference = tmp_path / "reference.txt"
    reference.write_text("\n".join(lines))
    settings = Settings(reference=str(reference), permutations=9, sample=2_000)
    first = audit_study(study, settings, ["intent"]).manifest["stages"]["audit"]
    assert audit_study(study, settings, ["intent"]).manifest["stages"]["audit"] == first
    reference.write_text("\n".join(line.replace("dog", "cat") for line in lines))
    assert audit_study(study, settings, ["intent"]).manifest["stages"]["audit"] != first


def test_a_reference_that_is_not_there_is_an_error(study, tmp_path):
    with pytest.raises(UnspoolError, match="cannot be used"):
        audit_study(study, Settings(reference=str(tmp_path / "none.txt")))


def test_an_unknown_audit_and_a_study_without_measures_are_errors(study, export, tmp_path):
    with pytest.raises(UnspoolError, match="There is no audit named 'taste'"):
        audit_study(study, QUICK, ["taste"])
    with pytest.raises(UnspoolError, match="have not been measured"):
        audit_study(thread(read([str(export)], tmp_path / "other"), "scene"), QUICK)
    with pytest.raises(UnspoolError, match="has not been audited"):
        unspool.Study(study.path).audit()


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["a red fox"],
        ["a red fox"] * 6,
        ["<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u202eabc\x00", "x" * 10_000],
    ],
    ids=["empty", "one", "identical", "hostile"],
)
def test_degenerate_logs_are_audited(texts, tmp_path):
    table = pl.DataFrame(
        {"user_id": [f"u{n % 2}" for n in range(len(texts))], "order": list(range(len(texts))), "text": texts},
        schema={"user_id": pl.String, "order": pl.Int64, "text": pl.String},
    )
    study = thread(unspool.read(table, tmp_path / "study", language="any"), "scene")
    found = unspool.audit(measure(study, names=["length", "style"]), permutations=9).audit()
    assert set(found["analysis"]) == set(audits.in_order())
    assert study.scan("weights").collect().height == study.prompts().height
    for name in audits.in_order():
        assert audits.audit(name).findings(found.filter(analysis=name))


def test_a_log_that_names_nobody_is_audited(tmp_path):
    table = pl.DataFrame({"text": ["a red fox", "an old mill, 8k", "a red fox at night"]})
    study = thread(unspool.read(table, tmp_path / "study", language="any"), "scene")
    found = unspool.audit(measure(study, names=["length", "style"]), permutations=9).audit()
    assert found.filter(pl.col("estimate").is_null())["note"].null_count() == 0
