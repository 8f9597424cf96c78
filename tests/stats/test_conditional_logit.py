"""The exact conditional likelihood against all subsets, statsmodels and full refits."""

from itertools import combinations
from math import log

import numpy as np
import pytest
from scipy.optimize import linprog
from statsmodels.discrete.conditional_models import ConditionalLogit

from unspool.stats import conditional_logit as module
from unspool.stats.conditional_logit import conditional_logit, mixed, runs
from unspool.stats.jackknife import jackknife
from unspool.stats.within import ols_estimator, unpacked, within


def some(n_strata, longest, seed=0, slope=0.6):
    g = np.random.default_rng(seed)
    strata = np.repeat(np.arange(n_strata), g.integers(1, longest, n_strata))
    x = g.normal(size=(2, len(strata)))
    chosen = g.random(len(strata)) < 1 / (1 + np.exp(-(g.normal(size=n_strata)[strata] + slope * x[1] - 0.3 * x[0])))
    return x, chosen, strata


def fit(x, chosen, strata, units=None):
    units = strata if units is None else units
    return conditional_logit(list(x), chosen, strata, units, int(units.max()) + 1)


def test_by_hand():
    # Pairs that differ by 1: the higher one chosen in 3 of 4. Odds 3, log odds ln 3, information 4 * 3/4 * 1/4.
    x = np.array([[0.0, 1, 0, 1, 0, 1, 0, 1]])
    chosen = np.array([False, True, False, True, False, True, True, False])
    found = fit(x, chosen, np.repeat(np.arange(4), 2))
    assert found.coefficients == pytest.approx([log(3)])
    information = found.sums[:, 0].sum()
    assert information == pytest.approx(0.75)
    assert found.sums[:, 1].sum() == pytest.approx(information * log(3))


def test_the_likelihood_is_that_of_all_subsets():
    x, chosen, strata = some(30, 9)
    beta = np.array([0.4, -0.7])
    cases = list(module._cases(list(x), chosen, strata, strata))
    value = 0.0
    for stratum in range(30):
        rows = np.flatnonzero(strata == stratum)
        every = [np.exp(beta @ x[:, list(s)].sum(axis=1)) for s in combinations(rows, int(chosen[rows].sum()))]
        value += beta @ x[:, rows[chosen[rows]]].sum(axis=1) - np.log(sum(every))
    assert module._at(cases, beta)[0] == pytest.approx(value)


def test_score_and_information_are_derivatives():
    x, chosen, strata = some(40, 8, seed=1)
    cases = list(module._cases(list(x), chosen, strata, strata))
    beta, h = np.array([0.2, 0.5]), 1e-5
    _, score, information = module._at(cases, beta)
    for place in range(2):
        up, down = (module._at(cases, beta + sign * h * np.eye(2)[place]) for sign in (1, -1))
        assert (up[0] - down[0]) / (2 * h) == pytest.approx(score[place], rel=1e-6)
        assert -(up[1] - down[1]) / (2 * h) == pytest.approx(information[place], rel=1e-6)


def test_statsmodels_finds_the_same():
    x, chosen, strata = some(150, 8, seed=2)
    order = np.random.default_rng(5).permutation(len(strata))
    found = fit(x[:, order], chosen[order], strata[order])
    used = mixed(chosen, strata)
    expected = ConditionalLogit(chosen[used].astype(float), x.T[used], groups=strata[used])
    expected = expected.fit(disp=0, method="bfgs", gtol=1e-7)
    assert found.coefficients == pytest.approx(expected.params, abs=1e-4)
    information, _ = unpacked(found.sums.sum(axis=0), 2)
    assert np.sqrt(np.diag(np.linalg.inv(information))) == pytest.approx(expected.bse, rel=1e-3)


def test_one_newton_step_stands_for_a_refit_without_each_user():
    x, chosen, strata = some(240, 6, seed=3)
    units = strata // 4
    found = fit(x, chosen, strata, units)
    again = ols_estimator(2)
    errors = [one.standard_error for one in jackknife(found.sums, again)]
    assert again(found.sums.sum(axis=0)) == pytest.approx(found.coefficients)
    refits = [fit(x[:, k], chosen[k], strata[k]).coefficients for k in (units != u for u in range(60))]
    expected = np.sqrt(59 / 60 * ((np.array(refits) - found.coefficients) ** 2).sum(axis=0))
    assert errors == pytest.approx(expected.tolist(), rel=0.02)


def test_long_strata_are_cut_and_say_the_same():
    assert runs(np.repeat([0, 1], [3, 70])).tolist() == [0] * 3 + [1] * 24 + [2] * 23 + [3] * 23
    g = np.random.default_rng(4)
    strata = np.repeat(np.arange(60), 100)
    x = g.normal(size=(1, 6000))
    chosen = g.random(6000) < 1 / (1 + np.exp(-(0.5 * x[0] + g.normal(size=60)[strata] - 1)))
    found = fit(x, chosen, strata)
    error = found.sums[:, 0].sum() ** -0.5
    assert abs(found.coefficients[0] - 0.5) < 4 * error


@pytest.mark.parametrize(
    ("x", "chosen", "why"),
    [
        ([0, 1, 2, 3], [True, True, False, False], "no stratum has both"),
        ([0, 1, 2, 5], [False, True, False, True], "stand apart"),
    ],
)
def test_what_cannot_be_estimated_says_why(x, chosen, why):
    found = fit(np.array([x], dtype=float), np.array(chosen), np.array([0, 0, 1, 1]))
    assert found.coefficients is None
    assert why in found.note


def separated(x, chosen, strata):
    """Whether some sum of columns is nowhere lower in a chosen member than in another of its stratum (Albert &
    Anderson 1984, Biometrika 71): the largest total lead that a sum of columns without a negative lead can have.
    """
    pairs = [(i, j) for i in np.flatnonzero(chosen) for j in np.flatnonzero(~chosen) if strata[i] == strata[j]]
    leads = np.array([x[:, i] - x[:, j] for i, j in pairs])
    best = linprog(-leads.sum(axis=0), A_ub=-leads, b_ub=np.zeros(len(leads)), bounds=(-1, 1))
    return -best.fun > 1e-9


# A place in the stratum, its square and a value, as `within_thread` has them, in eight strata of two or three.
def test_there_is_no_estimate_just_where_a_linear_program_finds_that_the_chosen_stand_apart():
    finite = 0
    for seed in range(400):
        g = np.random.default_rng(seed)
        sizes = g.integers(2, 4, 8)
        strata, place = np.repeat(np.arange(8), sizes), np.concatenate([np.arange(n) for n in sizes]).astype(float)
        x = np.stack([place, place**2, g.normal(size=len(place))])
        chosen = g.random(len(place)) < 1 / (1 + np.exp(1 - 1.5 * place))
        there = mixed(chosen, strata)
        if np.linalg.matrix_rank(np.array([within(column, strata) for column in x])[:, there]) < 3:
            continue
        found = fit(x, chosen, strata)
        assert (found.coefficients is None) == separated(x[:, there], chosen[there], strata[there]), seed
        if found.coefficients is not None:
            finite += 1
            assert ols_estimator(3)(found.sums.sum(axis=0)) == pytest.approx(found.coefficients, rel=1e-4)
    assert finite > 40


@pytest.mark.filterwarnings("error")
def test_a_step_beyond_all_numbers_is_halved_in_silence():
    # The chosen one is the lowest of its stratum, by far: the first step is so large that exp(x beta) overflows.
    x = np.array([[2.0, 2, 0, 1, 1000]])
    found = fit(x, np.array([False, False, True, False, False]), np.array([0, 0, 1, 1, 1]))
    assert found.coefficients is None
    assert "stand apart" in found.note


def test_a_column_without_differences_is_left_out():
    x, chosen, strata = some(60, 6, seed=6)
    found = fit(np.stack([x[0], np.ones(len(strata))]), chosen, strata)
    assert np.isnan(found.coefficients).tolist() == [False, True]


def test_nothing_at_all():
    nothing = np.zeros(0, dtype=np.int64)
    assert conditional_logit([np.zeros(0)], nothing.astype(bool), nothing, nothing, 0).coefficients is None
