"""Counts corrected for misclassification: by hand, against Rogan & Gladen's formula, and the cover of the intervals."""

import numpy as np
import pytest

from unspool.stats.jackknife import jackknife
from unspool.stats.misclassification import corrected, rogan_gladen, satterthwaite, true_counts, true_shares


def content_share(sums, confusion):
    counts = true_counts(sums, confusion.reshape(*confusion.shape[:-1], 2, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        return counts[..., :1] / counts.sum(axis=-1, keepdims=True)


# Sensitivity 18/20 = .9, specificity 16/20 = .8. Of 100, 50 are found in the class: (.5 + .8 - 1) / (.9 + .8 - 1) =
# .3/.7 = .428571. Back: .9 * 42.857 + .2 * 57.143 = 38.571 + 11.429 = 50.
def test_two_classes_by_hand():
    found = true_counts(np.array([50.0, 50.0]), np.array([[18.0, 2.0], [4.0, 16.0]]))
    assert found == pytest.approx([300 / 7, 400 / 7])
    assert rogan_gladen(0.5, 0.9, 0.8) == pytest.approx(3 / 7)


# Three classes, P = [[.8, .1, .1], [0, 1, 0], [.5, 0, .5]]; 10, 20 and 30 true ones are found as
# 8 + 0 + 15 = 23, 1 + 20 + 0 = 21, 1 + 0 + 15 = 16.
def test_three_classes_by_hand():
    confusion = np.array([[8.0, 1, 1], [0, 7, 0], [2, 0, 2]])
    assert true_counts(np.array([23.0, 21, 16]), confusion) == pytest.approx([10, 20, 30])
    assert true_shares(np.array([23.0, 21, 16]), confusion) == pytest.approx([1 / 6, 1 / 3, 1 / 2])


def test_a_perfect_classifier_changes_nothing():
    assert true_counts(np.array([3.0, -4.0]), np.diag([5.0, 9.0])) == pytest.approx([3, -4])


# Found 5 of 100 where 20 of 100 would be found by error alone: (.05 + .8 - 1) / .7 = -.2143. Counts say so, shares clip.
def test_shares_are_clipped_and_counts_are_not():
    confusion = np.array([[9.0, 1.0], [2.0, 8.0]])
    assert true_counts(np.array([5.0, 95.0]), confusion) == pytest.approx([-150 / 7, 850 / 7])
    assert true_shares(np.array([5.0, 95.0]), confusion) == pytest.approx([0, 1])


@pytest.mark.parametrize("confusion", [[[0.0, 0.0], [1.0, 2.0]], [[1.0, 1.0], [2.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]])
def test_what_cannot_be_corrected_is_unknown(confusion):
    assert np.isnan(true_counts(np.array([1.0, 1.0]), np.array(confusion))).all()


def test_a_classifier_that_knows_nothing():
    assert np.isnan(rogan_gladen(0.5, 0.6, 0.4))


def test_many_at_once_are_as_one_by_one():
    rng = np.random.default_rng(0)
    counts, matrices = rng.normal(size=(6, 3)), rng.integers(1, 9, size=(6, 3, 3)).astype(float)
    each = [true_counts(one, matrix) for one, matrix in zip(counts, matrices, strict=True)]
    assert true_counts(counts, matrices) == pytest.approx(np.array(each))
    assert true_counts(counts, matrices[0])[2] == pytest.approx(true_counts(counts[2], matrices[0]))
    assert true_counts(counts[0], matrices)[2] == pytest.approx(true_counts(counts[0], matrices[2]))


# Errors 3 and 4, so variances 9 and 16, with 9 and 4 degrees of freedom: 25^2 / (81/9 + 256/4) = 625/73.
def test_degrees_of_freedom_by_hand():
    assert satterthwaite([3, 4], [9, 4]) == pytest.approx(625 / 73)
    assert satterthwaite([0, 0], [9, 4]) == 4


def test_the_two_errors_add_up():
    rng = np.random.default_rng(4)
    sums, labels = rng.poisson(20, (30, 2)).astype(float), rng.multinomial(20, [0.4, 0.1, 0.1, 0.4], 25).astype(float)
    (both,) = corrected(sums, labels, content_share)
    (log,) = jackknife(sums, lambda s: content_share(s, labels.sum(axis=0)))
    (gold,) = jackknife(labels, lambda m: content_share(sums.sum(axis=0), m))
    assert both.estimate == log.estimate
    assert both.standard_error == pytest.approx(np.hypot(log.standard_error, gold.standard_error))
    assert both.low < min(log.low, gold.low) and both.high > max(log.high, gold.high)
    assert both.n_units == 30


def test_reasons_where_there_is_no_interval():
    labels, one = np.tile([9.0, 1.0, 2.0, 8.0], (9, 1)), np.array([[5.0, 5.0]])
    (found,) = corrected(one, labels, content_share)
    assert found.estimate == pytest.approx(3 / 7) and found.low is None and "at least 3" in found.note
    several = one * np.arange(1, 10)[:, None] + [[0.0, 1.0]]
    (found,) = corrected(several, labels[:2], content_share)
    assert found.estimate is not None and found.low is None and "labelled cases" in found.note
    (found,) = corrected(np.tile(one, (9, 1)), labels * 0, content_share)
    assert found.estimate is None and found.note


# 400 logs of 50 users, whose true share varies about .6, read with sensitivity .95 and specificity .8, and 60 labelled
# units of 2 to 10 words. The cover of 95% intervals should lie within 3 * sqrt(.95 * .05 / 400) = .033 of .95 if they are
# exact; without correction the expected share is .95 * .6 + .2 * .4 = .65, which they must nearly never hold when
# corrected for in vain.
def test_cover_and_bias():
    rng = np.random.default_rng(11)
    covered, estimates, raw = 0, [], []
    for _ in range(400):
        users = rng.beta(6, 4, 50)
        n = rng.poisson(40, 50) + 1
        true = rng.binomial(n, users)
        found = rng.binomial(true, 0.95) + rng.binomial(n - true, 0.2)
        sums = np.column_stack([found, n - found]).astype(float)
        content, style = rng.integers(1, 6, 60), rng.integers(1, 6, 60)
        hit, kept = rng.binomial(content, 0.95), rng.binomial(style, 0.8)
        labels = np.column_stack([hit, content - hit, style - kept, kept]).astype(float)
        (one,) = corrected(sums, labels, content_share)
        covered += one.low <= 0.6 <= one.high
        estimates.append(one.estimate)
        raw.append(sums[:, 0].sum() / sums.sum())
    assert abs(covered / 400 - 0.95) < 0.033
    assert abs(np.mean(estimates) - 0.6) < 3 * np.std(estimates) / 20 + 0.002  # a ratio's bias is of the order of 1/n
    assert np.mean(raw) == pytest.approx(0.65, abs=3 * np.std(raw) / 20)
