"""Carry-over: by hand, against statsmodels, and against simulated users of known retention."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from tests.analyses.measured import column, frame, log, one, thread

from unspool import tables
from unspool.analyses import Measured, Settings, carryover
from unspool.analyses import _sequel as sequels
from unspool.analyses._steps import steps

NAMES = ("n_style_words", "n_content_words")
# Eight words, so that a prompt that ends with them begins with a paste.
TAIL = "soft light golden hour octane render highly detailed"


def whole(rows):
    """The headline row of a feature and estimand."""
    return lambda estimand, feature="x", group=None, step=None: one(
        rows, estimand=estimand, feature=feature, group=group, step=step
    )


# Firsts 2, 3, 5 of a, gains 2, 4, 0; of b firsts 1, 1, gains 3, 8; of c firsts 4, 6, gains 3, 0.
BY_HAND = [
    thread("a", [2, 4]),
    thread("a", [3, 5, 7]),
    thread("a", [5]),
    thread("b", [1, 4]),
    thread("b", [1, 9]),
    thread("c", [4, 7]),
    thread("c", [6]),
]


def test_by_hand():
    row = whole(carryover.analyse(log(BY_HAND)))
    # Changes of firsts 1, 2 (a), 0 (b), 2 (c): 5 of 4 pairs; gains before them 2, 4, 3, 3: 12.
    assert row("R")["estimate"] == pytest.approx(5 / 12)
    assert row("carried")["estimate"] == pytest.approx(5 / 4)
    assert row("gain")["estimate"] == pytest.approx(12 / 4)
    # First and last prompts: 2 + 2 + 1 of a, 2 + 2 of b, 2 + 1 of c.
    assert [row("R")[name] for name in ("n_prompts", "n_threads", "n_users")] == [12, 7, 3]
    # Two threads of all three users: means (2 + 1 + 4) / 3 and (3 + 1 + 6) / 3; slope is their difference.
    assert row("tenure", step=1)["estimate"] == pytest.approx(7 / 3)
    assert row("tenure", step=2)["estimate"] == pytest.approx(10 / 3)
    assert row("tenure_slope")["estimate"] == pytest.approx(1)
    # Their last prompts: (4 + 4 + 7) / 3 and (7 + 9 + 6) / 3.
    assert row("tenure_last", step=1)["estimate"] == pytest.approx(5)
    assert row("tenure_last", step=2)["estimate"] == pytest.approx(22 / 3)
    assert "undefined" in row("selected")["note"]


def test_the_jackknife_of_r_by_hand():
    users = (("a", 4, 1), ("b", 5, 1), ("c", 6, 4))
    threads = [one_thread for u, gain, f in users for one_thread in (thread(u, [0, gain]), thread(u, [f]))]
    found = whole(carryover.analyse(log(threads)))("R")
    # R = (1 + 1 + 4) / (4 + 5 + 6) = 0.4. Without a 5 / 11, without b 5 / 10, without c 2 / 9.
    without = np.array([5 / 11, 5 / 10, 2 / 9])
    assert found["standard_error"] == pytest.approx(np.sqrt(2 / 3 * ((without - 0.4) ** 2).sum()))


def test_dose_and_placebo_by_hand():
    # Firsts 0, 1, 3, 2 and gains 1, 2, 4, 3: k may be the second (gain against the fourth) or the third (the first).
    threads = [thread("a", [f, f + g]) for f, g in ((0, 1), (1, 2), (3, 4), (2, 3))]
    threads += [thread("b", [f, f + g]) for f, g in ((0, 3), (2, 1), (2, 2), (6, 5))]
    row = whole(carryover.analyse(log(threads)))
    # a: y = 3 - 0, 2 - 1; z = 2 - 3, 4 - 1. b: y = 2 - 0, 6 - 2; z = 1 - 5, 2 - 3. Var z is twice that of a gain.
    y, z = np.array([3, 1, 2, 4]), np.array([-1, 3, -4, -1])
    expected = np.cov(y, z)[0, 1] / (np.var(z, ddof=1) / 2)
    assert row("dose")["estimate"] == pytest.approx(expected)
    assert row("dose")["note"] == "2 user(s): an interval over users needs at least 3"
    # f2 - f1 on g3 - g4: 1 on 1, 2 on -3.
    assert row("placebo")["estimate"] == pytest.approx(((1 - 1.5) * (1 + 1) + (2 - 1.5) * (-3 + 1)) / (8 / 2))


def test_tenure_slope_is_that_of_fixed_effects():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(60, 3)) + np.array([0, 1, 1.5]) + rng.normal(size=(60, 1))
    row = whole(carryover.analyse(log([thread(f"u{n:02}", [value]) for n in range(60) for value in x[n]])))
    dummies = np.kron(np.eye(60), np.ones((3, 1)))
    fit = sm.OLS(x.ravel(), np.column_stack([np.tile([1.0, 2, 3], 60), dummies])).fit()
    assert row("tenure_slope")["estimate"] == pytest.approx(fit.params[0])
    slopes = (x[:, 2] - x[:, 0]) / 2
    assert row("tenure_slope")["standard_error"] == pytest.approx(slopes.std(ddof=1) / np.sqrt(60))


def test_tenure_with_effects_of_weeks_is_that_of_dummies():
    rng = np.random.default_rng(8)
    users = np.arange(50)  # as many as it takes to look at three threads of each
    weeks = np.sort(rng.integers(5, size=(50, 3)), axis=1)
    x = rng.normal(size=(50, 3)) + 0.5 * weeks + rng.normal(size=(50, 1))
    # Weeks begin on a Thursday, as 1970 did; 2024 began on a Monday.
    start = 24 * 3
    threads = [
        thread(f"u{n:02}", [x[n, k]], time=stamp(start + 168 * weeks[n, k] + k)) for n in users for k in range(3)
    ]
    found = whole(carryover.analyse(log(threads)))("tenure_slope_weeks")

    def slope(those):
        dummies = np.kron(np.eye(len(those)), np.ones((3, 1)))
        week = (weeks[those].ravel()[:, None] == np.arange(1, 5)).astype(float)
        design = np.column_stack([np.tile([1.0, 2, 3], len(those)), week, dummies])
        return sm.OLS(x[those].ravel(), design).fit().params[0]

    assert found["estimate"] == pytest.approx(slope(users))
    without = np.array([slope(np.delete(users, n)) for n in users])
    # The jackknife: 49 / 50 of the sum of squares of what leaving out each user moves.
    error = np.sqrt(49 / 50 * ((without - slope(users)) ** 2).sum())
    assert found["standard_error"] == pytest.approx(error)


def test_a_rise_with_the_calendar_is_no_tenure():
    rng = np.random.default_rng(2)
    start = rng.integers(20, size=60)
    threads = [
        thread(f"u{n:02}", [start[n] + k + 0.1 * rng.normal()], time=stamp(24 * 3 + 168 * (start[n] + k)))
        for n in range(60)
        for k in range(3)
    ] + [
        thread(f"v{n:02}", [n + 0.1 * rng.normal()], time=stamp(24 * 3 + 168 * n)) for n in range(20) for _ in range(3)
    ]
    row = whole(carryover.analyse(log(threads)))
    # One more per week: three quarters of the users write once a week, the others three times in the same week.
    assert row("tenure_slope")["estimate"] == pytest.approx(0.75, abs=0.03)
    assert row("tenure_slope_weeks")["estimate"] == pytest.approx(0, abs=0.05)


def test_without_times_there_are_no_weeks():
    row = whole(carryover.analyse(log(BY_HAND)))("tenure_slope_weeks")
    assert row["estimate"] is None
    assert row["note"].endswith("the log has no times")


def test_users_with_several_threads_are_set_beside_the_others():
    threads = [thread(u, [v]) for u, v in (("a", 5), ("a", 1), ("b", 7), ("b", 1), ("c", 2), ("d", 4), ("e", 3))]
    found = whole(carryover.analyse(log(threads)))("selected")
    assert found["estimate"] == pytest.approx(6 - 3)
    # Two groups of 2 and 3: the jackknife of a difference of means, each group's squares by its size less one.
    assert found["n_users"] == 5
    assert "2 user(s) with several threads, 3 with one" in found["note"]


def test_parts_of_a_thread_are_no_next_threads():
    threads = [
        thread("a", [1, 2], text=["red fox on a hill", "red fox on a hill at dawn"]),
        thread("a", [2, 4], text=["red fox on a hill at dawn, snow, ice", "fox, snow, ice, hill, lake"]),
        thread("a", [9], text=["a robot"]),
        thread("a", [3], text=["an old castle"]),
    ]
    rows = carryover.analyse(log(threads))
    # Only robot to castle is left: the second thread is a part of the first, and what it begins with says nothing.
    assert whole(rows)("carried")["estimate"] == 3 - 9
    assert "1 of 3 next threads share half of their content words" in whole(rows)("carried")["note"]


def test_a_thread_that_began_before_the_last_had_ended_is_no_next_one():
    prompts = frame([thread("a", [1, 5]), thread("a", [2]), thread("a", [4])])
    early = prompts[[0, 2, 1, 3]]
    row = whole(carryover.analyse(log(early)))("carried")
    assert row["estimate"] == 4 - 2
    assert "1 next thread(s) began before the thread before had ended" in row["note"]


def test_r_without_paste_and_by_time():
    hours = [0, 0.1, 2, 2.1, 40]
    threads = [
        thread(f"u{n}", [1, 3], n_style_words=[1, 3], text=["a fox", f"a fox {TAIL}"])
        | {"time": [stamp(h) for h in hours[:2]]}
        for n in range(4)
    ]
    after = [
        thread(f"u{n}", [2, 4], n_style_words=[3, 5], text=[f"tall robot, {TAIL}", "robot"])
        | {"time": [stamp(h) for h in hours[2:4]]}
        for n in range(4)
    ]
    last = [thread(f"u{n}", [3], n_style_words=[4], text="old castle", time=stamp(40)) for n in range(4)]
    rows = carryover.analyse(log([part for group in zip(threads, after, last, strict=True) for part in group]))
    row = whole(rows)
    # With the paste (3 - 1 + 4 - 3) / (2 + 2), without (4 - 3) / 2. The pastes come after 1.9 hours, the others later.
    assert row("R", "n_style_words")["estimate"] == pytest.approx(3 / 4)
    assert row("R_without_paste", "n_style_words")["estimate"] == pytest.approx(1 / 2)
    assert row("R", "n_style_words", "1 to 24 hours")["estimate"] == pytest.approx(1)
    assert row("R", "n_style_words", "over 24 hours")["estimate"] == pytest.approx(1 / 2)
    assert row("R", "n_style_words", "under 1 hour")["estimate"] is None


def stamp(hours):
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=float(hours))


def test_without_a_clear_gain_there_is_no_r():
    rng = np.random.default_rng(1)
    threads = [thread(f"u{n}", [5, 5 + rng.normal()]) for n in range(40) for _ in range(3)]
    row = whole(carryover.analyse(log(threads)))
    assert row("R")["estimate"] is None
    assert row("R")["note"].endswith("nothing to carry over")
    assert row("carried")["estimate"] is not None
    assert row("gain")["ci_low"] < 0 < row("gain")["ci_high"]


@pytest.mark.parametrize(
    "threads",
    [[], [thread("a", [1])], [thread("a", [1]), thread("a", [2])], [thread(u, [1, 1]) for u in "aabbcc"]],
)
def test_small_logs_have_reasons(threads):
    rows = carryover.analyse(log(threads))
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert carryover.findings(rows)
    assert rows.filter(estimand="R", feature="x")["n_users"].null_count() == 0


def test_a_log_that_names_nobody_says_so():
    prompts = frame([thread("a", [1, 2])]).with_columns(user_id=pl.lit(None, pl.String))
    row = one(carryover.analyse(log(prompts)), estimand="R")
    assert (row["estimate"], row["note"]) == (None, "the log names nobody: no interval over users")


def test_values_that_are_unknown_leave_their_pairs_out():
    row = whole(carryover.analyse(log([thread("a", [1, None]), thread("a", [2, 5]), thread("a", [4])])))
    assert row("carried")["estimate"] == 2
    assert "1 pair(s) of threads without a value left out" in row("R")["note"]


def test_a_large_log_is_looked_at_in_whole_users():
    measured = log([thread(f"u{n:02}", [1, 2]) for n in range(40) for _ in range(2)])
    found = sequels.sequel(steps(measured), most=30)
    assert len(found.first) == 30
    assert found.sampled == 15
    assert (np.bincount(found.user)[np.unique(found.user)] == 2).all()


def simulated(seed, kappa, *, users=250, k=6, drift=0.0, splits=0.0, spread=0.8, alike=0.0):
    """Users of k threads whose first prompts keep `kappa` of what was added in all threads before.

    A third of the threads have one prompt. Gains differ between users (SD `spread`), first and last prompts have noise,
    `alike` is the correlation of that of neighbouring first prompts; `splits`: threads cut in two, whose second part
    has the same content words.
    """
    rng = np.random.default_rng(seed)
    single, noise = rng.random((users, k)) < 0.3, rng.normal(size=(users, k))
    for j in range(1, k):
        noise[:, j] = alike * noise[:, j - 1] + np.sqrt(1 - alike**2) * noise[:, j]
    gain = np.where(single, 0, 2 + spread * rng.normal(size=(users, 1)) + rng.normal(size=(users, k)))
    state = 5 + rng.normal(size=(users, 1)) + kappa * (np.cumsum(gain, axis=1) - gain) + drift * np.arange(k)
    first = state + noise
    last = np.where(single, first, state + gain + rng.normal(size=(users, k)))
    content = 6 + rng.normal(size=(users, k))
    more = np.where(single, content, content + 1 + rng.normal(size=(users, k)))
    cut = (rng.random((users, k)) < splits) & ~single
    # One row per prompt: a first and a last of each piece; a cut thread has its middle twice.
    pieces = [(first, last, content, more, ~cut, 0)] if not splits else []
    if splits:
        middle, half = (first + last) / 2, (content + more) / 2
        pieces = [(first, last, content, more, ~cut, 0), (first, middle, content, half, cut, 0)]
        pieces += [(middle, last, half, more, cut, 1)]
    parts = []
    for begin, end, c0, c1, chosen, piece in pieces:
        u, t = np.nonzero(chosen)
        for step, (style, words) in enumerate(((begin, c0), (end, c1))):
            kept = np.flatnonzero(~single[u, t] | (step == 0))
            uu, tt = u[kept], t[kept]
            parts.append(
                pl.DataFrame(
                    {
                        "u": uu,
                        "t": tt,
                        "piece": piece,
                        "step": step + 1,
                        "steps_left": np.where(single[uu, tt], 0, 1 - step),
                        "n_style_words": style[uu, tt],
                        "n_content_words": words[uu, tt],
                    }
                )
            )
    rows = pl.concat(parts).sort("u", "t", "piece", "step")
    rows = rows.with_columns(
        prompt_id=pl.int_range(pl.len()).cast(pl.String),
        user_id=pl.format("u{}", "u"),
        thread_id=pl.format("{}-{}-{}", "u", "t", "piece"),
        text=pl.format("wombat{}x{} zebra{}y{}", "u", "t", "t", "u"),
    ).drop("u", "t", "piece")
    whole_log = tables.conform(rows, tables.PROMPTS)
    columns = {name: replace(column(name), log=False) for name in NAMES}
    return Measured(whole_log.lazy(), "iou", columns, Settings())


def many(runs, kappa, **more):
    """Rows by (feature, estimand) over seeds: arrays of estimate, ci_low, ci_high, p_value."""
    found = {}
    for seed in range(runs):
        rows = carryover.analyse(simulated(seed, kappa, **more)).filter(
            pl.col("group").is_null(), pl.col("step").is_null()
        )
        for row in rows.iter_rows(named=True):
            listed = [row[name] for name in ("estimate", "ci_low", "ci_high", "p_value")]
            found.setdefault((row["feature"], row["estimand"]), []).append(listed)
    return {key: np.array(values, dtype=float).T for key, values in found.items()}


RUNS = 30


@pytest.mark.parametrize("kappa", [0.0, 0.3, 0.7])
def test_r_is_the_share_that_is_kept(kappa):
    found = many(RUNS, kappa)
    style, low, high, _ = found["n_style_words", "R"]
    # Bias: within 4 Monte Carlo errors. Coverage: binomial(30, .95), mean 28.5, sd 1.2; 23.7 is four sd below.
    assert abs(style.mean() - kappa) < 4 * style.std() / np.sqrt(RUNS)
    assert ((low <= kappa) & (kappa <= high)).sum() >= 24
    content = found["n_content_words", "R"][0]
    assert abs(content.mean()) < 4 * content.std() / np.sqrt(RUNS)
    _, low, high, _ = found["style_minus_content", "R"]
    assert ((low <= kappa) & (kappa <= high)).sum() >= 24
    # The placebo holds its size whatever is kept: binomial(30, .05), mean 1.5, sd 1.2; four sd above is 6.3.
    assert (found["n_style_words", "placebo"][3] < 0.05).sum() <= 6
    rejected = (found["n_style_words", "dose"][3] < 0.05).sum()
    assert rejected <= 6 if kappa == 0 else rejected >= 27


def test_wrong_splits_do_not_look_like_carry_over():
    found = many(RUNS, 0.3, splits=0.1)
    for feature, truth in (("n_style_words", 0.3), ("n_content_words", 0.0)):
        values = found[feature, "R"][0]
        assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(RUNS)


def test_drift_misleads_r_and_not_the_dose():
    found = many(RUNS, 0.0, drift=0.1, alike=0.4)
    # 0.1 per thread by a mean gain of 0.7 * 2.
    assert found["n_style_words", "R"][0].mean() == pytest.approx(0.1 / 1.4, abs=0.01)
    assert (found["n_style_words", "dose"][3] < 0.05).sum() <= 6
    values = found["n_style_words", "dose"][0]
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(RUNS)


def test_findings_say_what_the_numbers_say():
    told = carryover.findings(carryover.analyse(simulated(1, 0.5)))
    assert told[0].startswith("Style words: first prompts rise by ")
    assert "More of style is carried over than of content" in told[1]
    assert "later threads begin with more" in told[2]
    assert "records of what users chose to write" in told[-1]
    assert len(told) <= 6
    none = carryover.findings(carryover.analyse(log([])))
    assert none == ["Not estimated: no prompt has a value.", "Not estimated: the log has no texts."]


def test_what_was_lost_is_told_as_lost():
    rng = np.random.default_rng(0)
    threads = []
    for user in range(60):
        first = 20.0
        for _ in range(4):
            gain = -4 + 0.5 * rng.normal()
            threads.append(thread(f"u{user:02}", [first, first + gain]))
            first += 0.5 * gain + 0.3 * rng.normal()
    told = carryover.findings(carryover.analyse(log(frame(threads).rename({"x": "n_style_words"}))))
    assert told[0].startswith(
        "Style words: first prompts fall by 50% of what the thread before lost, removed less added"
    )


def test_a_placebo_without_an_interval_is_not_called_sound():
    rng = np.random.default_rng(0)
    threads = []
    for user in range(40):
        gain = rng.integers(0, 3, 4).astype(float)
        gain[3] = gain[2] + 6 * (1 - 2 * user if user < 2 else 0)  # only two people differ from their placebo
        first = 5.0
        for each in gain:
            threads.append(thread(f"u{user:02}", [first, first + each]))
            first += 0.5 * each + 0.2 * rng.normal()
    rows = carryover.analyse(log(frame(threads).rename({"x": "n_style_words"})))
    assert one(rows, feature="n_style_words", estimand="placebo")["ci_low"] is None
    (told,) = [each for each in carryover.findings(rows) if "placebo" in each]
    assert told.endswith("(no interval), of which it is not known whether it is 0, as it should be.")


def test_one_missing_time_costs_its_user_only():
    rng = np.random.default_rng(3)
    threads = [
        thread(f"u{user:02}", [rng.normal()], time=stamp(24 * 3 + 168 * int(rng.integers(5) + k)))
        for user in range(60)
        for k in range(3)
    ]
    threads[0]["time"] = [None]
    row = whole(carryover.analyse(log(threads)))("tenure_slope_weeks")
    assert row["estimate"] is not None
    assert row["n_users"] == 59
