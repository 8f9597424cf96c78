"""Table 1: means and tests against a plain loop and scipy, Cliff's delta against a bootstrap of all pairs."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from tests.analyses.measured import frame, log, one, sound, thread

from unspool.analyses import Settings, upscaled

BY_HAND = [
    thread("a", [1, 4], upscaled=[True, True]),
    thread("b", [1, 2, 3], upscaled=[False, False, False]),
    thread("b", [9], upscaled=[None]),
]


def some(n_users=30, seed=0, **more):
    """Prompts of users who differ in how long they write and how often they upscale."""
    generator = np.random.default_rng(seed)
    threads = []
    for user in range(n_users):
        taste, n = generator.normal(10, 3), int(generator.integers(1, 8))
        label = generator.random(n) < generator.beta(2, 5)
        values = np.round(generator.normal(taste, 2, n) + label)
        threads.append(thread(f"u{user:03}", values.tolist(), upscaled=label.tolist(), **more))
    return threads


def paper(measured):
    return upscaled.analyse(measured).filter(mode="paper")


def test_by_hand():
    rows = sound(paper(log(BY_HAND)))
    # Upscaled 1 and 4: mean 2.5, SD sqrt(4.5), SE 1.5. Others 1, 2, 3: mean 2, SD 1, SE 1/sqrt(3).
    up, other = (one(rows, estimand=name) for name in ("mean_upscaled", "mean_not"))
    assert (up["estimate"], up["n_prompts"], up["n_users"]) == (2.5, 2, 1)
    assert up["standard_error"] == pytest.approx(1.5)
    assert (other["estimate"], other["standard_error"]) == pytest.approx((2, 3**-0.5))
    # 4 beats three, 1 ties with 1: U = 3.5, delta = 2 * 3.5 / 6 - 1.
    test, delta = (one(rows, estimand=name) for name in ("mann_whitney", "cliffs_delta"))
    assert (test["estimate"], test["effect"], test["effect_name"]) == (3.5, pytest.approx(1 / 6), "cliffs_delta")
    assert delta["estimate"] == pytest.approx(1 / 6)
    assert (delta["n_prompts"], delta["n_threads"], delta["n_users"]) == (5, 2, 2)
    assert "1 prompt(s) left out: no upscale known, or no user" in delta["note"]
    assert rows["group"].unique().to_list() == ["prompts"]


def test_means_and_test_are_those_of_a_loop_and_of_scipy():
    threads = some()
    rows = sound(paper(log(threads)))
    pairs = [pair for one in threads for pair in zip(one["x"], one["upscaled"], strict=True)]
    for estimand, side in (("mean_upscaled", True), ("mean_not", False)):
        values = [value for value, label in pairs if label is side]
        mean = sum(values) / len(values)
        error = (sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)) ** 0.5
        found = one(rows, estimand=estimand)
        assert (found["estimate"], found["standard_error"]) == pytest.approx((mean, error))
    expected = stats.mannwhitneyu(
        *([v for v, label in pairs if label is side] for side in (True, False)), method="asymptotic"
    )
    test = one(rows, estimand="mann_whitney")
    assert (test["estimate"], test["p_value"]) == pytest.approx((expected.statistic, expected.pvalue))


def test_bonferroni_is_over_the_features_of_a_group():
    threads = [
        {**t, "y": [v % 3 for v in t["x"]], "caption_x": [v + 1 for v in t["x"]], "z": [None] * len(t["x"])}
        for t in some()
    ]
    rows = sound(paper(log(threads)))
    for name, group, n in (("x", "prompts", 2), ("y", "prompts", 2), ("x", "captions", 1)):
        test = one(rows, feature=name, group=group, estimand="mann_whitney")
        assert test["p_adjusted"] == pytest.approx(min(1, n * test["p_value"]))
    void = one(rows, feature="z")
    assert (void["estimand"], void["estimate"], void["group"]) == ("cliffs_delta", None, "prompts")
    assert void["note"] == "no prompt has a value"


def test_the_interval_of_delta_is_that_of_all_pairs_drawn_again():
    threads = some(n_users=40, seed=4)
    delta = one(paper(log(threads, Settings(draws=1000))), estimand="cliffs_delta")
    generator = np.random.default_rng(1)
    draws = []
    for _ in range(1000):
        drawn = [threads[n] for n in generator.integers(0, 40, 40)]
        values = np.concatenate([one["x"] for one in drawn])
        label = np.concatenate([one["upscaled"] for one in drawn])
        draws.append(np.sign(values[label][:, None] - values[~label]).mean())
    low, high = np.quantile(draws, [0.025, 0.975])
    assert [delta["ci_low"], delta["ci_high"]] == pytest.approx([low, high], abs=0.15 * (high - low))


def test_the_interval_of_delta_covers_where_the_pooled_test_is_wrong():
    # Users differ in length (SD 2) and in how often they upscale; labels have no effect: delta is 0.
    generator = np.random.default_rng(2)
    covered = rejected = 0
    runs = 200
    for run in range(runs):
        users = np.repeat(np.arange(80), 10)
        x = 2 * generator.normal(size=80)[users] + generator.normal(size=800)
        label = generator.random(800) < generator.beta(0.6, 1.8, 80)[users]
        prompts = pl.DataFrame({"user_id": users, "thread_id": users, "x": x, "upscaled": label})
        prompts = prompts.with_columns(pl.col("user_id", "thread_id").cast(pl.String))
        rows = upscaled._paper(log(prompts, Settings(draws=400, seed=run)))
        delta = one(rows, estimand="cliffs_delta")
        covered += delta["ci_low"] <= 0 <= delta["ci_high"]
        rejected += one(rows, estimand="mann_whitney")["p_value"] < 0.05
    # Binomial(200, .95): mean 190, sd 3.1; four sd below.
    assert covered >= 177
    # The pooled test should reject 10 times (sd 3.1); it takes 800 prompts for 800 people.
    assert rejected >= 40


def test_shuffled_rows_give_the_same():
    prompts = frame(some())
    rows, again = (upscaled.analyse(log(p)) for p in (prompts, prompts.sample(fraction=1, shuffle=True, seed=3)))
    numbers = rows.select(pl.selectors.float()).columns
    for name in numbers:
        assert again[name].is_null().equals(rows[name].is_null())
        assert again[name].drop_nulls().to_list() == pytest.approx(rows[name].drop_nulls().to_list(), rel=1e-9)
    assert again.drop(numbers).equals(rows.drop(numbers))


def test_a_log_without_upscales_says_so():
    for threads in ([], [thread("a", [1, 2])], [thread("a", [1, 2], caption_x=[1, 2])]):
        rows = sound(paper(log(threads)))
        assert set(rows["note"]) == {"this log cannot know which prompts were upscaled"}
        assert upscaled.findings(rows) == ["Not estimated: this log cannot know which prompts were upscaled."]
    assert rows.select("feature", "group").rows() == [("x", "prompts"), ("x", "captions")]


@pytest.mark.parametrize(
    ("label", "why"), [(True, "every prompt with a value was upscaled"), (False, "no prompt with a value was upscaled")]
)
def test_one_side_is_empty(label, why):
    rows = sound(paper(log([thread("a", [1, 2], upscaled=label), thread("b", [3], upscaled=label)])))
    assert rows.height == 1
    assert why in rows["note"][0]


def test_a_value_only_where_no_upscale_is_known():
    rows = sound(paper(log([thread("a", [1], upscaled=None), thread("b", [None], upscaled=True)])))
    assert "no prompt with a known upscale has a value" in rows["note"][0]


def test_a_log_that_names_nobody_has_no_interval():
    threads = [thread(None, [1, 2, 3, 4], upscaled=[True, False, True, False])]
    rows = sound(paper(log(threads)))
    delta = one(rows, estimand="cliffs_delta")
    assert (delta["estimate"], delta["ci_low"], delta["n_users"]) == (-0.5, None, None)
    assert "names nobody" in delta["note"]
    assert "no clear difference" in upscaled.findings(rows)[0]


def test_prompts_without_user_are_left_out_where_others_have_one():
    rows = paper(log([*some(), thread(None, [500.0] * 5, upscaled=True)]))
    assert (
        one(rows, estimand="mean_upscaled")["estimate"] == one(paper(log(some())), estimand="mean_upscaled")["estimate"]
    )
    assert "5 prompt(s) left out" in rows["note"][0]


def test_a_sampled_feature_counts_its_own_prompts_threads_and_users():
    threads = [{**t, "y": t["x"] if n < 10 else [None] * len(t["x"])} for n, t in enumerate(some())]
    rows = sound(paper(log(threads, notes={"y": "measured on a sample of 10 users"})))
    delta = one(rows, feature="y", estimand="cliffs_delta")
    assert (delta["n_prompts"], delta["n_threads"], delta["n_users"]) == (
        sum(len(t["x"]) for t in threads[:10]),
        10,
        10,
    )
    assert delta["note"] == "measured on a sample of 10 users"
    alone = one(paper(log(some()[:10])), feature="x", estimand="cliffs_delta")
    assert (delta["ci_low"], delta["ci_high"]) == pytest.approx((alone["ci_low"], alone["ci_high"]))


def test_findings_lead_with_effects_and_warn_of_p_values():
    threads = [
        {**t, "x": [v + 9 * up for v, up in zip(t["x"], t["upscaled"], strict=True)], "caption_x": t["x"]}
        for t in some(60)
    ]
    told = upscaled.findings(upscaled.analyse(log(threads)))
    assert told[0].startswith("x: a person's upscaled prompts are higher than the same person's others (+")
    assert "not that writing so makes them keep more" in told[1]
    assert told[2].startswith("x, all people pooled: higher in upscaled prompts (Cliff's delta +0.")
    assert told[3].startswith("x of captions, all people pooled: no clear difference (Cliff's delta ")
    assert "P-values of pooled prompts rank nothing" in told[-1]


def test_the_smallest_delta_that_the_paper_would_call_significant():
    # 169,620 prompts, a quarter upscaled, 7 features: z(.05 / 14) = 2.69, sqrt(n / (3 * n1 * n0)) = .00324, delta .0087.
    n = 169_620
    rows = pl.DataFrame(
        {
            "feature": [f"f{place}" for place in range(7) for _ in range(3)],
            "estimand": ["mean_upscaled", "mean_not", "mann_whitney"] * 7,
            "n_prompts": [n // 4, n - n // 4, n] * 7,
            "p_value": [None, None, 0.5] * 7,
            "mode": ["paper"] * 21,
        }
    )
    assert "any delta beyond 0.0087 is significant" in upscaled._caution(rows)


def test_published_numbers_are_of_features_that_the_paper_has():
    assert {name for name, _ in upscaled.PUBLISHED} == {
        "word_len_paper",
        "magic_ratio_paper",
        "perplexity_paper",
        "concreteness_paper",
    }
