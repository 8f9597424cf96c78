"""What a log holds: counts by hand, shares with their intervals, and what it cannot know."""

import polars as pl
import pytest
from tests.analyses.measured import frame, log, one, sound, thread

from unspool import tables
from unspool.analyses import log as analysis


def parameter(*names):
    return [{"name": name, "values": ["1"], "number": 1.0} for name in names]


BY_HAND = [
    thread("a", [0, 0, 0, 0], upscaled=[True, False, False, True], action="grid", params=parameter("aspect", "aspect")),
    thread("a", [0], upscaled=[None], action="remix", params=parameter("aspect", "chaos")),
    thread("b", [0, 0], upscaled=[False, False], action=["grid", "reroll"], params=[]),
    thread("c", [0] * 23, upscaled=False, action="grid", params=[]),
]


def rows_of(threads, **more):
    return sound(analysis.analyse(log(threads, **more)))


def test_counts_by_hand():
    rows = rows_of(BY_HAND, counts={"total": {"records": 99}})
    counts = {name: one(rows, estimand=name)["estimate"] for name in ("n_records", "n_prompts", "n_users", "n_threads")}
    assert counts == {"n_records": 99, "n_prompts": 30, "n_users": 3, "n_threads": 4}
    lengths = rows.filter(pl.col("estimand") == "n_threads_of_length")
    assert lengths["step"].to_list() == [*range(1, 21), None]
    assert lengths["group"].to_list() == [None] * 20 + ["more"]
    assert lengths["estimate"].to_list() == [1, 1, 0, 1, *[0] * 16, 1]
    assert lengths["n_prompts"].to_list() == [1, 2, 0, 4, *[0] * 16, 23]
    at_least = rows.filter(pl.col("estimand") == "n_threads_at_least")
    assert at_least["step"].to_list() == [2, 4, 6, 8, 10]
    assert at_least["estimate"].to_list() == [3, 2, 1, 1, 1]


def test_shares_by_hand():
    rows = rows_of(BY_HAND)
    # 30 prompts in 4 threads; 2 of 29 upscaled; of 30 actions one remix, one reroll; 5 with aspect, 1 with chaos.
    mean = one(rows, estimand="mean_thread_length")
    assert (mean["estimate"], mean["n_prompts"], mean["n_threads"], mean["n_users"]) == (7.5, 30, 4, 3)
    share = one(rows, estimand="share_upscaled")
    assert (share["estimate"], share["n_prompts"]) == (pytest.approx(2 / 29), 29)
    assert share["ci_low"] is None
    assert one(rows, estimand="share_reroll")["estimate"] == pytest.approx(1 / 30)
    assert one(rows, estimand="share_remix")["estimate"] == pytest.approx(1 / 30)
    named = rows.filter(pl.col("estimand") == "share_with_parameter")
    assert named["group"].to_list() == ["any parameter", "aspect", "chaos"]
    assert named["estimate"].to_list() == pytest.approx([5 / 30, 5 / 30, 1 / 30])
    assert (mean["ci_low"], mean["ci_high"]) == (None, None)


def test_the_twelve_parameters_of_most_prompts():
    threads = [thread("a", [0] * (20 - n), params=parameter(f"p{n:02}")) for n in range(15)]
    groups = rows_of(threads).filter(pl.col("estimand") == "share_with_parameter")["group"].to_list()
    assert groups == ["any parameter", *(f"p{n:02}" for n in range(12))]


def test_what_the_log_cannot_know_is_null_with_the_reason():
    rows = rows_of([thread("a", [0, 0], params=None), thread("b", [0])])
    for name, why in analysis.UNKNOWN.items():
        if name == "mean_thread_length":
            continue
        row = one(rows, estimand=name)
        assert (row["estimate"], row["ci_low"], row["note"]) == (None, None, why)
    assert "books" in one(rows, estimand="n_records")["note"]
    assert "This log cannot know which prompts were upscaled." in analysis.findings(rows)


def test_parameters_that_nobody_uses_are_a_share_of_zero():
    row = one(rows_of([thread("a", [0, 0], params=[])]), estimand="share_with_parameter")
    assert (row["group"], row["estimate"]) == ("any parameter", 0)


def test_a_log_that_names_nobody():
    rows = rows_of([thread(None, [0, 0, 0], upscaled=[True, False, None])])
    assert one(rows, estimand="n_prompts")["estimate"] == 3
    for name in ("n_users", "n_threads", "mean_thread_length"):
        assert one(rows, estimand=name)["estimate"] is None
    share = one(rows, estimand="share_upscaled")
    assert (share["estimate"], share["ci_low"]) == (0.5, None)
    assert "names nobody" in share["note"]
    assert analysis.findings(rows)[0] == "3 prompts; the log names nobody, so that there are no threads."


def test_prompts_without_user_are_counted_and_told():
    rows = rows_of([*BY_HAND, thread(None, [0, 0], upscaled=True)])
    assert one(rows, estimand="n_prompts")["estimate"] == 32
    share = one(rows, estimand="share_upscaled")
    assert share["estimate"] == pytest.approx(2 / 29)
    assert share["note"].startswith("2 prompt(s) without user left out")


def test_an_empty_log():
    rows = rows_of([])
    assert one(rows, estimand="n_prompts")["estimate"] == 0
    assert one(rows, estimand="n_users")["estimate"] == 0
    assert one(rows, estimand="mean_thread_length")["note"] == "no prompt has a thread"
    assert analysis.findings(rows)[0].startswith("0 prompts of 0 users in 0 threads, by the paper's rule, iou")


def test_columns_that_are_missing_altogether():
    prompts = frame(BY_HAND).select("prompt_id", "user_id", "thread_id", "step", "steps_left", "x")
    rows = rows_of(prompts)
    assert one(rows, estimand="share_with_parameter")["note"] == "this log does not hold parameters"
    assert one(rows, estimand="mean_thread_length")["estimate"] == 7.5


def test_shuffled_rows_give_the_same():
    prompts = frame(BY_HAND)
    assert rows_of(prompts.sample(fraction=1, shuffle=True, seed=1)).equals(rows_of(prompts))


def test_findings_stand_beside_the_paper():
    told = analysis.findings(rows_of(BY_HAND))
    assert (
        told[0]
        == "30 prompts of 3 users in 4 threads, by the paper's rule, iou (the paper: 169,620 of 30,394 in 107,051)."
    )
    assert told[1].startswith("6.9% of prompts were upscaled (no interval; ")
    assert told[1].endswith("the paper: about 25%).")
    assert told[2].startswith("A thread has 7.50 prompts on average (no interval")
    assert told[3] == "2 threads of at least 4 prompts and 1 of at least 10 (the paper: 6,578 and 645)."
    assert told[4] == "The parameters of most prompts: aspect 17%, chaos 3.3%."


def test_published_counts_fit_each_other():
    published = analysis.PUBLISHED
    mean = published["n_prompts", None] / published["n_threads", None]
    assert mean == pytest.approx(published["mean_thread_length", None], abs=0.005)
    long = [published["n_threads_at_least", step] for step in (4, 6, 8, 10)]
    assert long == sorted(long, reverse=True)


def test_rows_are_those_of_the_table():
    assert list(rows_of(BY_HAND).columns) == list(tables.RESULTS.columns)
