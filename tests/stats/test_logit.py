"""The logit against statsmodels, separation, and one step against a refit without a unit."""

import numpy as np
import pytest
import statsmodels.api as sm

from unspool.stats.jackknife import jackknife
from unspool.stats.logit import SEPARATED, logit, newton_step, one_step, unit_sums


def made(seed=1, n=600, users=30):
    generator = np.random.default_rng(seed)
    z = np.column_stack([np.ones(n), generator.normal(size=(n, 2)), generator.random(n) < 0.3]).astype(float)
    y = (generator.random(n) < 1 / (1 + np.exp(-(z @ [-0.5, 0.8, 0, -0.4])))).astype(float)
    return z, y, np.sort(generator.integers(users, size=n))


def test_by_hand():
    # 3 of 4 with the column at 0, 1 of 4 at 1: log odds ln 3 and ln(1/3), so that the column's is -2 ln 3.
    z = np.column_stack([np.ones(8), np.repeat([0.0, 1], 4)])
    fit = logit(z, np.array([1.0, 1, 1, 0, 1, 0, 0, 0]))
    assert fit.coefficients == pytest.approx([np.log(3), -2 * np.log(3)], abs=1e-6)
    assert fit.probabilities(z)[[0, 4]] == pytest.approx([0.75, 0.25])
    assert fit.note is None


def test_statsmodels_says_the_same():
    z, y, _ = made()
    generator = np.random.default_rng(2)
    weights, offset = generator.integers(1, 4, size=len(y)).astype(float), generator.normal(size=len(y))
    theirs = sm.GLM(y, z, family=sm.families.Binomial(), freq_weights=weights, offset=offset).fit(tol=1e-12)
    assert logit(z, y, weights=weights, offset=offset).coefficients == pytest.approx(theirs.params, abs=1e-7)
    assert logit(z, y).coefficients == pytest.approx(sm.Logit(y, z).fit(disp=0).params, abs=1e-6)


def test_a_large_log_starts_from_a_part_and_ends_at_the_same():
    z, y, _ = made(n=600_000)
    theirs = sm.GLM(y, z, family=sm.families.Binomial()).fit(tol=1e-12)
    assert logit(z, y).coefficients == pytest.approx(theirs.params, abs=1e-7)


def test_columns_that_others_explain_are_left_out():
    z, y, _ = made()
    more = np.column_stack([z, z[:, 1] - 2 * z[:, 2], np.full(len(y), 7.0), np.zeros(len(y))])
    fit = logit(more, y)
    assert fit.kept.tolist() == [True] * 4 + [False] * 3
    assert fit.coefficients == pytest.approx([*logit(z, y).coefficients, 0, 0, 0])
    assert (fit.place(3), fit.place(4)) == (3, None)


def test_separation_is_said_and_held_back():
    z = np.column_stack([np.ones(40), np.repeat([0.0, 1], 20)])
    fit = logit(z, np.repeat([0.0, 1], 20))
    assert fit.note == SEPARATED
    assert np.isfinite(fit.coefficients).all()
    assert 0 < fit.coefficients[1] < 20
    # At the maximum with the penalty b^2 / 2 times 1 * variance .25: the score of the column is .25 b.
    score = z.T @ (np.repeat([0.0, 1], 20) - fit.probabilities(z))
    assert score == pytest.approx([0, 0.25 * fit.coefficients[1]], abs=1e-6)


def test_one_outcome_is_refused():
    with pytest.raises(ValueError, match="both outcomes"):
        logit(np.ones((5, 1)), np.zeros(5))


def test_one_step_is_close_to_a_refit_and_its_error_to_that_of_refits():
    z, y, users = made()
    fit = logit(z, y)
    sums = unit_sums(z, y, fit, users, 30)
    assert newton_step(sums.sum(axis=0), fit) == pytest.approx(np.zeros(4), abs=1e-6)
    refits = np.array([logit(z[users != u], y[users != u]).coefficients for u in range(30)])
    stepped = fit.coefficients + newton_step(sums.sum(axis=0) - sums, fit)
    # What one step misses is of second order in how far the coefficients move.
    assert np.abs(stepped - refits).max() < np.abs(refits - fit.coefficients).max() ** 2
    error = np.sqrt(29 / 30 * ((refits[:, 1] - fit.coefficients[1]) ** 2).sum())
    assert jackknife(sums, one_step(fit, 1))[0].standard_error == pytest.approx(error, rel=0.02)


def test_a_column_of_one_user_alone_has_no_interval():
    z, y, users = made()
    z[:, 3] = (users == 5) * np.arange(len(y)) % 2
    fit = logit(z, y)
    sums = unit_sums(z, y, fit, users, 30)
    alone, other = jackknife(sums, one_step(fit, 3))[0], jackknife(sums, one_step(fit, 1))[0]
    assert alone.estimate == pytest.approx(fit.coefficients[3])
    assert alone.low is None
    assert other.low is not None


def test_a_far_outlier_does_not_make_it_swing():
    # The plain steps of Newton leap to and fro here: a column whose largest value is 30 standard deviations off.
    generator = np.random.default_rng(3)
    x = generator.standard_t(1.2, size=500)
    z = np.column_stack([np.ones(500), x / x.std()])
    y = (generator.random(500) < 1 / (1 + np.exp(2 - 3 * np.clip(x, -1, 1)))).astype(float)
    fit = logit(z, y)
    assert np.abs(z).max() > 10
    assert z.T @ (y - fit.probabilities(z)) == pytest.approx([0, 0], abs=1e-5)
