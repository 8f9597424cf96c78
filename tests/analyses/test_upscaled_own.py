"""Upscaled against not within users and threads: against statsmodels, by hand, and on logs with a known truth."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalLogit
from tests.analyses.measured import frame, log, one, thread

from unspool import tables
from unspool.analyses import Settings, results, upscaled
from unspool.analyses._upscaled_own import ESTIMANDS
from unspool.features import Column
from unspool.stats.ranks import mann_whitney, midranks

QUICK = Settings(draws=2)


def own(measured):
    """The rows of mode "corrected", after what holds for all of them."""
    rows = upscaled._corrected(measured)
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert set(rows["mode"]) <= {"corrected"}
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert rows.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert not any(rows[name].is_nan().any() for name in rows.select(pl.selectors.float()).columns)
    return rows


def drawn(seed, n_users=80, apart=0.0, effect=0.0, step=0.0):
    """Prompts of users who differ in x and in how often they upscale; `apart` correlates both.

    `effect`: log odds of an upscale per x. `step`: log odds, and rise of x, per step.
    """
    g = np.random.default_rng(seed)
    n = g.negative_binomial(1, 1 / (1 + 6 * g.gamma(2, 0.5, n_users))) + 1
    user = np.repeat(np.arange(n_users), n)
    new = (np.diff(user, prepend=-1) > 0) | (g.random(len(user)) < 0.5)
    number = np.cumsum(new) - 1
    place = np.arange(len(user)) - np.flatnonzero(new)[number]
    taste, other = g.normal(size=(2, n_users))
    rate = apart * taste + np.sqrt(1 - apart**2) * other
    x = taste[user] + g.normal(size=number[-1] + 1)[number] + g.normal(size=len(user)) + step * place
    up = g.random(len(user)) < 1 / (1 + np.exp(1.2 - 1.3 * rate[user] - effect * x - step * place))
    return pl.DataFrame(
        {
            "prompt_id": [f"p{k}" for k in range(len(user))],
            "user_id": [f"u{k:04}" for k in user],
            "thread_id": [f"t{k}" for k in number],
            "step": place + 1,
            "steps_left": np.bincount(number)[number] - 1 - place,
            "upscaled": up,
            "x": x,
            "text": pl.repeat(None, len(user), dtype=pl.String, eager=True),
        }
    ).cast({"step": pl.UInt32, "steps_left": pl.UInt32})


def dummies(codes):
    return (codes.to_numpy()[:, None] == codes.unique().to_numpy()).astype(float)


def test_by_hand():
    # Differences within users at step 1: 3 - 1 = 2 and 6 - 2 = 4; balanced, so their mean 3. User c has no upscale.
    threads = [thread("a", [v], upscaled=u) for v, u in ((3, True), (1, False))]
    threads += [thread("b", [v], upscaled=u) for v, u in ((6, True), (2, False))]
    rows = own(log([*threads, thread("c", [9], upscaled=False)]))
    within = one(rows, estimand="within_user")
    assert within["estimate"] == pytest.approx(3)
    assert (within["n_prompts"], within["n_threads"], within["n_users"]) == (4, 4, 2)
    assert within["ci_low"] is None
    # Mid-ranks of 3 1 6 2 9 are 3 1 4 2 5: differences 2 and 2, over 5 prompts, times 2.
    assert (within["effect"], within["effect_name"]) == (pytest.approx(0.8), "rank_difference")
    # Means 4.5 and 4.
    assert one(rows, estimand="pooled")["estimate"] == pytest.approx(0.5)
    # Weights 1/2 for a and b, 1 for c. 3 beats 2 (1/4), loses to 9 (1/2); 6 beats 1 (1/4), loses to 9 (1/2).
    assert one(rows, estimand="user_weighted_delta")["estimate"] == pytest.approx((0.25 - 0.5 + 0.25 - 0.5) / 1.5)
    for estimand in ("within_thread", "within_thread_diff"):
        assert one(rows, estimand=estimand)["estimate"] is None
        assert "no thread holds both" in one(rows, estimand=estimand)["note"]


def test_least_squares_are_those_of_statsmodels():
    prompts = drawn(1, step=0.2)
    rows = own(log(prompts))
    step = np.log(prompts["step"].to_numpy())
    label, x = prompts["upscaled"].to_numpy().astype(float), prompts["x"].to_numpy()
    for estimand, y, effects in (
        ("within_user", x, dummies(prompts["user_id"])),
        ("within_user_rank", 2 * midranks(x) / len(x), dummies(prompts["user_id"])),
        ("within_thread_diff", x, dummies(prompts["thread_id"])),
        ("pooled", x, None),
    ):
        columns = [label, np.ones(len(x))] if effects is None else [label, step, step**2, effects]
        clusters = {"groups": prompts["user_id"].rank("dense").to_numpy(), "use_correction": False}
        expected = sm.OLS(y, np.column_stack(columns)).fit(cov_type="cluster", cov_kwds=clusters)
        found = one(rows, estimand=estimand)
        assert found["estimate"] == pytest.approx(expected.params[0])
        # CV3 is wider than the first-order error of the clusters, by little where there are many.
        assert 0.98 < found["standard_error"] / expected.bse[0] < 1.25


def test_between_is_least_squares_of_means():
    prompts = drawn(2, step=0.2).with_columns(l=pl.col("step").log()).with_columns(q=pl.col("l") ** 2)
    rows = own(log(prompts.drop("l", "q")))
    users = prompts.group_by("user_id").agg(pl.col("x", "l", "q").mean(), pl.col("upscaled").mean(), n=pl.len())
    columns = np.column_stack([users["upscaled"], np.ones(users.height), users["l"], users["q"]])
    expected = sm.WLS(users["x"].to_numpy(), columns, weights=users["n"].to_numpy()).fit()
    between, within, both = (
        one(rows, estimand=name)["estimate"] for name in ("between_user", "within_user", "between_minus_within")
    )
    assert between == pytest.approx(expected.params[0])
    assert both == pytest.approx(between - within)


def test_rerolls_are_trials():
    # The same text three times, upscaled once, is three rows for one trial each, or two rows of weights 1 and 2.
    user = np.repeat(np.arange(20), 6)
    g = np.random.default_rng(3)
    x = np.repeat(g.normal(size=40), 3)
    label = g.random(120) < 0.4
    step = np.ones(120, dtype=int)
    base = {"user_id": [f"u{k:02}" for k in user], "thread_id": [f"t{k}" for k in range(120)], "step": step}
    prompts = pl.DataFrame({**base, "steps_left": step - 1, "upscaled": label, "x": x, "text": [f"{v}" for v in x]})
    rows = own(log(prompts.with_columns(prompt_id=pl.col("thread_id"))))
    cells = prompts.group_by("user_id", "text", "upscaled").agg(pl.col("x").first(), n=pl.len())
    columns = np.column_stack([cells["upscaled"].cast(pl.Float64), dummies(cells["user_id"])])
    expected = sm.WLS(cells["x"].to_numpy(), columns, weights=cells["n"].to_numpy()).fit()
    assert one(rows, estimand="within_user")["estimate"] == pytest.approx(expected.params[0])
    once = prompts.group_by("user_id", "text").agg(pl.col("x").first(), pl.col("upscaled").any())
    columns = np.column_stack([once["upscaled"].cast(pl.Float64), dummies(once["user_id"])])
    expected = sm.OLS(once["x"].to_numpy(), columns).fit()
    assert one(rows, estimand="within_user_texts")["estimate"] == pytest.approx(expected.params[0])


def test_within_threads_is_conditional_logit():
    prompts = drawn(4, effect=0.4, step=0.2)
    found = one(own(log(prompts)), estimand="within_thread")
    mixed = prompts.filter(pl.col("upscaled").any().over("thread_id") & ~pl.col("upscaled").all().over("thread_id"))
    step = np.log(mixed["step"].to_numpy())
    away = mixed.select(pl.col("x") - pl.col("x").mean().over("thread_id"))["x"].to_numpy()
    spread = np.sqrt((away**2).sum() / (mixed.height - mixed["thread_id"].n_unique()))
    columns = np.column_stack([step, step**2, mixed["x"].to_numpy() / spread])
    codes = mixed["thread_id"].rank("dense").to_numpy()
    model = ConditionalLogit(mixed["upscaled"].to_numpy().astype(float), columns, groups=codes)
    expected = model.fit(disp=0, method="bfgs", gtol=1e-7).params[2]
    assert found["estimate"] == pytest.approx(expected, abs=1e-4)
    assert (found["effect"], found["effect_name"]) == (pytest.approx(np.exp(found["estimate"])), "odds_ratio")
    assert found["n_prompts"] == mixed.height


def test_pooled_ranks_reject_where_only_users_differ_and_within_users_does_not():
    # No prompt of a user is any likelier to be upscaled for its x; users with higher x upscale more (correlation .3).
    runs, rejected, pooled, estimates = 300, dict.fromkeys(ESTIMANDS, 0), 0, []
    for seed in range(runs):
        prompts = drawn(1000 + seed, apart=0.3)
        pooled += mann_whitney(prompts["x"], prompts["upscaled"]).p_value < 0.05
        rows = own(log(prompts, QUICK))
        for estimand in ESTIMANDS:
            p = one(rows, estimand=estimand)["p_value"]
            rejected[estimand] += p is not None and p < 0.05
        estimates.append(one(rows, estimand="within_user")["estimate"])
    assert pooled > runs / 3
    # Binomial(300, .05): mean 15, sd 3.8; four sd above.
    within = [name for name in ESTIMANDS if name.startswith("within")]
    assert {name: rejected[name] for name in within if rejected[name] > 30} == {}
    assert abs(np.mean(estimates)) < 4 * np.std(estimates) / np.sqrt(runs)


def test_an_effect_within_threads_is_found_in_its_size():
    # Log odds .5 per x, and x has SD 1 within threads; the likelihood is that of the model.
    found = [
        one(own(log(drawn(seed, 400, effect=0.5, step=0.1), QUICK)), estimand="within_thread") for seed in range(30)
    ]
    estimates = np.array([row["estimate"] for row in found])
    spread = estimates.std(ddof=1) / np.sqrt(30)
    # The SD within threads is itself estimated: 1 within two hundredths.
    assert abs(estimates.mean() - 0.5) < 4 * spread + 0.01
    assert sum(row["ci_low"] <= 0.5 <= row["ci_high"] for row in found) >= 24  # Binomial(30, .95): mean 28.5, sd 1.2


def test_lengths_are_compared_as_logs_and_captions_stand_apart():
    threads = [thread(f"u{k}", [4, 2], upscaled=[True, False], caption_x=[1, 1]) for k in range(5)]
    measured = log(threads)
    columns = {"x": Column("x", "X", "words", "For tests.", log=True), "caption_x": measured.columns["caption_x"]}
    rows = own(type(measured)(measured.prompts, "iou", columns, QUICK))
    assert one(rows, feature="x", estimand="pooled", group="prompts")["estimate"] == pytest.approx(np.log(2))
    assert "natural log" in one(rows, feature="x", estimand="pooled", group="prompts")["method"]
    assert one(rows, feature="x", estimand="pooled", group="captions")["estimate"] == 0
    # Steps 1 and 2 are the labels: nothing is left of them once the place is adjusted for.
    found = one(rows, feature="x", estimand="within_user", group="prompts")
    assert (found["estimate"], found["p_value"]) == (None, None)


@pytest.mark.parametrize(
    ("threads", "why"),
    [
        ([], "cannot know"),
        ([thread("a", [1, 2])], "cannot know"),
        ([thread("a", [1, 2], upscaled=True)], "every prompt with a value was upscaled"),
        ([thread("a", [1, None], upscaled=[False, True])], "no prompt with a value was upscaled"),
        ([thread("a", [None], upscaled=True)], "no prompt has a value"),
    ],
)
def test_what_cannot_be_compared_says_why(threads, why):
    rows = own(log(threads))
    assert set(rows["estimand"]) == set(ESTIMANDS)
    assert rows["estimate"].null_count() == rows.height
    assert all(why in note for note in rows["note"])


def test_a_log_that_names_nobody_knows_what_is_within_threads():
    prompts = drawn(5).with_columns(user_id=pl.lit(None, dtype=pl.String))
    rows = own(log(prompts))
    for estimand in ("within_thread", "within_thread_diff", "pooled"):
        found = one(rows, estimand=estimand)
        assert found["estimate"] is not None
        assert (found["ci_low"], found["n_users"]) == (None, None)
        assert "names nobody" in found["note"]
    for estimand in ("within_user", "between_user", "user_weighted_delta"):
        assert one(rows, estimand=estimand)["estimate"] is None


def test_identical_prompts_do_not_differ():
    rows = own(log([thread(f"u{k}", [7] * 4, upscaled=[True, False, False, True]) for k in range(6)]))
    for estimand in ("pooled", "within_user", "within_thread_diff", "user_weighted_delta"):
        found = one(rows, estimand=estimand)
        assert (found["estimate"], found["p_value"]) == (pytest.approx(0, abs=1e-12), None)
    assert "two values" in one(rows, estimand="within_thread")["note"]


def test_who_stops_with_the_upscale_leaves_no_odds_beside_the_step():
    g = np.random.default_rng(1)
    threads = [thread(f"u{k:02}", list(g.normal(size=3)), upscaled=[False, False, True]) for k in range(40)]
    rows = own(log(threads))
    assert "no finite odds ratio" in one(rows, estimand="within_thread")["note"]
    assert one(rows, estimand="within_thread_unadjusted")["estimate"] is not None


def test_shuffled_prompts_and_hostile_texts_give_the_same():
    prompts = drawn(6).with_columns(text=pl.col("prompt_id") + "\x00<b>\u202e=cmd|' --no")
    # Users in any order, and the prompts of a thread; a user's threads keep theirs, which tells what came before.
    begins = pl.col("row").first().over("thread_id")
    mixed = prompts.with_row_index("row").sort(pl.col("user_id").hash(), begins, pl.col("step").hash()).drop("row")
    rows, again = own(log(prompts)), own(log(mixed))
    assert again["estimate"].to_list() == pytest.approx(rows["estimate"].to_list())
    assert again["p_value"].to_list() == pytest.approx(rows["p_value"].to_list())


def test_prompts_of_unknown_upscale_are_left_out_and_counted():
    prompts = drawn(7)
    more = frame([thread("u0000", [99.0], upscaled=[None])]).with_columns(thread_id=pl.lit("z")).select(prompts.columns)
    rows, without = own(log(pl.concat([prompts, more]))), own(log(prompts))
    assert rows["estimate"].to_list() == pytest.approx(without["estimate"].to_list())
    assert all("1 prompt(s) left out" in note for note in rows["note"])


def test_findings_say_what_cannot_be_known():
    told = upscaled.findings(upscaled.analyse(log([thread("a", [1], upscaled=True), thread("b", [2], upscaled=False)])))
    assert told[0].startswith("Within a person: not estimated: no user upscaled some of these prompts and not others")


def test_findings_of_rows_that_do_not_say_how():
    row = {"feature": "n_words", "estimand": "within_user", "group": "prompts", "estimate": 0.1, "n_users": 4}
    rows = results([row], analysis="upscaled", mode="corrected", rule="iou")
    assert upscaled.findings(rows)[0].startswith("Words: not known beyond these users")


def test_who_has_upscaled_prompts_and_others_is_who_an_interval_is_of():
    # c and d say how the value changes along a thread, and nothing of upscales.
    both = [thread(user, [1, 3, 2], upscaled=[False, True, False]) for user in "ab"]
    others = [thread(user, [1, 2, 4], upscaled=[False] * 3) for user in "cd"]
    row = one(upscaled.analyse(log(both + others)), mode="corrected", estimand="within_user", group="prompts")
    assert row["estimate"] is not None
    assert (row["n_users"], row["ci_low"], row["p_value"]) == (2, None, None)
    assert "2 user(s)" in row["note"]
