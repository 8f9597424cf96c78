"""Figures draw their rows and nothing else: every row a mark, axes with units, intervals and n, apart without colour."""

import re
from functools import cache
from xml.etree import ElementTree

import polars as pl
import pytest
from tests import made_results as made

from unspool import registry
from unspool.analyses import analysis, in_order
from unspool.features import Column
from unspool.figures import OKABE_ITO, PAPER, SCREEN, _labels, _marks, _render, drawing

ROWS = {
    "thread_lengths": (made.log, "n_threads_of_length"),
    "parameters": (made.log, "share_with_parameter"),
    "upscaled": (made.upscaled, "cliffs_delta"),
    "predict": (made.predict, None),
    "drift": (made.drift, "mean"),
    "convergence": (made.convergence, None),
    "across": (made.across, "mean"),
    "change": (made.change, None),
    "forest": (made.forest, None),
    "growth": (made.growth, None),
    "asymmetry": (made.asymmetry, "A_step"),
    "carryover": (made.carryover, "R"),
    "scorecard": (made.scorecard, None),
}
DOTS = ("change", "forest", "growth", "asymmetry", "carryover")
ONE = ("risers", "auc_base", "raw_transition", "pooled", "net", "repair")
"""An estimand of those figures that draw several."""
HOSTILE = '<script>alert(1)</script> & "x" \u202e\x07 {{7*7}} ]]>'


def drawn(name, rows=None, theme=PAPER, columns=made.COLUMNS):
    return usual(name, theme) if rows is None else drawing(name).draw(made.frame(rows), columns, theme)


@cache
def usual(name, theme):
    return drawing(name).draw(made.frame(ROWS[name][0]()), made.COLUMNS, theme)


@cache
def first_svg(name, theme):
    return _render.svg(usual(name, theme)[0].chart)


def marks(svg):
    """What the marks of a drawing say of themselves."""
    root = ElementTree.fromstring(svg)
    kinds = ("point", "bar")
    return [e.get("aria-label") for e in root.iter() if e.get("aria-roledescription") in kinds and e.get("aria-label")]


def encodings(spec):
    for layer in spec["layer"]:
        yield from layer["encoding"].items()


def axis_titles(figure):
    found = [e for channel, e in encodings(figure.chart.to_dict()) if channel in ("x", "y")]
    return {e.get("title") or (e.get("axis") or {}).get("title") for e in found} - {None}


def test_there_is_a_file_for_every_figure_that_an_analysis_names():
    named = {figure for name in in_order() for figure in analysis(name).FIGURES}
    assert named <= set(registry.names("figures")) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_every_figure_says_what_it_is_and_how_to_read_it(name):
    module = drawing(name)
    assert module.TITLE and module.READ.endswith(".")
    for figure in drawn(name):
        assert figure.title and figure.alt.endswith(".") and figure.n.endswith(".")
        assert re.search(r"n = \d", figure.n)


@pytest.mark.parametrize("name", ROWS)
def test_data_are_the_rows(name):
    source, estimand = ROWS[name]
    rows = made.frame(source())
    if estimand:
        rows = rows.filter(estimand=estimand)
    if name in ("convergence", "predict"):
        rows = rows.filter(~pl.col("estimand").str.starts_with("gap"))
    rows = rows.filter(pl.col("estimate") > 0) if name == "thread_lengths" else rows
    shown = pl.concat([figure.data.select(_labels.DRAWN) for figure in drawn(name)])
    order = ["feature", "estimand", "group", "model", "step"]
    assert shown.sort(order).equals(rows.select(_labels.DRAWN).sort(order))


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("theme", [PAPER, SCREEN], ids=["paper", "screen"])
def test_every_row_is_a_mark_that_says_its_value(name, theme):
    assert sorted(marks(first_svg(name, theme))) == sorted(drawn(name, theme=theme)[0].data["told"])


@pytest.mark.parametrize("name", ROWS)
def test_spec_is_valid_and_its_names_are_unique(name):
    figures = drawn(name)
    assert len({figure.name for figure in figures}) == len(figures)
    for figure in figures:
        figure.chart.to_dict()  # altair checks it against the schema of Vega-Lite


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("thread_lengths", {"threads", "Length of the thread (prompts)"}),
        ("parameters", {"Share of prompts"}),
        ("upscaled", {"Cliff's delta, upscaled against others"}),
        ("predict", {"Area under the ROC curve"}),
        ("drift", {"mean, words", "Step of the thread"}),
        ("convergence", {"mean, words", "Step of the thread"}),
        ("across", {"mean, words", "Step of the thread"}),
        ("change", {"change per step, log scale"}),
        ("forest", {"upscaled less others, log scale"}),
        ("growth", {"words per step"}),
        ("asymmetry", {"A"}),
        ("carryover", {"R"}),
        ("scorecard", set()),
    ],
)
def test_axes_have_titles_with_units(name, titles):
    figures = {next(iter(figure.data["feature"])): figure for figure in reversed(drawn(name))}
    figure = figures.get("n_words") or next(iter(reversed(figures.values())))
    figure = drawn(name)[0] if name == "predict" else figure
    assert axis_titles(figure) == titles


@pytest.mark.parametrize("name", ["drift", "convergence", "across", "upscaled", "predict", "parameters", *DOTS])
def test_intervals_are_drawn_and_told(name):
    figure = drawn(name)[0]
    fields = {e["field"] for _, e in encodings(figure.chart.to_dict()) if "field" in e}
    assert {"ci_low", "ci_high"} <= fields
    assert "95% interval" in figure.data["told"][0]
    assert "95% intervals over users" in figure.n


@pytest.mark.parametrize("name", ROWS)
def test_nothing_is_drawn_of_no_rows(name):
    empty = made.frame([])
    nulls = made.frame(ROWS[name][0]()).with_columns(pl.lit(None, dtype=pl.Float64).alias("estimate"))
    assert drawing(name).draw(empty, made.COLUMNS, PAPER) == []
    assert drawing(name).draw(nulls, made.COLUMNS, PAPER) == []


@pytest.mark.parametrize("name", ["drift", "convergence", "across", "upscaled", "predict", "parameters", *DOTS])
def test_without_intervals_points_remain(name):
    none = [{k: v for k, v in row.items() if not k.startswith("ci_")} for row in ROWS[name][0]()]
    figure = drawn(name, none)[0]
    assert len(marks(_render.svg(figure.chart))) == figure.data.height
    assert "interval" not in figure.data["told"][0]
    assert figure.n.endswith("no intervals.")


@pytest.mark.parametrize("name", ROWS)
def test_one_row_and_identical_rows_are_drawn(name):
    row = next(r for r in ROWS[name][0]() if r["estimand"] in (ROWS[name][1], *ONE))
    other = [row | {"model": "version 6.1"}] if name == "across" else []
    assert len(marks(_render.svg(drawn(name, [row, *other])[0].chart))) == 1 + len(other)
    rows = [row | {"estimate": 1.0, "ci_low": 1.0, "ci_high": 1.0, "ci_level": 0.95}] * 3 + other
    assert drawn(name, rows)


@pytest.mark.parametrize("name", ["convergence", "across"])
def test_lines_are_apart_without_colour(name):
    found = dict(encodings(drawn(name)[0].chart.to_dict()))
    n = 2 if name == "convergence" else 3
    for channel in ("color", "strokeDash", "shape"):
        scale = found[channel]["scale"]
        assert len(scale["domain"]) == len({str(value) for value in scale["range"]}) == n


def test_prompts_and_captions_are_apart_without_colour():
    shape = dict(encodings(drawn("upscaled")[0].chart.to_dict()))["shape"]
    assert dict(zip(shape["scale"]["domain"], shape["scale"]["range"], strict=True)) == {
        "prompts": "circle",
        "captions": "square",
    }


def test_colours_are_those_that_the_colour_blind_tell_apart():
    assert PAPER.colours[:7] == OKABE_ITO[:7]
    assert OKABE_ITO[:7] == ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
    assert len(set(PAPER.colours)) == len(_marks.SHAPES) == len({str(d) for d in _marks.DASHES}) == 8


@pytest.mark.parametrize("name", ROWS)
def test_a_page_gets_variables_and_a_file_gets_colours(name):
    page, file = (first_svg(name, theme) for theme in (SCREEN, PAPER))
    assert "var(--c1)" in page and not re.search(r"#[0-9a-fA-F]{3,6}\b", re.sub(r'\s(?:id|href)="[^"]*"', "", page))
    assert "#0072B2" in file and "var(" not in file


def test_a_file_has_its_title_in_it_and_a_page_has_it_beside():
    title = f">{usual('drift', PAPER)[0].title}</text>"
    assert title in first_svg("drift", PAPER)
    assert title not in first_svg("drift", SCREEN)


def test_features_of_the_paper_come_first():
    rows = list(made.drift(("n_chars", "n_words", "word_len_paper")))
    assert [figure.name for figure in drawn("drift", rows)] == [
        "drift-word_len_paper",
        "drift-n_chars",
        "drift-n_words",
    ]


def test_both_readings_of_last_are_drawn_the_shown_step_first():
    names = [figure.name for figure in drawn("convergence", list(made.convergence(("n_words",))))]
    assert names == ["convergence-n_words-step-4", "convergence-n_words-last-of-thread"]
    first = drawn("convergence")[0]
    assert (
        first.n == "Split by step 4; n = 24 threads (end higher) and 16 threads (the others); 95% intervals over users."
    )


def test_kinds_of_models_have_charts_of_their_own():
    models = ("version 6.1", "source a", "model m", "source b", "version 5.2")
    names = [figure.name for figure in drawn("across", list(made.across(("n_words",), models)))]
    assert names == ["across-n_words-version", "across-n_words-source"]  # one model alone compares nothing


def test_many_effects_are_cut_into_charts_on_one_scale():
    names = [name for name in made.COLUMNS if not name.startswith("caption_")][:15]
    figures = drawn("upscaled", list(made.upscaled(names)))
    # 15 features, 12 in the first chart; each has a mark for prompts and one for captions.
    assert [figure.data.height for figure in figures] == [24, 6]
    ends = [dict(encodings(figure.chart.to_dict()))["x"]["scale"]["domain"] for figure in figures]
    assert ends[0] == ends[1] == [-ends[0][1], ends[0][1]]


def test_lengths_stand_on_a_log_scale_and_the_last_bar_is_all_that_is_longer():
    figure = drawn("thread_lengths")[0]
    found = dict(encodings(figure.chart.to_dict()))
    assert found["y"]["scale"]["type"] == "log"
    # 20 + 6 + 0 + 4 + 1 = 31 threads; length 3 has none: no bar, but its place.
    assert figure.n == "n = 31 threads; counted, not estimated."
    assert found["x"]["scale"]["domain"] == ["1", "2", "3", "4", "5+"]
    assert figure.data["told"].to_list() == [
        "20 threads of 1 prompt",
        "6 threads of 2 prompts",
        "4 threads of 4 prompts",
        "1 thread of 5+ prompts",
    ]


def test_chance_is_a_line_in_the_prediction_chart():
    areas, accuracy = drawn("predict")
    found = [layer["encoding"]["x"] for layer in areas.chart.to_dict()["layer"]]
    assert found[0]["datum"] == 0.5
    assert accuracy.chart.to_dict()["layer"][0]["encoding"]["x"]["datum"] == 50


def test_hostile_names_stay_text():
    models = (f"version {HOSTILE}", "version 6.1")
    figure = drawn("across", list(made.across(("n_words",), models)), SCREEN)[0]
    svg = _render.svg(figure.chart)
    root = ElementTree.fromstring(svg)  # it is XML still
    assert not [e for e in root.iter() if e.tag.endswith("script")]
    assert "\u202e" not in svg and "\x07" not in svg
    assert any("<script>" in (e.get("aria-label") or "") for e in root.iter())


def test_a_feature_that_nobody_knows_bears_its_name():
    figure = drawn("drift", made.along("drift", "gone", "mean", 1, 1), columns={})[0]
    assert figure.title == "gone"
    assert "mean" in axis_titles(figure)


def test_files_are_what_they_say():
    chart = drawn("drift")[0].chart
    assert _render.pdf(chart).startswith(b"%PDF")
    assert _render.png(chart).startswith(b"\x89PNG")


def test_labels_are_cut_and_made_visible():
    assert _labels.plain("a\u202eb") == "a\N{REPLACEMENT CHARACTER}b"
    assert len(_labels.plain("x" * 500)) == _labels.LONGEST


def test_n_is_a_range_where_rows_differ():
    rows = made.frame([made.point("drift", "n_words", "mean", 1.0, n_threads=n) for n in (3, 1_200, 40)])
    assert _labels.number_of(rows, "threads", "users") == "3 to 1,200 threads, 7 users"
    assert _labels.number_of(made.frame([]), "threads") == ""


def test_units_are_told_only_where_there_are_any():
    assert _labels.axis("mean", "words") == "mean, words"
    assert _labels.axis("mean", _labels.unit("x", {"x": Column("x", "X", "", "m")})) == "mean"


def test_a_figure_of_a_sampled_feature_says_so():
    told = "on a sample of 500 of 9,000 prompts, whole users, by activity"
    rows = pl.DataFrame({"feature": ["a", "b"], "note": [f"none of 10; {told}", told], "ci_level": [0.95, 0.95]})
    assert _labels.n_of("5 threads", rows) == f"n = 5 threads; 95% intervals over users; {told}."
    some = rows.with_columns(note=pl.Series([told, None]))
    assert _labels.n_of("5 threads", some) == f"n = 5 threads; 95% intervals over users; some features {told}."
    assert "sample" not in _labels.n_of("5 threads", rows.with_columns(note=pl.lit(None, dtype=pl.String)))
