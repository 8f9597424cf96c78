"""Exports open where they are meant to: in datasets and in ConvoKit; and their card says what is known."""

import json

import polars as pl
import pytest
from tests.export.made_study import lines, made, messages
from tests.logs import message

from unspool import __version__
from unspool.export import SPLITS, Exported, Settings
from unspool.export._card import card, size, yaml
from unspool.stages.audit import audit_study
from unspool.stages.export import export

TYPES = {"<class 'str'>", "<class 'int'>", "<class 'float'>", "<class 'bool'>", "<class 'list'>"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return made(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    place = tmp_path_factory.mktemp("out") / "hf"
    export(study, "hf", place, Settings(shares=(0.4, 0.3, 0.3)))
    return place


def opened(folder, name, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    import datasets

    return datasets.load_dataset(str(folder), name, cache_dir=str(tmp_path / "cache"))


def test_datasets_opens_prompts(study, folder, tmp_path, monkeypatch):
    found = opened(folder, "prompts", tmp_path, monkeypatch)
    assert set(found) <= set(SPLITS)
    rows = [row for split in found for row in found[split]]
    assert sorted(row["text"] for row in rows) == sorted(study.prompts()["text"])
    told = {row["prompt_id"]: row for row in rows}
    for row in study.prompts().iter_rows(named=True):
        mine = told[row["prompt_id"]]
        assert mine["time"] == row["time"] and mine["upscaled"] == row["upscaled"]
        assert [one["name"] for one in mine["params"]] == [one["name"] for one in row["params"]]
    users = [set(found[split]["user_id"]) for split in found]
    assert len(users) > 1 and sum(map(len, users)) == len(set.union(*users))


def test_datasets_opens_threads(study, folder, tmp_path, monkeypatch):
    found = opened(folder, "threads", tmp_path, monkeypatch)
    rows = [row for split in found for row in found[split]]
    assert sum(row["n_prompts"] for row in rows) == study.prompts().height
    one = next(row for row in rows if row["first_text"] == "a red fox in snow")
    assert [step["step"] for step in one["prompts"]] == [1, 2, 3, 4]


# datasets opens no split without rows, so an export of nothing has its files and its card, and no more.
def test_an_empty_export_has_its_files_and_its_card(tmp_path):
    export(made(tmp_path, [message(1, "hello", bot=False)]), "hf", tmp_path / "hf")
    assert pl.read_parquet(tmp_path / "hf" / "data" / "prompts" / "train-00000.parquet").height == 0
    assert "0 prompts" in (tmp_path / "hf" / "README.md").read_text()


@pytest.fixture(scope="module")
def corpus(study, tmp_path_factory):
    place = tmp_path_factory.mktemp("out") / "convokit"
    export(study, "convokit", place)
    return place


# The files against ConvoKit's own format, where the library is not installed.
def test_corpus_has_the_files_of_convokit(study, corpus):
    utterances = lines(corpus / "utterances.jsonl")
    prompts = {row["prompt_id"]: row for row in study.prompts().iter_rows(named=True)}
    assert {one["id"] for one in utterances} == set(prompts)
    for one in utterances:
        row = prompts[one["id"]]
        assert set(one) == {"id", "conversation_id", "text", "speaker", "meta", "reply-to", "timestamp", "vectors"}
        assert (one["text"], one["speaker"]) == (row["text"], row["user_id"])
        assert one["conversation_id"] == row["thread_id"] and one["timestamp"] == int(row["time"].timestamp())
        assert (one["reply-to"] is None) == (row["step"] == 1)
        assert one["meta"]["upscaled"] == row["upscaled"]
    speakers, conversations = (
        json.loads((corpus / f"{name}.json").read_text()) for name in ("speakers", "conversations")
    )
    assert set(speakers) == {one["speaker"] for one in utterances}
    assert set(conversations) == {one["conversation_id"] for one in utterances} <= set(prompts)
    index = json.loads((corpus / "index.json").read_text())
    assert set(index) == {f"{name}-index" for name in ("utterances", "speakers", "conversations", "overall")} | {
        "vectors",
        "version",
    }
    assert {kind for kinds in index["utterances-index"].values() for kind in kinds} <= TYPES


def test_convokit_loads_the_corpus(study, corpus):
    convokit = pytest.importorskip(
        "convokit", reason="ConvoKit is not installed: it has an environment of its own in CI"
    )
    found = convokit.Corpus(filename=str(corpus))
    assert len(list(found.iter_utterances())) == study.prompts().height
    assert len(list(found.iter_speakers())) == study.prompts()["user_id"].n_unique()
    thread = study.prompts().filter(text="a red fox in snow")["thread_id"][0]
    steps = found.get_conversation(thread).get_utterance_ids()
    assert len(steps) == 4 and found.get_conversation(thread).check_integrity(verbose=False)
    assert found.get_utterance(steps[0]).meta["n_words"] == 5


def test_the_card_tells_what_is_known_and_what_is_not(study, folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    for told in (
        "Motivation",
        "Composition",
        "Collection",
        "Preprocessing",
        "What the audits found",
        "Uses",
        "Distribution",
    ):
        assert f"## {told}" in text
    assert study.manifest["inputs"][0]["sha256"] in text
    assert "not audited" in text, "without audits it says so"
    assert "Licence: unknown" in text and f"unspool {__version__}" in text
    assert "red fox" not in text and "script" not in text, "no prompt is quoted"


def test_the_card_tells_what_the_audits_found_and_what_was_taken_out(study, tmp_path):
    audit_study(study, names=["privacy", "concentration"])
    settings = Settings(min_users=2, redact=True, drop_users=("502777888999000112",))
    export(study, "parquet", tmp_path / "out", settings)
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "the log has no field that states it" in text
    assert "fewer than 2 people use" in text and "were replaced by what they were" in text
    assert "1 prompts of people who asked to be left out" in text
    assert "Is the log the work of many people" in text


# What is written for a hub is read as YAML, whatever the title.
@pytest.mark.parametrize("title", ["A log", "a: b\n- c", '"quoted" <script>', "---\nlicense: mit", ""])
def test_the_head_is_yaml(title):
    safe_load = pytest.importorskip("yaml").safe_load
    data = Exported(lambda: iter(()), {"settings": {"language": "en"}}, Settings(), counts={"prompts": 5}, title=title)
    head = yaml(data)
    assert head.startswith("---\n") and head.count("---\n") == 2
    found = safe_load(head.split("---\n")[1])
    assert found["license"] == "other" and found["size_categories"] == ["n<1K"]
    assert [one["config_name"] for one in found["configs"]] == ["prompts", "threads"]
    assert card(data, "hf").startswith(head)


@pytest.mark.parametrize(("n", "expected"), [(0, "n<1K"), (1000, "1K<n<10K"), (55_000_000, "10M<n<100M")])
def test_sizes(n, expected):
    assert size(n) == expected


def test_prompts_without_thread_and_person_are_in_the_corpus(tmp_path):
    import unspool
    from unspool.stages.measure import measure
    from unspool.stages.thread import thread

    frame = pl.DataFrame({"text": ["a red fox", "an old mill"]})
    study = measure(thread(unspool.read(frame, tmp_path / "s", language="any"), "scene"), names=["length", "style"])
    export(study, "convokit", tmp_path / "out")
    found = lines(tmp_path / "out" / "utterances.jsonl")
    assert [one["speaker"] for one in found] == ["unknown"] * 2
    assert [one["conversation_id"] for one in found] == [one["id"] for one in found]


def test_messages_are_what_the_tests_think():
    assert len(messages()) == 13
