"""The corpus for ConvoKit: against its format by hand, and opened by the library where it is installed."""

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.export.made_study import HOSTILE, made, table

from unspool import tables
from unspool.export import Exported, Settings
from unspool.export.convokit import ROWS, ascii_json, write
from unspool.stages.export import export

NAMES = ("prompt_id", "user_id", "thread_id", "step", "text", "time")
SCHEMA = dict.fromkeys(NAMES, pl.String) | {"step": pl.UInt32, "time": pl.Int64}


def prompts(*rows):
    """A frame of NAMES (time in milliseconds), as the stage hands it out."""
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row").with_columns(pl.col("time").cast(tables.TIME))
    return tables.conform(frame, tables.PROMPTS)


def written(folder, *frames):
    write(Exported(lambda: iter(frames), {}, Settings()), folder)
    return folder


def strict(text):
    """What JSON means, without the NaN and Infinity that Python alone reads."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def read(folder, name):
    text = (folder / name).read_text(encoding="ascii")
    return [strict(line) for line in text.split("\n") if line] if name.endswith("l") else strict(text)


ALICE = prompts(
    ("p2", "alice", "p1", 2, "a red fox", 1_999), ("p1", "alice", "p1", 1, "a fox", 1_000),
    ("p3", "alice", "p3", 1, "a dog", 3_000), ("p4", None, None, None, "a cat", None),
)  # fmt: skip
BOB = prompts(("p5", "bob", "p5", 1, "a boat", 4_000), ("p6", None, None, None, "a mill", None))


# alice: threads p1 (p1, p2) and p3; bob: p5; p4 and p6 have neither person nor thread, one in each frame.
def test_prompts_threads_and_people_by_hand(tmp_path):
    folder = written(tmp_path / "out", ALICE, BOB)
    told = {one["id"]: one for one in read(folder, "utterances.jsonl")}
    assert {key: one["speaker"] for key, one in told.items()} == {
        "p1": "alice", "p2": "alice", "p3": "alice", "p4": "unknown", "p5": "bob", "p6": "unknown"
    }  # fmt: skip
    assert {key: one["conversation_id"] for key, one in told.items()} == {
        "p1": "p1", "p2": "p1", "p3": "p3", "p4": "p4", "p5": "p5", "p6": "p6"
    }  # fmt: skip
    assert {key: one["reply-to"] for key, one in told.items()} == dict.fromkeys(told) | {"p2": "p1"}
    assert {key: one["timestamp"] for key, one in told.items()} == {
        "p1": 1, "p2": 1, "p3": 3, "p4": None, "p5": 4, "p6": None
    }  # fmt: skip
    order = list(told)
    assert order.index("p1") + 1 == order.index("p2"), "a thread in order"
    counts = {name: [one["meta"]["n_prompts"] for one in read(folder, f"{name}.json").values()] for name in FILES}
    assert dict(zip(read(folder, "speakers.json"), counts["speakers"], strict=True)) == {
        "alice": 3, "bob": 1, "unknown": 2
    }  # fmt: skip
    assert dict(zip(read(folder, "conversations.json"), counts["conversations"], strict=True)) == {
        "p1": 2, "p3": 1, "p4": 1, "p5": 1, "p6": 1
    }  # fmt: skip


FILES = ("speakers", "conversations")


# A thread whose first prompt was left out is a conversation by its first prompt that is there.
def test_a_conversation_begins_with_a_prompt_that_is_there(tmp_path):
    rest = prompts(("p3", "a", "p1", 2, "a red fox", 3), ("p2", "a", "p1", 1, "a fox", 2))
    folder = written(tmp_path / "out", rest)
    assert [one["conversation_id"] for one in read(folder, "utterances.jsonl")] == ["p2", "p2"]
    assert list(read(folder, "conversations.json")) == ["p2"]


def test_measures_are_in_meta_and_their_types_in_the_index(tmp_path):
    frame = BOB.with_columns(
        n_words=pl.Series([2, None], dtype=pl.UInt32), weight=pl.Series([float("nan"), float("inf")]),
        upscaled=pl.Series([True, None]), captions=pl.Series([["a boat"], None], dtype=pl.List(pl.String)),
        params=pl.Series([[{"name": "aspect", "values": ["3:2"], "number": None}], []], dtype=tables.PARAMETERS),
    )  # fmt: skip
    folder = written(tmp_path / "out", frame)
    by_id = {one["id"]: one["meta"] for one in read(folder, "utterances.jsonl")}
    asked = ("n_words", "weight", "upscaled", "captions", "params", "step")
    assert [by_id["p5"][name] for name in asked] == [
        2, None, True, ["a boat"], [{"name": "aspect", "values": ["3:2"], "number": None}], 1
    ]  # fmt: skip
    assert [by_id["p6"][name] for name in asked] == [None, None, None, None, [], None]
    assert set(by_id["p5"]).isdisjoint({"text", "user_id", "prompt_id", "thread_id", "time"})
    index = read(folder, "index.json")
    kinds = {name: index["utterances-index"][name] for name in asked}
    assert kinds == {
        "n_words": ["<class 'int'>"], "weight": ["<class 'float'>"], "upscaled": ["<class 'bool'>"],
        "captions": ["<class 'list'>"], "params": ["<class 'list'>"], "step": ["<class 'int'>"],
    }  # fmt: skip
    assert set(index["utterances-index"]) == set(by_id["p5"])


# Two slices and a bit: all prompts are there once, whatever the number that is written at a time.
def test_many_prompts_are_written_in_slices(tmp_path):
    n = 2 * ROWS + 1
    frame = prompts(*((f"p{i}", f"u{i % 7}", f"p{i}", 1, "a fox", i) for i in range(n)))
    found = read(written(tmp_path / "out", frame), "utterances.jsonl")
    assert sorted(one["id"] for one in found) == sorted(frame["prompt_id"])


@given(st.text())
def test_escapes_mean_the_same(value):
    text = ascii_json(json.dumps(value, ensure_ascii=False))
    assert text.isascii() and json.loads(text) == value


def test_hostile_texts_are_read_back_as_they_were(tmp_path):
    study = made(tmp_path)
    export(study, "convokit", tmp_path / "out")
    told = {one["id"]: one["text"] for one in read(tmp_path / "out", "utterances.jsonl")}
    assert told == dict(study.prompts().select("prompt_id", "text").iter_rows())
    assert any("\u202e" in text for text in told.values()) and any("script" in text for text in told.values())


def nothing(folder):
    return written(folder, ALICE.clear())


def test_nothing_has_its_files(tmp_path):
    folder = nothing(tmp_path / "out")
    assert read(folder, "utterances.jsonl") == []
    assert [read(folder, f"{name}.json") for name in FILES] == [{}, {}]
    assert set(read(folder, "index.json")["utterances-index"]) >= {"upscaled", "step"}
    assert "0 prompts" in (folder / "README.md").read_text(encoding="utf-8")


def opened(folder):
    convokit = pytest.importorskip("convokit", reason="ConvoKit is not installed: it has its place in CI")
    found = convokit.Corpus(filename=str(folder))
    assert all(one.check_integrity(verbose=False) for one in found.iter_conversations())
    return found


def test_convokit_opens_nothing(tmp_path):
    assert opened(nothing(tmp_path / "out")).get_utterance_ids() == []


def test_convokit_opens_prompts_without_people_threads_and_times(tmp_path):
    found = opened(written(tmp_path / "out", ALICE, BOB))
    assert {one.id: one.meta["n_prompts"] for one in found.iter_speakers()} == {"alice": 3, "bob": 1, "unknown": 2}
    thread = found.get_conversation("p1")
    assert thread.meta["n_prompts"] == 2
    assert [one.id for one in thread.get_chronological_utterance_list()] == ["p1", "p2"]
    assert found.get_utterance("p2").reply_to == "p1" and found.get_utterance("p4").timestamp is None


def test_convokit_reads_texts_as_they_were_and_writes_them_again(tmp_path):
    study = table(tmp_path, pl.DataFrame({"user_id": ["a"] * 7, "order": range(7), "text": HOSTILE}))
    export(study, "convokit", tmp_path / "out")
    found = opened(tmp_path / "out")
    expected = dict(study.prompts().select("prompt_id", "text").iter_rows())
    assert {one.id: one.text for one in found.iter_utterances()} == expected
    found.dump("again", base_path=str(tmp_path))
    assert {one.id: one.text for one in opened(tmp_path / "again").iter_utterances()} == expected
