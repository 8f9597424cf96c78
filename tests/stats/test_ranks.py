"""Ranks against scipy and against counting all pairs."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unspool.stats import ranks


def by_pairs(values, group):
    """U and Cliff's delta by looking at every pair."""
    ours = [value for value, chosen in zip(values, group, strict=True) if chosen]
    theirs = [value for value, chosen in zip(values, group, strict=True) if not chosen]
    greater = sum(x > y for x in ours for y in theirs)
    less = sum(x < y for x in ours for y in theirs)
    pairs = len(ours) * len(theirs)
    return greater + (pairs - greater - less) / 2, (greater - less) / pairs


def test_midranks_by_hand():
    # Sorted 1 2 2 5 5 5: ranks 1; 2 and 3, mean 2.5; 4, 5 and 6, mean 5.
    assert ranks.midranks([5, 2, 1, 5, 2, 5]).tolist() == [5, 2.5, 1, 5, 2.5, 5]
    assert ranks.midranks([]).tolist() == []
    assert ranks.midranks([7]).tolist() == [1]


def test_a_comparison_by_hand():
    # The group has 1 and 4, the others 1, 2 and 3. Of 6 pairs 4 beats three and 1 ties once: U = 3.5.
    # Greater 3, less 2 (1 < 2, 1 < 3), equal 1: delta = (3 - 2) / 6.
    found = ranks.mann_whitney([1, 4, 1, 2, 3], [True, True, False, False, False])
    assert found.u == 3.5
    assert found.delta == pytest.approx(1 / 6)
    # Of the others, below 1: none, equal one of three as half: 1/6; below 4: all. Of the group, above 1: one of two and
    # half of the equal one: 3/4; above 2 and 3: one of two.
    assert found.placements == pytest.approx([1 / 6, 1, 3 / 4, 1 / 2, 1 / 2])


def test_the_rank_sum_formula():
    generator = np.random.default_rng(4)
    values, group = generator.integers(0, 9, 200), generator.random(200) < 0.3
    rank_sum = ranks.midranks(values)[group].sum()
    assert ranks.mann_whitney(values, group).u == rank_sum - group.sum() * (group.sum() + 1) / 2


@pytest.mark.parametrize("levels", [2, 3, 10, 10**9])
@pytest.mark.parametrize("sizes", [(1, 1), (1, 9), (12, 5), (300, 900)])
def test_scipy_says_the_same(levels, sizes):
    generator = np.random.default_rng(levels + sizes[0])
    ours, theirs = generator.integers(0, levels, sizes[0]) + levels // 8, generator.integers(0, levels, sizes[1])
    expected = stats.mannwhitneyu(ours, theirs, method="asymptotic")
    found = ranks.mann_whitney(np.concatenate([ours, theirs]), np.arange(sum(sizes)) < sizes[0])
    assert found.u == expected.statistic
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert found.delta == pytest.approx(2 * expected.statistic / (sizes[0] * sizes[1]) - 1)


def test_equal_values_differ_in_nothing():
    found = ranks.mann_whitney(np.full(50_000, 0.3), np.arange(50_000) < 20_000)
    assert (found.p_value, found.delta) == (1.0, 0.0)
    assert (found.placements == 0.5).all()


@pytest.mark.parametrize("chosen", [True, False])
def test_one_empty_side_has_no_comparison(chosen):
    found = ranks.mann_whitney([1.0, 2.0], [chosen, chosen])
    assert (found.u, found.p_value, found.delta) == (0.0, None, None)
    assert np.isnan(found.placements).all()


def test_no_values():
    found = ranks.mann_whitney([], [])
    assert (found.u, found.p_value, found.delta, len(found.placements)) == (0.0, None, None, 0)


@pytest.mark.parametrize("function", [ranks.midranks, lambda values: ranks.mann_whitney(values, [True, False])])
def test_nan_is_refused(function):
    with pytest.raises(ValueError, match="NaN"):
        function([1.0, float("nan")])


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_all_pairs_give_the_same(rows):
    values, group = [value for value, _ in rows], [chosen for _, chosen in rows]
    if all(group) or not any(group):
        return
    found = ranks.mann_whitney(values, group)
    u, delta = by_pairs(values, group)
    assert found.u == pytest.approx(u)
    assert found.delta == pytest.approx(delta)
    other = ranks.mann_whitney(values, [not chosen for chosen in group])
    assert other.delta == pytest.approx(-found.delta)
    assert other.p_value == pytest.approx(found.p_value)


@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30))
def test_placements_average_to_theta(rows):
    values, group = np.array([value for value, _ in rows]), np.array([chosen for _, chosen in rows])
    if group.all() or not group.any():
        return
    placed, theta = ranks.placements(values, group), (ranks.mann_whitney(values, group).delta + 1) / 2
    assert placed[group].mean() == pytest.approx(theta)
    assert placed[~group].mean() == pytest.approx(theta)


def test_the_placements_give_the_variance_of_delta():
    # Uniform values in both samples: var(theta) is (m + n + 1) / (12 m n), here 0.00227 without ties.
    generator = np.random.default_rng(8)
    m, n = 60, 90
    theta, projected = [], []
    for _ in range(400):
        values, group = generator.random(m + n), np.arange(m + n) < m
        placed = ranks.placements(values, group)
        theta.append(placed[group].mean())
        projected.append(placed[group].var() / m + placed[~group].var() / n)
    assert np.mean(projected) == pytest.approx((m + n + 1) / (12 * m * n), rel=0.05)
    # A variance of 400 draws has a relative sd of sqrt(2/399) = 7%; three of them.
    assert np.var(theta) == pytest.approx(np.mean(projected), rel=0.22)


def test_a_million_values_are_quick():
    generator = np.random.default_rng(0)
    values, group = generator.normal(size=1_000_000), generator.random(1_000_000) < 0.25
    start = time.perf_counter()
    found = ranks.mann_whitney(values, group)
    # Measured 0.4 s; a loop over rows or pairs would take minutes.
    assert time.perf_counter() - start < 20
    assert abs(found.delta) < 0.01
