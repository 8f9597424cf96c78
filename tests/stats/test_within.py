"""Fixed effects by sums per unit, against statsmodels with dummies and against refits without each unit."""

import numpy as np
import pytest
import statsmodels.api as sm

from unspool.stats.jackknife import jackknife
from unspool.stats.within import carried, crv1, means, ols_estimator, ols_sums, solve, unpacked, within


def panel(seed=0, n_units=12, n=90):
    """Rows in groups, three groups to a unit: y, x, z, group, unit, weight."""
    g = np.random.default_rng(seed)
    group = np.sort(g.integers(0, 3 * n_units, n))
    x, z = g.normal(size=(2, n)) + g.normal(size=3 * n_units)[group]
    y = 0.5 * x - z + g.normal(0, 2, 3 * n_units)[group] + g.normal(size=n)
    return y, x, z, group, group // 3, g.integers(1, 5, n).astype(float)


def test_within_by_hand():
    # Group 0: 1 and 4, mean 2.5. Group 2: 5 alone. With weights 1 and 3 the mean of group 0 is 13 / 4.
    values, groups = np.array([1.0, 5.0, 4.0]), np.array([0, 2, 0])
    assert within(values, groups).tolist() == [-1.5, 0, 1.5]
    assert within(values, groups, np.array([1.0, 1.0, 3.0])).tolist() == [-2.25, 0, 0.75]
    assert means(values, groups)[[0, 2]].tolist() == [2.5, 5]
    assert np.isnan(means(values, groups)[1])
    assert within(np.zeros(0), np.zeros(0, dtype=np.int64)).tolist() == []


def test_equal_values_leave_exactly_nothing():
    # 0.1 summed a thousand times is not 100.
    assert (within(np.full(1000, 0.1), np.zeros(1000, dtype=np.int64)) == 0).all()


@pytest.mark.parametrize("weighted", [False, True])
def test_coefficients_and_crv1_are_those_of_dummies(weighted):
    y, x, z, group, unit, weight = panel()
    weight = weight if weighted else None
    columns = [within(column, group, weight) for column in (x, z)]
    sums = ols_sums(within(y, group, weight), columns, unit, 12, weight)
    dummies = (group[:, None] == np.unique(group)).astype(float)
    model = sm.WLS(y, np.column_stack([x, z, dummies]), weights=1 if weight is None else weight)
    expected = model.fit(cov_type="cluster", cov_kwds={"groups": unit, "use_correction": False})
    found = ols_estimator(2)(sums.sum(axis=0))
    assert found == pytest.approx(expected.params[:2])
    G, n = len(np.unique(unit)), len(y)
    correction = G / (G - 1) * (n - 1) / (n - 2)
    assert crv1(sums, 2, n) == pytest.approx(correction * expected.cov_params()[:2, :2])


def test_the_jackknife_is_that_of_refits():
    y, x, z, group, unit, _ = panel(3)
    sums = ols_sums(within(y, group), [within(x, group), within(z, group)], unit, 12)
    found = jackknife(sums, ols_estimator(2))
    whole = ols_estimator(2)(sums.sum(axis=0))
    refits = []
    for left in range(12):
        keep = unit != left
        dummies = (group[keep, None] == np.unique(group[keep])).astype(float)
        refits.append(np.linalg.lstsq(np.column_stack([x[keep], z[keep], dummies]), y[keep], rcond=None)[0][:2])
    error = np.sqrt(11 / 12 * ((np.array(refits) - whole) ** 2).sum(axis=0))
    assert [one.standard_error for one in found] == pytest.approx(error.tolist())


def test_a_column_that_others_explain_is_left_out():
    # x, 2 x and y = 3 x + z: the second has no coefficient, the others keep theirs.
    x, z = np.random.default_rng(1).normal(size=(2, 20))
    sums = ols_sums(3 * x + z, [x, 2 * x, z], np.zeros(20, dtype=np.int64), 1)
    found = ols_estimator(3)(sums[0])
    assert np.isnan(found).tolist() == [False, True, False]
    assert found[[0, 2]] == pytest.approx([3, 1])
    assert np.isnan(ols_estimator(2)(np.zeros(5))).all()


def test_many_systems_are_solved_as_one_by_one():
    a = np.random.default_rng(2).normal(size=(7, 4, 4))
    a, b = a @ a.swapaxes(1, 2), np.arange(28.0).reshape(7, 4)
    assert solve(a, b) == pytest.approx(np.linalg.solve(a, b[..., None])[..., 0])


def test_sums_are_the_upper_triangle():
    matrix, right = unpacked(np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9]), 3)
    assert matrix.tolist() == [[1, 2, 3], [2, 4, 5], [3, 5, 6]]
    assert right.tolist() == [7, 8, 9]


# The variance of the last coefficient with errors alike is sigma^2 times the last cell of the inverse of X'X.
def test_what_units_add_to_the_information_is_the_inverse_cell():
    generator = np.random.default_rng(5)
    x, units = [np.ones(60), *generator.normal(size=(2, 60))], np.arange(60) % 6
    found = carried(ols_sums(generator.normal(size=60), x, units, 6), 3)
    whole = np.array(x) @ np.array(x).T
    assert found.sum() == pytest.approx(np.linalg.inv(whole)[2, 2])
    by_hand = np.linalg.inv(whole)[:, 2]
    one = np.array(x)[:, units == 4]
    assert found[4] == pytest.approx(by_hand @ one @ one.T @ by_hand)
    assert carried(ols_sums(x[1], [x[1], 2 * x[1]], units, 6), 2).sum() == 0
