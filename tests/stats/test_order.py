"""Kendall's tau against counting, scipy and all orders."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.stats import order


def s(values):
    return sum(np.sign(later - earlier) for earlier, later in combinations(values, 2))


@given(st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), max_size=6))
def test_tau_and_its_variance_are_those_of_all_orders(series):
    values = np.array([value for one in series for value in one], dtype=float)
    found = order.kendall(values, np.repeat(np.arange(len(series)), [len(one) for one in series]))
    several = [number for number, one in enumerate(series) if len(one) > 1]
    assert found.series.tolist() == several
    for number, tau, variance in zip(several, found.tau, found.variance, strict=True):
        one = series[number]
        pairs = len(one) * (len(one) - 1) / 2
        taus = [s(other) / pairs for other in permutations(one)]
        assert tau == pytest.approx(s(one) / pairs)
        assert variance == pytest.approx(np.mean(np.square(taus)))


def test_by_hand():
    # 1 3 2: two rise, one falls: 1/3. Without ties the variance of S is 3 * 2 * 11 / 18 = 11/3, of tau 11/27.
    found = order.kendall(np.array([1.0, 3, 2]), np.zeros(3, dtype=np.int64))
    assert (found.tau[0], found.variance[0], found.n_cut) == (pytest.approx(1 / 3), pytest.approx(11 / 27), 0)


def test_long_series_are_looked_at_in_part():
    found = order.kendall(np.arange(1000.0), np.zeros(1000, dtype=np.int64))
    assert (found.tau.tolist(), found.n_cut) == ([1.0], 1)


def test_pairs_and_their_signs():
    of = order.pairs(np.array([0, 0, 0, 1, 2, 2]))
    assert list(zip(of.earlier.tolist(), of.later.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 2), (4, 5)]
    # Series 0 has one known pair (rises), series 2 one that falls.
    assert order.signs(np.array([1, np.nan, 2, 5, 4, 3]), of).tolist() == [0, 1, 0, -1]
    assert len(order.pairs(np.zeros(0, dtype=np.int64)).earlier) == 0


def test_the_largest_over_orders_has_the_size_that_it_says():
    # 300 series of 4, two features that are the same and one of its own: |z| of one feature is above 1.96 in 5% of
    # orders; of two independent ones in 1 - .95^2 = 9.75%. Binomial sd of 4,000 orders .0047.
    generator = np.random.default_rng(4)
    groups = np.repeat(np.arange(300), 4)
    of = order.pairs(groups)
    features = generator.normal(size=(2, 1200))
    weights = [order.signs(x, of) / np.sqrt(order.kendall(x, groups).variance.sum()) for x in features]
    same = order.largest(np.stack([weights[0], weights[0]]), of, 1200, 4000, 1)
    two = order.largest(np.stack(weights), of, 1200, 4000, 1)
    assert np.mean(same > 1.96) == pytest.approx(0.05, abs=0.015)
    assert np.mean(two > 1.96) == pytest.approx(0.0975, abs=0.019)
