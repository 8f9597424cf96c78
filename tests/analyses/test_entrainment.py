"""Entrainment: by hand, and whether the excess is 0 where users do not look at pictures though topics are shared."""

import numpy as np
import polars as pl
import pytest
from tests.analyses.grids import world
from tests.analyses.test_captions import prompts
from tests.analyses.test_repair import thread

from unspool import tables
from unspool.analyses import Measured, entrainment
from unspool.analyses.entrainment import FAMILIES, WHAT, grids_before


def rows_of(*threads):
    rows = entrainment.analyse(prompts(*[row for one in threads for row in one]))
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    return rows


def value(rows, name, feature="all"):
    (found,) = rows.filter(feature=feature, estimand=name)["estimate"].to_list()
    return found


def excess(log):
    """The row of the headline of a log that is read already."""
    return entrainment._difference(log, grids_before(log), "all", "excess", "")


def test_by_hand():
    rows = rows_of(
        thread("1", ("fox", ["hen owl fox"]), ("fox", ["elk", "yak owl"]), ("fox elk", ["fox"])),
        thread("2", ("cow", ["cat dog"]), ("cow", ["cow ant"]), ("cow dog", None), user="b"),
    )
    # a: only the second grid shows elk (taken up) and yak, only the first hen (owl is in both, fox was asked for).
    # b: only the second shows ant, only the first cat and dog (taken up).
    assert (value(rows, "rate_shown"), value(rows, "rate_gone")) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
    # Weights 2*1/3 and 1*2/3: (1*1 - 0)/3 and (0 - 1*1)/3.
    assert value(rows, "excess") == 0
    row = rows.filter(feature="all", estimand="excess")
    assert row.select("n_prompts", "n_threads", "n_users").row(0) == (2, 2, 2)


def test_findings_say_what_is_compared_and_no_family_twice():
    rows = rows_of(
        thread("1", ("fox", ["hen owl fox"]), ("fox", ["elk", "yak owl"]), ("fox elk", ["fox"])),
        thread("2", ("cow", ["cat dog"]), ("cow", ["cow ant"]), ("cow dog", None), user="b"),
    )
    told = entrainment.findings(rows)
    assert len(told) == 2
    assert (
        "shows 33% come into the next prompt, of those that only the one before shows 33%. Within the same" in told[0]
    )
    assert told[1] == entrainment.CAUTION


def test_against_other_users_by_hand():
    rows = rows_of(
        thread("1", ("fox", ["hen owl"]), ("fox hen", ["fox"])),
        thread("2", ("cow", ["owl dog"]), ("cow", ["cow"]), user="b"),
    )
    # a: hen is shown and taken up, dog is b's; b: dog is shown, hen is a's; owl is in both. Weight 1/2 each: 1/2 and 0.
    assert value(rows, "C") == pytest.approx(1 / 2)
    assert value(rows, "excess") is None


def test_families():
    rows = rows_of(thread("1", ("fox", ["fox"]), ("fox", ["a hen, oil painting"]), ("fox, oil painting", ["fox"])))
    assert [value(rows, "rate_shown", feature) for feature in FAMILIES] == [pytest.approx(2 / 3), 0, 1]


def test_a_word_that_was_dropped_does_not_count():
    rows = rows_of(thread("1", ("fox hen", ["fox"]), ("fox", ["hen"]), ("fox hen", ["fox"])))
    assert value(rows, "rate_shown") is None


@pytest.mark.parametrize(
    "rows",
    [
        [],
        thread("1", ("fox", None), ("fox hen", None), ("fox hen", None)),
        thread("1", ("fox", ["fox"])),
        thread("1", *[("", [""])] * 3),
        thread("1", *[("fox", ["fox"])] * 4),
    ],
    ids=["empty", "no captions", "one prompt", "no words", "identical"],
)
def test_every_estimand_has_a_row_where_there_is_nothing(rows):
    found = rows_of(rows)
    wanted = [(feature, name) for feature in FAMILIES for name in WHAT]
    assert sorted(found.select("feature", "estimand").rows()) == sorted(wanted)
    assert found["estimate"].null_count() == len(wanted)
    assert entrainment.findings(found)


def test_texts_and_codes_give_the_same():
    made = world(4, users=30)
    rows = entrainment.analyse(Measured(made.frame().lazy(), "iou", {}))
    assert value(rows, "excess") == pytest.approx(excess(made.coded())["estimate"])


def runs(n, **options):
    """Estimates and p-values of n worlds."""
    rows = [excess(world(seed, **options).coded()) for seed in range(n)]
    return np.array([(row["estimate"], row["p_value"]) for row in rows]).T


# 100 worlds: under a true size of 5% more than 13 rejections have a chance of 0.0005 (binomial); the mean is within 3.3
# of its Monte Carlo errors but for 1 case in 1,000.
@pytest.mark.parametrize("options", [{}, {"first": "salient"}, {"first": "rare"}], ids=str)
def test_nothing_is_taken_up_where_users_add_blindly(options):
    estimates, p = runs(100, **options)
    assert abs(estimates.mean()) < 3.3 * estimates.std(ddof=1) / 10
    assert (p < 0.05).sum() <= 13


def test_strong_stopping_bends_it_by_less_than_half_a_standard_deviation():
    # Who stops where the picture shows what was meant goes on where it does not, more so later: a known, small bias.
    estimates, _ = runs(100, satisfied=1.0)
    assert -0.5 * estimates.std(ddof=1) < estimates.mean() < 0.1 * estimates.std(ddof=1)


def test_a_shared_topic_looks_like_uptake_against_other_users():
    rows = entrainment.analyse(Measured(world(3).frame().lazy(), "iou", {}))
    assert rows.filter(feature="all", estimand="C")["ci_low"].item() > 0


def test_uptake_is_found_and_repair_has_the_other_sign():
    estimates, p = runs(20, adds="uptake", strength=0.5)
    assert (p < 0.05).mean() > 0.5 and (estimates > 0).all()
    estimates, p = runs(20, adds="repair")
    assert (p < 0.05).all() and (estimates < 0).all()
