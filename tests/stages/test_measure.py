"""Features of a study: on the row of their prompt, whatever the pieces; kept, sampled, void and cut as told."""

import json

import numpy as np
import polars as pl
import pytest

import unspool
from unspool import features
from unspool.errors import UnspoolError
from unspool.features import Context, Settings, length, perplexity, repetition
from unspool.stages import measure as measuring
from unspool.stages import pieces
from unspool.stages import read as reading
from unspool.stages.analyze import notes
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.sampling import sampled_users

WORDS = ["length", "repetition", "parameters"]


@pytest.fixture
def study(export, tmp_path):
    return read([str(export)], tmp_path / "study")


def captioned(tmp_path, captions):
    """A study of one prompt a user, each with the captions given for it."""
    table = pl.DataFrame(
        {
            "user_id": [f"u{n}" for n in range(len(captions))],
            "time": ["2023-06-01"] * len(captions),
            "text": ["a red fox in deep snow"] * len(captions),
            **{f"caption_{k}": [row[k] if k < len(row) else None for row in captions] for k in range(2)},
        }
    )
    return unspool.read(table, tmp_path / "captioned", language="any")


def test_every_prompt_has_its_row(study):
    found = measure(study, names=WORDS).features()
    prompts = study.prompts()
    assert found["prompt_id"].to_list() == prompts["prompt_id"].to_list()
    assert found["n_words"].to_list() == length.measure(prompts, Context())["n_words"].to_list()
    assert found["repeat_ratio"].to_list() == repetition.measure(prompts, Context())["repeat_ratio"].to_list()


@pytest.mark.parametrize("jobs", [1, 2])
def test_pieces_buckets_and_workers_change_no_value(export, tmp_path, monkeypatch, jobs):
    whole = measure(read([str(export)], tmp_path / "whole"), names=WORDS).features()
    monkeypatch.setattr(reading, "BUCKET_BYTES", 100_000)
    monkeypatch.setattr(pieces, "_ROWS", {"": 17, "parse": 5, "model": 5})
    parts = read([str(export)], tmp_path / "parts", key=tmp_path / "whole.key")
    assert len(list((parts.path / "prompts").iterdir())) > 1
    assert measure(parts, names=WORDS, jobs=jobs).features().sort("prompt_id").equals(whole.sort("prompt_id"))


def test_pieces_keep_the_prompts_of_a_user_together(study, monkeypatch):
    monkeypatch.setattr(pieces, "_ROWS", {"": 10})
    (file,) = (study.path / "prompts").iterdir()
    users = study.prompts()["user_id"]
    cuts = list(pieces.cut(file, None, ""))
    assert len(cuts) > 10
    assert [start for start, _ in cuts] == [0, *(stop for _, stop in cuts[:-1])]
    assert cuts[-1][1] == len(users)
    assert all(users[stop - 1] != users[stop] for _, stop in cuts[:-1])


def test_what_stands_is_kept_and_what_is_new_is_added(study, monkeypatch):
    measure(study, names=["length"])
    called = []
    kept = measuring.measure_piece
    monkeypatch.setattr(measuring, "measure_piece", lambda piece: called.append(piece.features) or kept(piece))
    before = study.features()
    measure(study, names=WORDS)
    assert called == [("repetition", "parameters")]
    assert study.features().select(before.columns).equals(before)
    measure(study, names=WORDS)
    assert len(called) == 1
    assert not (study.path / ".work").exists()


def test_a_log_read_anew_has_no_features_of_the_one_before(export, study):
    measure(study, names=["length"])
    again = read([str(export)], study.path, reading.ReadSettings(language="any"))
    with pytest.raises(UnspoolError, match="have not been measured"):
        again.features()
    assert not (study.path / "features").exists()


def test_an_unknown_feature_is_told_before_any_work(study):
    with pytest.raises(UnspoolError, match=r"no feature named 'lenght'.*length"):
        measure(study, names=["length", "lenght"])
    assert not (study.path / "features").exists()


def test_a_void_feature_has_nulls_and_a_reason(study):
    measure(study, names=["length", "perplexity"])
    entry = study.manifest["features"]["perplexity"]
    assert set(entry["missing"]) == set(entry["columns"])
    assert entry["n_scored"] == 0
    assert study.features()["log_perplexity"].null_count() == study.prompts().height
    assert notes(study)["log_perplexity"] == entry["missing"]["log_perplexity"]
    assert "log_perplexity" in study.columns()


class Digits:
    """A language model to whom every character costs one nat; it is not loaded twice."""

    name, device, dtype, window = "digits.gguf", "cpu", "float32", 1024
    unigrams = np.full(256, 2.0)

    def tokens(self, texts):
        return [list(text.encode()) for text in texts]

    def surprisals(self, texts, *, start=True):
        return [np.ones(len(tokens) - (not start)) for tokens in self.tokens(texts)]


def test_a_language_model_is_loaded_once_and_named(study, monkeypatch):
    loaded = []
    monkeypatch.setattr(perplexity, "unavailable", lambda name: None)
    monkeypatch.setattr("unspool.models.language_model.load", lambda name: loaded.append(name) or Digits())
    monkeypatch.setitem(pieces._ROWS, "model", 10)
    features._loaded.cache_clear()
    measure(study, Settings(language_model="digits.gguf"), names=["perplexity"])
    features._loaded.cache_clear()
    assert loaded == ["digits.gguf"]
    assert set(study.features()["log_perplexity"]) == {1.0}
    assert set(study.features()["perplexity_paper"].round(9)) == {round(np.e, 9)}
    assert notes(study)["slor"] == "digits.gguf, float32 on cpu"
    above = study.features()["surprisal_standardised"].drop_nulls()  # every place costs everybody one nat
    assert len(above) > 50 and set(above) == {0.0}
    assert not [name for name in study.features().columns if name.startswith(".")]


def test_captions_are_means_over_those_of_a_prompt(tmp_path):
    # "a dog" and "a dog on a rug" have 2 and 5 words: mean 3.5; a single one of 3; none at all: null
    found = measure(captioned(tmp_path, [["a dog", "a dog on a rug"], ["two small cats"], []]), names=["length"])
    rows = found.prompts().hstack(found.features().select("n_words", "caption_n_words")).sort("record")
    assert rows["caption_n_words"].to_list() == [3.5, 3.0, None]
    assert rows["n_words"].to_list() == [6, 6, 6]
    assert found.columns()["caption_n_words"].title == "Words, captions"


def test_a_log_without_captions_has_no_columns_of_them(study):
    assert not [name for name in measure(study, names=["length"]).features().columns if name.startswith("caption")]


def test_the_file_says_what_its_columns_are(study):
    measure(study, names=["length"])
    (file,) = (study.path / "features").glob("*.parquet")
    told = json.loads(pl.read_parquet_metadata(file)["unspool.n_words"])
    assert (told["unit"], told["range"], told["empty"]) == ("words", [0, None], 0)
    assert told["citation"].startswith("Don-Yehiya")


def test_a_log_without_prompts(tmp_path):
    (tmp_path / "none.csv").write_text("user_id,time,text\n", encoding="utf-8")
    columns = {"user_id": "user_id", "time": "time", "text": "text"}
    study = unspool.read(tmp_path / "none.csv", tmp_path / "study", columns=columns)
    assert measure(study, names=WORDS).features().height == 0


def test_a_log_without_users(tmp_path):
    study = unspool.read(pl.DataFrame({"text": ["a red fox in snow", "a hen"]}), tmp_path / "study", language="any")
    assert measure(study, names=WORDS).features()["n_words"].sort().to_list() == [2, 5]


def users_of(counts):
    """One row per prompt: user number n has counts[n] prompts."""
    owners = [f"u{n:05d}" for n, count in enumerate(counts) for _ in range(count)]
    return pl.DataFrame({"user_id": owners, "prompt_id": [str(n) for n in range(len(owners))]}).lazy()


def test_a_sample_is_of_whole_users_of_every_activity():
    # 4,000 users of one prompt, 500 of 8: each stratum gives a quarter of its prompts, to within one user
    log = users_of([1] * 4000 + [8] * 500)
    drawn = sampled_users(log, 2000, seed=0)
    counts = log.collect().filter(pl.col("user_id").is_in(drawn.implode())).group_by("user_id").len()
    assert counts.filter(len=1).height == 1000
    assert counts.filter(len=8).height == 125
    assert counts["len"].is_in([1, 8]).all()


def test_a_sample_depends_on_the_seed_alone():
    log = users_of([1 + n % 5 for n in range(1000)])
    first = sampled_users(log, 300, seed=1)
    assert first.equals(sampled_users(log.reverse(), 300, seed=1))
    assert not first.equals(sampled_users(log, 300, seed=2))


def test_no_sample_where_there_are_few_prompts():
    assert sampled_users(users_of([3, 4]), 7, seed=0) is None
    assert sampled_users(users_of([]), 1, seed=0) is None


def test_prompts_without_a_user_are_drawn_one_by_one():
    log = users_of([1] * 100).with_columns(user_id=pl.lit(None, dtype=pl.String))
    assert len(sampled_users(log, 10, seed=0)) == 10


def test_what_was_not_sampled_is_null_and_the_note_says_so(study):
    measure(study, Settings(sample=60), names=["length", "sentences"])
    entry, found = study.manifest["features"]["sentences"], study.features()
    scored = found["n_sentences"].is_not_null()  # never null where it was measured
    users = study.prompts()["user_id"]
    assert scored.sum() == entry["n_scored"] < len(users)
    assert set(users.filter(scored)).isdisjoint(users.filter(~scored))
    assert found["n_words"].null_count() == 0
    assert notes(study)["n_sentences"].startswith(f"on a sample of {entry['n_scored']:,} of {len(users):,} prompts")
