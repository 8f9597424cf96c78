"""Results of a study: the paper's threads whatever the study shows, done once, told in whole."""

import polars as pl
import pytest

import unspool
from unspool import analyses, tables
from unspool.analyses import Settings, in_order
from unspool.errors import UnspoolError
from unspool.stages.analyze import analyze, measured, paper_rule
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread

QUICK = Settings(draws=100)


@pytest.fixture
def study(export, tmp_path):
    return measure(read([str(export)], tmp_path / "study"), names=["length", "parameters"])


def test_results_are_the_declared_table_and_each_key_stands_once(study):
    found = analyze(study, QUICK).results()
    tables.check(found, tables.RESULTS, "test")
    assert found.select(pl.struct(tables.RESULTS.key).is_duplicated().any()).item() is False
    assert set(found["analysis"]) == set(in_order())
    assert set(found["mode"]) == {"paper", "corrected"}
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).height == 0


def test_an_estimate_lies_in_its_interval_and_no_number_is_nan(study):
    found = analyze(study, QUICK).results()
    numbers = [name for name, kind in tables.RESULTS.columns.items() if kind == pl.Float64]
    assert not found.select(pl.any_horizontal(pl.col(numbers).is_nan()).any()).item()
    held = found.filter(pl.col("ci_low").is_not_null())
    assert held.height > 50
    assert held.filter(pl.col("ci_low") > pl.col("ci_high")).height == 0


def test_the_threads_are_those_of_iou_whatever_the_study_shows(study):
    thread(study, "gap")
    found = analyze(study, QUICK, ["log"])
    assert study.manifest["rule"] == "gap"
    n_threads = found.results().filter(estimand="n_threads")["estimate"].item()
    assert n_threads == study.threads("iou").filter(step=1).height != study.threads("gap").filter(step=1).height


def test_the_logs_own_threads_come_first(tmp_path):
    table = pl.DataFrame(
        {
            "user_id": ["u"] * 4,
            "order": [1, 2, 3, 4],
            "text": ["a red fox", "an old mill", "a red fox", "an old mill"],
            "thread_id": ["x", "y", "x", "y"],
        }
    )
    study = measure(unspool.read(table, tmp_path / "study", language="any"), names=["length"])
    assert paper_rule(study) == "given"
    rows = measured(thread(study, "given"), "given", QUICK).prompts.collect().sort("order")
    assert rows["step"].to_list() == [1, 1, 2, 2]
    assert rows["n_words"].to_list() == [3, 3, 3, 3]


def test_a_column_of_both_tables_stands_once(study):
    columns = measured(thread(study, "iou"), "iou", QUICK).prompts.collect_schema().names()
    assert columns.count("n_weights") == 1


def test_the_same_again_computes_nothing(study, monkeypatch):
    analyze(study, QUICK, ["log"])
    module = analyses.analysis("log")
    monkeypatch.setattr(module, "analyse", lambda log: pytest.fail("computed again"))
    analyze(study, QUICK, ["log"])
    with pytest.raises(pytest.fail.Exception):
        analyze(study, Settings(draws=101), ["log"])


def test_other_features_are_analysed_anew(study):
    analyze(study, QUICK, ["drift"])
    assert set(study.results()["feature"]).isdisjoint({"repeat_ratio"})
    measure(study, names=["repetition"])
    assert "repeat_ratio" in set(analyze(study, QUICK, ["drift"]).results()["feature"])


def test_a_study_without_features_says_what_to_do(export, tmp_path):
    study = read([str(export)], tmp_path / "study")
    with pytest.raises(UnspoolError, match="unspool measure"):
        analyze(study)
    with pytest.raises(UnspoolError, match="unspool analyze"):
        study.results()


def test_an_unknown_analysis_is_named(study):
    with pytest.raises(UnspoolError, match=r"named 'drifts'.*drift"):
        analyze(study, QUICK, ["drifts"])


@pytest.mark.parametrize("texts", [[], ["a red fox"], ["a red fox"] * 5])
def test_small_logs_have_reasons_and_no_estimate_out_of_nothing(tmp_path, texts):
    table = pl.DataFrame({"user_id": ["u"] * len(texts), "order": range(len(texts)), "text": texts})
    table = table.cast({"user_id": pl.String, "text": pl.String})
    study = measure(unspool.read(table, tmp_path / "study", language="any"), names=["length", "repetition"])
    found = analyze(study, QUICK).results()
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).height == 0
    for name in in_order():
        sentences = analyses.analysis(name).findings(found.filter(analysis=name))
        assert all(sentence.endswith((".", ")")) for sentence in sentences)
