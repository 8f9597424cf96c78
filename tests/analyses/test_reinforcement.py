"""Reinforcement: by hand, against statsmodels, and against simulated users who keep more after an upscale or do not."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalLogit
from tests.analyses.measured import frame, log, one, thread

from unspool import tables
from unspool.analyses import Measured, Settings, reinforcement
from unspool.analyses import _reinforcement_rows as inner
from unspool.analyses._sequel import sequel
from unspool.analyses._steps import steps
from unspool.stats.within import ols_estimator

PHRASES = ("golden hour", "octane render", "oil painting", "bokeh", "watercolor", "low poly", "wide angle", "8k")
THINGS = ("fox", "castle", "river", "robot", "tree", "dragon", "ship", "wizard")


def told(user, *prompts):
    """A thread of (text, upscaled)."""
    return thread(user, [0] * len(prompts), text=[text for text, _ in prompts], upscaled=[up for _, up in prompts])


def test_uses_by_hand():
    prompts = frame(
        [
            told("a", ("a fox, golden hour", True), ("a fox, golden hour, 8k", False), ("a fox, 8k", None)),
            told("a", ("a robot, 8k", False), ("robot", True)),
            told("b", ("a ship, 8k", True)),
        ]
    )
    found = steps(Measured(prompts.lazy(), "iou", {}))
    style = inner.uses(found, sequel(found))["style"]
    # Golden hour is kept after the first prompt and not after the second, which is followed by 8k kept. The third has no
    # label; the last prompts of a's second thread and of b have no next prompt. 8k is dropped within the second thread.
    # Only the first thread's 8k was added: the others are there from the first prompt on.
    parts = (style.place, style.kept, style.upscaled, style.new, style.added)
    assert sorted(zip(*(part.tolist() for part in parts), strict=True)) == [
        (0, True, True, False, False),
        (1, False, False, False, False),
        (1, True, False, False, True),
        (3, False, False, False, False),
    ]


def test_the_last_prompt_looks_at_the_next_thread():
    prompts = frame([told("a", ("fox, 8k", True)), told("a", ("robot, 8k", False)), told("a", ("ship", False))])
    found = steps(Measured(prompts.lazy(), "iou", {}))
    style = inner.uses(found, sequel(found))["style"]
    assert (style.kept.tolist(), style.upscaled.tolist(), style.new.tolist()) == (
        [True, False],
        [True, False],
        [True] * 2,
    )


def simulated(seed, beta=0.0, *, users=60, threads=5, satisfied=0.0, rising=0.0):
    """Users who keep each phrase of a prompt with a log odds of `beta` more after an upscale.

    How much is kept differs between users and goes with how often they upscale. `satisfied`: log odds of ending a thread
    after an upscale; `rising`: of upscaling, per step. Things last within threads, whatever was upscaled.
    """
    rng, k = np.random.default_rng(seed), len(PHRASES)
    care = rng.normal(size=users)
    taste, rate = rng.normal(-0.5, 1, size=(users, k)), -0.8 + rng.normal(size=users) + 0.6 * care
    chance = lambda logit: rng.random(np.shape(logit)) < 1 / (1 + np.exp(-np.asarray(logit)))  # noqa: E731
    style, up, rows = chance(taste), np.zeros(users, dtype=bool), []

    def moved(base):
        return np.where(style, chance(base + care[:, None] + beta * up[:, None] + 0 * taste), chance(taste - 1))

    for t in range(threads):
        style = moved(0.2) if t else style
        things, alive = rng.random((users, k)) < 0.3, np.ones(users, dtype=bool)
        for step in range(5):
            if step:
                style = np.where(alive[:, None], moved(1.0), style)
                things &= chance(np.full((users, k), 1.5))
            up = np.where(alive, chance(rate + rising * step), up)
            stops = chance(-0.5 + satisfied * up) | (step == 4)
            for u in np.flatnonzero(alive):
                listed = [f"w{t}k{u} q{t}z{u}", *np.array(THINGS)[things[u]]]
                text = ", ".join([" ".join(listed), *np.array(PHRASES)[style[u]]])
                rows.append((f"u{u:03}", f"{u}-{t}", step + 1, bool(up[u]), text))
            alive &= ~stops
    schema = ("user_id", "thread_id", "step", "upscaled", "text")
    log_frame = pl.DataFrame(rows, schema=schema, orient="row").sort("user_id", "thread_id", "step")
    left = pl.col("step").max().over("thread_id") - pl.col("step")
    known = log_frame.with_columns(steps_left=left, prompt_id=pl.int_range(pl.len()).cast(pl.String))
    return Measured(tables.conform(known, tables.PROMPTS).lazy(), "iou", {}, Settings())


@pytest.mark.parametrize(("estimand", "by_term"), [("log_odds_term", True), ("log_odds", False)])
def test_the_same_as_statsmodels(estimand, by_term):
    measured = simulated(3, 0.5, users=60 if by_term else 25, threads=5 if by_term else 2)
    found = steps(measured)
    make, said = inner.Rows(found, ()), inner.uses(found, sequel(found))["style"]
    strata = make.of_terms(said) if by_term else make.strata(said)
    used = inner.mixed(said.kept, strata) & inner.mixed(said.upscaled, strata)
    x = np.column_stack(make.columns(said))[used]
    # The strata of this log are shorter than those that are cut.
    assert np.bincount(strata[used]).max() <= 32
    model = ConditionalLogit(said.kept[used].astype(float), x, groups=strata[used])
    row = one(reinforcement.analyse(measured), feature="style", estimand=estimand)
    assert row["estimate"] == pytest.approx(model.fit(disp=False).params[1], abs=1e-4)
    # Its search ends early; at our coefficients its score is 0.
    sums = make.fit(said, strata).sums
    assert model.score(ols_estimator(2)(sums.sum(axis=0))) == pytest.approx(0, abs=1e-6)
    assert row["effect"] == pytest.approx(np.exp(row["estimate"]))


def test_the_difference_of_shares_is_that_of_least_squares():
    measured = simulated(3, 0.5)
    found = steps(measured)
    make, said = inner.Rows(found, ()), inner.uses(found, sequel(found))["style"]
    strata = make.strata(said)
    used = inner.mixed(said.upscaled, strata)
    dummies = pl.Series(strata[used].astype(str)).to_dummies().to_numpy()
    design = np.column_stack([*np.column_stack(make.columns(said))[used].T, dummies])
    fit = sm.OLS(said.kept[used].astype(float), design).fit()
    row = one(reinforcement.analyse(measured), feature="style", estimand="kept_more")
    assert row["estimate"] == pytest.approx(fit.params[1])


def test_terms_that_a_thread_began_with_are_set_apart():
    # Each user says 8k throughout. Of two phrases that are added, the one is kept after an upscale, the other is not
    # kept after none; every third user is the other way round.
    threads = []
    for n in range(30):
        up, other = ("bokeh", "watercolor") if n % 3 else ("watercolor", "bokeh")
        first = told(f"u{n:02}", ("a fox, 8k", False), (f"a fox, 8k, {up}", True), ("a fox, 8k, bokeh", False))
        second = told(f"u{n:02}", ("a ship, 8k", False), (f"a ship, 8k, {other}", False), ("a ship, 8k, bokeh", False))
        threads += [first, second]
    found = one(reinforcement.analyse(log(threads)), feature="style", estimand="log_odds_added")
    whole = one(reinforcement.analyse(log(threads)), feature="style", estimand="log_odds")
    # Where 8k stands from the start it is always kept, which says nothing: in pairs 20 users speak for upscales, 10
    # against, with a step that is the same, so that the odds ratio is 2.
    assert found["effect"] == pytest.approx(2)
    assert whole["effect"] == pytest.approx(2)


def test_what_the_steps_explain_has_no_odds_ratio():
    # The upscaled prompts are the first, always kept; the others are the second, always dropped.
    threads = [told(f"u{n}", ("a fox, 8k", True), ("a fox, 8k", False), ("a fox", False)) for n in range(5)]
    found = one(reinforcement.analyse(log(threads)), feature="style", estimand="log_odds_kept")
    assert found["estimate"] is None
    assert "no finite odds ratio" in found["note"]


RUNS = 16


def many(beta, **more):
    """Estimates and p-values by (feature, estimand) over seeds."""
    found = {}
    for seed in range(RUNS):
        for row in reinforcement.analyse(simulated(seed, beta, users=40, **more)).iter_rows(named=True):
            listed = [row[name] for name in ("estimate", "p_value")]
            found.setdefault((row["feature"], row["estimand"]), []).append(listed)
    return {key: np.array(values, dtype=float).T for key, values in found.items()}


def test_satisfied_users_who_stop_do_not_look_like_learners():
    found = many(0.0, satisfied=1.0, rising=0.4)
    for estimand in ("log_odds", "log_odds_kept", "log_odds_carried", "kept_more"):
        estimate, p = found["style", estimand]
        assert abs(np.nanmean(estimate)) < 4 * np.nanstd(estimate) / np.sqrt(RUNS)
        # Binomial(16, .05): mean 0.8, sd 0.87; four sd above is 4.3.
        assert (p < 0.05).sum() <= 4


def test_what_an_upscale_adds_is_found():
    found = many(0.8)
    estimate, p = found["style", "log_odds"]
    assert abs(estimate.mean() - 0.8) < 4 * estimate.std() / np.sqrt(RUNS)
    assert (p < 0.05).sum() >= 13
    assert (found["content", "log_odds"][1] < 0.05).sum() <= 4
    assert found["style_minus_content", "log_odds_kept"][0].mean() > 0.4


def test_without_labels_users_or_texts_there_is_a_reason():
    prompts = frame([told("a", ("fox, 8k", None), ("fox", None))])
    for change, reason in (
        ({}, "the log does not tell which prompts were upscaled"),
        ({"upscaled": pl.lit(True), "text": pl.lit(None, pl.String)}, "the log has no texts"),
        ({"user_id": pl.lit(None, pl.String)}, "the log names nobody: no interval over users"),
    ):
        rows = reinforcement.analyse(log(prompts.with_columns(**change)))
        assert rows["note"].to_list() == [reason] * 2
        assert rows["estimate"].to_list() == [None] * 2
        assert reinforcement.findings(rows) == [f"Not estimated: {reason}."]
    assert "no prompt is in a thread" in reinforcement.analyse(log([]))["note"][0]


@pytest.mark.parametrize(
    "threads",
    [
        [told("a", ("fox, 8k", True))],
        [told("a", ("fox, 8k", True), ("fox, 8k", True))] * 3,
        [told("a", ("", True), ("!?", False), ("<script>, =cmd", True))],
    ],
)
def test_small_logs_have_reasons(threads):
    rows = reinforcement.analyse(log(threads))
    assert rows["estimate"].null_count() == rows.height
    assert rows["note"].null_count() == 0
    assert rows.select(tables.RESULTS.key).is_unique().all()


def test_findings():
    said = reinforcement.findings(reinforcement.analyse(simulated(1, 1.0, users=120)))
    assert said[0].startswith("Style terms in the next prompt: kept more after an upscale (odds ratio ")
    assert "Nobody drew lots" in said[-1]
    assert len(said) <= 6
