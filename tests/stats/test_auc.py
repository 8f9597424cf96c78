import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.stats import auc
from unspool.stats.bootstrap import by_user, intervals


def plain(scores, labels, users, folds):
    """Pairs of one fold and two users, one by one."""
    won = pairs = 0.0
    for i in np.flatnonzero(labels):
        for j in np.flatnonzero(~labels):
            if folds[i] == folds[j] and users[i] != users[j]:
                pairs += 1
                won += (scores[i] > scores[j]) + (scores[i] == scores[j]) / 2
    return won / pairs if pairs else np.nan


def arrays(*columns):
    return [np.array(column) for column in columns]


def test_by_hand():
    scores, labels, users = arrays([3.0, 2.0, 1.0, 2.0], [True, False, False, True], [0, 0, 1, 2])
    fold = np.zeros(4, dtype=int)
    # Pairs of two users: 3 > 1, 2 = 2, 2 > 1; the pair 3 > 2 is within user 0. (1 + 1/2 + 1) / 3
    assert auc.areas([scores], labels, users, [fold]).areas[0] == pytest.approx(2.5 / 3)
    # In folds of two rows each there is the pair 1 against 2 alone: 2 > 1.
    assert auc.areas([scores], labels, users, [np.array([0, 0, 1, 1])]).areas[0] == 1.0
    assert auc.within(scores, labels, users, 3).tolist() == [[1, 1], [0, 0], [0, 0]]


ROWS = st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 4), st.integers(0, 1)), max_size=30)


@given(ROWS)
def test_areas_are_those_of_single_pairs(rows):
    scores, labels, users, folds = (np.array([row[k] for row in rows]) for k in range(4))
    scores, labels, users = scores.astype(float), labels.astype(bool), users.astype(int)
    found = auc.areas([scores, -scores], labels, users, [folds.astype(int)] * 2)
    expected = plain(scores, labels, users, folds)
    np.testing.assert_allclose(found.areas, [expected, 1 - expected])
    np.testing.assert_allclose(found.estimator(found.pairs.sum(axis=0)), found.areas)


@given(ROWS)
def test_within_is_each_users_own_area(rows):
    scores, labels, users = (np.array([row[k] for row in rows]) for k in range(3))
    scores, labels, users = scores.astype(float), labels.astype(bool), users.astype(int)
    sums = auc.within(scores, labels, users, 5)
    for user in range(5):
        own = users == user
        alone = plain(scores[own], labels[own], np.arange(own.sum()), np.zeros(own.sum()))
        assert sums[user].tolist() == ([0, 0] if np.isnan(alone) else [pytest.approx(alone), 1])


def test_the_area_is_scikit_learns_where_every_user_has_one_row():
    from sklearn.metrics import roc_auc_score

    generator = np.random.default_rng(1)
    labels = generator.random(300) < 0.3
    scores = np.round(generator.normal(size=300) + labels, 1)
    found = auc.areas([scores], labels, np.arange(300), [np.zeros(300, dtype=int)])
    assert found.areas[0] == pytest.approx(roc_auc_score(labels, scores))


def test_first_order_draws_vary_like_whole_draws():
    generator = np.random.default_rng(2)
    users = np.sort(generator.integers(0, 60, 400))
    labels = generator.random(400) < 0.4
    scores = generator.normal(size=400) + 0.7 * labels + generator.normal(size=60)[users]
    fold = np.zeros(400, dtype=int)
    found = auc.areas([scores], labels, users, [fold])
    sums = by_user(found.pairs, users, 60)
    [interval] = intervals(sums, found.estimator, draws=2000)
    exact = []
    for _ in range(300):
        drawn = generator.integers(0, 60, 60)
        rows = np.concatenate([np.flatnonzero(users == user) for user in drawn])
        # Copies of a user are one user, as they are in the first order.
        exact.append(auc.areas([scores[rows]], labels[rows], users[rows], [fold[rows]]).areas[0])
    low, high = np.quantile(exact, [0.025, 0.975])
    assert interval.estimate == pytest.approx(found.areas[0])
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=0.25 * (high - low))


def test_no_rows_and_one_label_have_no_area():
    none = np.zeros(0)
    empty = auc.areas([none], none.astype(bool), none.astype(int), [none.astype(int)])
    assert np.isnan(empty.areas).all()
    one = auc.areas([np.ones(3)], np.ones(3, dtype=bool), np.arange(3), [np.zeros(3, dtype=int)])
    assert np.isnan(one.areas).all()
    assert auc.within(none, none.astype(bool), none.astype(int), 2).tolist() == [[0, 0], [0, 0]]
