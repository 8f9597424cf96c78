"""Drift from all transitions: by hand, against statsmodels and refits, and against simulated truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from tests.analyses.measured import column, frame, log, one, thread
from tests.analyses.stoppers import simulated

from unspool import tables
from unspool.analyses import (
    Measured,
    Settings,
    _drift_augmented,
    _drift_change,
    _drift_order,
    _drift_own,
    _drift_stopping,
    _drift_weights,
    drift,
)
from unspool.analyses._drift_along import HEADLINES, Along
from unspool.analyses._drift_augmented import Augmented
from unspool.analyses._drift_words import agreement
from unspool.analyses._steps import steps
from unspool.analyses._stops import stops
from unspool.stats.logit import logit

BY_HAND = [thread("a", [1, 2, 4]), thread("b", [5, 3]), thread("c", [2, 2, 2, 6]), thread("c", [9])]


def measured(prompts, **more):
    return Measured(prompts.lazy(), "iou", {"x": column("x")}, Settings(**more))


def own(threads, **more):
    rows = _drift_own.own(log(threads, **more))
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert not any(rows[name].is_nan().any() for name in rows.select(pl.selectors.float()).columns)
    assert rows.select("n_prompts", "n_threads").null_count().sum_horizontal().item() == 0
    for name in rows["feature"].unique():
        for estimand in HEADLINES:
            one(rows, feature=name, estimand=estimand, group=None, step=None)
    return rows


def pandas(prompts):
    return pd.DataFrame(prompts.select("x", "step", "thread_id").to_dict(as_series=False))


def along(prompts):
    found = steps(measured(prompts))
    return Along("x", found, found.values("x"))


def test_by_hand():
    rows = own(BY_HAND)
    # Changes 1, 2; -2; 0, 0, 4: mean 5/6 over 6 transitions. Those not last: 1; 0, 0: mean 1/3.
    raw = one(rows, estimand="raw_transition")
    assert raw["estimate"] == pytest.approx(5 / 6)
    assert (raw["n_prompts"], raw["n_threads"], raw["n_users"]) == (9, 3, 3)
    assert one(rows, estimand="drop_last")["estimate"] == pytest.approx(1 / 3)
    # Of 2, 1, 3 transitions: worth 36/14 users.
    assert raw["ci_low"] is None and "worth 2.6 users" in raw["note"]
    # Slopes: products with step less mean 3, -1, and -1.5 * 2 - .5 * 2 + .5 * 2 + 1.5 * 6 = 6; squares 2, .5, 5.
    assert one(rows, estimand="thread_slope")["estimate"] == pytest.approx((3 - 1 + 6) / 7.5)
    # The last change less the earlier: 2 - 1 and 4 - 0.
    assert one(rows, estimand="last_minus_earlier")["estimate"] == pytest.approx(2.5)
    assert one(rows, estimand="share_rising")["estimate"] == pytest.approx(2 / 3)
    # Without the last prompts: 1 2 rises, tau 1; 2 2 2 is tied, tau 0.
    order = one(rows, estimand="order_null")
    assert order["estimate"] == pytest.approx(0.5)
    # Under all orders tau of 1 2 is +-1, variance 1; of 2 2 2 it is 0: z = 1 / 1, p = .3173.
    assert (order["effect"], order["p_value"]) == (pytest.approx(1), pytest.approx(0.3173, abs=1e-4))
    assert order["p_adjusted"] >= order["p_value"]


def test_the_error_by_hand_and_its_degrees_of_freedom():
    raw = one(own([*BY_HAND, *({**each, "user": each["user"].upper()} for each in BY_HAND)]), estimand="raw_transition")
    # Sums by user (3, 2), (-2, 1), (4, 3), each twice; without one of them 7/10, 12/11, 2/3; SE^2 = 5/6 of the squares.
    error = (5 / 6 * 2 * sum((value - 5 / 6) ** 2 for value in (7 / 10, 12 / 11, 2 / 3))) ** 0.5
    assert raw["standard_error"] == pytest.approx(error)
    # Transitions 2, 1, 3, 2, 1, 3: worth 144/28 users.
    assert raw["ci_high"] - raw["estimate"] == pytest.approx(stats.t.ppf(0.975, 144 / 28 - 1) * error)


def test_half_of_the_ties_rise():
    rows = own([thread("a", [1, 2]), thread("b", [3, 3]), thread("c", [2, 1]), thread("d", [4, 4])])
    share = one(rows, estimand="share_rising")
    assert (share["estimate"], share["p_value"]) == (0.5, 1.0)
    assert "2 of 4 threads end as they began" in share["note"]


def test_unknown_values_cost_their_transitions_and_are_counted():
    rows = own([thread("a", [1, None, 4, 5]), thread("b", [5, 3]), thread("c", [2, 4])])
    raw = one(rows, estimand="raw_transition")
    # Known changes: 1; -2; 2.
    assert raw["estimate"] == pytest.approx(1 / 3)
    assert "2 of 5 transitions left out" in raw["note"]


@pytest.mark.parametrize(
    "threads",
    [
        [],
        [thread("a", [1])],
        [thread("a", [1]), thread("b", [2])],
        [thread(None, [1, 2])],
        [thread("a", [None, None]), thread("b", [3])],
    ],
)
def test_nothing_to_estimate_is_null_with_a_reason(threads):
    rows = own(threads)
    assert rows["estimate"].null_count() == rows.height == len(HEADLINES)


@pytest.mark.parametrize("threads", [[thread("a", [1, 3, 2])], [thread("a", [1, 3]), thread("a", [4, 4, 4])]])
def test_one_user_has_estimates_and_no_interval(threads):
    raw = one(own(threads), estimand="raw_transition")
    assert raw["estimate"] is not None
    assert raw["ci_low"] is None
    assert "1 user(s)" in raw["note"]


def test_identical_prompts_do_not_change():
    rows = own([thread(user, [7, 7, 7]) for user in "abcd"])
    for name in ("raw_transition", "drop_last", "thread_slope", "ipcw"):
        found = one(rows, estimand=name)
        assert (found["estimate"], found["ci_low"], found["p_value"]) == (0, None, None)
    assert one(rows, estimand="order_null")["p_value"] is None
    assert "No clear drift in any of the three" in drift.findings(rows)[0]


def test_changes_that_are_all_alike_owe_nothing_to_who_stops():
    rows = own([thread(f"u{user:02}", [float(step) for step in range(3 + user % 4)]) for user in range(40)])
    assert one(rows, estimand="ipcw")["estimate"] == 1
    part = one(rows, estimand="stopping_part")
    assert (part["estimate"], part["standard_error"], part["ci_low"], part["p_value"]) == (0, 0, None, None)
    # Without an interval, but the same whoever is left out.
    assert "All three rise" in drift.findings(rows)[0]


def test_every_interval_has_the_level_that_was_asked_for():
    rng = np.random.default_rng(0)
    threads = [thread(f"u{user}", np.cumsum(rng.normal(0.1, 1, 5)).tolist()) for user in range(60)]
    rows = _drift_own.own(log(threads, Settings(least=2, draws=50, level=0.5))).filter(pl.col("ci_level").is_not_null())
    assert {"event_study", "order_curve", "raw_transition", "ipcw"} <= set(rows["estimand"])
    assert set(rows["ci_level"]) == {0.5}
    # Of t half is within .68 to .77 errors, from many degrees of freedom down to 3.
    reach = (pl.col("ci_high") - pl.col("estimate")) / pl.col("standard_error")
    uncut = rows.filter(pl.col("estimand") != "share_rising")
    assert uncut.filter(pl.col("standard_error") > 0).select(reach.is_between(0.67, 0.78).all()).item()


# 300 logs of 40 people, one of whom wrote half; effects of people have mean 0. Binomial(300, .05) is within 28 in
# 99.9%; with one degree of freedom less than people raw_transition was rejected in 8.6% of 4,479.
def test_one_person_who_wrote_half_does_not_make_a_change_clear():
    rejected = {"raw_transition": 0, "share_rising": 0}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        effect = rng.normal(size=40)
        users = np.concatenate([np.zeros(40, dtype=int), np.arange(1, 40)])
        made = [thread(f"u{user:02}", [0.0, effect[user] + rng.normal()]) for user in users]
        found = along(frame(made))
        for row in (
            _drift_change.transition(found, "raw_transition", found.pairs, ""),
            _drift_change.share_rising(found),
        ):
            rejected[row["estimand"]] += row["p_value"] is not None and row["p_value"] < 0.05
    assert max(rejected.values()) <= 28


def test_a_feature_without_values_has_every_headline():
    rows = own([thread("a", [1, 2], y=[None, None])], notes={"y": "no model was given"})
    void = rows.filter(feature="y")
    assert void["note"].unique().to_list() == ["no model was given"]


def test_rows_in_another_order_give_the_same():
    prompts = simulated(3, users=30)
    rows = _drift_own.own(measured(prompts))
    # Of a user's threads the earlier come first; users and the prompts of a thread may come in any order.
    begins = pl.col("row").first().over("thread_id")
    mixed = prompts.with_row_index("row").sort(pl.col("user_id").hash(), begins, pl.col("step").hash()).drop("row")
    again = _drift_own.own(measured(mixed))
    keys = ["estimand", "group", "step"]
    both = rows.join(again, on=keys, nulls_equal=True)
    assert both.height == rows.height
    assert both["estimate"].to_list() == pytest.approx(both["estimate_right"].to_list(), abs=1e-9)


def test_slope_and_event_study_are_those_of_dummies_by_thread():
    prompts = simulated(2, users=40, per_user=4, drift=0.2)
    several = prompts.filter(pl.len().over("thread_id") > 1)
    found = along(prompts)
    theirs = smf.ols("x ~ step + C(thread_id)", pandas(several)).fit()
    assert _drift_change.thread_slope(found)["estimate"] == pytest.approx(theirs.params["step"])
    events = list(_drift_change.event_study(found))
    shown = {row["step"] for row in events} | {1}
    early = prompts.filter(pl.col("step").is_in(shown)).filter(pl.len().over("thread_id") > 1)
    theirs = smf.ols("x ~ C(step) + C(thread_id)", pandas(early)).fit()
    assert [row["estimate"] for row in events] == pytest.approx(
        [theirs.params[f"C(step)[T.{row['step']}]"] for row in events]
    )
    # The event-study rows of few threads are not shown.
    assert all(row["n_threads"] >= 20 for row in events)


def test_patterns_are_means_of_threads_of_like_length():
    prompts = simulated(5, users=60)
    rows = _drift_own.own(measured(prompts))
    whole = prompts.with_columns(n=pl.len().over("thread_id"))
    for estimand, step in (("pattern_start", pl.col("step")), ("pattern_end", pl.col("steps_left") + 1)):
        means = whole.filter(pl.col("n").is_between(4, 5), step == 3)["x"]
        found = one(rows, estimand=estimand, group="4-5", step=3)
        assert (found["estimate"], found["n_prompts"]) == (pytest.approx(means.mean()), len(means))
    assert rows.filter(pl.col("estimand") == "pattern_start", pl.col("group") == "4-5")["step"].to_list() == [
        1,
        2,
        3,
        4,
    ]


def test_the_band_of_the_order_null_is_that_of_random_orders():
    found = along(simulated(6, users=80))
    rows = {(row["estimand"], row["step"]): row for row in _drift_order.rows(found) if "step" in row}
    kept = found.steps.left > 0
    x, thread_of, step = found.x[kept], found.steps.thread[kept], found.steps.step[kept]
    generator = np.random.default_rng(1)
    curves = []
    for _ in range(1000):
        shuffled = x[np.lexsort((generator.random(len(x)), thread_of))]
        first = np.full(thread_of.max() + 1, np.nan)
        first[thread_of[step == 1]] = shuffled[step == 1]
        curves.append(np.mean(shuffled[step == 3] - first[thread_of[step == 3]]))
    # 1.96 sd of 1,000 orders is known to 2.2% (1 / sqrt(2000)); three of these.
    assert rows["null_high", 3]["estimate"] == pytest.approx(1.96 * np.std(curves), rel=0.067)
    assert rows["null_low", 3]["estimate"] == -rows["null_high", 3]["estimate"]


def ipcw(prompts):
    found = along(prompts)
    about = stops(found.steps)
    return _drift_weights.weighted(found, about), list(_drift_stopping.rows(found, about, None))


def augmented_by_hand(made, kept):
    """The estimate from prompts of some users, by its definition: fit the hazard, weigh, fit the line, take means."""
    along, stops_, design = made.along, made.stops, made.design
    fit = logit(design.z[kept], stops_.stopped[kept].astype(float))
    odds, calm = (np.exp(z @ fit.coefficients) for z in (design.z, design.lasting))
    limit, pairs = _drift_weights.bound(made.raw), along.pairs
    going = np.where(stops_.start == np.arange(len(odds)), 1.0, np.nan)
    for place in np.flatnonzero(np.isnan(going)):
        going[place] = going[place - 1] * (1 + odds[place - 1]) / (1 + calm[place - 1])
    weight = np.minimum((going * (1 + odds) / (1 + calm))[pairs], limit)[kept[pairs]]
    expected = np.minimum(going, limit) / (1 + calm)
    there, change = pairs[kept[pairs]], along.changes[kept[pairs]]
    ridge = (np.arange(design.z.shape[1]) >= len(stops_.bounds)).astype(float)
    root = np.sqrt(weight)
    rows = np.concatenate([design.z[there] * root[:, None], np.diag(ridge)])
    line = np.linalg.lstsq(rows, np.concatenate([change * root, np.zeros(len(ridge))]), rcond=None)[0]
    told = 0.0
    for kind in np.unique(stops_.kind[there]):
        here = kept & (stops_.kind == kind)
        told += (stops_.kind[there] == kind).sum() * np.average((design.z @ line)[here], weights=expected[here])
    return told / len(there)


def test_the_drift_is_that_of_its_definition_and_leaving_out_by_one_step_is_close_to_refits():
    made, (row, *_) = ipcw(simulated(5, users=100, per_user=6, b=0.5, on="x", levels=0.7))
    users = made.along.steps.user
    assert row["estimate"] == pytest.approx(augmented_by_hand(made, users >= 0), abs=1e-6)
    refits = np.array([augmented_by_hand(made, users != user) for user in range(100)])
    augmented = Augmented(made)
    sums = augmented.sums()
    stepped = augmented.estimator()(sums.sum(axis=0) - sums)[:, 0]
    assert np.abs(stepped - refits).max() < 0.1 * row["standard_error"]
    error = np.sqrt(99 / 100 * ((refits - row["estimate"]) ** 2).sum())
    assert row["standard_error"] == pytest.approx(error, rel=0.03)


def test_without_a_line_the_drift_is_weighted_alone(monkeypatch):
    monkeypatch.setattr(_drift_augmented, "RIDGE", 1e12)
    made, (row, *_) = ipcw(simulated(5, users=100, per_user=6, b=0.5, on="x", levels=0.7))
    assert row["estimate"] == pytest.approx(np.average(made.along.changes, weights=made.weights), abs=1e-6)


def test_a_hazard_that_knows_nothing_is_made_good_by_the_line(monkeypatch):
    # b = .5 on the prompt and no drift: what the plain change shows is made by stopping, and weights of 1 leave it.
    made, (row, *_) = ipcw(simulated(8, users=1500, b=0.5, on="x"))
    blind = np.where(np.arange(len(made.fit.coefficients)) < len(made.stops.by_step()), made.fit.coefficients, 0)
    augmented = Augmented(replace(made, fit=replace(made.fit, coefficients=blind)))
    monkeypatch.setattr(Augmented, "_slope", lambda self: np.zeros(len(made.fit.penalty)))  # or it would find its way
    estimate = augmented.estimator()(augmented.sums().sum(axis=0))[0]
    assert made.along.changes.mean() > 0.1
    assert abs(estimate) < 4 * row["standard_error"]


def test_the_pilot_without_drift_and_with_stopping():
    # 15,000 threads, b = .5 on the prompt itself, no drift: what is raw is made by stopping alone. Four standard
    # errors about 0 for ipcw, which the log lets see everything; none of the naive summaries is near.
    rows = _drift_own.own(measured(simulated(1, users=2500, b=0.5, on="x", levels=0.5)))
    found = {name: one(rows, estimand=name, group=None, step=None) for name in HEADLINES}
    assert abs(found["ipcw"]["estimate"]) < 4 * found["ipcw"]["standard_error"]
    assert abs(found["drop_last"]["estimate"]) < 4 * found["drop_last"]["standard_error"]
    assert found["raw_transition"]["estimate"] > 0.1
    assert found["last_minus_earlier"]["estimate"] > 0.4
    assert found["share_rising"]["estimate"] > 0.6
    assert found["stopping_part"]["ci_low"] > 0.1
    assert found["order_null"]["p_value"] > 1e-4
    assert "Who stops when is enough to explain the change as it stands" in drift.findings(rows)[0]


def test_what_is_not_seen_is_reduced_and_not_removed():
    # Stopping by the deviation from a level that the log does not show: less than half is left, and more than nothing.
    rows = _drift_own.own(measured(simulated(2, users=2500, b=0.5, levels=0.5)))
    raw, weighted = (one(rows, estimand=name)["estimate"] for name in ("raw_transition", "ipcw"))
    assert 0.02 < weighted < 0.5 * raw


def test_where_threads_of_a_level_stop_sooner_the_weights_are_doubted():
    rows = _drift_own.own(measured(simulated(2, users=600, b=0.5, on="level")))
    doubted = rows.filter(pl.col("note").str.contains(_drift_stopping.DOUBT, literal=True))["estimand"].to_list()
    assert doubted == ["ipcw", "stopping_part"]
    assert one(rows, estimand="ipcw")["ci_high"] < 0
    sure = _drift_own.own(measured(simulated(2, users=600, b=0.5, on="x", drift=0.1)))
    assert not sure["note"].fill_null("").str.contains(_drift_stopping.DOUBT, literal=True).any()


def test_levels_are_left_out_where_they_make_few_weights_count(monkeypatch):
    prompts = simulated(2, users=60, taste=0.8)
    made, rows = ipcw(prompts)
    assert made.note is None and "levels" not in rows[0]["note"]
    monkeypatch.setattr(_drift_weights, "LEAST_WORTH", 3)
    made, rows = ipcw(prompts)
    assert made.design.lasting.shape[1] == made.design.z.shape[1]
    assert made.design.seen == len(made.stops.by_step())
    assert "levels of people left out; with them weights worth" in rows[0]["note"]


LASTING = {"sooner": {"taste": 0.8}, "later": {"taste": -0.8}}


@pytest.mark.parametrize("case", LASTING)
def test_people_of_a_level_who_stop_sooner_make_no_drift(case):
    # The plain change is right here; weights that took a prompt for its level would make it fall by two of its SDs.
    runs, rejected, found = 100, 0, []
    for seed in range(runs):
        part = along(simulated(seed, users=100, **LASTING[case]))
        row = next(iter(_drift_stopping.rows(part, stops(part.steps), None)))
        rejected += row["p_value"] < 0.05
        found.append(row["estimate"])
    # Binomial(100, .05): 99.9% of runs within 13; the mark for bias is .1 SD, of whose error 3.3 are allowed here.
    assert rejected <= 13
    assert abs(np.mean(found)) < (0.1 + 3.3 / np.sqrt(runs)) * np.std(found)


def test_the_tipping_point_is_the_dependence_that_was_put_in():
    # A random walk without drift whose threads stop by b = .5 per unit of the next change: it looks as if it fell.
    rows = _drift_own.own(measured(simulated(3, users=2500, b=0.5, on="unseen")))
    assert one(rows, estimand="ipcw")["ci_high"] < -0.1
    # Per SD of the changes of those that go on, .98 or so; the drift's own error of .005 moves gamma by .02.
    assert one(rows, estimand="tipping_point")["estimate"] == pytest.approx(0.49, abs=0.06)


CASES = {
    "nothing": ({}, 0.0),
    "stopping": ({"b": 0.35, "on": "x", "levels": 0.7}, 0.0),
    "both": ({"b": -0.35, "on": "x", "levels": 0.7, "drift": 0.05}, 0.05),
}


@pytest.mark.parametrize("case", CASES)
def test_intervals_cover_and_tests_hold_their_size(case):
    how, truth = CASES[case]
    runs, covered, found = 200, {"ipcw": 0, "drop_last": 0}, []
    for seed in range(runs):
        part = along(simulated(seed, users=60, per_user=5, **how))
        weighted = next(iter(_drift_stopping.rows(part, stops(part.steps), None)))
        survived = part.pairs[part.steps.left[part.pairs] > 1]
        rows = [weighted, _drift_change.transition(part, "drop_last", survived, "")]
        for row in rows:
            covered[row["estimand"]] += row["ci_low"] <= truth <= row["ci_high"]
        found.append(weighted["estimate"])
    # Binomial(200, .95): mean 190, sd 3.1; 99.9% of runs are within 178 to 198.
    assert all(178 <= n <= 198 for n in covered.values()), covered
    # 99.9% of means lie within 3.3 sd / sqrt(200) of the truth.
    assert abs(np.mean(found) - truth) < 3.3 * np.std(found) / np.sqrt(runs)


def test_the_order_null_holds_its_size():
    p_values = [
        next(iter(_drift_order.rows(along(simulated(seed, users=20, b=0.5, on="x")))))["p_value"] for seed in range(400)
    ]
    # Binomial(400, .05): mean 20, sd 4.4; 99.9% within 7 to 36.
    assert 7 <= sum(p < 0.05 for p in p_values) <= 36


def test_a_sample_of_users_is_said(monkeypatch):
    prompts = simulated(4, users=60)
    monkeypatch.setattr("unspool.analyses._stops.part.__defaults__", (400,))
    rows = _drift_own.own(measured(prompts))
    row = one(rows, estimand="ipcw")
    assert "all those of users drawn at random" in row["note"]
    assert row["n_users"] < 60
    assert one(rows, estimand="raw_transition")["n_users"] > row["n_users"]


def test_weights_of_each_class_of_steps_are_as_many_as_its_transitions():
    made, _ = ipcw(simulated(5, users=100, per_user=6, b=0.5, on="x", levels=0.7))
    n = np.bincount(made.at)
    assert len(n) > 2
    assert np.bincount(made.at, made.weights) == pytest.approx(n)


def test_the_verdict_names_agreement_and_disagreement():
    rising = drift.findings(_drift_own.own(measured(simulated(1, users=300, drift=0.3))))[0]
    assert "All three rise: who stops when does not explain it alone." in rising
    assert "95% interval" in rising
    assert "300 users" in rising
    assert len(rising.split()) <= 45


@pytest.mark.parametrize(("b", "told"), [(0.5, "adds to"), (-0.5, "takes from")])
def test_the_verdict_says_what_stopping_adds_and_takes(b, told):
    rising = drift.findings(_drift_own.own(measured(simulated(1, users=600, drift=0.3, b=b, on="x"))))[0]
    assert f"All three rise, and who stops when {told} the change as it stands ({'+' if b > 0 else '-'}0." in rising
    assert rising.endswith(").")


@pytest.mark.parametrize(
    ("weighted", "told"),
    [
        ((-0.1, 0.2), "Not all three are clear: no drift"),
        ((-0.3, -0.1), "The three do not agree: no drift"),
        ((0.1, 0.2), "All three rise: who stops when"),
    ],
)
def test_unclear_is_not_called_disagreement(weighted, told):
    up, low = {"ci_low": 0.1, "ci_high": 0.3}, dict(zip(("ci_low", "ci_high"), weighted, strict=True))
    assert agreement(up, low, up, None).startswith(told)


def test_both_modes_stand_side_by_side():
    rows = drift.analyse(log(BY_HAND))
    assert set(rows["mode"]) == {"paper", "corrected"}
    assert one(rows, estimand="share_rising", mode="corrected")["estimate"] == pytest.approx(2 / 3)
    told = drift.findings(rows)
    assert "once who stops is allowed for" in told[0]
    assert "at step 2" in told[1]


def test_the_estimates_are_of_the_threads_that_the_study_shows():
    other = Measured(
        frame([thread("a", [1, 9]), thread("b", [1, 9]), thread("c", [1, 9])]).lazy(), "scene", {"x": column("x")}
    )
    rows = drift.analyse(log(BY_HAND, corrected=other))
    found = one(rows, estimand="raw_transition")
    assert (found["rule"], found["estimate"]) == ("scene", 8)


def rounds(seed, users=60, *, n_rounds=6, early=0.0):
    """Games of a fixed number of rounds: falls of 3, 1.5, .75, ... that flatten out, and ends that nobody chooses."""
    rng = np.random.default_rng(seed)
    fall = -3 * 0.5 ** np.arange(n_rounds - 1)
    threads = []
    for user in range(users):
        for _ in range(4):
            x = 10 + np.cumsum(np.r_[0, fall]) + rng.normal(0, 0.3, n_rounds)
            threads.append(thread(str(user), x[: n_rounds - (rng.random() < early)].tolist()))
    return threads


def test_where_the_number_of_rounds_is_fixed_nobody_stops_by_choice():
    rows = own(rounds(1, early=0.02))
    raw, weighted = (one(rows, estimand=name) for name in ("raw_transition", "ipcw"))
    assert (weighted["estimate"], weighted["ci_low"]) == (raw["estimate"], raw["ci_low"])
    assert "none weighted" in weighted["method"]
    part = one(rows, estimand="stopping_part")
    assert part["estimate"] is None
    assert "no choice" in part["note"]


def test_changes_that_flatten_out_are_no_sign_of_stopping():
    estimates = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        threads = [whole | {"x": whole["x"][: int(rng.integers(2, 7))]} for whole in rounds(seed, 30)]
        found = one(own(threads), estimand="last_minus_earlier")
        estimates.append(found["estimate"] / found["standard_error"])
    # Means of 20 estimates in standard errors: within 3.5 / sqrt(20) of 0. Without the mean at the step they are near 24.
    assert abs(np.mean(estimates)) < 3.5 / 20**0.5


def test_a_slope_that_hangs_on_one_long_thread_has_no_interval():
    rng = np.random.default_rng(5)
    short = [thread(str(user), rng.normal(0, 1, 3).tolist()) for user in range(40)]
    slope = one(own([*short, thread("long", rng.normal(0, 1, 80).tolist())]), estimand="thread_slope")
    assert slope["estimate"] is not None
    assert slope["ci_low"] is None
    assert "worth 1.0 users" in slope["note"]


def test_a_change_lost_among_few_is_not_explained_by_who_stops():
    raw, weighted = ({"ci_low": low, "ci_high": high} for low, high in ((0.01, 0.03), (-0.001, 0.021)))
    part = {"estimate": 0.006, "ci_low": -0.004, "ci_high": 0.016, "ci_level": 0.95}
    assert agreement(raw, weighted, weighted, part).startswith("Not all three are clear")
    clear = part | {"ci_low": 0.002, "ci_high": 0.01}
    assert agreement(raw, weighted, weighted, clear).startswith("Who stops when is enough to explain")


def test_the_order_test_holds_its_size_where_neighbours_resemble_each_other():
    rejected = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        noise = np.cumsum(rng.normal(0, 1, (30, 7)), axis=1) * 0.4 + rng.normal(0, 1, (30, 1))
        mirrored = np.where(rng.random((30, 1)) < 0.5, noise, noise[:, ::-1])
        rows = list(_drift_order.rows(along(frame([thread(str(n), x.tolist()) for n, x in enumerate(mirrored)]))))
        rejected += rows[0]["p_value"] < 0.05
    # 5% of 200 is 10, SD 3.1; beyond 20 comes by chance once in 800 times. By the spread over orders it would be 55.
    assert rejected <= 20
