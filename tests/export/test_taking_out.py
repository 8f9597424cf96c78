"""What is to be taken out is out of every form: people, rare words, personal data, images."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.export.made_study import ALICE, BOB, MENTION, lines, made, messages, whole
from tests.logs import grid

import unspool
from unspool.errors import UnspoolError
from unspool.export import Settings, forms
from unspool.export._people import without_names
from unspool.export._rare import users_of_grams, without_rare
from unspool.stages.export import export
from unspool.stages.measure import measure
from unspool.stages.thread import thread

HANDLE = f"handle_{ALICE}"


@pytest.mark.parametrize("name", forms())
def test_no_trace_of_a_dropped_person(name, tmp_path):
    study = made(tmp_path, messages(MENTION))
    alice = study.user(ALICE)
    data = export(study, name, tmp_path / "out", Settings(drop_users=(ALICE,)))
    text = whole(tmp_path / "out")
    threads = study.prompts().filter(user_id=alice)["prompt_id"].to_list()
    for trace in (alice, ALICE, HANDLE, "red fox", *threads):
        assert trace not in text, trace
    assert data.counts["of_dropped_people"] == 4
    if name not in ("preference", "intent"):
        assert "a red boat with <user> on it" in text, "a mention by somebody else is replaced"


# The pseudonym is remembered, the name is not: a later export without the flag leaves the person out too.
def test_a_person_stays_out_of_later_exports(tmp_path):
    study = made(tmp_path, messages(MENTION))
    export(study, "jsonl", tmp_path / "one.jsonl", Settings(drop_users=(HANDLE,)))
    again = unspool.Study(study.path)
    assert again.manifest["dropped"] == [study.user(ALICE)]
    assert ALICE not in str(again.manifest)
    export(again, "jsonl", tmp_path / "two.jsonl")
    text = whole(tmp_path / "two.jsonl")
    assert study.user(ALICE) not in text and "red fox" not in text
    assert HANDLE not in text, "the key tells which words of others are the person's name"


def test_an_unknown_person_is_said_and_not_remembered(tmp_path):
    study = made(tmp_path)
    data = export(study, "jsonl", tmp_path / "out.jsonl", Settings(drop_users=("nobody_99",)))
    assert data.unknown == ("nobody_99",)
    assert "dropped" not in unspool.Study(study.path).manifest
    assert data.counts["of_dropped_people"] == 0


NAMED = {
    "a portrait of jane_doe, 8k": "a portrait of <user>, 8k",
    "JANE_DOE": "<user>",
    "@jane_doe#1234 in snow": "<user> in snow",
    "jane_does it": "jane_does it",
    "mary_jane_doe": "mary_jane_doe",
    "jane doe": "jane doe",
    "(jane_doe)": "(<user>)",
    "": "",
}


@pytest.mark.parametrize(("text", "expected"), NAMED.items())
def test_a_name_is_replaced_as_a_whole_word(text, expected):
    assert without_names(pl.Series([text, None]), ["@jane_doe"]).to_list() == [expected, None]


# "zanzibar" is one person's, all else two people's.
def test_rare_words_are_taken_out_by_hand():
    texts = pl.Series(["a red fox, zanzibar, 8k", "a red fox, 8k", "", None, "zanzibar", "8k, 8k a red fox"])
    users = users_of_grams([pl.DataFrame({"user_id": ["a", "b", "a", "b", "a", "b"], "text": texts})], 1)
    assert without_rare(texts, users, 2, 1).to_list() == [
        *("a red fox, 8k", "a red fox, 8k", "", None, "", "8k, 8k a red fox")
    ]
    assert texts[0] == "a red fox, zanzibar, 8k", "the given series is left as it is"


# Runs of two words: "fox 8k" is b's alone, "8k a" too, "a red" and "red fox" are of both.
def test_rare_runs_are_taken_out_whole():
    texts = pl.Series(["a red fox", "a red fox 8k", "8k a red fox", "8k"])
    users = users_of_grams([pl.DataFrame({"user_id": ["a", "b", "b", "a"], "text": texts})], 2)
    assert without_rare(texts, users, 2, 2).to_list() == ["a red fox", "a red", "red fox", "8k"]


WORDS = st.lists(st.sampled_from(["fox", "red", "Snow", "8k", "l'été", "x-ray", ",", "(", "\n", "::2"]), max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), WORDS), min_size=1, max_size=8), st.integers(2, 3), st.integers(1, 3))
def test_no_word_of_fewer_people_is_left(rows, least, n):
    frame = pl.DataFrame({"user_id": [user for user, _ in rows], "text": [" ".join(words) for _, words in rows]})
    users = users_of_grams([frame], n)
    left = without_rare(frame["text"], users, least, n)
    after = users_of_grams([frame.with_columns(left.alias("text"))], 1).join(
        users, on="gram", how="left", suffix="_before"
    )
    assert (after["users_before"] >= least).all()


def test_people_are_counted_over_all_files_of_a_study():
    parts = [pl.DataFrame({"user_id": [user], "text": ["Zanzibar"]}) for user in ("a", "b")]
    assert users_of_grams(parts, 1)["users"].to_list() == [2]
    assert users_of_grams([], 1).height == 0


def test_min_users_over_a_whole_study(tmp_path):
    listed = [grid(n, "a red fox in snow", user=f"50{n}") for n in range(1, 4)] + [grid(9, "quokka", user="509")]
    study = made(tmp_path, listed)
    data = export(study, "jsonl", tmp_path / "out.jsonl", Settings(min_users=3))
    assert [one["text"] for one in lines(tmp_path / "out.jsonl")] == ["a red fox in snow"] * 3
    assert data.counts["without_words"] == 1


@pytest.mark.parametrize("name", forms())
def test_without_images_there_is_no_caption_and_no_number(name, tmp_path):
    frame = pl.DataFrame(
        {
            "user_id": ["a", "a"], "order": [1, 2], "text": ["a red fox", "a red fox in snow"], "upscaled": [False, True],
            "caption_0": ["a photograph of a quokka"] * 2,
        }
    )  # fmt: skip
    study = measure(thread(unspool.read(frame, tmp_path / "s", language="any"), "scene"), names=["length", "style"])
    export(study, name, tmp_path / "with")
    export(study, name, tmp_path / "without", Settings(images=False))
    assert ("quokka" in whole(tmp_path / "with")) == (name not in ("preference", "intent"))
    assert "quokka" not in whole(tmp_path / "without")


def phoned(tmp_path):
    listed = [grid(1, "a poster with +49 30 901820 on it", user=BOB), grid(2, "a red fox", user=ALICE)]
    return made(tmp_path, listed)


def test_what_points_at_people_refuses_the_export(tmp_path):
    study = phoned(tmp_path)
    with pytest.raises(UnspoolError, match="telephone numbers in 1 value, column text") as error:
        export(study, "jsonl", tmp_path / "out.jsonl")
    assert error.value.exit_code == 3
    assert "--allow phones" in str(error.value) and "--redact" in str(error.value)
    assert not (tmp_path / "out.jsonl").exists()


def test_it_is_allowed_or_redacted(tmp_path):
    study = phoned(tmp_path)
    export(study, "jsonl", tmp_path / "allowed.jsonl", Settings(allow=("phones",)))
    assert "901820" in whole(tmp_path / "allowed.jsonl")
    export(study, "jsonl", tmp_path / "redacted.jsonl", Settings(redact=True))
    assert "901820" not in whole(tmp_path / "redacted.jsonl") and "<phone>" in whole(tmp_path / "redacted.jsonl")
    with pytest.raises(UnspoolError):
        export(study, "jsonl", tmp_path / "other.jsonl", Settings(allow=("emails",)))


# A person's handle as a plain word of another's prompt is a handle of the log's own people.
def test_a_handle_in_a_prompt_refuses_the_export(tmp_path):
    study = made(tmp_path, messages(MENTION))
    with pytest.raises(UnspoolError, match="handles or ids of the log's own people in 1 prompt") as error:
        export(study, "jsonl", tmp_path / "out.jsonl")
    assert error.value.exit_code == 3
    export(study, "jsonl", tmp_path / "out.jsonl", Settings(redact=True))
    assert HANDLE not in whole(tmp_path / "out.jsonl") and "a red boat with <user>" in whole(tmp_path / "out.jsonl")


# A study that was tampered with, or made by another tool, may hold raw ids where pseudonyms should be.
def test_raw_ids_in_place_of_pseudonyms_refuse_the_export(tmp_path):
    study = made(tmp_path)
    (file,) = (study.path / "prompts").glob("*.parquet")
    pl.read_parquet(file).with_columns(user_id=pl.lit("501123456789012345")).write_parquet(file)
    with pytest.raises(UnspoolError, match="raw ids in 12 values, column user_id \\(--allow raw_ids\\)"):
        export(study, "jsonl", tmp_path / "out.jsonl")


def test_a_column_that_the_source_passed_on_is_audited_and_stays(tmp_path):
    study = made(tmp_path)
    (file,) = (study.path / "prompts").glob("*.parquet")
    handles = pl.read_parquet(file).with_columns(author=pl.lit("@jane_doe"))
    handles.write_parquet(file)
    with pytest.raises(UnspoolError, match="column author"):
        export(study, "jsonl", tmp_path / "out.jsonl", Settings(redact=True))
    export(study, "jsonl", tmp_path / "out.jsonl", Settings(allow=("handles",)))
    assert "jane_doe" not in whole(tmp_path / "out.jsonl")
