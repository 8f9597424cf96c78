"""Hazards of ending and upscaling: against statsmodels, size under confounding by users, ends by hand."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from tests.analyses.measured import column, frame, log, one, thread
from tests.analyses.stoppers import simulated

from unspool import tables
from unspool.analyses import Measured, Settings, stopping
from unspool.analyses._drift_along import Along
from unspool.analyses._steps import steps
from unspool.analyses._stopping_ends import causes
from unspool.analyses._stopping_hazards import HEADLINES, Hazards
from unspool.analyses._stopping_levels import levels, rise, variances
from unspool.analyses._stops import classes, stops

START = datetime(2023, 5, 1, tzinfo=UTC)


def measured(prompts):
    return Measured(prompts.lazy(), "iou", {"x": column("x")}, Settings())


def at(*minutes):
    return [START + timedelta(minutes=minute) for minute in minutes]


def analysed(prompts, **more):
    rows = stopping.analyse(log(prompts, **more) if isinstance(prompts, list) else measured(prompts))
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert not any(rows[name].is_nan().any() for name in rows.select(pl.selectors.float()).columns)
    return rows


def hazards(prompts):
    found = steps(measured(prompts))
    code, note = causes(found, found.of(pl.col("upscaled")))
    return Hazards(Along("x", found, found.values("x")), stops(found), code, note)


def test_ends_by_hand():
    threads = [
        thread("a", [1, 2], time=at(0, 5), upscaled=[False, True]),  # satisfied
        thread("a", [1, 2], time=at(60, 65), upscaled=[True, False]),  # next thread 30 minutes later: switched
        thread("a", [1], time=at(95), upscaled=[False]),  # next after 31 minutes: abandoned
        thread("a", [1], time=at(126), upscaled=[None]),  # unknown
        thread("b", [1], time=at(100), upscaled=[False]),  # the last of b, 40 minutes before the log ends: abandoned
        thread("c", [1], time=at(140), upscaled=[False]),  # the log ends at once: unknown
    ]
    found = steps(log(threads))
    code, note = causes(found, found.of(pl.col("upscaled")))
    assert code.tolist() == [0, 1, 0, 2, 3, -1, 3, -1]
    assert note == "2 threads are their user's last: a switch to a later one is not seen"


def test_ends_without_times_are_only_satisfied_or_unknown():
    threads = [thread("a", [1, 2], upscaled=[False, True]), thread("b", [1], upscaled=[False])]
    found = steps(log(threads))
    assert causes(found, found.of(pl.col("upscaled")))[0].tolist() == [0, 1, -1]


def test_a_missing_time_hides_the_switches_of_its_user_alone():
    threads = [
        thread("a", [1], time=at(0), upscaled=[False]),  # another thread of a has no time: it may have followed
        thread("a", [1], time=[None], upscaled=[True]),
        thread("b", [1, 2], time=[*at(0), None], upscaled=[False, False]),  # when it ended is unknown
        thread("c", [1, 2, 3], time=[*at(0), None, *at(9)], upscaled=[False] * 3),  # in the middle it does no harm
        thread("c", [1], time=at(20), upscaled=[False]),  # the log goes on: abandoned
        thread("d", [1], time=at(90), upscaled=[False]),  # the end of the log
    ]
    found = steps(log(threads))
    code, note = causes(found, found.of(pl.col("upscaled")))
    assert code.tolist() == [-1, 1, 0, -1, 0, 0, 2, 3, -1]
    assert note is not None
    assert note.startswith("2 threads of users without all times of day end in an unknown way; 2 threads are")


def rounded(times, **to):
    return [None if one is None else one.replace(**to) for one in times]


def test_coarse_times_hide_no_switch():
    threads = [
        thread("a", [1, 2], time=at(0, 1), upscaled=[False, False]),
        thread("a", [1], time=at(1), upscaled=[False]),
        thread("a", [1], time=at(2), upscaled=[False]),
        thread("b", [1], time=at(90), upscaled=[False]),
    ]
    found = steps(log(threads))
    assert causes(found, found.of(pl.col("upscaled")))[0].tolist() == [0, 2, 2, 3, -1]
    days = [each | {"time": rounded(each["time"], hour=0, minute=0)} for each in threads]
    found = steps(log(days))
    code, note = causes(found, found.of(pl.col("upscaled")))
    assert code.tolist() == [0, -1, -1, -1, -1]
    assert note is not None and "without all times of day" in note


def test_incidence_by_hand():
    # 40 threads: 10 end satisfied at step 1; of 30 left, 20 are abandoned at step 2; 10 go on to step 3, too few to show.
    days = [at(1440 * n, 1440 * n + 1, 1440 * n + 2) for n in range(41)]
    threads = [thread(f"u{n}", [1], time=days[n][:1], upscaled=[True]) for n in range(10)]
    threads += [thread(f"u{n}", [1, 1], time=days[n][:2], upscaled=[False, False]) for n in range(10, 30)]
    threads += [thread(f"u{n}", [1, 1, 1], time=days[n], upscaled=[False] * 3) for n in range(30, 40)]
    threads += [thread("z", [1], time=days[40][:1], upscaled=[None])]
    rows = analysed(threads).filter(feature="-")
    shares = {(row["group"], row["step"]): row["estimate"] for row in rows.iter_rows(named=True)}
    assert shares["satisfied", 1] == pytest.approx(10 / 41)
    assert shares["abandoned", 1] == 0
    # Surviving step 1: 30 of 41; of them 20 of 30 end.
    assert shares["abandoned", 2] == pytest.approx(20 / 41)
    assert shares["any", 2] == pytest.approx(31 / 41)
    assert max(step for _, step in shares) == 2
    assert stopping.findings(rows)[0].startswith("After 2 prompts 76% of threads have ended")


def test_the_hazard_is_that_of_statsmodels():
    prompts = simulated(1, users=60, b=0.4)
    found = hazards(prompts)
    row = found.row("hazard", found.stops.stopped, found.along.known)
    step = prompts["step"].to_numpy()
    bounds = found.stops.bounds
    x = prompts["x"].to_numpy()
    level = levels(found.along)
    dummies = [np.searchsorted(bounds, step, side="right") - 1 == k for k in range(1, len(bounds))]
    z = np.column_stack([np.ones(len(x)), *dummies, np.log(step), level, (x - x.mean()) / x.std()]).astype(float)
    theirs = sm.Logit(prompts["steps_left"].to_numpy() == 0, z).fit(disp=0)
    assert row["estimate"] == pytest.approx(theirs.params[-1], abs=1e-5)
    assert row["n_prompts"] == len(x)


# Of user, thread and prompt with known variances the prediction is s_u 1' V^-1 (x - mu) with V the covariance of the
# values so far: s_u between all, s_t more within a thread, s_p more on the diagonal.
def test_levels_are_best_linear_predictions_from_the_prompts_so_far():
    along = hazards(simulated(3, users=6, per_user=3, levels=1.5)).along
    steps, x = along.steps, along.x - rise(along)
    s_u, s_t, s_p = variances(x, steps.thread, steps.user)
    assert min(s_u, s_t, s_p) > 0
    centre = np.mean([x[steps.user == user].mean() for user in np.unique(steps.user)])
    for place, level in enumerate(levels(along)):
        seen = np.flatnonzero(steps.user[: place + 1] == steps.user[place])
        same = steps.thread[seen][:, None] == steps.thread[seen]
        v = s_u + s_t * same + s_p * np.eye(len(seen))
        assert level == pytest.approx(s_u * np.linalg.solve(v, x[seen] - centre).sum(), abs=1e-9)


def test_levels_where_variances_are_undefined_or_nothing_is_known():
    one_thread_each = hazards(simulated(3, users=8, per_user=1)).along
    assert np.isfinite(levels(one_thread_each)).all() and np.ptp(levels(one_thread_each)) > 0
    nothing = Along("x", one_thread_each.steps, np.full(len(one_thread_each.x), np.nan))
    assert not levels(nothing).any()


# Stops are blind and prompts grow, in the thread and, as some of it is kept, from thread to thread. A mean over all of
# the user's prompts rejects in every such log. Binomial(100, .05): 99.9% of runs are within 0 to 13.
def test_growth_and_what_is_kept_of_it_do_not_look_like_a_reason_to_stop():
    rejected = 0
    for seed in range(100):
        found = hazards(growing(seed))
        rejected += found.row("hazard", found.stops.stopped, found.along.known)["p_value"] < 0.05
    assert rejected <= 13


def growing(seed, users=60, per_user=6):
    generator = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        level = generator.normal()
        for number in range(per_user):
            x = [level + generator.normal()]
            while generator.random() > 0.4:
                x.append(x[-1] + generator.poisson(0.8))
            level += 0.5 * (x[-1] - x[0])
            rows += [(f"u{user}", f"t{user}-{number}", k + 1, len(x) - k - 1, float(v)) for k, v in enumerate(x)]
    frame = pl.DataFrame(rows, schema=["user_id", "thread_id", "step", "steps_left", "x"], orient="row")
    unknown = simulated(0, users=1, per_user=1).select(pl.col("time", "upscaled").first())
    return (
        frame.with_row_index("prompt_id").with_columns(pl.col("prompt_id").cast(pl.String)).join(unknown, how="cross")
    )


def test_classes_of_steps_have_both_outcomes():
    step = np.repeat([1, 2, 3, 4, 5, 9], [100, 80, 60, 15, 12, 11])
    stopped = np.zeros(len(step), dtype=bool)
    stopped[:20] = stopped[100:120] = stopped[180:225] = True
    stopped[240:255] = stopped[255:] = True
    # 4 to 9: all end; with step 3 there are both.
    assert classes(step, stopped).tolist() == [1, 2, 3]
    assert classes(np.array([1, 2]), np.array([False, True])).tolist() == [1]


@pytest.mark.parametrize(("how", "truth"), [({"taste": 0.5}, 0.0), ({"b": 0.4, "on": "x", "levels": 0.5}, 0.4)])
def test_it_is_within_users_and_the_pooled_one_is_not(how, truth):
    runs, covered, pooled = 200, 0, 0
    for seed in range(runs):
        found = hazards(simulated(seed, users=60, per_user=5, **how))
        row = found.row("hazard", found.stops.stopped, found.along.known)
        spread = float(np.nanstd(found.along.x))
        covered += row["ci_low"] <= truth * spread <= row["ci_high"]
        whole = found.row("hazard_pooled", found.stops.stopped, found.along.known, pooled=True)
        pooled += whole["p_value"] < 0.05
    # Binomial(200, .95): mean 190, sd 3.1; 99.9% of runs are within 178 to 198.
    assert 178 <= covered <= 198
    # What users differ in alone makes the pooled one reject.
    assert pooled > 0.8 * runs


def with_upscales(prompts, seed, by_x):
    generator = np.random.default_rng(seed)
    rate = 1 / (1 + np.exp(1 - by_x * prompts["x"].to_numpy()))
    times = pl.lit(START).dt.cast_time_unit("ms") + pl.duration(minutes=pl.int_range(pl.len()) * 17)
    return prompts.with_columns(upscaled=pl.Series(generator.random(prompts.height) < rate), time=times)


def test_upscales_and_causes():
    rows = analysed(with_upscales(simulated(1, users=200), 2, 0.5))
    upscale = one(rows, estimand="upscale_hazard")
    spread = simulated(1, users=200)["x"].std()
    assert upscale["ci_low"] < 0.5 * spread < upscale["ci_high"]
    # Who upscales a prompt ends satisfied there; ends of the other kinds are the fewer after it.
    assert one(rows, estimand="hazard_satisfied")["ci_low"] > 0
    assert one(rows, estimand="hazard_switched")["estimate"] < 0
    assert "user's last" in one(rows, estimand="hazard_abandoned")["note"]
    assert one(rows, estimand="hazard")["ci_low"] < 0 < one(rows, estimand="hazard")["ci_high"]


def test_without_upscales_their_rows_say_why():
    rows = analysed(simulated(1, users=30))
    for name in HEADLINES[2:]:
        row = one(rows, feature="x", estimand=name)
        assert row["estimate"] is None
        assert "cannot know which prompts were upscaled" in row["note"]
    assert set(rows.filter(feature="-")["group"]) == {"any", "unknown"}


@pytest.mark.parametrize("threads", [[], [thread("a", [1])], [thread("a", [None, None])], [thread(None, [1, 2])]])
def test_nothing_to_estimate_is_null_with_a_reason(threads):
    rows = analysed(threads)
    assert rows["estimate"].null_count() == rows.height
    for name in HEADLINES:
        one(rows, feature="x", estimand=name)
    assert one(rows, feature="-", estimand="incidence")["note"]
    assert stopping.findings(rows)[0].startswith("Not estimated: ")


def test_identical_prompts_have_no_hazard():
    rows = analysed([thread(f"u{n}", [7] * (1 + n % 3)) for n in range(60)])
    assert "does not vary" in one(rows, feature="x", estimand="hazard")["note"]


def test_one_user_has_no_interval():
    threads = [thread("a", list(np.random.default_rng(n).normal(size=1 + n % 4))) for n in range(80)]
    row = one(analysed(threads), feature="x", estimand="hazard_pooled")
    assert row["estimate"] is not None
    assert row["ci_low"] is None


def test_a_log_that_names_nobody_has_nothing_within_users():
    prompts = frame([thread("a", list(np.random.default_rng(n).normal(size=1 + n % 4))) for n in range(80)])
    rows = analysed(prompts.with_columns(user_id=pl.lit(None, dtype=pl.String)))
    assert one(rows, feature="x", estimand="hazard")["note"].startswith("the log names nobody")
    assert one(rows, feature="x", estimand="hazard_pooled")["estimate"] is not None


def test_an_outcome_that_the_feature_foretells_is_said():
    # Threads end exactly where x is above 0.
    threads = [thread(f"u{n % 20}", [-1 - n % 3] * (n % 3) + [1 + n % 2]) for n in range(90)]
    row = one(analysed(threads), feature="x", estimand="hazard")
    assert "ridge" in row["note"]
    assert row["estimate"] > 0


def test_findings_say_a_direction_only_where_there_is_one():
    told = stopping.findings(analysed(simulated(1, users=200, b=0.5, on="x")))
    assert "people stop more often" in told[-1]
    told = stopping.findings(analysed(simulated(1, users=200)))
    assert "people stop neither clearly more often nor less often after" in told[-1]
