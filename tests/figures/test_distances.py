"""The distances between groups: what is drawn, around which line, in which order, and that it reads without colour."""

from xml.etree import ElementTree

import polars as pl
import pytest
from tests import made_results as made

from unspool.figures import PAPER, SCREEN, _render, distances

GROUPS = ("upscaled", "reference", "first", "last", "middle")
PAIRS = ("first:last", "first:reference", "last:reference")


def rows(*, dialect=False):
    n = {"n_prompts": 40, "n_threads": 20}
    found = [
        made.point("model_language", "style", "share", 0.1 * place, 0.05, group=group, **n)
        for place, group in enumerate(GROUPS)
    ]
    found += [
        made.point("model_language", "text", "auc", 0.55 + 0.1 * place, 0.08, group=group, **n)
        for place, group in enumerate(PAIRS)
    ]
    found.append(made.void("model_language", "text", "auc", "no threads", group="first:upscaled"))
    if dialect:
        found.append(made.point("model_language", "dialect", "mean", -0.4, 0.2, group="reference", **n))
        found.append(made.point("model_language", "dialect", "mean", 0.3, 0.1, group="first", **n))
    return made.frame(found)


def draw(found, theme=PAPER):
    return distances.draw(found, {}, theme)


def described(chart):
    root = ElementTree.fromstring(_render.svg(chart))
    return [e.get("aria-label") for e in root.iter() if e.get("aria-roledescription") == "point"]


def test_groups_in_their_order_and_pairs_around_chance():
    groups, pairs = draw(rows())
    assert (groups.name, pairs.name) == ("distances-groups", "distances-pairs")
    assert groups.data["label"].to_list() == ["first", "middle", "last", "upscaled", "reference"]
    assert pairs.data["label"].to_list() == ["first : last", "first : reference", "last : reference"]
    assert groups.data["estimate"].to_list() == pytest.approx([0.2, 0.4, 0.3, 0.0, 0.1])
    spec = pairs.chart.to_dict()
    assert {"datum": 0.5}.items() <= spec["layer"][0]["encoding"]["x"].items()
    assert pairs.n == "n = 40 prompts, 7 users; 95% intervals over users."


def test_dialect_comes_before_style():
    groups, _ = draw(rows(dialect=True))
    assert groups.title == "Dialect score by group"
    assert groups.data["label"].to_list() == ["first", "reference"]


@pytest.mark.parametrize("theme", [PAPER, SCREEN])
def test_every_known_row_is_a_mark_with_its_interval(theme):
    for figure in draw(rows(), theme):
        told = described(figure.chart)
        assert len(told) == figure.data.height
        assert all("95% interval" in one for one in told) and figure.alt.startswith(figure.title)


def test_nothing_known_is_nothing_drawn():
    assert draw(rows().clear()) == []
    assert draw(rows().with_columns(estimate=pl.lit(None, dtype=pl.Float64))) == []
    only = draw(rows().filter(pl.col("feature") == "style"))
    assert [figure.name for figure in only] == ["distances-groups"]


def test_rows_without_intervals_are_dots():
    found = rows().with_columns(
        pl.lit(None, dtype=pl.Float64).alias(name) for name in ("ci_low", "ci_high", "ci_level")
    )
    for figure in draw(found):
        assert len(described(figure.chart)) == figure.data.height and figure.n.endswith("no intervals.")
