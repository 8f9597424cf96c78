"""Repair: by hand, and whether it is 0 where users add blindly, above 0 where they repair, below where they take up."""

import numpy as np
import polars as pl
import pytest
from tests.analyses.grids import world
from tests.analyses.test_captions import prompts

from unspool import tables
from unspool.analyses import Measured, repair
from unspool.analyses.repair import ESTIMANDS, SAME


def thread(name, *steps, user="a"):
    """A thread of (text, captions)."""
    return [(user, name, place + 1, len(steps) - 1 - place, *step) for place, step in enumerate(steps)]


def rows_of(*threads):
    rows = repair.analyse(prompts(*[row for one in threads for row in one]))
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    return rows


def value(rows, name, group=None):
    (found,) = rows.filter(pl.col("group").eq_missing(group), estimand=name)["estimate"].to_list()
    return found


def coded(log):
    """The rows of a log that is read already, by estimand."""
    return {ask.estimand: repair._row(log, ask) for ask in repair._asks(log) if ask.group is None}


BY_HAND = thread(
    "1",
    ("fox", ["fox hen", "fox"]),
    ("fox hen owl", ["fox owl", "owl"]),
    ("fox hen owl elk", ["fox elk", "hen"]),
    ("fox hen owl elk yak", ["fox", "elk"]),
)


def test_the_cells_by_hand():
    rows = rows_of(BY_HAND)
    # Added: hen (seen before), owl and elk (missing, then there), yak (missing, and not there).
    assert [value(rows, name) for name in ESTIMANDS[1:4]] == [1 / 4, 1 / 2, 1 / 4]
    cell = rows.filter(estimand="seen_before")
    assert cell.select("n_prompts", "n_threads", "n_users").row(0) == (3, 1, 1)
    assert cell["ci_low"].item() is None
    assert "1 user(s)" in cell["note"].item()


def test_excess_by_hand():
    rows = rows_of(BY_HAND)
    # Grid 1: now hen (shown), owl (missing); later elk, yak (missing): 1/2 - 1, weight 2*2/4 = 1. Grid 2: now elk
    # (missing), later yak (missing): 0, weight 1/2. Grid 3: nothing is added later. Pooled -.5/1.5; owl and elk of the
    # four appear: 1/2 * -1/3. Only grid 2 has one before it, from which both elk and yak were missing: 0.
    assert value(rows, "selection_direct") == pytest.approx(-1 / 6)
    assert (value(rows, "selection"), value(rows, "placebo")) == (0, 0)
    # Grid 1: concordant 1 * (2 - 2) / 4 = 0, discordant 1 * 2 / 4; grid 2: both 0.
    assert value(rows, "add_missing_ratio") == pytest.approx(np.log(0.5 / 1))


def test_other_nulls_by_hand():
    other = thread("2", ("cat", ["cat"]), ("cat dog", ["owl dog"]), user="b")
    rows = rows_of(BY_HAND, other)
    # At step 1 a and b swap grids: a's hen and owl in b's grids 1 and 2: hen never, owl missing, then there; b's dog in
    # a's: never. Observed: hen no, owl yes, dog yes. Mean of (0 - 0), (1 - 1), (1 - 0). Steps 2 and 3 have a alone.
    assert value(rows, "excess_users") == pytest.approx(1 / 3)
    assert value(rows, "excess_threads") is None
    # hen is in one of the two captions of grid 1, so missing where that is left out, and there in it: 1/2. No other word
    # of a is in a single caption of the grid before; b's grid has one caption. So (0 - 1/2 + 1 + 1 + 0) / 4.
    assert value(rows, "excess_grid") == pytest.approx(1.5 / 4)


def test_the_excess_by_hand():
    # fox out, and gone from the picture; hen in, and there now: they balance. Then hen in for nothing.
    turned = thread("1", ("fox", ["fox"]), ("hen", ["hen"]))
    grown = thread("2", ("fox", ["fox"]), ("fox hen", ["fox hen"]), user="b")
    assert value(rows_of(turned), "excess") == 0
    assert value(rows_of(turned, grown), "excess") == 1 / 2


def test_change_of_grids_by_hand():
    # Within a grid the captions a, b and a, c: 1 - 1/3; the other grid d, e twice: 0. Between: a b | d e and a c | d e,
    # 1. So 1 - (2/3 + 0) / 2. Same words: grids alike.
    edit = thread("1", ("fox", ["fox hen", "fox owl"]), ("elk", ["yak cow", "yak cow"]))
    again = thread("2", ("fox", ["fox", "hen"]), ("Fox", ["fox", "hen"]), user="b")
    rows = rows_of(edit, again)
    assert value(rows, "grid_change") == pytest.approx(2 / 3)
    assert value(rows, "grid_change", SAME) == -1  # captions in turn: between 0, within 1


def test_a_word_added_again_counts_again():
    rows = rows_of(thread("1", ("fox hen", ["fox"]), ("fox", ["fox"]), ("fox hen", ["fox hen"])))
    assert value(rows, "missing_then_appears") == 1
    # It could have been added after grid 2 only: nothing to compare with.
    assert value(rows, "selection_direct") is None


@pytest.mark.parametrize(
    "threads",
    [
        [],
        [thread("1", ("fox", None), ("fox hen", None))],
        [thread("1", ("fox", ["fox"]))],
        [thread("1", ("", [""]), ("", [""]))],
        [thread("1", ("fox", ["fox"]), ("fox", ["fox"]))] * 2,
    ],
    ids=["empty", "no captions", "one prompt", "no words", "no additions"],
)
def test_every_estimand_has_a_row_where_there_is_nothing(threads):
    threads = [[(user, f"{user}{row[1]}", *row[2:]) for row in one] for user, one in zip("ab", threads, strict=False)]
    rows = rows_of(*threads)
    assert rows.filter(pl.col("group").is_null())["estimand"].to_list() == list(ESTIMANDS)
    assert value(rows, "selection") is None
    assert repair.findings(rows)


def test_texts_and_codes_give_the_same():
    made = world(4, users=30)
    rows = repair.analyse(Measured(made.frame().lazy(), "iou", {}))
    for name, row in coded(made.coded()).items():
        if name not in ("excess_users",):  # partners are drawn by the order of users' names
            assert value(rows, name) == pytest.approx(row["estimate"]), name


def test_what_rests_on_two_of_many_people_has_no_interval():
    # All five add a word, but only the threads of two are long enough for a choice between words.
    long = [BY_HAND, [("b", "2", *row[2:]) for row in BY_HAND]]
    short = [thread(user, ("fox", ["fox"]), ("fox hen", ["hen"]), user=user) for user in "cde"]
    rows = rows_of(*long, *short)
    for name in ("selection", "selection_direct"):
        (found,) = rows.filter(estimand=name).to_dicts()
        assert found["estimate"] is not None and found["ci_low"] is None and found["p_value"] is None
        assert "worth 2.0 users" in found["note"]
    assert rows.filter(estimand="missing_then_appears")["ci_low"].item() is not None


def runs(n, *, of="selection", **options):
    """Estimates and p-values of n worlds."""
    found = [coded(world(seed, **options).coded())[of] for seed in range(n)]
    return np.array([(row["estimate"], row["p_value"]) for row in found]).T


# 100 worlds: under a true size of 5% more than 13 rejections have a chance of 0.0005 (binomial); the mean is within 3.3
# of its Monte Carlo errors but for 1 case in 1,000.
@pytest.mark.parametrize("options", [{}, {"first": "salient"}, {"first": "rare"}, {"satisfied": 1.0}], ids=str)
def test_nothing_is_repaired_where_users_add_blindly(options):
    estimates, p = runs(100, **options)
    assert abs(estimates.mean()) < 3.3 * estimates.std(ddof=1) / 10
    assert (p < 0.05).sum() <= 13


def test_without_the_grid_before_the_order_of_words_looks_like_repair():
    estimates, p = runs(20, of="selection_direct", first="rare")
    assert estimates.mean() > 0.05
    assert (p < 0.05).mean() > 0.5


def test_other_nulls_take_obedience_for_repair():
    rows = coded(world(5).coded())
    assert all(rows[name]["ci_low"] > 0.5 for name in ("excess_users", "excess_threads", "excess_grid"))


def test_repair_is_found_and_uptake_has_the_other_sign():
    estimates, p = runs(20, adds="repair")
    assert (p < 0.05).all() and (estimates > 0).all()
    estimates, p = runs(20, adds="uptake")
    assert (p < 0.05).all() and (estimates < 0).all()


def test_the_odds_are_those_of_the_world():
    # A word shown is half as likely to be added as one missing: log 2 = .69. Four Monte Carlo errors of the mean.
    estimates, _ = runs(20, of="add_missing_ratio", adds="repair", strength=0.5, users=200)
    error = estimates.std(ddof=1) / np.sqrt(len(estimates))
    assert abs(estimates.mean() - np.log(2)) < 4 * error
