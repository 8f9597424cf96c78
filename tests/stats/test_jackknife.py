"""The jackknife over users: by hand, against the closed form for means and ratios, and its coverage."""

import numpy as np
import pytest
from scipy import stats
from scipy.special import stdtrit

from unspool.stats.jackknife import ALIKE, Estimate, cut, jackknife, means_carried, no_surer, of_enough, student


def mean(sums):
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 1:] / sums[..., :1]


# Users with means 1, 2, 6 and one value each: mean 3, without each of them 4, 3.5, 1.5.
# Variance 2/3 * (1 + .25 + 2.25) = 7/3, which is the variance of the mean, 7/3. t of 2 degrees of freedom at .975: 4.3027.
def test_a_mean_by_hand():
    (found,) = jackknife(np.array([[1.0, 1], [1, 2], [1, 6]]), mean)
    assert found.estimate == pytest.approx(3)
    assert found.standard_error == pytest.approx(np.sqrt(7 / 3))
    assert (found.low, found.high) == pytest.approx((3 - 4.302653 * np.sqrt(7 / 3), 3 + 4.302653 * np.sqrt(7 / 3)))
    assert found.p_value == pytest.approx(stats.ttest_1samp([1, 2, 6], 0).pvalue)
    assert found.n_units == 3 and found.note is None


def test_a_mean_is_the_t_test_of_one_sample():
    values = np.random.default_rng(1).normal(0.3, 1, 40)
    (found,) = jackknife(np.column_stack([np.ones(40), values]), mean, level=0.9, null=0.2)
    test = stats.ttest_1samp(values, 0.2)
    assert found.p_value == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval(0.9)))


def test_units_without_sums_do_not_count():
    sums = np.array([[1.0, 1], [1, 2], [1, 6]])
    assert jackknife(np.vstack([sums, np.zeros((5, 2))]), mean) == jackknife(sums, mean)


def test_several_estimates_come_in_their_order():
    sums = np.column_stack([np.ones(9), np.arange(9.0), -np.arange(9.0)])
    first, second = jackknife(sums, mean)
    assert first.estimate == -second.estimate == 4
    assert first.low == -second.high


@pytest.mark.parametrize("n", [1, 2])
def test_few_users_have_an_estimate_and_no_interval(n):
    (found,) = jackknife(np.ones((n, 2)), mean)
    assert (found.estimate, found.low, found.p_value) == (1, None, None)
    assert "at least 3" in found.note


def test_an_interval_needs_users_who_have_what_it_is_about():
    (found,) = jackknife(np.array([[1.0, 2], [2, 3], [4, 3]]), mean)
    assert of_enough(found, 3) == found
    two = of_enough(found, 2)
    assert (two.estimate, two.standard_error, two.low, two.high, two.p_value) == (found.estimate, *[None] * 4)
    assert two.note == "2 user(s): an interval over users needs at least 3"


def test_nobody_has_neither():
    (found,) = jackknife(np.zeros((4, 2)), mean)
    assert (found.estimate, found.low, found.n_units) == (None, None, 0)
    assert found.note == "undefined on these users: nothing to divide by"


# Only the first user has a denominator: without that user there is no ratio.
def test_an_estimate_that_hangs_on_one_user_has_no_interval():
    (found,) = jackknife(np.array([[2.0, 3], [0, 1], [0, 1]]), mean)
    assert found.estimate == 2.5
    assert found.low is None and "1 single user(s)" in found.note


@pytest.mark.parametrize("null", [0, 1])
@pytest.mark.parametrize("noise", [0, 1e-16])
def test_users_who_do_not_differ_leave_no_error_to_test_by(null, noise):
    sums = np.ones((5, 2))
    sums[:, 1] += noise * np.arange(5)
    (found,) = jackknife(sums, mean, null=null)
    assert found.estimate == pytest.approx(1)
    assert (found.low, found.high, found.p_value) == (None, None, None)
    assert found.note == "no interval: it is the same without any of the users, who leave nothing to tell an error by"
    assert student(1, 0, 4, 0.95) == (1, 1, 0)


# .1 + .2 - .3 is 5.6e-17, which is on no side of 0.
def test_a_difference_that_is_0_but_for_rounding_is_0():
    (found,) = jackknife(np.tile([0.1, 0.2, 0.3], (6, 1)), lambda s: s[..., :1] + s[..., 1:2] - s[..., 2:])
    assert (found.estimate, found.standard_error) == (0, 0)


# Shares .5, .25, .25 are worth 1 / (.25 + 2 * .0625) = 2.67 equal ones, .4, .2, .2, .2 are worth 1 / .28.
def test_few_users_who_bring_nearly_all_are_counted_as_few():
    sums = np.column_stack([np.ones(40), np.arange(40.0)])
    few, enough, all_ = (np.zeros(40) for _ in range(3))
    few[:3], enough[:4], all_[:] = (0.5, 0.25, 0.25), (0.4, 0.2, 0.2, 0.2), 1
    (found,) = jackknife(sums, mean, carried=few)
    assert found.low is None and found.note.endswith("they are worth 2.7 users")
    (found,) = jackknife(sums, mean, carried=enough)
    reach = found.high - found.estimate
    assert reach == pytest.approx(found.standard_error * float(stdtrit(1 / 0.28 - 1, 0.975)))
    assert jackknife(sums, mean, carried=all_) == jackknife(sums, mean)


# A mean over 8 of 4 units, one over 2 of 2 units: 2 / 64 of each of the four, 1 / 4 more of each of the two. The second
# decides, and they are worth ((4 / 32 + 1 / 2)^2) / (2 / 32^2 + 2 (1 / 32 + 1 / 4)^2) = 2.4 units.
def test_a_difference_of_means_rests_on_the_smaller_side():
    many, few = np.array([2.0, 2, 2, 2]), np.array([0.0, 0, 1, 1])
    rests = means_carried(many, few)
    assert rests.tolist() == [1 / 32, 1 / 32, 1 / 32 + 1 / 4, 1 / 32 + 1 / 4]
    assert means_carried(many).tolist() == means_carried(many, np.zeros(4)).tolist() == [1 / 32] * 4
    assert means_carried(np.zeros(4)).tolist() == [0] * 4
    sums = np.column_stack([many, [2.0, 0, 1, 2], few, [0.0, 0, 0, 0]])
    (found,) = jackknife(sums, lambda s: s[..., 1:2] / s[..., :1] - s[..., 3:] / s[..., 2:3], carried=rests)
    assert (found.estimate, found.low) == (5 / 8, None)
    assert found.note.endswith("they are worth 2.4 users")


def test_a_difference_has_no_interval_where_one_side_has_none():
    sure, unsure = Estimate(0.5, 0.1, 0.3, 0.7, 0.01, 9), Estimate(0.0, 0.0, n_units=5, note=ALIKE)
    assert no_surer(sure, sure, sure) == sure
    assert no_surer(sure, sure, Estimate(0.0, 0.0, n_units=6, note=ALIKE)) == sure
    found = no_surer(sure, sure, unsure)
    assert (found.estimate, found.low, found.p_value, found.n_units) == (0.5, None, None, 9)
    assert found.note == f"of one side: {ALIKE}"
    assert no_surer(Estimate(None, note="nothing"), unsure).note == "nothing"


def test_large_sums_are_left_out_in_parts(monkeypatch):
    sums = np.random.default_rng(2).random((50, 2)) + 1
    whole = jackknife(sums, mean)
    monkeypatch.setattr("unspool.stats.jackknife.CELLS_AT_ONCE", 6)
    assert jackknife(sums, mean) == whole


# 30 users whose numbers of values are very unequal (negative binomial, as of prompts). 600 logs, nominal 95%: the exact
# 99.9% binomial band for 600 draws at .95 is 550 to 586.
def test_intervals_of_a_ratio_cover():
    generator = np.random.default_rng(3)
    covered = 0
    for _ in range(600):
        n = generator.negative_binomial(0.8, 0.8 / 5.4, 30) + 1
        level = generator.normal(0, 1, 30)
        total = level * n + generator.normal(0, np.sqrt(n))
        (found,) = jackknife(np.column_stack([n, total]), mean)
        covered += found.low <= 0 <= found.high
    assert 550 <= covered <= 586


def test_intervals_are_cut_to_what_is_possible():
    found = cut(Estimate(0.9, 0.1, 0.7, 1.1, 0.01, 9))
    assert (found.estimate, found.low, found.high) == (0.9, 0.7, 1.0)
    assert cut(Estimate(1.2, 0.5, 0.2, 2.2), 1.0, np.inf).low == 1.0
    assert cut(Estimate(0.5, note="no interval")) == Estimate(0.5, note="no interval")


def test_each_estimate_has_the_degrees_of_freedom_of_its_own_users():
    # The first mean is of ten users with one value each, the second of three of them, the third nearly of one.
    ones, few, one = np.ones(10), np.r_[np.ones(3), np.zeros(7)], np.r_[50.0, np.ones(9)]
    values = np.random.default_rng(2).normal(size=10)
    sums = np.stack([values, values * few, values * one, ones, few, one], axis=1)
    first, second, third = jackknife(sums, lambda s: s[..., :3] / s[..., 3:], carried=sums[:, 3:])
    assert first.high - first.estimate == pytest.approx(student(0, first.standard_error, 9, 0.95)[1])
    assert second.high - second.estimate == pytest.approx(student(0, second.standard_error, 2, 0.95)[1])
    # 59^2 / (2500 + 9)
    assert third.low is None and "worth 1.4 users" in third.note
