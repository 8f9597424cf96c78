"""Variance components against hand arithmetic, MixedLM on balanced data, and truth on unbalanced data."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from unspool.stats.nested import components, design_effect, nested_sums, shares


def whole(values, threads, users):
    return nested_sums(np.array(values, dtype=float), np.array(threads), np.array(users)).sum(axis=0)


def test_by_hand():
    # Two users with two threads of two prompts. Within threads: 8 times 1 about the means 1, 5, 3, 7: 8 / (8 - 4) = 2.
    # Between threads: 2 * (4 + 4 + 4 + 4) = 32 = 2 * prompt + (8 - 4) * thread, thread 7.
    # Between users: 4 * (1 + 1) = 8 = 1 * prompt + (4 - 2) * thread + (8 - 4) * user, user (8 - 2 - 14) / 4 = -2.
    sums = whole([0, 2, 4, 6, 2, 4, 6, 8], [0, 0, 1, 1, 2, 2, 3, 3], [0, 0, 0, 0, 1, 1, 1, 1])
    assert components(sums) == pytest.approx([-2, 7, 2])
    assert shares(sums) == pytest.approx([-2 / 7, 1, 2 / 7])
    # Variance of the mean, by that of unrelated prompts: 4 * user + 2 * thread + 1 * prompt shares, none below 0.
    assert design_effect(sums) == pytest.approx([(4 * 0 + 2 * 7 + 2) / 9])


def drawn(seed, n_users, unbalanced, parts=(1.0, 0.5, 1.5)):
    g = np.random.default_rng(seed)
    n_threads = g.integers(1, 6, n_users) if unbalanced else np.full(n_users, 4)
    owner = np.repeat(np.arange(n_users), n_threads)
    n_prompts = g.geometric(0.5, len(owner)) if unbalanced else np.full(len(owner), 3)
    thread = np.repeat(np.arange(len(owner)), n_prompts)
    spread = np.sqrt(parts)
    y = spread[0] * g.normal(size=n_users)[owner[thread]] + spread[1] * g.normal(size=len(owner))[thread]
    return y + spread[2] * g.normal(size=len(thread)), thread, owner[thread]


def test_mixed_model_finds_the_same_on_balanced_data():
    y, thread, user = drawn(1, 25, unbalanced=False)
    frame = pd.DataFrame({"y": y, "thread": thread, "user": user})
    model = sm.MixedLM.from_formula(
        "y ~ 1", groups="user", vc_formula={"t": "0 + C(thread)"}, re_formula="1", data=frame
    )
    expected = model.fit(reml=True)
    found = components(nested_sums(y, thread, user).sum(axis=0))
    assert found == pytest.approx([expected.cov_re.iloc[0, 0], expected.vcomp[0], expected.scale], rel=1e-3)


def test_unbalanced_components_are_unbiased():
    found = np.array([components(whole(*drawn(seed, 60, unbalanced=True))) for seed in range(300)])
    error = found.std(axis=0) / np.sqrt(len(found))
    # Each within four Monte Carlo standard errors of the truth.
    assert (np.abs(found.mean(axis=0) - [1, 0.5, 1.5]) < 4 * error).all()


def test_the_level_and_the_order_do_not_matter():
    y, thread, user = drawn(2, 30, unbalanced=True)
    order = np.random.default_rng(0).permutation(len(y))
    expected = components(whole(y, thread, user))
    assert components(whole(y[order] + 1e6, thread[order], user[order])) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("values", "threads", "users"),
    [([], [], []), ([1], [0], [0]), ([1, 2], [0, 1], [0, 1]), ([0.1] * 6, [0, 0, 1, 1, 2, 2], [0, 0, 0, 0, 1, 1])],
)
def test_nothing_to_compare_is_nan(values, threads, users):
    sums = nested_sums(np.array(values, dtype=float), np.array(threads, dtype=int), np.array(users, dtype=int))
    assert np.isnan(shares(sums.sum(axis=0))).all()
