"""Holm's adjustment: by hand and against statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from unspool.stats.multiplicity import holm


# .01 * 3 = .03; .04 * 1 = .04 but not below the one before; .03 * 2 = .06: in order .03, .06, .06.
def test_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_none_and_one():
    assert len(holm([])) == 0
    assert holm([0.2]).tolist() == [0.2]


def test_an_unknown_one_is_an_error():
    with pytest.raises(ValueError, match="NaN"):
        holm([0.1, float("nan")])


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_like_statsmodels(values):
    assert holm(values) == pytest.approx(multipletests(values, method="holm")[1])
    assert (holm(values) >= np.array(values)).all()
