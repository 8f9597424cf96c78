"""The marks: by hand, and that a right estimator passes and a wrong one fails."""

import numpy as np
import polars as pl
import pytest

from unspool.validation.claims import Claim
from unspool.validation.marks import JUDGED, judge
from unspool.validation.runs import RUNS
from unspool.validation.wording import as_markdown, printed, summed_up

ALL = ("bias", "coverage", "size", "power", "misleads")


def claim(*checks, truth=0.0):
    return Claim("made_up", "drift", "n_words", "ipcw", truth, checks, why="made up")


def runs(estimates, *, half=1.0, truth=0.0, p_values=None):
    n = len(estimates)
    same = {
        "scenario": "made_up",
        "rule": "scene",
        "analysis": "drift",
        "feature": "n_words",
        "estimand": "ipcw",
        "mode": "corrected",
    }
    rows = [
        {
            **same,
            "seed": seed,
            "estimate": one,
            "ci_low": None if one is None else one - half,
            "ci_high": None if one is None else one + half,
            "p_value": None if p_values is None else p_values[seed],
            "truth": truth,
        }
        for seed, one in zip(range(n), estimates, strict=True)
    ]
    return pl.DataFrame(rows, schema=RUNS)


def one(frame, check):
    return frame.row(by_predicate=pl.col("check") == check, named=True)


# Estimates -1, 1, 3 with truth 0: mean 1, SD 2, bias half an SD. Intervals of half width 1.5 cover in two of three.
# Of the intervals -2.5..0.5, -0.5..2.5, 1.5..4.5 one leaves out 0.
def test_by_hand():
    found = judge(runs([-1.0, 1.0, 3.0], half=1.5), [claim(*ALL)])
    assert found.schema == pl.Schema(JUDGED)
    bias = one(found, "bias")
    assert (bias["mean"], bias["sd"], bias["bias_in_sd"]) == (1, 2, 0.5)
    assert bias["bias_error"] == pytest.approx(1 / np.sqrt(3))
    assert one(found, "coverage")["coverage"] == pytest.approx(2 / 3)
    assert one(found, "size")["rejected"] == one(found, "power")["rejected"] == pytest.approx(1 / 3)
    # P(at most 2 of 3 | .95) = 1 - .95^3 = .142625; P(at least 1 of 3 | .05) the same; Holm doubles both.
    assert one(found, "coverage")["p_value"] == pytest.approx(0.142625)
    assert one(found, "size")["p_adjusted"] == pytest.approx(2 * 0.142625)
    assert one(found, "size")["passed"] and not one(found, "power")["passed"]
    assert one(found, "misleads")["passed"] is None and one(found, "misleads")["p_value"] is None


def test_a_p_value_goes_before_the_interval():
    found = judge(runs([5.0, 5.0], p_values=[0.2, 0.01]), [claim("power", truth=None)])
    assert found["rejected"].to_list() == [0.5]


def test_a_right_estimator_passes_and_a_biased_one_fails():
    values = np.random.default_rng(0).normal(size=4000)
    right = judge(runs(values, half=1.96), [claim("bias", "coverage", "size")])
    assert right["passed"].to_list() == [True, True, True]
    wrong = judge(runs(values + 0.3, half=1.96), [claim("bias", "coverage", "size")])
    assert wrong["passed"].to_list() == [False, False, False]


# 400 draws from the right distribution: the Monte Carlo interval of the bias is wider than the mark of the full run
# allows, so that only a clear fault fails.
def test_few_seeds_fail_on_clear_bias_only():
    values = np.random.default_rng(1).normal(size=400)
    assert judge(runs(values), [claim("bias")])["passed"].item()
    assert not judge(runs(values + 0.5), [claim("bias")])["passed"].item()


def test_what_could_not_be_estimated_fails_and_is_counted():
    none = judge(runs([None, None]), [claim("bias", "coverage", "size", "power")])
    assert none["passed"].to_list() == [False] * 4
    assert none["n_unknown"].to_list() == [2] * 4
    some = judge(runs([None, 0.1, -0.1]), [claim("bias")])
    assert (some["n_seeds"].item(), some["n_unknown"].item()) == (3, 1)


def test_an_estimate_that_never_varies():
    assert judge(runs([0.0, 0.0]), [claim("bias")])["passed"].item()
    assert not judge(runs([1.0, 1.0]), [claim("bias")])["passed"].item()


def test_the_truth_of_a_quantity_is_its_mean_over_the_logs():
    frame = pl.concat([runs([1.0], truth=1.0), runs([3.0], truth=5.0).with_columns(seed=pl.lit(1, dtype=pl.Int64))])
    assert judge(frame, [claim("bias", truth="drift_log_n_words")])["truth"].item() == 3


def test_the_table_has_a_line_per_claim_and_says_what_failed():
    found = judge(runs([-1.0, 1.0, 3.0], half=1.5), [claim("bias", "coverage", "size", "power")])
    text = as_markdown(found)
    assert "### made-up (3 logs)" in text
    assert "| FAIL | drift/n_words/ipcw (power) | 0.000 | 1.000 | +0.50 ±0.58 | 66.7% | 33.3% |" in text
    assert printed(found).row_count == 2
    assert summed_up(found) == "3 of 4 marks met, 1 not."
    assert "| 0.000 | 0.000 |" in as_markdown(judge(runs([-1.0001, 1.0]), [claim("bias")]))  # and not -0.000


def test_an_estimate_that_misleads_is_shown():
    found = judge(runs([-1.0, 1.0, 3.0], half=1.5), [claim("misleads")])
    assert "| shown | drift/n_words/ipcw (misleads) |" in as_markdown(found)
    assert summed_up(found) == "0 of 0 marks met. 1 estimates are shown that mislead, as expected."


def test_unknown_ones_are_counted_in_the_table():
    found = judge(runs([None, 0.1, -0.1]), [claim("bias")])
    assert "| pass | drift/n_words/ipcw (no estimate in 1) |" in as_markdown(found)
