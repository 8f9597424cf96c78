"""Risers and fallers: by hand, the identity that makes the gap shrink, and what is said where there is no gap."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analyses.measured import frame, log, one, sound, thread

from unspool.analyses import Settings, convergence

# By the last shown step (2): a and b rise, c falls, d is equal and counts as a faller.
# By the last prompt: a rises; b falls (3 to 1); c falls; d rises (8 to 9).
BY_HAND = [thread("a", [1, 5]), thread("b", [3, 4, 1]), thread("c", [10, 6]), thread("d", [8, 8, 9])]
STEP, LAST = "step 2", "last of thread"


def paper(measured):
    return convergence.analyse(measured).filter(mode="paper")


def test_by_hand():
    rows = sound(paper(log(BY_HAND)))
    same = {"feature": "x", "group": STEP}
    risers = [one(rows, estimand="risers", step=step, **same) for step in (1, 2)]
    fallers = [one(rows, estimand="fallers", step=step, **same) for step in (1, 2)]
    assert [row["estimate"] for row in risers] == [2, 4.5]
    assert [row["estimate"] for row in fallers] == [9, 7]
    # SD of 1 and 3 is sqrt(2), of 10 and 8 too: SE 1 each, of their difference sqrt(2).
    assert [row["standard_error"] for row in (risers[0], fallers[0])] == pytest.approx([1, 1])
    assert (risers[0]["n_threads"], risers[0]["n_users"], fallers[0]["n_prompts"]) == (2, 2, 2)
    start, end = (one(rows, estimand=name, **same) for name in ("gap_start", "gap_end"))
    assert (start["estimate"], end["estimate"], start["n_threads"], start["n_users"]) == (7, 2.5, 4, 4)
    assert start["standard_error"] == pytest.approx(2**0.5)
    assert one(rows, estimand="gap_closed", **same)["estimate"] == pytest.approx(1 - 2.5 / 7)
    assert "1 thread(s) with last = first count as fallers" in start["note"]


def test_the_other_reading_of_last_looks_at_the_end_of_the_thread():
    rows = paper(log(BY_HAND))
    same = {"feature": "x", "group": LAST}
    # Risers a and d: 1 and 8, then 5 and 8; fallers b and c: 3 and 10, then 4 and 6.
    assert [one(rows, estimand="risers", step=step, **same)["estimate"] for step in (1, 2)] == [4.5, 6.5]
    assert [one(rows, estimand="fallers", step=step, **same)["estimate"] for step in (1, 2)] == [6.5, 5]
    assert [one(rows, estimand=name, **same)["estimate"] for name in ("gap_start", "gap_end")] == [2, -1.5]
    assert "count as fallers" not in str(one(rows, estimand="gap_end", **same)["note"])


def test_a_thread_whose_last_value_is_unknown_is_in_one_reading_only():
    rows = sound(paper(log([*BY_HAND, thread("e", [1, 2, None])])))
    for group, n in ((STEP, 5), (LAST, 4)):
        assert one(rows, estimand="gap_start", group=group)["n_threads"] == n


PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=12)


@settings(max_examples=40)
@given(PAIRS)
def test_fallers_minus_risers_goes_down_whatever_the_data(values):
    rows = sound(paper(log([thread(f"u{n}", one) for n, one in enumerate(values)], Settings(least=3, draws=20))))
    start, end = (one(rows, estimand=name, group="step 3") for name in ("gap_start", "gap_end"))
    change = np.array([last - first for first, _, last in values])
    if start["estimate"] is None:
        assert (change > 0).all() or (change <= 0).all()
        return
    # gap_start - gap_end = E[d | d > 0] - E[d | d <= 0] > 0.
    assert start["estimate"] - end["estimate"] == pytest.approx(change[change > 0].mean() - change[change <= 0].mean())
    assert start["estimate"] > end["estimate"]


def test_nothing_converges_and_the_gap_closes_all_the_same():
    # Exchangeable values: no step is any different from another.
    generator = np.random.default_rng(3)
    threads = [thread(f"u{n}", list(generator.normal(10, 2, 4))) for n in range(200)]
    rows = paper(log(threads, Settings(least=4, draws=300)))
    closed = one(rows, estimand="gap_closed", group="step 4")
    # Ends equal in all but sign: fallers start as far above as they end below.
    assert closed["estimate"] == pytest.approx(2, abs=0.5)
    assert closed["ci_low"] > 1
    told = convergence.findings(rows)
    assert "no evidence of convergence" in told[0]
    assert "of the gap closed" in told[1]
    assert "over 100% where the two change places" in told[1]


def test_groups_that_did_not_start_apart_have_nothing_to_close():
    # Risers start at 10 and 12, fallers at 9 and 13: both 11 on average.
    threads = [thread("a", [10, 14]), thread("b", [12, 16]), thread("c", [9, 5]), thread("d", [13, 8])]
    rows = sound(paper(log(threads)))
    assert one(rows, estimand="gap_start", group=STEP)["estimate"] == 0
    closed = one(rows, estimand="gap_closed", group=STEP)
    assert (closed["estimate"], closed["ci_low"]) == (None, None)
    assert "do not clearly start above" in closed["note"]
    assert "no clear gap at the start" in convergence.findings(rows)[1]


@pytest.mark.parametrize("values", [[[1, 2], [2, 3]], [[2, 1], [5, 5]]])
def test_all_on_one_side(values):
    rows = sound(paper(log([thread(user, v) for user, v in zip("ab", values, strict=True)])))
    known = rows.filter(pl.col("estimate").is_not_null(), pl.col("group") == STEP)
    assert known["estimand"].unique().to_list() in (["risers"], ["fallers"])
    assert one(rows, estimand="gap_closed", group=STEP)["note"] is not None
    assert "all threads are on one side" in convergence.findings(rows)[1]


def test_identical_prompts_all_count_as_fallers():
    rows = sound(paper(log([thread(user, [5, 5]) for user in "abc"])))
    assert one(rows, estimand="fallers", step=1, group=STEP)["n_threads"] == 3
    assert one(rows, estimand="risers", step=1, group=STEP)["n_threads"] == 0


def test_shuffled_rows_give_the_same():
    generator = np.random.default_rng(5)
    prompts = frame([thread(f"u{n % 9}", list(generator.integers(0, 9, 4))) for n in range(30)])
    rows = paper(log(prompts))
    assert paper(log(prompts.sample(fraction=1, shuffle=True, seed=3))).equals(rows)


@pytest.mark.parametrize("threads", [[], [thread("a", [1])]])
def test_too_little_says_why(threads):
    rows = sound(paper(log(threads)))
    assert rows["estimate"].null_count() == rows.height > 0
    assert convergence.findings(rows)[0].startswith("Not estimated: ")


def test_a_feature_without_values_is_one_row_with_the_reason():
    prompts = frame([thread("a", [1, 2], y=[None, None])])
    void = one(sound(paper(log(prompts, notes={"y": "no parser"}))), feature="y")
    assert (void["estimand"], void["estimate"], void["note"]) == ("gap_closed", None, "no parser")


def test_the_gap_has_the_interval_of_a_loop_over_drawn_users():
    generator = np.random.default_rng(9)
    threads = [thread(f"u{n % 12:02}", list(generator.normal(5, 2, 2))) for n in range(60)]
    gap = one(paper(log(threads, Settings(least=2, draws=500))), estimand="gap_start", group=STEP)
    draws = []
    for _ in range(2000):
        users = [f"u{n:02}" for n in generator.integers(0, 12, 12)]
        drawn = [one["x"] for user in users for one in threads if one["user"] == user]
        risers = [first for first, last in drawn if last > first]
        fallers = [first for first, last in drawn if last <= first]
        draws.append(np.mean(fallers) - np.mean(risers))
    low, high = np.quantile(draws, [0.025, 0.975])
    # Quantiles of 500 draws have an sd of about 6% of the width, those of 2,000 half of it.
    assert [gap["ci_low"], gap["ci_high"]] == pytest.approx([low, high], abs=0.25 * (high - low))
