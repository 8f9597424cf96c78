"""Rounds of retraining: the tilt against logistic regression, the rounds against a law of two points by hand."""

import numpy as np
import polars as pl
import pytest
from tests.audits.made_log import audited, prompts, value

from unspool.audits import Settings
from unspool.audits._loop import TOLERATED, holding_share, law, resting, rounds
from unspool.audits.closed_loop import Data, audit, findings, tilt


def two_points(share):
    """A law with mass `share` at 1 and the rest at 0."""
    return law(np.array([1.0] * int(1000 * share) + [0.0] * int(1000 * (1 - share))))


# Odds of .2 are 1 : 4. Each round multiplies them by e^b; with b = ln 2 they are 1:2, 1:1 and 2:1 after 1, 2 and 3.
def test_each_round_multiplies_the_odds():
    assert rounds(two_points(0.2), np.log(2), 3) == pytest.approx([1 / 5, 1 / 3, 1 / 2, 2 / 3])
    assert rounds(two_points(0.2), -np.log(2), 1)[1] == pytest.approx(1 / 9)
    assert rounds(two_points(0.2), 0.0, 5) == pytest.approx([0.2] * 6)


# Half fresh, b = ln 2, first mass .2: m = .1 + .5 * 2m / (1 + m), so m^2 - .1 m - .1 = 0 and m = .05 + sqrt(.1025).
def test_fresh_prompts_hold_the_mass_where_algebra_says():
    assert resting(two_points(0.2), np.log(2), 0.5) == pytest.approx(0.05 + np.sqrt(0.1025), abs=1e-9)


# After 4,000 rounds the slowest of these (slope .4, a tenth fresh) is 1e-7 from its end, after 40,000 it is there.
def test_at_rest_is_where_the_slowest_rounds_end():
    first = law(np.random.default_rng(5).beta(2, 5, 500))
    assert resting(first, 0.4, 0.1) == pytest.approx(rounds(first, 0.4, 40_000, 0.1)[-1], abs=1e-10)


# The solution against rounds without end: where fresh prompts come in, where none does, and where no tilt is.
@pytest.mark.parametrize("slope", [-3.0, -0.1, 0.0, 0.4, 5.0, 60.0])
@pytest.mark.parametrize("fresh", [0.1, 0.3, 0.999, 1.0])
def test_at_rest_is_where_many_rounds_end(slope, fresh):
    first = law(np.random.default_rng(5).beta(2, 5, 500))
    assert resting(first, slope, fresh) == pytest.approx(rounds(first, slope, 4_000, fresh)[-1], abs=1e-6)


def test_without_fresh_prompts_only_the_most_styled_are_left():
    first = law(np.array([0.1, 0.2, 0.2, 0.4]))
    assert resting(first, 1.0, 0.0) == pytest.approx(0.4, abs=1e-9)
    assert resting(first, -1.0, 1e-16) == pytest.approx(0.1, abs=1e-9)
    assert resting(law(np.array([0.3])), 1.0, 0.0) == pytest.approx(0.3)


# m = .22 at rest: .22 = l .2 + (1 - l) .44 / 1.22, so l = (.44 / 1.22 - .22) / (.44 / 1.22 - .2).
def test_the_share_that_holds_is_solved_by_hand():
    top = 0.44 / 1.22
    assert TOLERATED == 0.1
    assert holding_share(two_points(0.2), np.log(2)) == pytest.approx((top - 0.22) / (top - 0.2), abs=1e-6)
    assert holding_share(two_points(0.2), -1.0) == 0.0


def test_the_tilt_is_that_of_statsmodels():
    import statsmodels.api as sm

    draw = np.random.default_rng(3)
    first = Data(draw.beta(2, 5, 400), np.ones(400), draw.integers(0, 60, 400))
    other = Data(draw.beta(3, 4, 300), draw.uniform(0.5, 2, 300), draw.integers(0, 60, 300))
    slope, error, n = tilt(first, other)
    x = np.concatenate([first.shares, other.shares])
    y = np.repeat([0.0, 1.0], [400, 300])
    w = np.concatenate([np.ones(400), other.weights / other.weights.mean()])
    groups = np.concatenate([first.users, other.users])
    reference = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial(), freq_weights=w).fit()
    assert slope == pytest.approx(reference.params[1], abs=1e-6)
    p = reference.fittedvalues
    score = np.column_stack([np.ones(700), x]) * (w * (y - p))[:, None]
    bread = np.linalg.inv(
        (np.column_stack([np.ones(700), x]) * (w * p * (1 - p))[:, None]).T @ np.column_stack([np.ones(700), x])
    )
    meat = sum(np.outer(s, s) for s in (score[groups == g].sum(axis=0) for g in np.unique(groups)))
    assert error == pytest.approx(np.sqrt(n / (n - 1) * (bread @ meat @ bread)[1, 1]), rel=1e-6)


def styled(user, thread, styles):
    """A thread whose prompts have ever more words of style."""
    ends = ("8k", "octane render", "highly detailed")
    return [(user, ", ".join(["a red fox in the old garden", *ends[:n]]), thread) for n in styles]


def test_a_log_whose_prompts_gain_style_is_projected_upwards():
    rows = [row for n in range(30) for row in styled(f"u{n}", f"t{n}", (0, 1, 2, 3) if n % 2 else (1, 2, 3))]
    log = audited(prompts(rows, upscaled=pl.Series([None] * len(rows), dtype=pl.Boolean)), settings=Settings(rounds=4))
    found = audit(log)
    masses = [value(found, group="all", estimand="mass", step=step) for step in range(5)]
    assert masses == sorted(masses) and masses[4] > 1.5 * masses[0]
    assert value(found, group="first", estimand="mass", step=4) == pytest.approx(masses[0])
    assert 0 < value(found, group="all", estimand="fresh_share") < 1
    low = found.filter(group="all", estimand="tilt")["ci_low"][0]
    assert low > 0
    assert found.filter(group="upscaled")["note"][0] == "no prompt is known to be upscaled"


# What a log's style would come to is no fact: every sentence of it is conditional, and the first names a projection.
def test_what_would_be_is_told_as_a_projection():
    rows = [row for n in range(30) for row in styled(f"u{n}", f"t{n}", (0, 1, 2, 3) if n % 2 else (1, 2, 3))]
    told, held = findings(audit(audited(prompts(rows), settings=Settings(rounds=4))))
    assert "If models were trained on such logs 4 rounds in a row, prompts would be" in told
    assert told.endswith("This is a projection under plain assumptions, and no forecast.")
    assert held.startswith("If they were trained on all prompts") and "would hold the style" in held


# One thread, one person: tilts without intervals, and nothing is clear.
def test_too_little_is_said_and_not_guessed():
    found = audit(audited(prompts([("u", "a red fox")])))
    assert found["estimate"].null_count() == found.height
    assert findings(found) == ["Not estimated: no person is known to have a thread of two prompts."]
    alone = audit(audited(prompts(styled("u", "t", (0, 1, 2)))))
    assert alone.filter(group="all", estimand="tilt")["ci_low"].to_list() == [None]


def test_what_is_not_known_is_there_with_its_reason():
    flat = audit(audited(prompts([row for n in range(30) for row in styled(f"u{n}", f"t{n}", (1, 1))])))
    assert flat.filter(group="all").select("estimand", "note").rows() == [
        (name, "all prompts have the same share of style words") for name in ("tilt", "mass", "fresh_share")
    ]
    assert "Not estimated: all prompts have the same share of style words." in findings(flat)
    assert not any("rounds" in one for one in findings(flat))
    unmeasured = audit(audited(prompts([("u", "a fox", "t")] * 2), measured=("length",)))
    for found in (flat, unmeasured, audit(audited(prompts([])))):
        assert found.select("analysis", "estimand", "group", "step").is_unique().all()
        assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
        assert set(found["group"]) == {"all", "upscaled", "reweighted", "first"}
        for kind in set(found["group"]):
            assert set(found.filter(group=kind)["estimand"]) == {"tilt", "mass", "fresh_share"}


# Style comes after the first prompt in half of the threads and goes in the other half: no tilt, and so no direction.
def test_no_direction_is_told_where_the_interval_holds_0():
    rows = [row for n in range(40) for row in styled(f"u{n}", f"t{n}", (0, 2) if n % 2 else (2, 0))]
    found = audit(audited(prompts(rows)))
    low, high = found.filter(group="all", estimand="tilt").select("ci_low", "ci_high").row(0)
    assert low < 0 < high
    assert "Whether training on all prompts would raise the share of style words is not clear." in findings(found)


# All upscaled prompts have more style than any first prompt: the slope has no end.
def test_where_style_parts_the_two_there_is_no_interval():
    rows = [row for n in range(30) for row in styled(f"u{n}", f"t{n}", (n % 2, 3))]
    up = pl.Series([place % 2 == 1 for place in range(len(rows))])
    found = audit(audited(prompts(rows, upscaled=up))).filter(group="upscaled", estimand="tilt")
    assert found["estimate"][0] > 0 and found["ci_low"][0] is None
    assert "foretells" in found["note"][0]
    assert found["n_prompts"][0] == 30 and found["n_users"][0] == 30
