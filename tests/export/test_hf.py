"""The folder for Hugging Face, opened by datasets offline: types, splits, files of several frames, and little or nothing."""

import polars as pl
import pytest
from tests.export.made_study import HOSTILE, made, table

from unspool import tables
from unspool.export import SPLITS, Exported, Settings, split_of
from unspool.export.hf import write
from unspool.stages.export import export

datasets = pytest.importorskip("datasets", reason="datasets is not installed")
EVEN = Settings(shares=(0.4, 0.3, 0.3))


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def opened(folder, name, **more):
    return datasets.load_dataset(str(folder), name, cache_dir=str(folder.parent / "cache"), **more)


def prompts(rows):
    """A frame of (prompt, user, thread, text), as the stage hands it out; a thread without a name is none."""
    names = ("prompt_id", "user_id", "thread_id", "text")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    step = pl.int_range(1, pl.len() + 1).over("thread_id").cast(pl.UInt32)
    frame = frame.with_columns(step=pl.when(pl.col("thread_id").is_not_null()).then(step))
    return tables.conform(frame, tables.PROMPTS).with_columns(weight=pl.lit(0.5))


def written(folder, *frames, settings=EVEN):
    write(Exported(lambda: iter(frames), {}, settings), folder)
    return folder


def users(split, n=1):
    """The first n names whose split it is."""
    names = pl.Series([f"u{i}" for i in range(100)])
    return names.filter(split_of(names, EVEN) == split).to_list()[:n]


def test_every_value_is_read_back_as_it_was(tmp_path):
    frame = pl.DataFrame(
        {
            "user_id": [f"u{n}" for n in range(len(HOSTILE))],
            "text": HOSTILE,
            "time": ["2023-06-01T12:00:00.123Z"] * len(HOSTILE),
            "upscaled": [None, True, False, None, True, False, None],
            "caption_0": ["a fox", None, "</script>", "\u202efox", "a fox", "", "fox"],
        }
    )
    study = table(tmp_path, frame)
    data = export(study, "hf", tmp_path / "out")
    found = opened(tmp_path / "out", "prompts")
    told = {row["prompt_id"]: row for split in found for row in found[split]}
    files = (tmp_path / "out" / "data" / "prompts").glob("*.parquet")
    assert {row["prompt_id"]: row for file in files for row in pl.read_parquet(file).iter_rows(named=True)} == told
    assert data.counts["prompts"] == len(told)
    assert sorted(row["text"] for row in told.values()) == sorted(study.prompts()["text"])


def test_the_columns_have_their_types(tmp_path):
    user = users("train")[0]
    frame = prompts([("p1", user, "p1", "a fox"), ("p2", user, "p1", "a red fox")])
    values = [{"name": "aspect", "values": ["3:2"], "number": None}]
    frame = frame.with_columns(
        params=pl.Series([values, []], dtype=tables.PARAMETERS),
        captions=pl.Series([["a fox", "a dog"], None], dtype=pl.List(pl.String)),
        upscaled_images=pl.Series([[2], []], dtype=pl.List(pl.UInt8)),
        time=pl.Series([1_685_620_800_123, None], dtype=pl.Int64).cast(tables.TIME),
    )
    found = opened(written(tmp_path / "out", frame), "prompts")["train"]
    kinds = {name: found.features[name] for name in ("time", "upscaled", "weight", "step")}
    assert {name: kind.dtype for name, kind in kinds.items()} == {
        "time": "timestamp[ms, tz=UTC]", "upscaled": "bool", "weight": "float64", "step": "uint32"
    }  # fmt: skip
    assert found.features["upscaled_images"].feature.dtype == "uint8"
    assert set(found.features["params"].feature) == {"name", "values", "number"}
    assert [list(one) for one in found["params"]] == [values, []]
    assert list(found["captions"]) == [["a fox", "a dog"], None]
    assert found[0]["time"] == frame["time"][0] and found[1]["time"] is None
    threads = opened(tmp_path / "out", "threads")["train"]
    assert (threads[0]["n_prompts"], threads[0]["weight"]) == (2, 1.0)
    assert [(one["step"], one["text"]) for one in threads[0]["prompts"]] == [(1, "a fox"), (2, "a red fox")]


# Two frames and one without rows: each split has a file per frame that has rows of it, numbered without gaps.
def test_several_frames_make_several_files(tmp_path):
    one, two = users("train", 2)
    (other,) = users("test")
    first = prompts([("p1", one, "p1", "a fox"), ("p2", other, "p2", "a dog")])
    second = prompts([("p3", two, "p3", "a cat")])
    folder = written(tmp_path / "out", first, first.clear(), second)
    names = sorted(path.name for path in (folder / "data" / "prompts").iterdir())
    assert names == ["test-00000.parquet", "train-00000.parquet", "train-00001.parquet"]
    found = opened(folder, "prompts")
    assert list(found["train"]["text"]) == ["a fox", "a cat"] and list(found["test"]["text"]) == ["a dog"]
    assert set(opened(folder, "threads")) == {"train", "test"}


# The person of the split test has prompts, and no thread: threads has no such split, and opens.
def test_a_split_without_threads_has_prompts_alone(tmp_path):
    (one,), (other,) = users("train"), users("test")
    folder = written(tmp_path / "out", prompts([("p1", one, "p1", "a fox"), ("p2", other, None, "a dog")]))
    assert set(opened(folder, "prompts")) == {"train", "test"}
    assert set(opened(folder, "threads")) == {"train"}


def test_a_log_without_people_has_prompts_in_train_and_no_threads(tmp_path):
    study = table(tmp_path, pl.DataFrame({"text": ["a red fox", "an old mill"]}))
    export(study, "hf", tmp_path / "out")
    found = opened(tmp_path / "out", "prompts")
    assert list(found) == ["train"] and set(found["train"]["user_id"]) == {None}
    none = opened(tmp_path / "out", "threads", streaming=True)
    assert list(none) == ["train"] and list(none["train"]) == []
    assert set(none["train"].features) >= {"thread_id", "user_id", "n_prompts", "prompts"}


@pytest.mark.parametrize("text", ["a red fox", HOSTILE[5]])
def test_one_prompt_opens(text, tmp_path):
    study = table(tmp_path, pl.DataFrame({"user_id": ["a"], "order": [1], "text": [text]}))
    export(study, "hf", tmp_path / "out")
    (split,) = opened(tmp_path / "out", "prompts").values()
    assert list(split["text"]) == [text.strip()]
    (threads,) = opened(tmp_path / "out", "threads").values()
    assert threads[0]["n_prompts"] == 1


# datasets opens an empty split when it streams, and in no other way: of nothing it tells the columns.
def test_nothing_has_its_columns(tmp_path):
    frame = prompts([("p1", "u", "p1", "a fox")]).clear()
    folder = written(tmp_path / "out", frame)
    for name, column in ("prompts", "params"), ("threads", "prompts"):
        found = opened(folder, name, streaming=True)["train"]
        assert list(found) == [] and column in found.features
        with pytest.raises(ValueError, match="no data"):
            opened(folder, name)


def test_the_card_counts_the_rows_that_are_there(tmp_path):
    study = made(tmp_path)
    export(study, "hf", tmp_path / "out", EVEN)
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    for name in ("prompts", "threads"):
        found = opened(tmp_path / "out", name)
        for split in SPLITS:
            assert (f"| {name} | {split} | {len(found.get(split, []))} |" in text) == (split in found)
