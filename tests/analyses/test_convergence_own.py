"""The asymmetry A and its companions: by hand, against regressions and loops, in models of known truth, on real games."""

from itertools import product

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import binomtest
from scipy.stats import t as student
from statsmodels.api import OLS, add_constant
from tests.analyses.measured import frame, log, one, sound, thread

from unspool import tables
from unspool.analyses import Measured, Settings, _convergence_own, _people, convergence
from unspool.analyses import _convergence_ends as ends
from unspool.analyses._convergence_reversal import reversal
from unspool.analyses._convergence_words import reading
from unspool.features import Column
from unspool.stats.jackknife import jackknife

# First and last values: starts 0, 6, 3 and ends 1, 3, 5. About their means the sums are V1 18, VT 8, C 6.
BY_HAND = [thread("a", [0, 1]), thread("b", [6, 3]), thread("c", [3, 5])]
TWO = Settings(least=2, draws=20)


def own(measured):
    rows = convergence.analyse(measured).filter(mode="corrected")
    sound(rows.with_columns(mode=pl.lit("paper")))  # what holds for every row holds for these
    return rows


def estimate(rows, estimand, **same):
    return one(rows, estimand=estimand, **same)["estimate"]


def lengths(values):
    """A log of one log-scaled feature, n_words: a thread of one user per list."""
    prompts = frame([thread(f"u{n:03}", one) for n, one in enumerate(values)]).rename({"x": "n_words"})
    return Measured(prompts.lazy(), "iou", {"n_words": Column("n_words", "Words", "words", "", log=True)}, TWO)


def test_by_hand():
    rows = own(log(BY_HAND, TWO))
    # (18 - 8) / (18 + 8 - 2 * 6); correlation of s and d: (18 - 8) / sqrt((18 + 8 + 12) (18 + 8 - 12)).
    assert estimate(rows, "A_step") == pytest.approx(10 / 14)
    assert estimate(rows, "pitman_morgan") == pytest.approx(10 / (38 * 14) ** 0.5)
    # The change on the start: 6 / 18 - 1; by repeatability alone 2 * 6 / (18 + 8) - 1.
    assert estimate(rows, "galton_slope") == pytest.approx(6 / 18 - 1)
    assert estimate(rows, "galton_null") == pytest.approx(12 / 26 - 1)
    assert estimate(rows, "galton_excess") == pytest.approx(6 / 18 - 12 / 26)
    # ln of SD 3 and 2: one step apart.
    assert estimate(rows, "sigma_slope") == pytest.approx(np.log(2 / 3))
    for estimand in ("A_last", "A_last_all", "reversal", "reversal_last"):
        assert estimate(rows, estimand) == pytest.approx(10 / 14)
    assert estimate(rows, "A_last_minus_step") == 0
    a = one(rows, estimand="A_step")
    assert (a["n_prompts"], a["n_threads"], a["n_users"], a["group"], a["step"]) == (6, 3, 3, None, None)


def test_sides_about_the_mean_per_step_by_hand():
    # Changes 1, -3, 2 (mean 0): a and c rise. Starts 0, 3 and 6 about 3; ends 1, 5 and 3 about 3.
    rows = own(log(BY_HAND, TWO))
    assert [estimate(rows, "risers_centred", step=step) for step in (1, 2)] == pytest.approx([-1.5, 0])
    assert [estimate(rows, "fallers_centred", step=step) for step in (1, 2)] == pytest.approx([3, 0])
    assert estimate(rows, "gap_start_centred") == pytest.approx(4.5)
    assert estimate(rows, "gap_end_centred") == pytest.approx(0)
    assert one(rows, estimand="risers_centred", step=1)["n_threads"] == 2
    assert (
        rows.filter(pl.col("estimand").str.contains("centred|galton_slope|galton_null"))["p_value"].null_count()
        == 2 * 2 + 2 + 2
    )


def test_a_common_rise_changes_nothing():
    steeper = [thread(one["user"], [one["x"][0], one["x"][1] + 100]) for one in BY_HAND]
    before, after = own(log(BY_HAND, TWO)), own(log(steeper, TWO))
    same = ["estimand", "step", "estimate", "ci_low", "ci_high", "p_value"]
    assert_frame_equal(before.select(same), after.select(same))


def random_threads(generator, n_users=12, n=60, steps=5):
    return [
        thread(f"u{generator.integers(n_users):02}", list(generator.gamma(2, 2, steps) + generator.normal(0, 2)))
        for _ in range(n)
    ]


def test_a_is_the_slope_of_statsmodels_and_its_error_that_of_leaving_out_each_user():
    threads = random_threads(np.random.default_rng(1))
    first, last = np.array([[one["x"][0], one["x"][-1]] for one in threads]).T
    users = np.array([one["user"] for one in threads])

    def slope(chosen):
        return OLS((first + last)[chosen], add_constant((first - last)[chosen])).fit().params[1]

    a = one(own(log(threads, Settings(least=5, draws=20))), estimand="A_step")
    assert a["estimate"] == pytest.approx(slope(users != ""), rel=1e-12)
    names = np.unique(users)
    without = np.array([slope(users != name) for name in names])
    n = len(names)
    error = np.sqrt((n - 1) / n * ((without - a["estimate"]) ** 2).sum())
    assert a["standard_error"] == pytest.approx(error, rel=1e-10)
    squares = np.array([(((first - last) - (first - last).mean())[users == name] ** 2).sum() for name in names])
    worth = squares.sum() ** 2 / (squares**2).sum()
    assert a["ci_high"] - a["estimate"] == pytest.approx(error * student.ppf(0.975, worth - 1), rel=1e-10)


def test_few_users_with_large_changes_are_what_the_interval_of_a_rests_on():
    """Of 20 users some two change a lot and ten hardly: values that read the same backwards, so that A is 0."""
    generator, held, held_of_all = np.random.default_rng(1), [], []
    for _ in range(1000):
        level, sizes = generator.normal(size=20), (0.2, 1, 2)
        first, last = (
            level + generator.normal(size=20) * generator.choice(sizes, 20, p=(0.5, 0.4, 0.1)) for _ in range(2)
        )
        sums = np.column_stack(ends.pair_columns(first, last))
        of = ends.of_pairs(ends.asymmetry, sums)
        (a,), (plain,) = jackknife(sums, of, carried=ends.pairs_carried(sums)[:, :1]), jackknife(sums, of)
        if a.low is not None:
            held.append(a.low <= 0 <= a.high)
            held_of_all.append(plain.low <= 0 <= plain.high)
    assert len(held) > 800
    # By the 19 degrees of freedom of all users it holds 92%.
    assert binomtest(sum(held), len(held), 0.95).pvalue > 0.001
    assert binomtest(sum(held_of_all), len(held), 0.95).pvalue < 0.001


def test_what_an_estimate_rests_on_by_hand():
    # BY_HAND: the falls -1, 3, -2, whose mean is 0.
    sums = np.column_stack(ends.pair_columns(np.array([0.0, 6, 3]), np.array([1.0, 3, 5])))
    a, correlation, slope, null, excess = ends.pairs_carried(sums).T
    assert a.tolist() == correlation.tolist() == [1, 9, 4]
    # Four times the squared starts about their mean, -3, 3, 0; twice the squares of both, with ends about 3: -2, 0, 2.
    assert slope.tolist() == excess.tolist() == [36, 36, 0]
    assert null.tolist() == [2 * (9 + 4), 2 * 9, 2 * 4]
    values = np.array([[0.0, 1], [6, 3], [3, 5]])
    spreads = ends.spreads_carried(np.column_stack(ends.spread_columns(values)))
    assert spreads[:, 0] == pytest.approx([(9 / 18 + 4 / 8) / 2, 9 / 18 / 2, 4 / 8 / 2])
    # One riser of the first user, two of the third, a faller of the second: n / N^2 of either side, as errors are alike.
    sides = np.array([[1.0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 6, 3], [2, 3, 8, 0, 0, 0]])
    risers, at_end, fallers, _, start, end = ends.sides_carried(sides).T
    assert risers.tolist() == at_end.tolist() == [1, 0, 2] and fallers.tolist() == [0, 1, 0]
    assert start.tolist() == end.tolist() == pytest.approx([1 / 9, 1, 2 / 9])


def test_one_user_with_nearly_all_of_the_change_leaves_no_interval():
    still = [thread(f"u{n}", [n, n + 0.01 * (-1) ** n]) for n in range(8)]
    a = one(own(log([*still, thread("z", [0, 50])], TWO)), estimand="A_step")
    assert a["estimate"] is not None and a["ci_low"] is None
    # Falls of 0 and one of -50 about their mean: (8 * 5.56^2 + 44.4^2)^2 / (8 * 5.56^4 + 44.4^4).
    assert "worth 1.3 users" in a["note"]


def test_gaps_over_their_difference_is_a_for_normal_values():
    generator = np.random.default_rng(2)
    x = generator.multivariate_normal([0, 3], [[4, 1], [1, 1]], 20_000)
    rows = own(log([thread(f"u{n}", list(one)) for n, one in enumerate(x)], TWO))
    start, end = (estimate(rows, name) for name in ("gap_start_centred", "gap_end_centred"))
    # (4 - 1) / (4 + 1 - 2) = 1; its sampling SD at 20,000 threads is under 0.02.
    assert estimate(rows, "A_step") == pytest.approx(1, abs=0.06)
    assert (start + end) / (start - end) == pytest.approx(1, abs=0.08)


def test_sigma_slope_is_the_regression_of_log_sd():
    threads = random_threads(np.random.default_rng(3))
    sd = np.std([one["x"] for one in threads], axis=0, ddof=1)
    found = estimate(own(log(threads, Settings(least=5, draws=20))), "sigma_slope")
    assert found == pytest.approx(np.polyfit(np.arange(5), np.log(sd), 1)[0])


def test_reversal_is_the_share_of_all_patterns_of_signs():
    generator = np.random.default_rng(4)
    first, last = generator.normal(0, 1.5, 40), generator.normal(0, 1, 40)
    users = np.arange(40) % 10
    first, last = first - first.mean(), last - last.mean()
    # Each pattern: threads of the users with -1 turned round, means per step removed anew, the slope taken.
    slopes = []
    for signs in product([1, -1], repeat=10):
        turned = np.array(signs)[users] < 0
        x, y = np.where(turned, last, first), np.where(turned, first, last)
        slopes.append(np.cov(x + y, x - y)[0, 1])
    share = np.mean(np.abs(slopes) >= abs(slopes[0]) - 1e-12)
    products = np.bincount(users, (first**2 - last**2))
    p = reversal(products[:, None], seed=0)[0]
    # 9,999 draws: SD of the share at most 0.005.
    assert 0.01 < share < 0.5
    assert p == pytest.approx(share, abs=0.02)


def test_reversal_needs_three_users_and_tells_that_five_cannot_reach_a_twentieth():
    values = [[0, 5], [9, 4], [3, 8], [7, 7.5], [1, 2], [6, 2]]
    few = one(own(log([thread("ab"[n % 2], v) for n, v in enumerate(values)], TWO)), estimand="reversal")
    assert few["estimate"] is not None
    assert few["p_value"] is None
    assert "2 user(s)" in few["note"]
    five = one(own(log([thread("abcde"[n % 5], v) for n, v in enumerate(values)], TWO)), estimand="reversal")
    assert five["p_value"] >= 1 / 16 * 0.9
    assert "with 5 users no p is below 0.05" in five["note"]
    six = one(own(log([thread("abcdef"[n], v) for n, v in enumerate(values)], TWO)), estimand="reversal")
    assert "no p" not in six["note"]


def test_reversal_of_a_feature_does_not_depend_on_the_others():
    threads = random_threads(np.random.default_rng(5), steps=2)
    alone = one(own(log(threads, TWO)), estimand="reversal")
    more = [one | {"y": list(np.random.default_rng(n).normal(size=2))} for n, one in enumerate(threads)]
    assert one(own(log(more, TWO)), estimand="reversal", feature="x") == alone


def test_natural_log_raw_and_log1p():
    values = [[8, 3], [20, 4], [5, 1], [30, 2]]
    rows = own(lengths([*values, [0, 4]]))
    for estimand, scale in (("A_step", np.log), ("A_step_raw", np.asarray), ("A_step_log1p", np.log1p)):
        used = values if estimand == "A_step" else [*values, [0, 4]]
        first, last = scale(np.array(used, dtype=float)).T
        v1, vt, c = np.var(first), np.var(last), np.cov(first, last, bias=True)[0, 1]
        row = one(rows, estimand=estimand)
        assert row["estimate"] == pytest.approx((v1 - vt) / (v1 + vt - 2 * c))
        assert row["n_threads"] == len(used)
    assert "1 thread(s) left out" in one(rows, estimand="A_step")["note"]
    assert "natural log" in one(rows, estimand="A_step")["method"]
    assert "raw scale" in one(rows, estimand="A_step_raw")["method"]
    assert "A_step_raw" not in own(log(BY_HAND, TWO))["estimand"].to_list()


def of_lengths(counts, settings=None):
    """A log of so many threads of each length, every thread of another user."""
    generator = np.random.default_rng(6)
    each = [n for n, count in counts.items() for _ in range(count)]
    threads = [thread(f"u{number}", list(generator.normal(size=n))) for number, n in enumerate(each)]
    return log(threads, settings or Settings(draws=20))


@pytest.mark.parametrize(
    ("counts", "settings", "n", "told"),
    [
        ({10: 60, 13: 50}, None, 50, "step 10 against step 1, threads of at least 13 prompts"),
        ({10: 60, 12: 30, 13: 20}, None, 50, "threads of at least 12 prompts, so that step 10 is the last of none"),
        ({10: 60, 13: 40}, None, 100, "too few go on after step 10, which is the last of 60 of them"),
        ({4: 60, 7: 20}, None, 80, "step 4 against step 1, threads of at least 4 prompts"),
        ({2: 9, 7: 20}, Settings(least=2, draws=20), 29, "which is the last of 9 of them"),
        ({13: 8, 15: 8}, Settings(least=13, steps=10, draws=20), 16, "so that step 10 is the last of none"),
    ],
)
def test_the_fixed_step_is_the_last_of_no_thread_where_enough_go_on(counts, settings, n, told):
    a = one(own(of_lengths(counts, settings)), estimand="A_step")
    assert a["n_threads"] == n
    assert told in a["note"]


def test_the_last_prompts_are_those_of_threads_of_two_readings():
    rows = own(of_lengths({2: 30, 10: 60, 13: 50}))
    assert [one(rows, estimand=name)["n_threads"] for name in ("A_last", "A_last_all")] == [110, 140]
    assert one(rows, estimand="A_last_minus_step")["n_threads"] == 50


def test_stopping_inside_a_range_shows_at_the_last_prompt_only():
    generator = np.random.default_rng(7)
    threads = []
    for number in range(1500):
        values = list(generator.normal(size=4))
        # From step 4 on, whoever is near 0 stops.
        while abs(values[-1]) > 0.5:
            values.append(float(generator.normal()))
        threads.append(thread(f"u{number}", values))
    rows = own(log(threads, Settings(least=3, draws=20)))
    assert abs(estimate(rows, "A_step")) < 0.1
    assert estimate(rows, "A_last") > 0.6
    more = one(rows, estimand="A_last_minus_step")
    assert more["ci_low"] > 0.5
    assert "they lie closer together, coming later, or because people stop there" in " ".join(
        convergence.findings(rows)
    )


def test_threads_that_all_end_at_the_fixed_step_say_nothing_of_the_last_prompt():
    rows = own(of_lengths({6: 60}))
    more = one(rows, estimand="A_last_minus_step")
    assert (more["estimate"], more["ci_low"], more["n_threads"]) == (0, None, 60)
    assert "At their last prompts" not in " ".join(convergence.findings(rows))


@pytest.mark.parametrize(
    ("threads", "told"),
    [
        ([], "no prompt has a value"),
        ([thread("a", [1])], "0 thread(s) with a value at both: too few"),
        ([thread("a", [1, 2]), thread("b", [3, 2])], "2 thread(s) with a value at both: too few"),
    ],
)
def test_too_few_threads_say_so(threads, told):
    rows = own(log(threads, TWO))
    for estimand in ("A_step", "A_last", "reversal", "sigma_slope"):
        row = one(rows, estimand=estimand)
        assert row["estimate"] is None
        assert told in row["note"]
    assert convergence.findings(rows)[0].startswith("Not estimated: ")


@pytest.mark.parametrize("shift", [0, 0.1, -3])
def test_equal_changes_have_no_asymmetry(shift):
    # In floating point 0.1 + 0.2 - 0.2 is not 0.1: the differences differ by rounding only.
    starts = [0.1, 0.2, 0.3, 1 / 3, 7.7]
    rows = own(log([thread(f"u{n}", [x, x + shift]) for n, x in enumerate(starts)], TWO))
    for estimand in ("A_step", "pitman_morgan", "A_last", "reversal"):
        assert estimate(rows, estimand) is None
    assert estimate(rows, "galton_slope") == pytest.approx(0)
    assert estimate(rows, "sigma_slope") == pytest.approx(0)


@pytest.mark.parametrize("value", [0, 0.1, 1e9])
def test_identical_prompts_have_nothing(value):
    rows = own(log([thread(f"u{n}", [value] * 3) for n in range(5)], Settings(least=3, draws=20)))
    known = rows.filter(pl.col("estimate").is_not_null())
    # All threads are fallers: they differ from the mean by nothing.
    assert known["estimand"].unique().to_list() == ["fallers_centred"]
    assert known["estimate"].to_list() == pytest.approx([0, 0, 0])


def test_a_single_user_has_estimates_and_no_interval():
    rows = own(log([thread("a", v) for v in ([0, 1], [6, 3], [3, 5])], TWO))
    a, test = one(rows, estimand="A_step"), one(rows, estimand="reversal")
    assert (a["estimate"], a["ci_low"], a["p_value"]) == (pytest.approx(10 / 14), None, None)
    assert "an interval over users needs at least 3" in a["note"]
    assert test["p_value"] is None
    assert "not known beyond these users" in " ".join(convergence.findings(rows))


def test_a_log_that_names_nobody_has_no_interval():
    prompts = frame(BY_HAND).with_columns(user_id=pl.lit(None, dtype=pl.String))
    (a,) = (row for row in _convergence_own.rows(log(prompts, TWO)) if row["estimand"] == "A_step")
    assert (a["estimate"], a["ci_low"], a["n_users"]) == (pytest.approx(10 / 14), None, None)
    assert "names nobody" in a["note"]


def test_shuffled_rows_give_the_same():
    prompts = frame(random_threads(np.random.default_rng(8), steps=3))
    shuffled = prompts.sample(fraction=1, shuffle=True, seed=3)
    assert_frame_equal(own(log(shuffled, TWO)), own(log(prompts, TWO)))


def test_more_users_than_units_are_grouped(monkeypatch):
    threads = random_threads(np.random.default_rng(9), n_users=40, n=200, steps=2)
    each = one(own(log(threads, TWO)), estimand="A_step")
    monkeypatch.setattr(_people, "MOST", 20)
    grouped = one(own(log(threads, TWO)), estimand="A_step")
    assert grouped["estimate"] == pytest.approx(each["estimate"], rel=1e-12)
    assert "20 random groups of 40 users" in grouped["method"]
    # An SD from 20 squares has a relative error of 1 / sqrt(2 * 19) = 16%.
    assert grouped["standard_error"] == pytest.approx(each["standard_error"], rel=0.6)


def test_a_feature_without_values_has_its_headlines_with_the_reason():
    prompts = frame([thread("a", [1, 2], y=[None, None])])
    rows = own(log(prompts, TWO, notes={"y": "no parser"})).filter(feature="y")
    assert rows["estimand"].to_list() == ["A_step", "A_last", "reversal", "sigma_slope"]
    assert rows["note"].unique().to_list() == ["no parser"]
    assert rows.select("n_prompts", "n_threads", "n_users").unique().rows() == [(0, 0, 0)]


def test_the_threads_are_those_of_the_rule_that_is_shown():
    shown = Measured(frame([*BY_HAND, thread("d", [1, 9])]).lazy(), "scene", log(BY_HAND).columns, TWO)
    rows = convergence.analyse(log(BY_HAND, TWO, corrected=shown))
    assert set(rows.filter(mode="corrected")["rule"]) == {"scene"}
    assert set(rows.filter(mode="paper")["rule"]) == {"iou"}
    assert one(rows, estimand="A_step")["n_threads"] == 4


# Models of known truth -----------------------------------------------------------------------------------------------

RUNS, THREADS, USERS, STEPS = 300, 645, 200, 10


def stationary(generator, n, phi):
    """AR(1) of variance 1, so that no step differs from another."""
    x = np.empty((n, STEPS))
    x[:, 0] = generator.normal(size=n)
    for t in range(1, STEPS):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * generator.normal(size=n)
    return x


def pulled(generator, n):
    """All drawn to 0, by 30% of the way at a step, with noise of SD 0.2 seen at every step."""
    start = generator.normal(size=(n, 1))
    return start * 0.7 ** np.arange(STEPS) + generator.normal(0, 0.2, (n, STEPS))


RISE = 0.1 * np.arange(STEPS)
MODELS = {
    "exchangeable": (lambda g, n: g.normal(size=(n, STEPS)), True, 0.0),
    "autoregressive": (lambda g, n: stationary(g, n, 0.7), True, 0.0),
    "autoregressive, rising": (lambda g, n: stationary(g, n, 0.7) + RISE, True, 0.0),
    "skewed, rising": (lambda g, n: np.exp(0.7 * stationary(g, n, 0.7)) + RISE, True, 0.0),
    # V1 = C: -1.
    "random walk": (lambda g, n: np.cumsum(g.normal(size=(n, STEPS)), axis=1), True, -1.0),
    # Noise of SD 1 to 0.5: (1 - 1/4) / (1 + 1/4).
    "shrinking noise": (lambda g, n: g.normal(size=(n, STEPS)) * np.linspace(1, 0.5, STEPS), True, 0.6),
    # r = 0.7^9 = 0.040: V1 = 1.04, VT = r^2 + 0.04, C = r: (1.04 - 0.0416) / (1.04 + 0.0416 - 0.0807) = 0.9975.
    "pull to one target": (pulled, False, 0.9975),
}
NULL = [name for name, (_, _, truth) in MODELS.items() if truth == 0]


def run(name, seed):
    """A's estimate and p by 199 reversals in one log of the model; of users with levels of their own."""
    draw, levels, _ = MODELS[name]
    generator = np.random.default_rng(seed)
    users = np.concatenate([np.arange(USERS), generator.choice(USERS, THREADS - USERS, p=weights())])
    x = draw(generator, THREADS)
    if levels:
        x = x + generator.normal(size=USERS)[users][:, None] + generator.normal(0, 0.5, (THREADS, 1))
    columns = ends.pair_columns(x[:, 0], x[:, -1])
    sums = np.stack([np.bincount(users, column, USERS) for column in columns], axis=1)
    (a,) = jackknife(sums, ends.of_pairs(ends.asymmetry, sums), carried=ends.pairs_carried(sums)[:, :1])
    return a, reversal(sums[:, 3:4], seed, draws=199)[0]


def weights():
    """Few users write most of the threads."""
    p = 1 / np.arange(1, USERS + 1) ** 0.5
    return p / p.sum()


@pytest.mark.parametrize("name", MODELS)
def test_models_of_known_truth(name):
    truth = MODELS[name][2]
    found = [run(name, seed) for seed in range(RUNS)]
    a = np.array([one.estimate for one, _ in found])
    # The mean of 300 runs has a Monte Carlo error of SD / 17; 3.3 of those are passed once in a thousand.
    assert a.mean() == pytest.approx(truth, abs=3.3 * a.std() / np.sqrt(RUNS) + 0.1 * a.std())
    covers = sum(one.low <= truth <= one.high for one, _ in found)
    assert binomtest(covers, RUNS, 0.95).pvalue > 0.001
    rejected = sum(p <= 0.05 for _, p in found)
    if name in NULL:
        assert binomtest(rejected, RUNS, 0.05).pvalue > 0.001
    else:
        assert rejected == RUNS


def test_skewed_values_that_rise_together_look_like_convergence_and_have_none():
    generator = np.random.default_rng(10)
    level, noise = generator.normal(size=(4000, 1)), generator.normal(size=(4000, 2))
    # Mean 16, log-SD 0.5, all rise by 30% of the mean.
    words = 16 * np.exp(0.35 * level + 0.357 * noise - 0.125) + [0, 4.8]
    rows = convergence.analyse(log([thread(f"u{n}", list(one)) for n, one in enumerate(words)], TWO))
    ends = [[estimate(rows, side, step=step, group="step 2") for step in (1, 2)] for side in ("risers", "fallers")]
    # Of 400,000 such threads: from 13.4 to 21.7 and from 24.1 to 18.2; SD of these means 0.1 to 0.3.
    assert ends == [pytest.approx([13.4, 21.7], abs=0.7), pytest.approx([24.1, 18.2], abs=0.9)]
    a = one(rows, estimand="A_step")
    assert a["ci_low"] < 0 < a["ci_high"]
    assert "no clear convergence beyond regression to the mean" in convergence.findings(rows)[0]


# Real games ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def games(real_data):
    """Descriptions of tangrams: a thread is a figure described six times by the players of a game, the user is the game."""
    read = pl.read_csv(real_data / "tangrams" / "tangramsSequential_collapsed.csv", infer_schema=False)
    thread_id = pl.concat_str("gameid", "intendedName", separator="/")
    step = pl.col("repetitionNum").cast(pl.Int64).rank("ordinal").over(thread_id)
    rows = read.select(
        prompt_id=pl.concat_str(thread_id, "trialNum"),
        user_id="gameid",
        thread_id=thread_id,
        step=step,
        steps_left=pl.len().over(thread_id) - step,
        n_words=pl.col("numRawWords").cast(pl.Float64),
    )
    columns = {"n_words": Column("n_words", "Words", "words", "", log=True)}
    return Measured(tables.conform(rows, tables.PROMPTS).lazy(), "given", columns, Settings(least=6, draws=20))


def test_descriptions_shrink_together_and_converge_on_the_raw_scale_only(games):
    rows = convergence.analyse(games)
    # Published for these games, 989 figures of 83 pairs: raw .94, natural log -.02 (-.15 to .10), log1p .21.
    a, raw, log1p = (one(rows, estimand=name) for name in ("A_step", "A_step_raw", "A_step_log1p"))
    assert (a["n_threads"], a["n_users"]) == (989, 83)
    assert [row["estimate"] for row in (raw, a, log1p)] == pytest.approx([0.94, -0.02, 0.21], abs=0.006)
    assert [a["ci_low"], a["ci_high"]] == pytest.approx([-0.15, 0.10], abs=0.02)
    assert one(rows, estimand="reversal")["p_value"] > 0.5


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (-5.0, -4.7, "later values lie farther apart"),
        (-1.2, -0.1, "later values lie farther apart, as in a random walk"),
        (1.3, 1.6, "later values lie closer together"),
        (0.8, 1.6, "later values lie closer together, as if pulled to one target"),
    ],
)
def test_a_shape_is_named_if_the_interval_holds_it(low, high, told):
    assert reading({"ci_low": low, "ci_high": high}) == told
