"""Codes are counted and ranked alike, in order or not."""

import numpy as np
import pytest

from unspool.stats.codes import distinct, places, ranks


@pytest.mark.parametrize("codes", [[], [0], [4], [0, 0, 2, 2, 7], [7, 0, 2, 0], [3, 3, 3]], ids=str)
def test_in_order_or_not(codes):
    codes = np.array(codes, dtype=np.int64)
    assert distinct(codes) == len(set(codes.tolist()))
    assert ranks(codes).tolist() == np.unique(codes, return_inverse=True)[1].tolist()
    order = np.random.default_rng(1).permutation(len(codes))
    assert distinct(codes[order]) == distinct(codes)
    assert ranks(codes[order]).tolist() == ranks(codes)[order].tolist()


def test_places_of_codes():
    codes = np.array([2, 0, 2, 4])
    assert [one.tolist() for one in places(codes, 5)] == [[1], [], [0, 2], [], [3]]
    assert [one.tolist() for one in places(codes[:0], 2)] == [[], []]
