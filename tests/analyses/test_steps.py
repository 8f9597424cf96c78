"""Prompts of threads as arrays."""

import numpy as np
import polars as pl
import pytest
from measured import frame, log, thread

from unspool.analyses._steps import method, scale, scaled, steps, told
from unspool.features import Column
from unspool.stats.jackknife import Estimate


def test_threads_lie_side_by_side_in_order():
    found = steps(log([thread("b", [5, 6]), thread("a", [1, 2, 3]), thread("a", [9])]))
    assert found.thread.tolist() == [0, 0, 0, 1, 2, 2]
    assert found.step.tolist() == [1, 2, 3, 1, 1, 2]
    assert found.left.tolist() == [2, 1, 0, 0, 1, 0]
    assert found.user.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.values("x").tolist() == [1, 2, 3, 9, 5, 6]
    assert found.pairs.tolist() == [0, 1, 4]


# The rows of two threads lie mixed, as under the rule `given`.
def test_threads_that_interleave_are_set_in_order():
    prompts = frame([thread("a", [1, 2, 3]), thread("a", [7, 8])])[[3, 0, 4, 1, 2]]
    found = steps(log(prompts))
    assert found.values("x").tolist() == [7, 8, 1, 2, 3]
    assert found.thread.tolist() == [0, 0, 1, 1, 1]


def test_an_unknown_value_is_nan():
    found = steps(log([thread("a", [1, None, 3])]))
    assert np.isnan(found.values("x")).tolist() == [False, True, False]


def test_prompts_without_a_thread_are_left_out():
    found = steps(log([thread(None, [1, 2]), thread("a", [3])]))
    assert found.values("x").tolist() == [3]
    assert found.numbers() == {"n_prompts": 1, "n_threads": 1, "n_users": 1}


def test_an_empty_log():
    found = steps(log(frame([])))
    assert len(found.thread) == len(found.pairs) == 0
    assert found.numbers() == {"n_prompts": 0, "n_threads": 0, "n_users": 0}
    assert found.sums([found.values("x")]).shape == (0, 1)


def test_sums_and_numbers_of_some_prompts():
    found = steps(log([thread("b", [5, 6]), thread("a", [1, 2, 3]), thread("a", [9])]))
    late = found.step > 1
    assert found.numbers(late) == {"n_prompts": 3, "n_threads": 2, "n_users": 2}
    assert found.sums([found.values("x")[late], found.step[late]], late).tolist() == [[5, 5], [6, 2]]


def test_lengths_are_logarithms_and_empty_ones_unknown():
    columns = {"n": Column("n", "N", "words", "", log=True), "x": Column("x", "X", "share", "")}
    values = pl.DataFrame({"n": [1, 10, 0, None], "x": [0.0, 1.0, 2.0, None]})
    found = values.select(n=scaled("n", columns), x=scaled("x", columns))
    assert found["n"].to_list() == pytest.approx([0, np.log(10), None, None])
    assert found["x"].to_list() == [0, 1, 2, None]
    assert (scale("n", columns), scale("x", columns), scale("y", columns)) == ("natural log", "raw scale", "raw scale")


def test_a_row_of_results():
    settings = log([thread("a", [1])]).settings
    row = told(Estimate(1.0, 0.5, 0.1, 1.9, 0.04, 7), settings, "a note", None, feature="x")
    assert row == {
        "estimate": 1.0,
        "standard_error": 0.5,
        "ci_low": 0.1,
        "ci_high": 1.9,
        "ci_level": 0.95,
        "p_value": 0.04,
        "note": "a note",
        "feature": "x",
    }
    assert told(Estimate(None, note="why"), settings)["ci_level"] is None


def test_the_method_names_users_or_groups(monkeypatch):
    many = log([thread(f"u{n}", [1]) for n in range(12)])
    assert method(steps(many).people, "a mean") == "a mean; jackknife over users, Student's t"
    monkeypatch.setattr("unspool.analyses._people.MOST", 5)
    assert "5 random groups of 12 users" in method(steps(many).people, "a mean")
