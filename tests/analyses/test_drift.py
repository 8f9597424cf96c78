"""The paper's means along threads: by hand, against a plain loop, and the coverage of the interval of the rise."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.analyses.measured import FEW, column, frame, log, one, sound, thread

from unspool import tables
from unspool.analyses import Measured, Settings, _drift_own, drift, stopping
from unspool.features import Context, length

BY_HAND = [thread("a", [4, 6]), thread("b", [10, 10]), thread("b", [1, 4]), thread("c", [7])]


def test_by_hand():
    rows = sound(drift.paper(log(BY_HAND)))
    # Step 1: (4 + 10 + 1) / 3 = 5; SD^2 = (1 + 25 + 16) / 2 = 21, SE = sqrt(21 / 3). Step 2: (6 + 10 + 4) / 3.
    first, second = (one(rows, estimand="mean", step=step) for step in (1, 2))
    assert (first["estimate"], first["standard_error"]) == pytest.approx((5, 7**0.5))
    assert second["estimate"] == pytest.approx(20 / 3)
    assert (first["n_prompts"], first["n_threads"], first["n_users"]) == (3, 3, 2)
    # Rises 2, 0, 3: mean 5/3, SD^2 = (1/9 + 25/9 + 16/9) / 2 = 7/3, SE = sqrt(7/9); two of three rise.
    rise, share = (one(rows, estimand=name) for name in ("rise", "share_rising"))
    assert (rise["estimate"], rise["standard_error"]) == pytest.approx((5 / 3, (7 / 9) ** 0.5))
    assert (rise["effect"], rise["effect_name"]) == (pytest.approx(4 / 3), "ratio")
    assert (rise["n_prompts"], rise["n_threads"], rise["n_users"]) == (6, 3, 2)
    assert share["estimate"] == pytest.approx(2 / 3)
    assert (rise["ci_low"], rise["ci_high"], rise["ci_level"]) == (None, None, None)
    assert "2 user(s)" in rise["note"]
    assert "users, 200 draws" in rise["method"]
    assert rows["seed"].unique().to_list() == [0]
    assert rows.height == 4


def by_loop(threads, least, steps):
    """Means by step and the rise, thread by thread."""
    long = [one["x"] for one in threads if len(one["x"]) >= least and one["user"] is not None]
    whole = [values for values in long if all(value is not None for value in values[:steps])]
    means = [sum(values[step] for values in whole) / len(whole) for step in range(steps)] if whole else []
    rises = [values[steps - 1] - values[0] for values in whole]
    return means, rises, len(long) - len(whole)


VALUES = st.lists(st.one_of(st.none(), st.integers(-5, 30)), min_size=1, max_size=5)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), VALUES), max_size=8), st.integers(2, 4))
def test_a_plain_loop_says_the_same(listed, least):
    threads = [thread(user, values) for user, values in listed]
    rows = sound(drift.paper(log(threads, Settings(least=least, draws=20))))
    means, rises, n_left_out = by_loop(threads, least, least)
    known = rows.filter(pl.col("estimand") == "mean").sort("step")
    assert known["estimate"].to_list() == pytest.approx(means)
    rise = one(rows, estimand="rise")
    assert (rise["estimate"] is None) == (not rises)
    if rises:
        assert rise["estimate"] == pytest.approx(np.mean(rises))
        assert one(rows, estimand="share_rising")["estimate"] == pytest.approx(np.mean(np.array(rises) > 0))
        assert (f"{n_left_out} thread(s) left out" in (rise["note"] or "")) == (n_left_out > 0)


def test_shuffled_rows_give_the_same():
    prompts = frame([thread(f"u{n % 9}", list(range(n % 4, n % 4 + 4))) for n in range(30)])
    rows = drift.paper(log(prompts))
    again = drift.paper(log(prompts.sample(fraction=1, shuffle=True, seed=3)))
    assert rows.equals(again)


def test_one_user_has_means_and_no_interval():
    rows = sound(drift.paper(log([thread("a", [4, 6]), thread("a", [5, 5])])))
    rise = one(rows, estimand="rise")
    assert (rise["estimate"], rise["ci_low"], rise["n_users"]) == (1.0, None, 1)
    assert "1 user(s)" in rise["note"]
    assert drift.findings(rows) == [
        "x: no clear change, from 4.50 at step 1 to 5.50 at step 2 (+1.00, no interval, 2 threads of 1 user)."
    ]


def test_one_thread_has_no_standard_error():
    rows = sound(drift.paper(log([thread("a", [4, 6])])))
    assert rows["standard_error"].to_list() == [None] * 4


def test_identical_prompts_do_not_change():
    rows = sound(drift.paper(log([thread(user, [7, 7, 7]) for user in "abcdef"])))
    rise = one(rows, estimand="rise")
    assert (rise["estimate"], rise["ci_low"], rise["ci_high"], rise["effect"]) == (0, None, None, 1)
    assert "the same in every draw" in rise["note"]
    assert "no clear change" in drift.findings(rows)[0]


def test_values_that_are_not_positive_have_no_ratio():
    rows = drift.paper(log([thread("a", [0, 6]), thread("b", [3, 4])]))
    assert one(rows, estimand="rise")["effect"] is None


def test_an_empty_log_says_why():
    rows = sound(drift.paper(log([])))
    assert rows.select("feature", "estimand", "estimate").rows() == [("x", "rise", None)]
    assert "no thread has 2 prompts" in one(drift.paper(log([thread("a", [1])])), estimand="rise")["note"]


def test_no_features():
    assert drift.paper(Measured(frame([]).drop("x").lazy(), "iou", {})).is_empty()
    assert drift.findings(drift.paper(Measured(frame([]).drop("x").lazy(), "iou", {}))) == []


def test_a_feature_without_values_is_one_row_with_the_reason():
    prompts = frame([thread("a", [1, 2], y=[None, None]), thread("b", [1, 2], y=[None, None])])
    rows = sound(drift.paper(log(prompts, notes={"y": "no language model was given"})))
    void = one(rows, feature="y")
    assert (void["estimand"], void["estimate"], void["note"]) == ("rise", None, "no language model was given")
    # A feature that was measured somewhere, but along no thread.
    part = frame([thread("a", [1, 2], y=[1, None]), thread("b", [1, 2], y=[None, 3])])
    void = one(sound(drift.paper(log(part, notes={"y": "on a sample"}))), feature="y")
    assert void["note"] == (
        "on a sample; 2 thread(s) left out: no value at some step; no thread of 2 prompts has a value at all of the 2 steps"
    )


def test_a_column_that_the_frame_lacks_is_a_row_too():
    measured = Measured(frame(BY_HAND).lazy(), "iou", {"x": column("x"), "gone": column("gone")}, FEW)
    assert one(drift.paper(measured), feature="gone")["note"] == "no prompt has a value"


def test_notes_of_a_column_stand_in_its_rows():
    rows = drift.paper(log(BY_HAND, notes={"x": "measured on a sample of 5 users"}))
    assert rows["note"].str.starts_with("measured on a sample of 5 users").all()


def test_the_paper_looks_at_ten_steps_unless_few_threads_have_them():
    long = [thread(f"u{n}", [n * (step + 1) for step in range(12)]) for n in range(50)]
    rows = drift.paper(log(long, Settings(draws=20)))
    assert rows.filter(pl.col("estimand") == "mean")["step"].to_list() == list(range(1, 11))
    assert rows["note"].null_count() == rows.height
    rows = drift.paper(log(long[1:] + [thread("v", [1, 2, 3])] * 20, Settings(draws=20)))
    assert rows["step"].max() == 3
    assert all("not of 10 as in the paper, because only 49 are that long" in note for note in rows["note"])


def test_findings_name_a_direction_only_where_the_interval_has_one():
    up = [thread(f"u{n}", [10 + n % 3, 15 + n % 2], y=[n % 5, (n + 2) % 5], z=[9, 2 + n % 2]) for n in range(40)]
    told = drift.findings(drift.paper(log(up)))
    assert told[0].startswith("x: up from ")
    assert told[1].startswith("y: no clear change, from ")
    assert told[2].startswith("z: down from ")
    assert all("40 threads of 40 users" in sentence and "95% interval" in sentence for sentence in told)


def test_findings_are_few():
    many = {f"f{n}": [1.0, 2.0] for n in range(20)}
    rows = drift.paper(log([thread("a", [1, 2], **many), thread("b", [1, 3], **many)]))
    assert len(drift.findings(rows)) == 8
    assert drift.findings(drift.paper(log([]))) == ["Not estimated: no prompt has a value."]


def test_the_interval_of_the_rise_covers_and_that_over_threads_does_not():
    # 60 users, 5 threads each; rises are 1 + a part of the user (SD 1) + a part of the thread (SD 0.5).
    generator = np.random.default_rng(11)
    covered = naive = 0
    runs = 200
    for run in range(runs):
        first = generator.normal(size=(60, 5))
        rise = 1 + generator.normal(size=(60, 1)) + 0.5 * generator.normal(size=(60, 5))
        prompts = pl.DataFrame(
            {
                "user_id": np.repeat([f"u{n:02}" for n in range(60)], 10),
                "thread_id": np.repeat([f"t{n:03}" for n in range(300)], 2),
                "step": np.tile([1, 2], 300),
                "steps_left": np.tile([1, 0], 300),
                "x": np.stack([first, first + rise], axis=-1).ravel(),
            }
        )
        found = one(
            drift.paper(log(prompts, Settings(least=2, draws=400, seed=run)).only(pl.lit(True))),
            feature="x",
            estimand="rise",
        )
        covered += found["ci_low"] <= 1 <= found["ci_high"]
        naive += abs(found["estimate"] - 1) <= 1.96 * found["standard_error"]
    # Binomial(200, .95): mean 190, sd 3.1; four sd below, as percentile intervals of 60 users are a little narrow.
    assert covered >= 177
    # The standard error over threads is too small by sqrt(1.25 / (5 + .25)) = .49: it covers 66%, sd 3.4%.
    assert naive <= 0.8 * runs


@pytest.fixture
def games(real_data):
    """Descriptions of tangrams: a thread is a figure described in six rounds by the players of a game."""
    path = real_data / "tangrams" / "tangramsSequential_collapsed.csv"
    trials = pl.read_csv(path, infer_schema_length=0).select(
        user_id="gameid",
        order=pl.col("trialNum").cast(pl.Float64),
        text=pl.col("contents").fill_null(""),
        thread_id=pl.col("gameid") + pl.col("intendedName"),
    )
    place = pl.int_range(pl.len()).over("thread_id")
    steps = trials.sort("thread_id", "order").with_columns(
        step=place + 1, steps_left=pl.len().over("thread_id") - place - 1
    )
    prompts = pl.concat([steps, length.measure(steps, Context())], how="horizontal")
    whole = tables.conform(prompts, tables.PROMPTS)
    return Measured(whole.lazy(), "given", {c.name: c for c in length.COLUMNS}, Settings(least=6))


def test_people_shorten_what_they_say_to_each_other(games):
    rows = drift.paper(games)
    rise = one(rows, feature="n_words", estimand="rise")
    assert one(rows, feature="n_words", step=1)["estimate"] == pytest.approx(15.5, abs=0.1)
    assert one(rows, feature="n_words", step=6)["estimate"] == pytest.approx(3.4, abs=0.1)
    assert -15 < rise["ci_low"] < rise["ci_high"] < -9
    assert (rise["n_threads"], rise["n_users"]) == (989, 83)


def test_in_a_game_of_six_rounds_nothing_is_said_of_who_stops(games):
    rows = _drift_own.own(games).filter(feature="n_words")
    raw, weighted, last = (one(rows, estimand=name) for name in ("raw_transition", "ipcw", "last_minus_earlier"))
    assert -0.4 < raw["estimate"] < -0.2
    assert weighted["estimate"] == raw["estimate"]
    assert "no choice" in one(rows, estimand="stopping_part")["note"]
    # Of seven threads that lack their last round.
    assert last["n_threads"] == 7
    hazard = one(stopping.analyse(games).filter(feature="n_words", estimand="hazard"), estimand="hazard")
    assert hazard["estimate"] is None
    assert "7 of" in hazard["note"]
