"""The commands report, figures and results on a study whose results were made by hand."""

import csv
import io
import json
import re

import pytest
from tests import made_results as made
from tests.made_study import TOKEN, analysed, write_words
from tests.terminal import unspool

from unspool.report._void import Void
from unspool.stages import report as stage
from unspool.stages.report import gather, shared_notes
from unspool.study import Study


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return analysed(tmp_path_factory.mktemp("made")).path


@pytest.fixture(scope="module")
def pages(place):
    """The page with prompts and the page without."""
    unspool("report", place)
    unspool("report", place, "--no-prompts", "-o", place / "bare.html")
    return [(place / name).read_text(encoding="utf-8") for name in ("report.html", "bare.html")]


def text(page):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", "", page, flags=re.DOTALL).split())


def test_report_says_where_it_is_and_what_it_quotes(place):
    done = unspool("report", place)
    assert done.out.strip() == str(place / "report.html")
    assert "quotes prompts" in done.err
    told = json.loads(unspool("report", place, "--json", "--no-prompts", "-o", place / "deep" / "er.html").out)
    assert told == {
        "report": str(place / "deep" / "er.html"),
        "bytes": (place / "deep" / "er.html").stat().st_size,
        "prompts_quoted": False,
    }


def test_page_without_prompts_holds_no_word_of_one(pages):
    whole, bare = pages
    assert whole.count(TOKEN) > 5
    assert TOKEN not in bare.lower()
    assert "8k" not in text(bare)
    for word in ("a red fox", "deep snow", "script&gt;"):
        assert word in whole and word not in bare


def test_page_without_prompts_holds_no_name_that_was_typed(tmp_path):
    rows = [
        *made.log(),
        made.point("log", "-", "share_with_parameter", 0.5, group=TOKEN),
        *made.across(("n_words",), (f"version {TOKEN}", "version 6.1")),
        made.void("across", "-", "rise", f"all threads are of version {TOKEN}: nothing to compare", model="version"),
        made.void("across", "-", "rise", "2 threads long enough, and 30 are needed", model=f"version {TOKEN}"),
    ]
    study = analysed(tmp_path, made.frame(rows))
    assert TOKEN not in stage.report(study, tmp_path / "bare.html", quote=False).read_text()
    assert TOKEN in stage.report(study, tmp_path / "whole.html").read_text()


def test_page_holds_the_findings_first_and_every_section(pages):
    page = text(pages[0])
    assert page.index("In short") < page.index("How many prompts, people and threads are there")
    for told in ("Do the prompts whose images were kept differ", "What became of every record?", "arXiv:2311.12131"):
        assert told in page
    assert "Perplexity (paper)" in page and "The language model was not asked for." in page


def test_page_gives_the_books_of_the_study(place, pages):
    books = json.loads((place / "manifest.json").read_text())["counts"]["total"]
    # 8 prompts, 1 upscale that was merged, 1 line of chat that was left out.
    assert books["records"] == 10
    assert "10 records read = 8 prompts + 1 merged + 1 left out" in text(pages[0])


def test_threads_are_shown_with_their_changes(pages):
    assert "<ins>deep</ins>" in pages[0]
    assert pages[0].count('class="thread"') == 2
    assert pages[0].count('<span class="step">1</span> first prompt') == 2


def test_report_is_the_same_each_time_and_leaves_nothing_beside(place, pages):
    unspool("report", place)
    assert (place / "report.html").read_text(encoding="utf-8") == pages[0]
    assert not list(place.glob(".report*"))


def test_page_is_small_at_any_size_of_results(tmp_path):
    names = [f"feature_{number}" for number in range(250)]
    rows = [row for make in (made.upscaled, made.drift, made.convergence) for row in make(names)]
    study = analysed(tmp_path, made.frame([*made.log(), *rows]))
    write_words(study, [f"word{n}" * 50 for n in range(20_000)])
    page = stage.report(study)
    assert page.stat().st_size < 5_000_000
    assert "There is more than this page draws" in text(page.read_text(encoding="utf-8"))


def test_a_study_of_no_prompts_has_a_report(tmp_path):
    study = analysed(tmp_path, made.frame([made.void("drift", "n_words", "rise", "no thread has 2 prompts")]))
    for file in (study.path / "prompts").glob("*.parquet"):
        file.unlink()
    content = gather(study)
    assert content.threads == []
    assert content.void == [Void("How prompts change along a thread", [("", "No thread has 2 prompts.")])]


@pytest.mark.parametrize("command", ["report", "figures", "results"])
def test_a_study_without_results_says_what_to_do(tmp_path, command):
    study = analysed(tmp_path)
    (study.path / "results.parquet").unlink()
    done = unspool(command, study.path, code=2)
    assert "has not been analysed" in done.err and "Run `unspool analyze STUDY`" in done.err
    assert unspool(command, tmp_path / "nowhere", code=2).err.count("There is no study here.") == 1


def test_notes_that_all_estimates_share_are_said_once():
    rows = [made.point("drift", "n_words", "rise", 1.0, note=note) for note in ("a; b", "b; c", "b")]
    assert shared_notes(made.frame(rows)) == ["b"]
    assert shared_notes(made.frame([*rows, made.point("drift", "n_words", "rise", 1.0)])) == []
    assert shared_notes(made.frame([])) == []


@pytest.mark.parametrize(("form", "start"), [("svg", b"<svg"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_figures_are_files(place, tmp_path, form, start):
    out = unspool("figures", place, "--format", form, "--only", "parameters", "-o", tmp_path / "f").out
    assert out.startswith(str(tmp_path / "f" / f"parameters.{form}"))
    assert (tmp_path / "f" / f"parameters.{form}").read_bytes().startswith(start)
    assert [path.name for path in (tmp_path / "f").iterdir()] == [f"parameters.{form}"]


def test_one_figure_can_be_asked_for(place, tmp_path):
    found = json.loads(
        unspool("figures", place, "--only", "drift-n_words", "--format", "svg", "-o", tmp_path, "--json").out
    )
    assert [(row["file"], row["title"]) for row in found] == [(str(tmp_path / "drift-n_words.svg"), "Words")]


def test_a_figure_that_nothing_draws_is_an_error(place, tmp_path):
    done = unspool("figures", place, "--only", "drfit", "-o", tmp_path / "none", code=2)
    assert "nothing to draw for 'drfit'" in done.err and "convergence" in done.err
    assert not (tmp_path / "none").exists()


def test_figures_that_are_there_are_drawn_beside_a_name_that_is_not(place, tmp_path):
    asked = ("--only", "drift-n_words", "--only", "drift-nothing", "--only", "drfit")
    done = unspool("figures", place, *asked, "--format", "svg", "-o", tmp_path, "--json")
    assert [row["file"] for row in json.loads(done.out)] == [str(tmp_path / "drift-n_words.svg")]
    assert "nothing to draw for 'drift-nothing'. Of that kind there are drift-concreteness, drift-n_words." in done.err
    assert "nothing to draw for 'drfit'. Kinds of figures are across" in done.err


def test_results_in_every_format(place):
    rows = Study(place).results()
    listed = list(csv.DictReader(io.StringIO(unspool("results", place, "--format", "csv").out)))
    assert len(listed) == rows.height and list(listed[0]) == rows.columns
    assert json.loads(unspool("results", place, "--format", "json").out)[0]["estimand"] == "n_records"
    assert unspool("results", place, "--format", "latex").out.count(r" \\") == rows.height + 1
    assert len(unspool("results", place, "--format", "markdown").out.splitlines()) == rows.height + 2


def test_results_of_one_analysis_and_feature(place):
    out = unspool("results", place, "--analysis", "drift", "--feature", "n_words").out
    # a head, four means and their rise, four corrected, six of the order's curve, and the note that they share
    assert len(out.splitlines()) == 17
    assert out.splitlines()[-1].startswith("All of them: ")
    assert re.search(r"^n_words +mean +paper +1 +10 +9.5 to 10.5 ", out, re.MULTILINE)


@pytest.mark.parametrize(("option", "name"), [("--analysis", "drfit"), ("--feature", "n_wrods")])
def test_a_name_that_the_results_do_not_hold_is_an_error(place, option, name):
    done = unspool("results", place, option, name, code=2)
    assert f"named {name!r}" in done.err and "They hold" in done.err
