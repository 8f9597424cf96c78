"""Plain forms hold what the study holds, hostile prompts too, and are whole or not there."""

import csv as reader
import io

import polars as pl
import pytest
from tests.export.made_study import ALICE, HOSTILE, lines, made, messages

import unspool
from unspool import export as exports
from unspool.errors import UnspoolError
from unspool.export import Settings, forms, split_of
from unspool.export._cells import safe
from unspool.export.intent import content_prefix
from unspool.stages.audit import audit_study
from unspool.stages.export import export
from unspool.stages.measure import measure
from unspool.stages.thread import thread


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return made(tmp_path_factory.mktemp("plain"))


def texts(study):
    return sorted(study.prompts()["text"].to_list())


def test_every_form_says_what_it_is():
    assert forms() == ["convokit", "csv", "hf", "intent", "jsonl", "parquet", "preference"]
    for name in forms():
        module = exports.form(name)
        assert module.TITLE and module.CITATION and module.PLACE in ("file", "folder")


def test_parquet_holds_prompts_and_threads(study, tmp_path):
    data = export(study, "parquet", tmp_path / "out")
    prompts = pl.read_parquet(tmp_path / "out" / "prompts-*.parquet")
    threads = pl.read_parquet(tmp_path / "out" / "threads-*.parquet")
    assert sorted(prompts["text"].to_list()) == texts(study)
    assert threads["n_prompts"].sum() == prompts.height == data.counts["prompts"]
    longest = threads.filter(first_text="a red fox in snow").row(0, named=True)
    assert [one["step"] for one in longest["prompts"]] == [1, 2, 3, 4]
    assert not {"text_raw", "input", "record"} & set(prompts.columns)


def test_json_lines_come_back(study, tmp_path):
    export(study, "jsonl", tmp_path / "out.jsonl")
    found = lines(tmp_path / "out.jsonl")
    assert sorted(one["text"] for one in found) == texts(study)
    assert found[0]["time"].endswith("Z")


def test_csv_is_safe_and_comes_back(study, tmp_path):
    export(study, "csv", tmp_path / "out.csv")
    raw = (tmp_path / "out.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(reader.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert len(rows) == study.prompts().height
    reader.field_size_limit(100_000)
    for row in rows:
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "@")) or cell.startswith("'")
            assert not set(cell) & set("\x00\x07\u202e\u2066")
    told = {row["text"].removeprefix("'") for row in rows}
    kept = {text for text in texts(study) if not set(text) & set("\u202e\u2066")}
    assert kept <= told


FORMULAS = ["=1+1", " =1+1", "+1", "-1+2", "@x", "\t=1", "\r=1", "\ufeff=1", "\xa0=1"]


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_formula_is_text(cell):
    assert safe(pl.DataFrame({"t": [cell]}))["t"][0].startswith("'")


def test_plain_cells_stay_as_they_are():
    frame = pl.DataFrame({"t": ["a - b", "fox", None, ""], "n": [-1.5, 2.0, None, 0.0], "l": [[1, 2], [], None, [3]]})
    assert safe(frame).rows() == [("a - b", -1.5, "[1,2]"), ("fox", 2.0, "[]"), (None, None, None), ("", 0.0, "[3]")]


def test_intent_is_the_first_and_the_accepted_prompt(study, tmp_path):
    data = export(study, "intent", tmp_path / "out.jsonl")
    found = lines(tmp_path / "out.jsonl")
    assert [one["first_prompt"] for one in found] == ["a red fox in snow"], "nothing else was upscaled"
    assert data.counts["accepted"] == 1
    one = found[0]
    assert one["accepted_prompt"] == "a red fox in deep snow, octane render"
    assert one["content_prefix"] == "a red fox in deep snow"
    assert one["image"] == f"{one['prompt_id']}#2" and one["accepted"] is True and one["n_prompts"] == 4
    images = export(study, "intent", tmp_path / "without.jsonl", Settings(images=False))
    assert images.counts["prompts"] == study.prompts().height
    assert lines(tmp_path / "without.jsonl")[0]["image"] == one["prompt_id"]


# Image 2 of the third prompt against 1, 3 and 4 of the same grid, and that grid against its reroll.
def test_preference_pairs_hold_the_prompt_and_name_images(study, tmp_path):
    data = export(study, "preference", tmp_path / "out.jsonl")
    found = lines(tmp_path / "out.jsonl")
    assert data.counts["pairs"] == len(found) == 4
    assert {one["prompt"] for one in found} == {"a red fox in deep snow, octane render --aspect 3:2"}
    grid = [one for one in found if one["kind"] == "within grid"]
    prompt = grid[0]["chosen"].split("#")[0]
    assert {one["chosen"] for one in grid} == {f"{prompt}#2"}
    assert [one["rejected"] for one in grid] == [f"{prompt}#{n}" for n in (1, 3, 4)]
    (reroll,) = (one for one in found if one["kind"] == "verbatim reroll")
    assert reroll["chosen"] == f"{prompt}#2" and "#" not in reroll["rejected"] and reroll["held_fixed"]
    more = export(study, "preference", tmp_path / "more.jsonl", Settings(any_pair=True))
    assert more.counts["pairs"] > 4 and any(not one["held_fixed"] for one in lines(tmp_path / "more.jsonl"))


def test_a_log_without_upscales_gives_last_prompts(tmp_path):
    frame = pl.DataFrame({"user_id": ["a"] * 2, "order": [1, 2], "text": ["a red fox", "a red fox, 8k"]})
    study = measure(thread(unspool.read(frame, tmp_path / "s", language="any"), "scene"), names=["length", "style"])
    export(study, "intent", tmp_path / "out.jsonl")
    (one,) = lines(tmp_path / "out.jsonl")
    assert (one["first_prompt"], one["accepted_prompt"], one["accepted"]) == ("a red fox", "a red fox, 8k", None)


def test_the_content_prefix_ends_with_content():
    given = pl.Series(["a fox, 8k", "8k, octane render", "octane render of a fox", "", None, "a fox (8k)"])
    assert content_prefix(given).to_list() == ["a fox", None, "octane render of a fox", None, None, "a fox"]


# The image of a line is found in the log by whoever has the key: that is how a holder joins the pictures.
def test_the_holder_of_the_key_finds_the_message_of_an_image(study, tmp_path):
    export(study, "intent", tmp_path / "out.jsonl")
    image = lines(tmp_path / "out.jsonl")[0]["image"]
    raw = pl.Series([message["id"] for message in messages()])
    ids = dict(zip(study.pseudonyms().ids(raw, "message"), raw, strict=True))
    prompt, number = image.split("#")
    assert ids[prompt] == messages()[2]["id"] and number == "2"


def test_weights_go_with_the_prompts(study, tmp_path):
    audit_study(study, names=["weights"])
    export(study, "jsonl", tmp_path / "out.jsonl")
    found = lines(tmp_path / "out.jsonl")
    assert all(one["weight"] is not None and one["user_cap"] <= 1 for one in found)


def test_a_place_that_is_taken_is_an_error_and_force_replaces_it(study, tmp_path):
    place = tmp_path / "out.jsonl"
    place.write_text("mine")
    with pytest.raises(UnspoolError, match="The place of the export is taken") as error:
        export(study, "jsonl", place)
    assert error.value.exit_code == 2 and place.read_text() == "mine"
    export(study, "jsonl", place, force=True)
    assert len(lines(place)) == study.prompts().height


def test_an_export_that_fails_leaves_nothing(study, tmp_path, monkeypatch):
    def broken(data, out):
        out.write_text("half")
        raise RuntimeError

    monkeypatch.setattr("unspool.export.jsonl.write", broken)
    with pytest.raises(RuntimeError):
        export(study, "jsonl", tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rows", [[], ["a red fox"], HOSTILE], ids=["empty", "one", "hostile"])
@pytest.mark.parametrize("name", forms())
def test_any_log_can_be_exported(rows, name, tmp_path):
    frame = pl.DataFrame(
        {"user_id": ["u"] * len(rows), "order": range(len(rows)), "text": rows},
        schema={"user_id": pl.String, "order": pl.Int64, "text": pl.String},
    )
    study = measure(thread(unspool.read(frame, tmp_path / "s", language="any"), "scene"), names=["length", "style"])
    data = export(study, name, tmp_path / "out")
    assert (tmp_path / "out").exists()
    assert data.counts["prompts"] == study.prompts().height


def test_splits_are_by_user_and_stay():
    users = pl.Series([f"u{n}" for n in range(4000)] * 2)
    split = split_of(users, Settings())
    assert split[:4000].to_list() == split[4000:].to_list()
    share = split.value_counts(normalize=True)
    held = dict(share.iter_rows())
    # four binomial errors of 4,000 users at .8 and .1
    assert held["train"] == pytest.approx(0.8, abs=4 * (0.8 * 0.2 / 4000) ** 0.5)
    assert held["test"] == pytest.approx(0.1, abs=4 * (0.1 * 0.9 / 4000) ** 0.5)
    assert split_of(users, Settings(seed=1)).to_list() != split.to_list()
    assert split_of(pl.Series([None], dtype=pl.String), Settings()).to_list() == ["train"]


def test_the_pseudonym_of_alice_is_in_it(study, tmp_path):
    export(study, "jsonl", tmp_path / "out.jsonl")
    assert study.user(ALICE) in (tmp_path / "out.jsonl").read_text()
