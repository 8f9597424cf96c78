"""The bars of pairs: each row a bar of its length, a log scale where counts are far apart, nothing of what is unknown."""

import re
from xml.etree import ElementTree

import polars as pl
import pytest
from tests import made_results as made

from unspool.figures import PAPER, SCREEN, _labels, _render, drawing
from unspool.figures.pairs import FLOOR, HELD, NOT_HELD

LEFT = {"all prompts": 2_233, "upscale known": 2_000, "upscaled": 498, "image known": 445}
PAIRS = {"all pairs": 1_657, "prompt held fixed": 1_424}
KINDS = {"within grid": 1_396, "verbatim reroll": 28, "across prompts": 233}


def rows(left=LEFT, pairs=PAIRS, kinds=KINDS):
    def counted(feature, estimand, groups):
        for group, n in groups.items():
            yield made.point("selection", feature, estimand, n, group=group, n_prompts=n)

    return [
        made.point("selection", "upscaled", "share", 0.2, 0.1, n_prompts=2_000),
        *counted("prompts", "n_left", left),
        *counted("pairs", "n_pairs", kinds),
        *counted("pairs", "n_left", pairs),
    ]


def drawn(found, theme=PAPER):
    return drawing("pairs").draw(made.frame(found), made.COLUMNS, theme)


def axis(figure):
    return figure.chart.to_dict()["layer"][0]["encoding"]["x"]


def bars(figure):
    root = ElementTree.fromstring(_render.svg(figure.chart))
    found = [e for e in root.iter() if e.get("aria-roledescription") == "bar"]
    # A bar is drawn as `M x,y h WIDTH v ...`: its length in pixels.
    return {e.get("aria-label"): abs(float(re.search(r"h(-?[\d.]+)", e.get("d"))[1])) for e in found}


def test_every_count_is_a_bar_in_the_order_of_the_requirements():
    left, kinds = drawn(rows())
    assert left.data["group"].to_list() == [*LEFT, *PAIRS]
    assert left.data["told"].to_list()[:2] == ["all prompts: 2,233 prompts", "upscale known: 2,000 prompts"]
    assert left.data["told"].to_list()[-1] == "prompt held fixed: 1,424 pairs"
    assert kinds.data["group"].to_list() == list(KINDS)
    assert sorted(bars(left)) == sorted(left.data["told"])
    assert sorted(bars(kinds)) == sorted(kinds.data["told"])
    for figure in (left, kinds):
        known = made.frame(rows()).filter(pl.col("estimand") == figure.data["estimand"][0])
        shown = figure.data.select(_labels.DRAWN)
        assert shown.sort("group").equals(known.select(_labels.DRAWN).sort("group"))


def test_counts_near_each_other_stand_on_a_plain_scale_from_0():
    left, _ = drawn(rows())  # 2,233 by 445 is 5
    assert (axis(left)["scale"]["type"], axis(left)["scale"]["domain"][0]) == ("linear", 0)
    found = bars(left)
    ratio = found["upscaled: 498 prompts"] / found["all prompts: 2,233 prompts"]
    assert ratio == pytest.approx(498 / 2_233, rel=1e-3)


def test_counts_far_apart_stand_on_a_log_scale():
    _, kinds = drawn(rows())  # 1,396 by 28 is 50
    assert axis(kinds)["scale"]["type"] == "log"
    assert axis(kinds)["axis"]["values"] == [1, 10, 100, 1_000]
    assert all(length > 0 for length in bars(kinds).values())


def test_none_is_a_bar_without_length():
    left, kinds = drawn(rows(kinds={"within grid": 300, "verbatim reroll": 0, "across prompts": 2}))
    found = bars(kinds)
    assert found["verbatim reroll: 0 pairs"] == 0 < found["across prompts: 2 pairs"]
    assert kinds.data["end"].to_list() == [300, FLOOR, 2]
    assert left.alt.endswith(".")


def test_zeros_alone_are_drawn_on_a_plain_scale():
    (kinds,) = drawn([row for row in rows(kinds=dict.fromkeys(KINDS, 0)) if row["estimand"] == "n_pairs"])
    assert axis(kinds)["scale"] == {"type": "linear", "domain": [0, 1], "nice": False}
    assert set(bars(kinds).values()) == {0.0}


def test_what_is_not_known_is_not_drawn():
    void = [made.void("selection", "pairs", "n_pairs", "not known", group=group) for group in KINDS]
    assert drawn(void) == []
    only = drawn([*void, made.point("selection", "prompts", "n_left", 5, group="all prompts", n_prompts=5)])
    assert [figure.name for figure in only] == ["pairs"]
    assert drawn([]) == []


def test_pairs_of_the_same_prompt_and_others_have_colours_and_names_of_their_own():
    left, kinds = drawn(rows())
    assert kinds.data["key"].to_list() == [HELD, HELD, NOT_HELD]
    assert left.data["key"].to_list() == ["prompts"] * 4 + ["pairs"] * 2
    for figure in (left, kinds):
        scale = figure.chart.to_dict()["layer"][0]["encoding"]["color"]["scale"]
        assert scale == {
            "domain": figure.data["key"].unique(maintain_order=True).to_list(),
            "range": list(PAPER.colours[:2]),
        }


def test_it_says_how_to_read_it_and_how_many_it_is_of():
    module = drawing("pairs")
    assert module.TITLE and module.READ.endswith(".")
    left, kinds = drawn(rows())
    assert left.n == "n = 445 to 2,233 prompts, 7 users; counted, not estimated."
    assert left.name == "pairs" and kinds.name == "pairs-kinds"


def test_a_page_gets_variables_and_a_file_gets_colours():
    page, file = (_render.svg(drawn(rows(), theme)[0].chart) for theme in (SCREEN, PAPER))
    assert "var(--c1)" in page and "#0072B2" in file and "var(" not in file
