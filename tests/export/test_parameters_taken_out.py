"""What is typed behind a parameter is taken out as texts are; what only sets something stays."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.export.made_study import ALICE, BOB, CAROL, lines, made, whole
from tests.logs import grid, upscale

from unspool.audits._privacy_redaction import redacted
from unspool.errors import UnspoolError
from unspool.export import Settings, forms
from unspool.export._parameters import cleaned
from unspool.export._people import without_names
from unspool.stages.export import export
from unspool.syntax.parameters import rendered
from unspool.syntax.text import split_text

HANDLE = f"handle_{ALICE}"
PLAIN = "--aspect 3:2 --version 6.1 --niji 5 --style raw --sref 123 --stylize 100 --tile"


def told(tail):
    """A study in which Bob writes it behind a prompt of which a picture is taken; everybody asks for a red fox."""
    prompt = f"a red fox in snow {tail}"
    listed = [grid(n, f"a red fox in snow {PLAIN}", user=user) for n, user in enumerate((ALICE, BOB, CAROL), 1)]
    return [*listed, grid(10, prompt, user=BOB), upscale(11, prompt, user=BOB, image=2, reference=10)]


def same(texts):
    return texts


def left(tail, clean, whole=same):
    params = split_text(pl.Series([f"a red fox {tail}"]))["params"]
    return rendered(pl.Series([""]), cleaned(params, clean, whole))[0]


@pytest.mark.parametrize("name", forms())
@pytest.mark.parametrize("tail", [f"--no {HANDLE}", f"--v 5 by {HANDLE}", f"--v 5 --{HANDLE}"])
def test_a_dropped_person_is_in_no_parameter(name, tail, tmp_path):
    study = made(tmp_path, told(tail))
    export(study, name, tmp_path / "out", Settings(drop_users=(ALICE,)))
    text = whole(tmp_path / "out")
    assert HANDLE not in text and ALICE not in text
    if name == "preference":
        assert "red fox" in text, "the pair is still there"


@pytest.mark.parametrize("name", forms())
def test_rare_words_are_in_no_parameter(name, tmp_path):
    study = made(tmp_path, told("--v 5 zanzibar fox --no quokka"))
    export(study, name, tmp_path / "out", Settings(min_users=3))
    text = whole(tmp_path / "out")
    assert "zanzibar" not in text and "quokka" not in text


def test_what_is_left_of_a_parameter_is_read_anew(tmp_path):
    study = made(tmp_path, told("--v 5 zanzibar --no fox, quokka --zanzibar 3 --hd"))
    export(study, "jsonl", tmp_path / "out.jsonl", Settings(min_users=3))
    (one,) = [row["params"] for row in lines(tmp_path / "out.jsonl") if row["params"][-1]["name"] == "hd"]
    assert one == [
        {"name": "version", "values": ["5"], "number": 5.0},
        {"name": "no", "values": ["fox"], "number": None},
        {"name": "hd", "values": [], "number": None},
    ]


def test_words_of_parameters_count_for_their_people(tmp_path):
    listed = [grid(n, "a red fox --no text", user=user) for n, user in enumerate((ALICE, BOB, CAROL), 1)]
    export(made(tmp_path, listed), "jsonl", tmp_path / "out.jsonl", Settings(min_users=3))
    assert {row["params"][0]["values"][0] for row in lines(tmp_path / "out.jsonl")} == {"text"}


@pytest.mark.parametrize("name", forms())
@pytest.mark.parametrize(
    ("tail", "secret"), [("--no Jolanta Wisniewska", "Wisniewska"), ("--ar 2:3 call +1 212-555-0142", "0142")]
)
def test_redaction_reaches_parameters(name, tail, secret, tmp_path):
    export(made(tmp_path, told(tail)), name, tmp_path / "out", Settings(redact=True))
    assert secret not in whole(tmp_path / "out")


def test_redaction_says_what_was_there():
    assert left("--no text, Jolanta Wisniewska", redacted) == "--no text, <person>"
    assert left("--ar 2:3 call +1 212-555-0142", redacted) == "--aspect 2:3 call <phone>"
    assert left("--sref 212 555-0142", same, redacted) == "--sref <phone>", "it begins among the settings"


def test_a_handle_in_a_parameter_refuses_the_export(tmp_path):
    study = made(tmp_path, told(f"--no {HANDLE}"))
    with pytest.raises(UnspoolError, match="handles or ids of the log's own people in 1 prompt") as error:
        export(study, "jsonl", tmp_path / "out.jsonl")
    assert error.value.exit_code == 3
    export(study, "jsonl", tmp_path / "out.jsonl", Settings(redact=True))
    assert HANDLE not in whole(tmp_path / "out.jsonl")


def test_settings_stay(tmp_path):
    study = made(tmp_path, told("--no text"))
    before = [row["params"] for row in study.prompts().sort("prompt_id").filter(text="a red fox in snow").to_dicts()]
    export(study, "jsonl", tmp_path / "out.jsonl", Settings(redact=True, min_users=3, n_gram=2))
    after = [row["params"] for row in sorted(lines(tmp_path / "out.jsonl"), key=lambda row: row["prompt_id"])]
    assert [one for one in after if one[0]["name"] != "no"] == [one for one in before if one[0]["name"] != "no"]
    assert left(PLAIN, lambda texts: without_names(texts, ["raw", "3", "5", "123", "100", "tile"])) == PLAIN


TAILS = st.lists(
    st.sampled_from(["--no", "--v", "--ar", "--foo", "--jane_9x", "3:2", "5", "raw", "jane_9x", "Jane", "a,", "{5, 6}", "<link>"]),
    max_size=10,
)  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(TAILS)
def test_no_name_is_left_and_nothing_else_is_changed(words):
    params = split_text(pl.Series([f"a fox {' '.join(words)}"]))["params"]
    assert cleaned(params, same, same).to_list() == params.to_list()
    clean = cleaned(params, lambda texts: without_names(texts, ["jane_9x"]), same)
    assert "_9x" not in rendered(pl.Series([""]), clean)[0]
    if "jane_9x" not in " ".join(words):
        assert clean.to_list() == params.to_list()


def test_lists_without_parameters_stay():
    kind = split_text(pl.Series(["a"]))["params"].dtype
    none = pl.Series("params", [None, []], dtype=kind)
    assert cleaned(none, same, same).to_list() == [None, []]
    assert cleaned(none.clear(), same, same).to_list() == []
    both = pl.concat([none, split_text(pl.Series(["a --v 5 --jane"]))["params"]])
    assert cleaned(both, lambda texts: texts.str.replace("jane", ""), same).list.len().to_list() == [None, 0, 1]
