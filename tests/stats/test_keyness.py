"""Keyness by hand, against scipy and statsmodels, and by simulation."""

from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from unspool.stats import keyness
from unspool.stats.keyness import Users


def users(sizes):
    """The histogram of a plain list of words per user."""
    n_words, n_users = np.unique(np.array(sizes, dtype=np.int64), return_counts=True)
    return Users(n_words, n_users)


def test_expected_share_by_hand():
    # Two users wrote 1 word, one wrote 3; p = .1. Expected: (.1 + .1 + (1 - .9^3)) / 3 = (.2 + .271) / 3.
    assert keyness.expected_share([0.1], users([1, 1, 3])) == pytest.approx([0.471 / 3])
    # Used twice as often: 1 - .9^2 = .19 and 1 - .9^6 = .468559.
    assert keyness.expected_share([0.1], users([1, 1, 3]), times=2) == pytest.approx([(0.38 + 0.468559) / 3])
    assert keyness.expected_share([0.0], users([5])).tolist() == [0]
    assert keyness.expected_share([], users([5])).tolist() == []


def test_without_users_nothing_is_expected():
    with pytest.raises(ValueError, match="no users"):
        keyness.expected_share([0.1], users([]))


def test_many_words_go_in_blocks(monkeypatch):
    probability, crowd = np.linspace(0, 0.5, 50), users(range(1, 30))
    whole = keyness.expected_share(probability, crowd)
    monkeypatch.setattr(keyness, "CELLS_AT_ONCE", 64)
    assert keyness.expected_share(probability, crowd).tolist() == pytest.approx(whole.tolist())


def test_log_odds_by_hand():
    # 3 of 9 users, .1 expected, a prior of one user: a = 3 + .1, b = 6 + .9.
    assert keyness.posterior_share([3], [0.1], 9) == pytest.approx([3.1 / 10])
    assert keyness.log_odds([3], [0.1], 9) == pytest.approx([log(3.1 / 6.9) - log(0.1 / 0.9)])


def monroe(count, total, prior_count, prior_total, share):
    """Monroe et al. 2008, Eq. 15, as it is written, for a group against a reference of known share."""
    odds = (count + prior_count) / (total + prior_total - count - prior_count)
    return log(odds) - log(share / (1 - share))


@given(st.integers(0, 40), st.floats(1e-8, 0.9))
def test_log_odds_are_those_of_the_paper(used, expected):
    prior = keyness.PRIOR_USERS
    found = keyness.log_odds([used], [expected], 40)
    assert found == pytest.approx([monroe(used, 40, prior * expected, prior, expected)], abs=1e-9)


@pytest.mark.parametrize("error", [0.05, 1e-4])
@pytest.mark.parametrize(("used", "n"), [(1, 10), (5, 25), (25, 25), (300, 15_000)])
def test_the_bound_is_that_of_clopper_and_pearson_where_nobody_is_expected(used, n, error):
    expected = proportion_confint(used, n, alpha=2 * error, method="beta")[0]
    assert keyness.lower_share([used], [1e-12], n, error) == pytest.approx([expected], rel=1e-6)


def test_the_bound_is_a_quantile_of_the_posterior():
    assert keyness.lower_share([4], [0.3], 10, 0.01) == pytest.approx([stats.beta.ppf(0.01, 4.3, 6.7)])
    assert keyness.p_values([4], [0.3], 10, [0.2]) == pytest.approx([stats.beta.cdf(0.2, 4.3, 6.7)])


@given(st.integers(1, 30), st.floats(1e-6, 0.2), st.floats(0.01, 0.9), st.floats(1e-6, 0.2))
def test_p_values_and_bounds_say_the_same(used, expected, share, error):
    p_value = keyness.p_values([used], [expected], 30, [share])[0]
    bound = keyness.lower_share([used], [expected], 30, error)[0]
    if abs(p_value - error) > 1e-9:
        assert (p_value <= error) == (bound >= share)


def test_the_bound_keeps_its_error():
    # 40 users of unequal length use a word at 8 times its probability: in no more than 5% of logs the bound is higher.
    generator = np.random.default_rng(1)
    sizes = generator.integers(10, 400, 40)
    crowd, probability = users(sizes), np.array([2e-4])
    uses_it = 1 - (1 - probability) ** (8.0 * sizes)
    used = (generator.random((4000, 40)) < uses_it).sum(axis=1)
    expected = keyness.expected_share(probability, crowd)
    bounds = keyness.rate_ratio(keyness.lower_share(used, expected, 40, 0.05), np.repeat(probability, 4000), crowd)
    assert 0.01 < (bounds > 8).mean() <= 0.05


@pytest.mark.parametrize("seed", range(4))
def test_benjamini_hochberg_is_that_of_statsmodels(seed):
    values = np.random.default_rng(seed).beta(0.4, 1, 80)
    found = values <= keyness.benjamini_hochberg(values, 0.05)
    assert found.tolist() == multipletests(values, 0.05, "fdr_bh")[0].tolist()
    assert found.any()


def test_benjamini_hochberg_by_hand():
    # Limits .05 i / 4 = .0125, .025, .0375, .05: the third value is the last under its limit.
    assert keyness.benjamini_hochberg(np.array([0.6, 0.01, 0.03, 0.0374]), 0.05) == pytest.approx(0.0375)
    assert keyness.benjamini_hochberg(np.array([0.9, 0.6]), 0.05) == 0
    assert keyness.benjamini_hochberg(np.array([]), 0.05) == 0


def test_ratio_undoes_expected_share():
    crowd, probability = users([3, 50, 50, 900]), np.array([1e-8, 1e-5, 1e-3])
    for times in (0.2, 1, 30):
        share = keyness.expected_share(probability, crowd, times=times)
        assert keyness.rate_ratio(share, probability, crowd) == pytest.approx([times] * 3)
    assert keyness.rate_ratio([], [], crowd).tolist() == []
    assert keyness.rate_ratio([0.0], [1e-3], crowd).tolist() == [0]


@given(
    st.lists(st.integers(1, 10**7), min_size=1, max_size=30),
    st.just(0.0) | st.floats(1e-12, 0.999),
    st.floats(1e-8, 0.05),
)
def test_ratio_is_found_whatever_users_write(sizes, share, probability):
    crowd = users(sizes)
    ratio = keyness.rate_ratio([share], [probability], crowd)
    assert keyness.expected_share([probability], crowd, times=ratio[0]) == pytest.approx([share], abs=1e-6)


def test_ratio_has_no_ceiling_where_users_write_much():
    # 1,000 words each, p = .001: 1 - .999^1000 = .632 of users are expected, so no share is over 1.6 times that; used
    # 20 times as often, 1 - .999^20000 = 1 - 2e-9 of them use it.
    crowd = users([1000] * 50)
    share = 1 - exp(20_000 * log(0.999))
    assert share / keyness.expected_share([0.001], crowd)[0] < 1.6
    assert keyness.rate_ratio([share], [0.001], crowd) == pytest.approx([20], rel=1e-3)


def plain_divergence(uses, words):
    total, n = sum(uses), sum(words)
    return sum(c / total * log((c / total) / (w / n)) for c, w in zip(uses, words, strict=True) if c)


def spread(uses, words):
    return sum(c * log(c / w) for c, w in zip(uses, words, strict=True) if c)


def found_dispersion(uses, words):
    return keyness.dispersion([sum(uses)], [spread(uses, words)], sum(words))[0]


def test_dispersion_by_hand():
    words = [100, 200, 300, 400]
    # At one rate by all: 0. By those alone who wrote 100 of 1,000 words: 1 - .1; by those with 300, at one rate: 1 - .3.
    assert found_dispersion([1, 2, 3, 4], words) == pytest.approx(0, abs=1e-12)
    assert found_dispersion([50, 0, 0, 0], words) == pytest.approx(0.9)
    assert found_dispersion([5, 10, 0, 0], words) == pytest.approx(0.7)
    # So is Gries' DP in those cases: half the sum of |share of uses - share of words|.
    assert sum(abs(c / 15 - w / 1000) for c, w in zip([5, 10, 0, 0], words, strict=True)) / 2 == pytest.approx(0.7)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(50, 1000)), min_size=1, max_size=20))
def test_dispersion_is_the_divergence(pairs):
    uses, words = zip(*pairs, strict=True)
    if sum(uses):
        expected = 1 - exp(-plain_divergence(uses, words))
        assert found_dispersion(uses, words) == pytest.approx(expected, abs=1e-9)


def test_pmi_by_hand():
    # 8 uses side by side; by chance 20 * 40 / 1,600 = .5: 2^4 times as often.
    assert keyness.pmi([8], [20], [40], 1600) == pytest.approx([4])


def test_the_other_half_shows_no_winners_curse():
    # Words of ordinary text, each used at its probability: those chosen for a high ratio on one half are back at 1 on
    # the other.
    generator = np.random.default_rng(5)
    crowd, probability = users([80] * 300), np.full(20_000, 1e-4)
    share = keyness.expected_share(probability, crowd)
    here, there = generator.binomial(300, share), generator.binomial(300, share)
    ratios = [
        keyness.rate_ratio(keyness.posterior_share(used, share, 300), probability, crowd) for used in (here, there)
    ]
    chosen = ratios[0] > 2
    assert chosen.sum() > 200
    assert ratios[0][chosen].mean() > 2
    assert ratios[1][chosen].mean() == pytest.approx(1, abs=0.1)
    # And none is key.
    p_values = keyness.p_values(here, share, 300, keyness.expected_share(probability, crowd, times=5))
    assert keyness.benjamini_hochberg(p_values, 0.05) == 0


def test_few_of_the_words_found_are_ordinary():
    # 40 words at 30 times, 400 at 4 times their probability; found are those that are over 5 times it with confidence.
    generator = np.random.default_rng(8)
    crowd = users(generator.integers(20, 200, 120))
    probability = np.full(440, 1e-4)
    times = np.repeat([30.0, 4.0], [40, 400])
    share = np.array([keyness.expected_share([1e-4], crowd, times=value)[0] for value in times])
    expected, limit = keyness.expected_share(probability, crowd), keyness.expected_share(probability, crowd, times=5)
    false, recall = [], []
    for _ in range(60):
        p_values = keyness.p_values(generator.binomial(120, share), expected, 120, limit)
        found = p_values <= keyness.benjamini_hochberg(p_values, 0.05)
        false.append(found[40:].sum() / max(1, found.sum()))
        recall.append(found[:40].mean())
    assert np.mean(false) <= 0.05
    assert np.mean(recall) > 0.9
