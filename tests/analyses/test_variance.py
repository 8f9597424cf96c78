"""Shares of the variance, the pull of single users, and how prompts are spread: by hand and on known truth."""

import numpy as np
import polars as pl
import pytest
from tests.analyses.measured import log, one, thread

from unspool import tables
from unspool.analyses import variance
from unspool.analyses._variance_users import gini
from unspool.stats.nested import components, nested_sums

BY_HAND = [thread("a", [0, 2]), thread("a", [4, 6]), thread("b", [2, 4]), thread("b", [6, 8])]
"""Components -2, 7 and 2: the arithmetic stands in tests/stats/test_nested.py."""


def own(measured):
    rows = variance.analyse(measured)
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert set(rows["mode"]) == {"corrected"}
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert rows.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert not any(rows[name].is_nan().any() for name in rows.select(pl.selectors.float()).columns)
    return rows


def drawn(seed, n_users=60, parts=(1.0, 1.0, 2.0)):
    g = np.random.default_rng(seed)
    spread = np.sqrt(parts)
    threads = []
    for user in range(n_users):
        taste = spread[0] * g.normal()
        for _ in range(g.integers(1, 5)):
            values = taste + spread[1] * g.normal() + spread[2] * g.normal(size=g.geometric(0.4))
            threads.append(thread(f"u{user:03}", values.tolist()))
    return threads


def test_a_negative_component_is_set_to_0_and_said_so():
    rows = own(log(BY_HAND))
    found = {name: one(rows, feature="x", estimand=name) for name in variance.SHARES}
    assert [found[name]["estimate"] for name in ("user", "thread", "prompt")] == pytest.approx([0, 7 / 9, 2 / 9])
    assert "negative" in found["user"]["note"]
    assert [found[name]["estimate"] for name in ("icc_user", "icc_thread")] == pytest.approx([0, 7 / 9])
    assert found["design_effect"]["estimate"] == pytest.approx(7 / 9 * 2 + 2 / 9)
    assert (found["user"]["n_prompts"], found["user"]["n_threads"], found["user"]["n_users"]) == (8, 4, 2)
    assert found["user"]["ci_low"] is None


def test_the_jackknife_is_that_of_refits():
    threads = drawn(1, 12)
    found = one(own(log(threads)), feature="x", estimand="prompt")

    def share(chosen):
        values = np.concatenate([t["x"] for t in chosen])
        number = np.repeat(np.arange(len(chosen)), [len(t["x"]) for t in chosen])
        users = np.array([int(t["user"][1:]) for t in chosen])[number]
        parts = components(nested_sums(values, number, users).sum(axis=0))
        return parts[2] / parts.sum()

    without = np.array([share([t for t in threads if t["user"] != f"u{k:03}"]) for k in range(12)])
    assert found["standard_error"] == pytest.approx(np.sqrt(11 / 12 * ((without - share(threads)) ** 2).sum()))


def test_intervals_cover_the_truth():
    runs, truth = 300, {"user": 0.25, "thread": 0.25, "prompt": 0.5, "icc_thread": 0.5}
    covered = dict.fromkeys(truth, 0)
    for seed in range(runs):
        rows = own(log(drawn(seed)))
        for name, value in truth.items():
            row = one(rows, feature="x", estimand=name)
            covered[name] += row["ci_low"] <= value <= row["ci_high"]
    # Binomial(300, .95): mean 285, sd 3.8; four sd below.
    assert min(covered.values()) >= 270, covered


def test_shares_are_in_0_to_1_and_add_to_1():
    for seed in range(20):
        rows = own(log(drawn(seed, 6, (0, 0.1, 1))))
        found = [one(rows, feature="x", estimand=name) for name in ("user", "thread", "prompt")]
        if found[0]["estimate"] is None:
            continue
        assert sum(row["estimate"] for row in found) == pytest.approx(1)
        for row in found:
            assert 0 <= row["estimate"] <= 1
            assert row["ci_low"] is None or 0 <= row["ci_low"] <= row["estimate"] <= row["ci_high"] <= 1


def test_influence_by_hand():
    # Changes 1 and 3 of a, 2 of b, 10 of c: mean 4. Without a 6, without b 14 / 3, without c 2.
    # Jackknife variance 2/3 * (2^2 + (2/3)^2 + 2^2); c and a move the mean by 2, more than b.
    rows = own(log([thread("a", [0, 1, 4]), thread("b", [0, 2]), thread("c", [5, 15]), thread("d", [7])]))
    row = one(rows, feature="x", estimand="largest_influence")
    assert row["estimate"] == pytest.approx(2 / np.sqrt(2 / 3 * (4 + 4 / 9 + 4)))
    assert (row["effect"], row["effect_name"]) == (pytest.approx(6), "mean_without")
    assert (row["n_prompts"], row["n_threads"], row["n_users"]) == (4, 3, 3)


def test_influence_leaves_out_transitions_without_a_value():
    rows = own(log([thread("a", [0, None, 4]), thread("b", [None, 2])]))
    assert "followed by another" in one(rows, feature="x", estimand="largest_influence")["note"]


def test_activity_by_hand():
    # 150 users: 148 with one prompt, two with 26: the top 1%, rounded up, are two: 52 of 200 prompts.
    threads = [thread(f"u{k:03}", [1.0] * (26 if k < 2 else 1)) for k in range(150)]
    rows = own(log(threads))
    assert one(rows, feature="-", estimand="top_share")["estimate"] == pytest.approx(52 / 200)
    # Sum of (2 place - 151) * count: zero for equal counts, so 25 more for places 149 and 150: 25 * (147 + 149).
    assert one(rows, feature="-", estimand="gini")["estimate"] == pytest.approx(25 * 296 / (150 * 200))
    assert gini(np.array([3, 3, 3])) == 0
    assert gini(np.array([0, 0, 9])) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("threads", "why"),
    [
        ([], "no prompt has a value"),
        ([thread("a", [None, None])], "no prompt has a value"),
        ([thread("a", [1, 2]), thread("a", [1, 2])], "one user"),
        ([thread("a", [1]), thread("a", [2]), thread("b", [1])], "no thread has two prompts"),
        ([thread("a", [1, 2]), thread("b", [2, 3])], "no user has two threads"),
        ([thread("a", [0.1, 0.1]), thread("a", [0.1]), thread("b", [0.1])], "have the same"),
        ([thread(None, [1, 2, 3])], "no prompt in a thread"),
    ],
)
def test_what_cannot_be_estimated_says_why(threads, why):
    rows = own(log(threads)).filter(feature="x")
    assert set(rows["estimand"]) == set(variance.ESTIMANDS)
    assert rows["estimate"].null_count() == rows.height
    assert why in one(rows, estimand="user")["note"]


def test_a_log_that_names_nobody():
    prompts = log(BY_HAND).prompts.collect().with_columns(user_id=pl.lit(None, dtype=pl.String))
    rows = own(log(prompts))
    assert rows["estimate"].null_count() == rows.height
    assert all("names nobody" in note for note in rows["note"])


def test_shuffled_prompts_give_the_same():
    prompts = log(drawn(3)).prompts.collect()
    rows, again = own(log(prompts)), own(log(prompts.sample(fraction=1, shuffle=True, seed=2)))
    assert again["estimate"].to_list() == pytest.approx(rows["estimate"].to_list())
    assert again["ci_low"].drop_nulls().to_list() == pytest.approx(rows["ci_low"].drop_nulls().to_list())


def test_findings():
    told = variance.findings(own(log(drawn(4))))
    assert told[0].startswith("x: ")
    assert "of the variance lies between people (95% interval" in told[0]
    assert told[1].startswith("Leaving out one person moves the mean change per transition by at most")
    assert told[2].startswith("The most active of 60 users wrote")
    assert variance.findings(own(log([]))) == [
        "Not estimated: no prompt has a value.",
        "Not estimated: no prompt is in a thread.",
    ]
