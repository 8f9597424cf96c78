"""The user bootstrap against an explicit loop, and its coverage on data with a known truth."""

import numpy as np
import pytest

from unspool.stats import bootstrap


def ratio(sums: np.ndarray) -> np.ndarray:
    """Mean of a feature over prompts: its sum divided by their number."""
    with np.errstate(invalid="ignore"):
        return (sums[..., 0] / sums[..., 1])[..., None]


def test_sums_per_user() -> None:
    # User 0 has rows 1 and 3, user 1 none, user 2 row 2.
    values = np.array([[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]])
    sums = bootstrap.by_user(values, np.array([0, 2, 0]), 3)
    assert sums.tolist() == [[5.0, 50.0], [0.0, 0.0], [2.0, 20.0]]


@pytest.mark.parametrize("kind", bootstrap.KINDS)
def test_the_matrix_product_is_the_loop_over_drawn_prompts(kind: str) -> None:
    generator = np.random.default_rng(1)
    users = np.repeat(np.arange(6), [1, 2, 3, 4, 5, 6])
    feature = generator.normal(size=len(users))
    sums = bootstrap.by_user(np.stack([feature, np.ones(len(users))], axis=1), users, 6)
    fast = ratio(bootstrap.drawn(sums, draws=50, seed=3, kind=kind))[:, 0]
    times = bootstrap.weights(6, 50, np.random.default_rng(3), kind)
    slow = [np.mean(np.concatenate([feature[users == u] for u in range(6) for _ in range(int(w[u]))])) for w in times]
    assert fast == pytest.approx(slow)


def test_multinomial_draws_hold_as_many_users_as_the_log() -> None:
    drawn = bootstrap.weights(7, 40, np.random.default_rng(0))
    assert (drawn.sum(axis=1) == 7).all()
    with pytest.raises(ValueError, match="jackknife"):
        bootstrap.weights(7, 40, np.random.default_rng(0), "jackknife")


def test_draws_do_not_depend_on_how_many_fit_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    sums = np.random.default_rng(2).normal(size=(9, 2))
    whole = bootstrap.drawn(sums, draws=25, seed=5)
    monkeypatch.setattr(bootstrap, "CELLS_AT_ONCE", 30)
    assert bootstrap.drawn(sums, draws=25, seed=5) == pytest.approx(whole, rel=1e-12)


def test_the_seed_decides() -> None:
    sums = np.random.default_rng(2).normal(5, 1, size=(30, 2))
    first, again, other = (bootstrap.intervals(sums, ratio, draws=200, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert first[0].estimate == other[0].estimate


def test_a_level_of_half_lies_within_one_of_ninety_five() -> None:
    sums = np.random.default_rng(2).normal(5, 1, size=(30, 2))
    wide, narrow = (bootstrap.intervals(sums, ratio, level=level)[0] for level in (0.95, 0.5))
    replicates = ratio(bootstrap.drawn(sums))[:, 0]
    assert (wide.low, wide.high) == pytest.approx(tuple(np.quantile(replicates, [0.025, 0.975])))
    assert wide.low < narrow.low < narrow.estimate < narrow.high < wide.high


@pytest.mark.parametrize(
    ("sums", "estimate"),
    [(np.zeros((0, 2)), None), (np.array([[6.0, 2.0]]), 3.0), (np.tile([[6.0, 2.0]], (5, 1)), 3.0)],
)
def test_too_few_users_give_no_interval_and_say_so(sums: np.ndarray, estimate: float | None) -> None:
    [found] = bootstrap.intervals(sums, ratio)
    assert (found.estimate, found.low, found.high) == (estimate, None, None)
    assert f"{len(sums)} user(s)" in str(found.note)


def test_draws_without_an_estimate_are_counted() -> None:
    # Two of eight users have prompts; a draw misses both with probability (6/8)^8 = .1.
    sums = np.array([[4.0, 2.0], [9.0, 3.0], *[[0.0, 0.0]] * 6])
    [found] = bootstrap.intervals(sums, ratio, draws=1600)
    assert (found.estimate, found.low, found.high) == (2.6, 2.0, 3.0)
    lost = int(str(found.note).split()[2])
    # Binomial(1600, .1001): mean 160.2, sd 12.0; four sd each side.
    assert 112 <= lost <= 208


@pytest.mark.parametrize("sums", [np.tile([0.3, 0.2], (6, 1)), np.array([[3.0, 2.0], *[[0.0, 0.0]] * 5])])
def test_users_who_leave_no_error_give_no_interval(sums: np.ndarray) -> None:
    [found] = bootstrap.intervals(sums, ratio, draws=100)
    assert (found.estimate, found.low, found.high) == (pytest.approx(1.5), None, None)
    assert str(found.note).startswith(bootstrap.ALIKE)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """Users differ (sd 1) and have 1 to 20 prompts (noise sd 1), the mean is 2; intervals of single prompts fail."""
    generator = np.random.default_rng(11)
    simulations, n_users, covered, naive = 400, 60, 0, 0
    for seed in range(simulations):
        sizes = generator.integers(1, 21, n_users)
        users = np.repeat(np.arange(n_users), sizes)
        values = 2 + generator.normal(size=n_users)[users] + generator.normal(size=len(users))
        both = np.stack([values, np.ones(len(users))], axis=1)
        [found] = bootstrap.intervals(bootstrap.by_user(both, users, n_users), ratio, draws=500, seed=seed)
        covered += found.low <= 2 <= found.high
        naive += abs(values.mean() - 2) <= 1.96 * values.std() / np.sqrt(len(values))
    # Binomial(400, .95) has sd .0109; percentile intervals of 60 users fall short by about .01. Band: .94 +- 3 sd.
    assert 0.907 <= covered / simulations <= 0.973
    assert naive / simulations < 0.8


def test_rounding_is_not_a_clear_difference() -> None:
    # Of 8 users one has a difference of 1, the others of rounding: .1 + .2 - .3.
    values = np.array([1.0, *[0.1 + 0.2 - 0.3] * 7])
    [found] = bootstrap.intervals(np.stack([values, np.ones(8)], axis=1), ratio)
    assert found.low == 0
