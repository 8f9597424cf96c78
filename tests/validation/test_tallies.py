"""Tallies of parts add up to the tally of all."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.validation.test_marks import claim, runs

from unspool.validation.marks import judge, judge_tally
from unspool.validation.tallies import TALLY, added, tally
from unspool.validation.wording import as_markdown


# Estimates -1, 1 and none with truth 0: mean 0, squares 2; of -2.5..0.5 and -0.5..2.5 both hold 0 and neither rejects.
def test_by_hand():
    row = tally(runs([-1.0, None, 1.0], half=1.5), [claim("bias")]).row(0, named=True)
    assert {name: row[name] for name in list(TALLY)[7:]} == {
        **{"n_seeds": 3, "n": 2, "mean": 0.0, "squares": 2.0, "n_truth": 3, "truth": 0.0},
        **{"n_intervals": 2, "covered": 2, "rejected": 0},
    }


# Of 39 permutations and the log itself 1 to 40 are as large as the log: 2 of the 40 p-values are at most .05.
def test_a_test_by_permutation_rejects_as_often_as_its_level_says():
    values = runs([1.0] * 40, p_values=[n / 40 for n in range(1, 41)])
    assert tally(values, [claim("size")])["rejected"].item() == 2


@given(st.lists(st.none() | st.floats(-5, 5), min_size=1, max_size=30), st.integers(0, 30))
def test_parts_add_up(estimates, cut):
    ours = [claim("bias", "coverage", "size", "power", "misleads")]
    parts = [tally(runs(part), ours) for part in (estimates[:cut], estimates[cut:])]
    together, whole = added(pl.concat(parts)), tally(runs(estimates), ours)
    for name in TALLY:
        ours_, theirs = together[name].item(), whole[name].item()
        assert ours_ == (pytest.approx(theirs, abs=1e-9) if isinstance(theirs, float) else theirs), name


def test_a_claim_that_no_run_was_asked_has_no_mark():
    nothing = runs([1.0]).clear()
    assert judge(nothing, [claim("bias", "power")])["passed"].to_list() == [None, None]


def test_a_claim_that_a_tally_lacks_is_shown_without_a_mark():
    kept = tally(runs(list(np.arange(5.0))), [claim("bias")])
    lacking = judge_tally(kept.clear(), [claim("bias")])
    assert lacking.select("n_seeds", "passed", "mean").rows() == [(0, None, None)]
    assert "not in these logs" in as_markdown(lacking)
    fewer = lacking.with_columns(estimand=pl.lit("other"), n_seeds=3, n_unknown=0, passed=True)
    more = fewer.with_columns(estimand=pl.lit("one"), n_seeds=5)
    text = as_markdown(pl.concat([more, fewer]))
    assert "(5 logs)" in text and "other (3 logs) |" in text and "one |" in text
    assert judge_tally(kept, [claim("bias")])["n_seeds"].to_list() == [5]
