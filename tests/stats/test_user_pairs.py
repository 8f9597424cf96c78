"""Weighted rank comparisons against a loop over all pairs, with each user left out in turn."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from unspool.stats.jackknife import jackknife
from unspool.stats.ranks import midranks
from unspool.stats.user_pairs import alike, alike_by_side, delta_estimator, pair_sums, ranked


def by_pairs(x, group, users, weights):
    """Cliff's delta over weighted pairs of different users; NaN without pairs."""
    won = there = 0.0
    for i in np.flatnonzero(group):
        for j in np.flatnonzero(~group):
            if users[i] != users[j]:
                weight = weights[i] * weights[j]
                there += weight
                won += weight * np.sign(x[i] - x[j])
    return won / there if there else np.nan


def test_weights_by_hand():
    # User 0 has one upscaled and two others, user 1 two others.
    users, group = np.array([0, 0, 0, 1, 1]), np.array([True, False, False, False, False])
    assert alike(users) == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2])
    assert alike_by_side(group, users) == pytest.approx([1 / 2, 1 / 4, 1 / 4, 1 / 2, 1 / 2])


def test_delta_by_hand():
    # Upscaled 3 of user 0 (weight 1/3 or 1/2) against 1 and 5 of user 1: one won, one lost. 0's own 2 and 2 do not count.
    x, users = np.array([3.0, 2, 2, 1, 5]), np.array([0, 0, 0, 1, 1])
    group = np.array([True, False, False, False, False])
    for sums in pair_sums(ranked(x), group, users, [alike(users), alike_by_side(group, users)]):
        assert delta_estimator(sums)(sums.sum(axis=0)) == pytest.approx([0])
        assert sums[0] == pytest.approx(sums[1])


PROMPTS = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 5)), min_size=2, max_size=25)


ALONE = [(0, False, 0)] * 5 + [(0, True, 0)]
"""Six prompts of one person, of 1/6 each: sums of which nothing but a rounding error would be left."""


@settings(max_examples=60)
@given(PROMPTS)
@example(ALONE)
@example([*ALONE, (1, False, 1)])
def test_all_pairs_with_and_without_each_user(prompts):
    x, group, users = (np.array(column) for column in zip(*prompts, strict=True))
    users = np.unique(users, return_inverse=True)[1]
    weights = [alike(users), alike_by_side(group, users)]
    for weight, sums in zip(weights, pair_sums(ranked(x.astype(float)), group, users, weights), strict=True):
        delta = delta_estimator(sums)
        expected = by_pairs(x, group, users, weight)
        assert delta(sums.sum(axis=0)) == pytest.approx([expected], abs=1e-9, nan_ok=True)
        if np.isnan(expected):
            continue
        for user in range(users.max() + 1):
            keep = users != user
            without = by_pairs(x[keep], group[keep], users[keep], weight[keep])
            assert delta(sums.sum(axis=0) - sums[user]) == pytest.approx([without], abs=1e-9, nan_ok=True)


def test_ranks_are_midranks():
    x = np.array([5.0, 2, 1, 5, 2, 5])
    assert ranked(x).midranks.tolist() == midranks(x).tolist()


def test_the_interval_covers_where_the_number_of_upscales_tells_of_the_user():
    # No difference: values of users and prompts are the same whether upscaled or not.
    covered, runs = 0, 300
    for seed in range(runs):
        g = np.random.default_rng(seed)
        n = g.integers(1, 12, 60)
        users = np.repeat(np.arange(60), n)
        x = g.normal(size=60)[users] + g.normal(size=len(users))
        group = g.random(len(users)) < (1 / (1 + n))[users]
        sums = pair_sums(ranked(x), group, users, [alike(users)])[0]
        one = jackknife(sums, delta_estimator(sums))[0]
        covered += one.low <= 0 <= one.high
    # Binomial(300, .95): mean 285, sd 3.8; four sd either side.
    assert 270 <= covered <= 300
