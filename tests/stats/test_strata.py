import numpy as np
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from unspool.stats.strata import CONTINUITY, difference, log_odds, strata


def whole(found):
    differences = np.array([found.difference.sum(), found.weight.sum()])
    return difference(differences), log_odds(np.array([found.concordant.sum(), found.discordant.sum()]))


def test_one_stratum_by_hand():
    # First group: 2 of 3 with the event; second: 1 of 2. Weight 3*2/5 = 1.2; difference (2*2 - 1*3)/5 = .2 = 1.2 * (2/3
    # - 1/2); concordant 2*1/5, discordant 1*1/5.
    first = np.array([True, True, True, False, False])
    event = np.array([True, True, False, True, False])
    found = strata(np.zeros(5, dtype=np.int64), first, event, 1)
    assert [found.weight[0], found.difference[0], found.concordant[0], found.discordant[0]] == [1.2, 0.2, 0.4, 0.2]
    assert whole(found)[0] == pytest.approx(2 / 3 - 1 / 2)
    assert whole(found)[1] == pytest.approx(np.log((0.4 + CONTINUITY) / (0.2 + CONTINUITY)))


def test_the_odds_ratio_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    stratum, first = rng.integers(0, 200, 4000), rng.random(4000) < 0.4
    event = rng.random(4000) < np.where(first, 0.6, 0.3)
    found = strata(stratum, first, event, 200)
    cells = [
        [[np.sum((stratum == s) & (first == f) & (event == e)) for e in (1, 0)] for f in (1, 0)] for s in range(200)
    ]
    pooled = StratifiedTable(np.array(cells, dtype=float).transpose(1, 2, 0)).oddsratio_pooled
    assert found.concordant.sum() / found.discordant.sum() == pytest.approx(pooled, rel=1e-12)


def test_a_stratum_of_one_group_says_nothing():
    found = strata(np.array([0, 0, 2]), np.array([True, True, False]), np.array([True, False, True]), 3)
    assert not any(found.weight) and not any(found.difference) and not any(found.concordant + found.discordant)
    assert np.isnan(whole(found)).all()


def test_no_rows():
    none = np.zeros(0, dtype=np.int64)
    found = strata(none, none > 0, none > 0, 0)
    assert len(found.weight) == 0
    assert np.isnan(whole(found)).all()


def test_an_odds_ratio_with_an_empty_side_is_finite():
    assert log_odds(np.array([3.0, 0.0])) == pytest.approx(np.log(3.5 / 0.5))
