"""The card of an export: nothing from outside does anything in it, and it says what is not known."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.export.made_study import HOSTILE, made

from unspool.export import Exported, Settings
from unspool.export._card import card, yaml
from unspool.export._markdown import escaped, plain, table
from unspool.stages.audit import audit_study
from unspool.stages.export import export

MARKS = st.text(alphabet=st.sampled_from(list("\\`*_[]()<>&#+-=.!|~$:/'\"0 1a\n\t")), max_size=12)


def exported(manifest=None, **more):
    return Exported(lambda: iter(()), manifest or {}, Settings(), **more)


def shown(source):
    """What a reader of Markdown shows of a source: the text of its one inline part, and whether there is more to it."""
    parse = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table").parse
    inline = [token for token in parse(source) if token.type == "inline"]
    kinds = {child.type for token in inline for child in token.children} - {"text", "text_special"}
    return "".join(child.content for token in inline for child in token.children), kinds, parse(source)


# markdown-it is the reference: what comes out of it is what went in, and plain text alone.
@given(st.text(max_size=20) | MARKS)
@example("1. a")
@example("0.3% of prompts")
@example("- a")
@example("---")
@example("<script>alert(1)</script>")
@example("&lt;b&gt; &amp;")
@example("![x](http://x.y) [a]: b")
@example("\u202egnp.exe\u2066")
@example("--min-users K")
def test_what_is_escaped_shows_as_it_was(value):
    for before, kind in (("# ", "heading_open"), ("- ", "bullet_list_open")):
        text, marks, tokens = shown(before + escaped(value))
        assert (text, marks, tokens[0].type) == (plain(value), set(), kind)
        assert len([one for one in tokens if one.type.endswith("list_open")]) == (kind == "bullet_list_open")


@given(st.text(max_size=20) | MARKS)
def test_a_cell_stays_one_cell(value):
    source = table(("what", "number"), [(escaped(value), 1_234)])
    _, _, tokens = shown(source)
    cells = [a.content for a, b in zip(tokens[1:], tokens, strict=False) if b.type == "td_open"]
    assert len(cells) == 2 and cells[1] == "1,234"


@given(st.text(max_size=20) | MARKS)
@example("\ufffe")
@example("\x85😀")
def test_a_title_is_read_back_from_the_head(title):
    safe_load = pytest.importorskip("yaml").safe_load
    assert safe_load(yaml(exported(title=title)).strip().strip("-"))["pretty_name"] == plain(title)


def test_hidden_characters_are_gone():
    assert plain(" a\u202eb\x00c\n d\u200b ") == "a b c d"


@pytest.mark.parametrize("form", ["hf", "parquet", "convokit"])
def test_a_card_of_nothing_says_what_is_not_known(form):
    text = card(exported(), form)
    for told in ("Languages: not known", "Rule of the threads: not known", "Consent: not looked at", "was not audited"):
        assert told in text
    assert "language:" not in text, "a language that is not known is not named"
    assert "None" not in text


@pytest.mark.parametrize(("language", "head"), [("en", ["en"]), ("any", None)])
def test_the_language_is_named_where_the_log_was_filtered_by_it(language, head):
    safe_load = pytest.importorskip("yaml").safe_load
    found = safe_load(yaml(exported({"settings": {"language": language}})).strip().strip("-"))
    assert found.get("language") == head


BOOKS = {
    "inputs": [{"number": 1, "source": "table", "size": 9, "sha256": "ab" * 32, "records": 1_234}],
    "counts": {"total": {"records": 1_234, "prompts": 1_000, "merged": {"upscale": 200}, "rejects": {"empty": 34}}},
    "settings": {"language": "any", "since": "2023-01-01", "until": None, "channels": ["77001"], "actions": ["grid"]},
    "n_dropped": 3,
    "rule": "iou-threshold=0.4",
    "version": "0.0.9",
    "features": {
        "length": {"columns": ["n_words"], "missing": {}, "n_scored": 1_000, "of": 1_000, "captions": True},
        "depth": {"columns": ["max_depth", "of_old"], "missing": {}, "n_scored": 500, "of": 1_000, "captions": False},
        "dialect": {"columns": ["dialect"], "missing": {"dialect": "No captions."}, "n_scored": 0, "of": 1_000},
    },
}


# 1,234 records = 1,000 prompts + 200 merged + 34 left out.
def test_the_books_and_the_measures_are_told():
    text = card(exported(BOOKS), "parquet")
    for told in (
        "Of 1,234 records 1,000 are prompts.",
        "Merged: 200 upscale (credited to their prompt).",
        "Left out: 34 empty (no text).",
        "| 1 | table | 1,234 | `" + "ab" * 32 + "` |",
        "Only prompts from 2023-01-01.",
        "3 records of people who were left out on reading",
        "Threads by the rule iou-threshold=0.4.",
        "Read by unspool 0.0.9.",
        "| `of_old` | not known | 500 of 1,000 |",
        "| 500 of 1,000 |",
        "are means over captions, of: length.",
        "`dialect` is null: No captions.",
    ):
        assert told in text, told
    assert "77001" not in text, "no channel is named"


@pytest.mark.parametrize("value", [*HOSTILE, "/home/jane/log.json", "](javascript:x)"])
def test_hostile_values_of_a_manifest_do_nothing(value):
    manifest = {
        "rule": value,
        "version": value,
        "settings": {"language": value, "since": value, "actions": [value]},
        "features": {"dialect": {"columns": ["dialect", value], "missing": {"dialect": value}, "n_scored": 0, "of": 0}},
    }
    text = card(exported(manifest, title=value), "parquet")
    _, kinds, _ = shown(text)
    assert kinds <= {"code_inline", "strong_open", "strong_close", "softbreak"}
    assert "<script" not in text and "\u202e" not in text


def test_places_of_files_are_not_told(tmp_path):
    study = made(tmp_path)
    study.manifest["features"]["style"]["settings"] = {"reference": "/home/jane/natural.txt"}
    study.manifest["audits"] = {"settings": {"reference": "/home/jane/natural.txt"}}
    text = card(exported(study.manifest), "hf")
    assert "jane" not in text and str(tmp_path) not in text


ROWS = {"prompts": {"train": 9, "test": 1}, "threads": {"train": 4}}


def test_the_head_names_the_splits_that_have_rows():
    safe_load = pytest.importorskip("yaml").safe_load
    text = card(exported(), "hf", ROWS)
    configs = safe_load(text.split("---\n")[1])["configs"]
    assert [[one["split"] for one in config["data_files"]] for config in configs] == [["train", "test"], ["train"]]
    assert "| prompts | test | 1 |" in text and "| threads | train | 4 |" in text
    assert "about 80%, 10%, 10% of the people, dealt by where the log first names them and the seed 0" in text


def test_an_audit_that_was_not_made_is_not_said_to_be(tmp_path):
    study = made(tmp_path)
    audit_study(study, names=["concentration"])
    export(study, "parquet", tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Consent: not looked at, since the audit privacy was not made." in text
    assert "Is the log the work of many people" in text and "was not audited" not in text


def test_flags_stand_as_they_are_typed_and_no_prompt_is_quoted(tmp_path):
    study = made(tmp_path)
    audit_study(study, names=["privacy", "concentration", "safety", "selection"])
    export(study, "parquet", tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "(--min-users K)" in text
    assert "| pass it on |" in text
    for word in ("octane", "calc", "gnp", "alert", "boat"):
        assert word not in text, word
