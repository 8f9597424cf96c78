"""Rounds of training: a line and a band for each kind of data, from round 0 on."""

from tests import made_results as made

from unspool.figures import PAPER, rounds


def test_a_line_for_each_kind_that_has_rows_in_one_order():
    (figure,) = rounds.draw(made.frame(made.rounds(("first", "reweighted", "all"))), {}, PAPER)
    assert figure.data["line"].unique(maintain_order=True).to_list() == ["all prompts", "reweighted", "first prompts"]
    assert sorted(set(figure.data["step"])) == [0, 1, 2, 3]
    across = [layer["encoding"]["x"]["scale"]["domain"] for layer in figure.chart.to_dict()["layer"]]
    assert across == [[-0.2, 3.2]] * 3


def test_bands_are_the_intervals():
    (figure,) = rounds.draw(made.frame(made.rounds()), {}, PAPER)
    band = figure.chart.to_dict()["layer"][0]
    assert band["mark"]["type"] == "area"
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("ci_low", "ci_high")


def test_rows_without_estimates_are_not_drawn():
    assert rounds.draw(made.frame([]), {}, PAPER) == []
    assert rounds.draw(made.frame([row for row in made.rounds() if row["estimand"] != "mass"]), {}, PAPER) == []
