"""The commands as functions, on tables."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import unspool

START = datetime(2023, 6, 1, tzinfo=UTC)
TEXTS = ["a red fox in snow", "a red fox in deep snow", "a blue hen", "a blue hen", "an old mill by a river"]


@pytest.fixture
def table():
    return pl.DataFrame(
        {
            "user_id": ["b", "a", "a", "a", "b"],
            "time": [START + timedelta(minutes=m) for m in (0, 3, 1, 2, 9)],
            "text": [TEXTS[4], TEXTS[2], TEXTS[0], TEXTS[1], TEXTS[4]],
        }
    )


class Arrow:
    """A table of another library that hands its columns over by the Arrow stream interface."""

    def __init__(self, frame):
        self.frame = frame

    def __arrow_c_stream__(self, requested_schema=None):
        return self.frame.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("form", [lambda t: t, lambda t: t.lazy(), Arrow], ids=["frame", "lazy", "arrow"])
def test_thread_takes_any_table_and_gives_polars_by_user_and_time(table, form):
    found = unspool.thread(form(table), rule="iou")
    assert found["text"].to_list() == [TEXTS[0], TEXTS[1], TEXTS[2], TEXTS[4], TEXTS[4]]
    assert found["step"].to_list() == [1, 2, 1, 1, 2]
    assert found["steps_left"].to_list() == [1, 0, 0, 1, 0]


def test_prompts_without_user_or_time_keep_their_row_and_have_no_thread(table):
    holes = table.with_columns(
        user_id=pl.when(pl.col("text") != TEXTS[2]).then("user_id"),
        time=pl.when(pl.col("text") != TEXTS[1]).then("time"),
    )
    found = unspool.thread(holes, rule="iou")
    threaded = dict(found.filter(pl.col("thread_id").is_not_null()).select("text", "step").unique("text").iter_rows())
    assert set(found.filter(pl.col("thread_id").is_null())["text"]) == {TEXTS[1], TEXTS[2]}
    assert set(threaded) == {TEXTS[0], TEXTS[4]}
    assert found.height == 5


def test_thread_names_what_a_table_lacks(table):
    with pytest.raises(unspool.UnspoolError, match="lacks time and text"):
        unspool.thread(table.select("user_id"))


def test_run_on_a_table_makes_a_study_with_several_rules(table, tmp_path):
    study = unspool.run(table, tmp_path / "study", rule=["iou", "gap"], language="any")
    assert study.rules == ["iou", "gap"]
    assert study.prompts()["step"].to_list() in ([1, 2, 1, 1, 2], [1, 2, 1, 2, 1])  # users are in order of pseudonym
    assert unspool.Study(tmp_path / "study").threads("gap")["step"].max() == 3


def test_columns_map_the_roles(table, tmp_path):
    renamed = table.rename({"user_id": "who", "time": "at", "text": "prompt"})
    study = unspool.run(
        renamed, tmp_path / "s", rule="iou", language="any", columns={"user_id": "who", "time": "at", "text": "prompt"}
    )
    assert study.prompts().height == 5


def test_where_the_log_cannot_know_upscales_merging_rerolls_does_not_make_it_know(table, tmp_path):
    study = unspool.run(table, tmp_path / "s", rule="iou", language="any", actions=["grid", "remix"])
    assert study.prompts()["upscaled"].to_list() == [None] * 4
    assert study.manifest["counts"]["total"]["merged"] == {"derived": 1}


def test_no_threads_without_users_and_an_order_will_do_for_time(table, tmp_path):
    without = unspool.run(table.drop("user_id"), tmp_path / "a", rule="iou", language="any")
    assert without.prompts()["thread_id"].null_count() == 5
    ranked = table.drop("time").with_columns(order=pl.Series([1, 3, 1, 2, 2]))
    ordered = unspool.run(ranked, tmp_path / "b", rule="iou", language="any")
    assert sorted(ordered.prompts()["step"]) == [1, 1, 1, 2, 2]


def test_paths_and_tables_are_not_mixed(table, tmp_path):
    with pytest.raises(unspool.UnspoolError, match="together"):
        unspool.read([table, "log.json"], tmp_path / "s")


def test_what_is_no_table_is_told(tmp_path):
    with pytest.raises(unspool.UnspoolError, match="It is a int"):
        unspool.thread(5)
