"""Figures draw their rows and nothing else: every row a mark, axes with units, intervals and n, apart without colour."""

import re
from functools import cache
from xml.etree import ElementTree

import polars as pl
import pytest
from tests import made_results as made

from unspool import audits, registry
from unspool.analyses import analysis, in_order
from unspool.analyses.scorecard import SIGNATURES
from unspool.features import Column
from unspool.figures import OKABE_ITO, PAPER, SCREEN, _labels, _marks, _render, drawing
from unspool.figures.scorecard import SHORT

ROWS = {
    "thread_lengths": (made.log, "n_threads_of_length"),
    "parameters": (made.log, "share_with_parameter"),
    "upscaled": (made.upscaled, "cliffs_delta"),
    "predict": (made.predict, None),
    "drift": (made.drift, "mean"),
    "convergence": (made.convergence, None),
    "across": (made.across, "mean"),
    "order": (made.naive_and_corrected, None),
    "change": (made.change, None),
    "forest": (made.forest, None),
    "growth": (made.growth, None),
    "asymmetry": (made.asymmetry, "A_step"),
    "shapes": (made.shapes, None),
    "carryover": (made.carryover, "R"),
    "sawtooth": (made.sawtooth, None),
    "incidence": (made.incidence, None),
    "specification": (made.specification, "drift/ipcw"),
    "scorecard": (made.scorecard, None),
    "models": (made.models, None),
    "surprisal": (made.surprisal, None),
    "variance": (made.variance, None),
    "reinforcement": (made.reinforcement, None),
    "exposure": (made.exposure, None),
    "entrainment": (made.entrainment, None),
    "repair": (made.repair, None),
    "lorenz": (made.lorenz, "lorenz"),
    "rounds": (made.rounds, "mass"),
    "pairs": (made.pairs, None),
    "distances": (made.distances, None),
}
DOTS = ("change", "forest", "asymmetry", "carryover", "specification", "models", "surprisal", "repair")
FAMILIES = ("reinforcement", "exposure", "entrainment")
SEVERAL = ("order_curve", "risers_centred", "tenure", "incidence")
FIRST = ("own_model", "user", "log_odds", "hazard", "excess", "seen_before")
ONE = ("risers", "auc_base", "raw_transition", "pooled", "net", "repair", "n_left", "share", *SEVERAL, *FIRST)
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
    layers = spec["layer"] if "layer" in spec else spec["vconcat"][0]["layer"]
    for layer in layers:
        yield from layer["encoding"].items()


def axis_titles(figure):
    found = [e for channel, e in encodings(figure.chart.to_dict()) if channel in ("x", "y")]
    return {e.get("title") or (e.get("axis") or {}).get("title") for e in found} - {None}


def test_there_is_a_file_for_every_figure_that_an_analysis_names():
    asked = [*(analysis(name) for name in in_order()), *(audits.audit(name) for name in audits.in_order())]
    named = {figure for module in asked for figure in module.FIGURES}
    assert named <= set(registry.names("figures")) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_every_figure_says_what_it_is_and_how_to_read_it(name):
    module = drawing(name)
    assert module.TITLE and module.READ.endswith(".")
    for figure in drawn(name):
        assert figure.title and figure.alt.endswith(".") and figure.n.endswith(".")
        assert re.search(r"n = \d", figure.n)


@pytest.mark.parametrize("name", [name for name in ROWS if name != "order"])
def test_data_are_the_rows(name):
    source, estimand = ROWS[name]
    rows = made.frame(source())
    if estimand:
        rows = rows.filter(estimand=estimand)
    if name in ("convergence", "predict"):
        rows = rows.filter(~pl.col("estimand").str.starts_with("gap"))
    if name == "variance":
        rows = rows.filter(~pl.col("estimand").str.starts_with("icc"))
    rows = rows.filter(pl.col("estimate") > 0) if name == "thread_lengths" else rows
    shown = pl.concat([figure.data.select(_labels.DRAWN) for figure in drawn(name)])
    order = ["feature", "estimand", "group", "model", "step", "estimate"]
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
        ("order", {"change since step 1, log scale", "Step of the thread"}),
        ("change", {"change per step, log scale"}),
        ("forest", {"upscaled less others, log scale"}),
        ("growth", {"words per step"}),
        ("asymmetry", {"A"}),
        ("shapes", {"from the mean, log scale", "Step of the thread"}),
        ("carryover", {"R"}),
        ("sawtooth", {"mean, words", "Thread of the person"}),
        ("incidence", {"share of threads", "Step of the thread"}),
        ("specification", {"change per step, log scale"}),
        ("scorecard", set()),
        ("models", {"log ratio per term"}),
        ("surprisal", {"change per step, nats per token"}),
        ("variance", {"share of the variance"}),
        ("reinforcement", {"log odds ratio"}),
        ("exposure", {"log ratio of hazards"}),
        ("entrainment", {"difference of rates"}),
        ("repair", {"share of added words"}),
        ("lorenz", {"share of prompts", "People, the least active first (%)"}),
        ("rounds", {"share of style words", "Round of training"}),
        ("pairs", {"number"}),
        ("distances", {"mean share of style words"}),
    ],
)
def test_axes_have_titles_with_units(name, titles):
    figures = {next(iter(figure.data["feature"])): figure for figure in reversed(drawn(name))}
    figure = figures.get("n_words") or next(iter(reversed(figures.values())))
    figure = drawn(name)[0] if name == "predict" else figure
    assert axis_titles(figure) == titles


@pytest.mark.parametrize(
    "name", ["drift", "convergence", "across", "upscaled", "predict", "parameters", *DOTS, *FAMILIES]
)
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


@pytest.mark.parametrize(
    "name", ["drift", "convergence", "across", "upscaled", "predict", "parameters", *DOTS, *FAMILIES]
)
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


@pytest.mark.parametrize("name", FAMILIES)
def test_style_and_content_are_apart_without_colour_and_beside_each_other(name):
    figure = drawn(name)[0]
    shape = dict(encodings(figure.chart.to_dict()))["shape"]["scale"]
    assert dict(zip(shape["domain"], shape["range"], strict=True)) == {
        "style terms": "circle",
        "content terms": "square",
    }
    labels = figure.data["label"].to_list()
    assert labels[::2] == labels[1::2] and figure.data["feature"].to_list() == ["style", "content"] * (len(labels) // 2)


def test_the_bars_of_the_variance_add_up():
    data = drawn("variance")[0].data
    assert data.group_by("label").agg(pl.col("estimate").sum())["estimate"].to_list() == pytest.approx([1, 1])
    assert data["place"].to_list() == [0, 1, 2] * 2
    # People end at .5, their threads at .8, each .05 to either side; the last part always ends at 1.
    ends = data.select("end_low", "end_high").rows()
    assert ends[:2] + ends[3:5] == [pytest.approx(end) for end in [(0.45, 0.55), (0.75, 0.85)] * 2]
    assert ends[2] == ends[5] == (None, None)


def test_prompts_and_captions_are_apart_without_colour():
    shape = dict(encodings(drawn("upscaled")[0].chart.to_dict()))["shape"]
    assert dict(zip(shape["scale"]["domain"], shape["scale"]["range"], strict=True)) == {
        "prompts": "circle",
        "captions": "square",
    }


def test_the_naive_curve_is_on_the_scale_of_the_corrected_one():
    found = {figure.name: figure.data for figure in drawn("order")}
    of_log, raw = found["order-n_words"], found["order-concreteness"]
    # The paper's means are 10, 10.5, 11, 11.5: ln(10.5 / 10) = 0.0488 for lengths, 0.5 for others.
    naive = [data.filter(estimand="mean")["estimate"].to_list() for data in (of_log, raw)]
    assert naive[0] == pytest.approx([0, 0.04879, 0.09531, 0.13976], abs=1e-5)
    assert naive[1] == pytest.approx([0, 0.5, 1.0, 1.5])
    curve = raw.filter(estimand="order_curve")
    assert curve.select("step", "estimate", "null_low", "null_high").rows() == [
        (2, 0.2, -0.08, 0.08),
        (3, pytest.approx(0.3), -0.12, 0.12),
    ]


def test_no_log_is_taken_of_a_mean_that_is_not_positive():
    rows = [*made.along("drift", "n_words", "mean", -1, 1), *made.order(("n_words",))]
    assert drawn("order", rows)[0].data["estimand"].unique().to_list() == ["order_curve"]


def test_the_band_of_chance_is_drawn():
    svg = first_svg("order", PAPER)
    root = ElementTree.fromstring(svg)
    areas = [e for e in root.iter() if "mark-area" in (e.get("class") or "")]
    assert [len(e.findall(".//{*}path")) for e in areas] == [1]


def test_the_waterfall_adds_up_to_the_whole():
    data = drawn("growth")[0].data
    # Kinds in the order of content, style, neither: entity 0.3, then style 0.2, all others 0; the whole is 0.5 from 0.
    ends = {row["estimand"]: (row["start"], row["end"]) for row in data.iter_rows(named=True)}
    assert ends["net_entity"] == (0, 0.3)
    assert ends["net_style"] == pytest.approx((0.3, 0.5))
    assert ends["net"] == (0, 0.5)
    assert data["estimand"][-1] == "net"
    widths = data.select(pl.col("high") - pl.col("low")).to_series().to_list()
    assert widths == pytest.approx([0.1] * data.height)


def test_growth_by_step_stacks_the_families():
    found = drawn("growth", [*made.growth(), *made.growth_by_step()])
    assert [figure.name for figure in found] == ["growth", "growth-steps"]
    assert found[1].data.select("step", "family").rows() == [(2, "style"), (2, "content"), (3, "style"), (3, "content")]
    assert sorted(marks(_render.svg(found[1].chart))) == sorted(found[1].data["told"])


def test_every_signature_of_the_scorecard_has_a_name():
    assert list(SHORT) == list(SIGNATURES)


def test_the_rule_of_the_study_is_marked_and_rules_stand_by_size():
    data = drawn("specification")[0].data
    assert data["label"].to_list() == ["gap", "iou", "▸ scene"]
    assert data["estimate"].to_list() == [-0.1, 0.2, 0.4]


def test_the_teeth_lie_between_first_and_last_prompts():
    data = drawn("sawtooth")[0].data
    assert data["place"].to_list() == pytest.approx([1, 1.45, 2, 2.45, 3, 3.45])
    # A dashed line joins the last prompt of a thread to the first of the next.
    assert data["between"].to_list() == [0, 1, 1, 2, 2, 3]


def test_three_shapes_stand_under_the_two_sides():
    spec = drawn("shapes")[0].chart.to_dict()
    under = spec["vconcat"][1]["hconcat"]
    assert [sketch["title"]["text"] for sketch in under] == [
        ["stationary", "A = 0"],
        ["random walk", "A = −1"],
        ["convergence", "A = 1"],
    ]
    # A = (gap at the start + gap at the end) / (their distance), a gap being fallers less risers.
    for sketch, a in zip(under, (0, -1, 1), strict=True):
        points = {(point["line"], point["x"]): point["y"] for point in spec["datasets"][sketch["data"]["name"]]}
        start, end = (points["fall", x] - points["rise", x] for x in (0, 1))
        assert (start + end) / (start - end) == a


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
    assert figure.n == "n = 31 threads by the rule iou; counted."
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
