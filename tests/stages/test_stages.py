"""What a study holds after its stages, whatever the size of its buckets."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.logs import grid, message, upscale, write

from unspool.compiling.pseudonyms import make_key
from unspool.compiling.settings import ReadSettings
from unspool.errors import UnspoolError
from unspool.stages import bucketing
from unspool.stages import read as reading
from unspool.stages.read import read
from unspool.stages.recovery import recovery
from unspool.stages.summary import summarise
from unspool.stages.thread import thread
from unspool.study import Study
from unspool.tables import PROMPTS, THREADS, check, empty
from unspool.threads._assign import assign

ANY = ReadSettings(language="any")
START = datetime(2023, 6, 1, tzinfo=UTC)


def test_tables_are_as_declared_and_books_balance(export, tmp_path):
    study = thread(read([str(export)], tmp_path / "study"), "iou")
    prompts = check(study.prompts(), PROMPTS, "test")
    check(study.threads(), THREADS, "test")
    total = study.manifest["counts"]["total"]
    assert prompts["prompt_id"].is_unique().all()
    assert total["records"] == prompts.height + sum(total["merged"].values()) + study.rejects().height
    assert study.rejects().select(pl.struct("input", "record").is_unique().all()).item()


@pytest.mark.parametrize(("bucket_bytes", "most"), [(100_000, 4), (10**9, 0), (100_000, 0)])
def test_the_size_of_buckets_changes_no_row(export, tmp_path, monkeypatch, bucket_bytes, most):
    key = tmp_path / "shared.key"
    make_key(key)
    whole = thread(read([str(export)], tmp_path / "whole", key=key), "iou")
    monkeypatch.setattr(reading, "BUCKET_BYTES", bucket_bytes)
    monkeypatch.setattr(bucketing, "BUCKET_BYTES", 20_000)
    monkeypatch.setattr(bucketing, "MOST", most)
    parts = thread(read([str(export)], tmp_path / "parts", key=key), "iou")
    assert len(list((parts.path / "prompts").iterdir())) > 1
    assert parts.prompts().sort("user_record", maintain_order=True).equals(whole.prompts())
    assert parts.manifest["counts"] == whole.manifest["counts"]


def test_a_simulated_log_is_recovered(export, tmp_path):
    study = thread(read([str(export)], tmp_path / "study", ANY), "iou")
    rows = {row["what"]: row for row in recovery(study, export)}
    kept = rows["prompts kept"]
    # Without the language filter nothing of what should be kept is lost; the foreign prompts come on top.
    assert kept["right"] == kept["true"] < kept["recovered"]
    assert rows["texts"]["right"] == kept["true"]
    assert rows["prompts upscaled"]["right"] == rows["prompts upscaled"]["true"]


def test_done_stages_are_skipped_and_other_settings_redone(export, tmp_path):
    study = thread(read([str(export)], tmp_path / "study"), "iou")

    def times():
        return {path: path.stat().st_mtime_ns for path in study.path.rglob("*.parquet")}

    before = times()
    thread(read([str(export)], tmp_path / "study"), "iou")
    assert times() == before
    thread(read([str(export)], tmp_path / "study", ANY), "iou")
    assert times() != before
    assert Study(study.path).prompts().height > 0


def test_other_inputs_need_force(export, tmp_path):
    read([write(tmp_path / "a.json", [grid(1, "red fox")])], tmp_path / "study", ANY)
    with pytest.raises(UnspoolError, match="--force") as caught:
        read([str(export)], tmp_path / "study", ANY)
    assert caught.value.exit_code == 2
    assert read([str(export)], tmp_path / "study", ANY, force=True).prompts().height > 1


def test_a_first_reading_that_failed_may_be_followed_by_other_inputs(tmp_path):
    blank = write(tmp_path / "blank.json", [message(1, "")])
    with pytest.raises(UnspoolError, match="Message Content Intent"):
        read([blank], tmp_path / "study", ANY)
    assert read([write(tmp_path / "a.json", [grid(1, "red fox")])], tmp_path / "study", ANY).prompts().height == 1


def test_the_chosen_rule_fills_the_prompts_and_the_others_stand_beside(export, tmp_path):
    study = thread(read([str(export)], tmp_path / "study"), "iou")
    thread(study, "gap", choose=False)
    assert study.rules == ["iou", "gap"]
    assert study.prompts().select(list(THREADS.columns)).equals(study.threads("iou"))
    thread(study, "gap")
    assert study.prompts().select(list(THREADS.columns)).equals(study.threads("gap"))
    thread(study, "iou", threshold=0.6)
    assert study.rules == ["iou-threshold=0.6", "gap", "iou"]
    with pytest.raises(UnspoolError, match="has no option"):
        thread(study, "gap", threshold=0.6)
    with pytest.raises(UnspoolError):
        thread(study, "iou", tokens="../../elsewhere")
    assert study.rules == ["iou-threshold=0.6", "gap", "iou"]
    assert not list(study.path.parent.rglob("elsewhere"))
    with pytest.raises(UnspoolError, match="no threads by the rule 'overlap'"):
        study.threads("overlap")


def test_summary_counts_threads_by_length(tmp_path):
    log = [grid(n, "a red fox in snow") for n in range(1, 5)] + [grid(6, "an old mill"), upscale(7, "an old mill")]
    found = summarise(thread(read([write(tmp_path / "log.json", log)], tmp_path / "study", ANY), "iou"))
    expected = {"n_threads": 2, "n_threads_2": 1, "n_threads_4": 1, "n_threads_10": 0, "mean_length": 2.5, "longest": 4}
    assert found["rules"] == {"iou": expected}
    assert (found["n_prompts"], found["n_users"], found["share_upscaled"]) == (5, 1, 0.2)


def test_an_empty_log_gives_empty_tables(tmp_path):
    study = thread(read([write(tmp_path / "log.json", [message(1, "hello")])], tmp_path / "study", ANY), "iou")
    assert study.prompts().equals(empty(PROMPTS))
    assert study.threads().equals(empty(THREADS))
    assert summarise(study)["share_upscaled"] is None


users = st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["red fox", "red hen", "", "old mill"])), max_size=12)


@given(users)
def test_threads_are_contiguous_runs_of_one_user(rows):
    frame = pl.DataFrame(
        {
            "prompt_id": [str(n) for n in range(len(rows))],
            "user_id": sorted(user for user, _ in rows),
            "time": [START + timedelta(minutes=n) for n in range(len(rows))],
            "text": [text for _, text in rows],
        },
        schema_overrides={
            "prompt_id": pl.String,
            "user_id": pl.String,
            "text": pl.String,
            "time": PROMPTS.columns["time"],
        },
    )
    found = frame.join(assign(frame, "iou"), on="prompt_id")
    assert found.height == len(rows)
    for _, run in found.group_by("thread_id"):
        assert run["user_id"].n_unique() == 1
        assert run["step"].to_list() == list(range(1, run.height + 1))
        assert run["steps_left"].to_list() == list(range(run.height - 1, -1, -1))
        numbers = run["prompt_id"].cast(pl.Int64)
        assert numbers.max() - numbers.min() == run.height - 1
        assert run["thread_id"][0] == run["prompt_id"][0]
