"""Groups named by whole numbers: how many there are, their ranks, their places; in one pass where they are in order."""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def distinct(codes: Ints) -> int:
    """How many different codes, from 0 on, there are."""
    if not len(codes):
        return 0
    apart = np.diff(codes)
    if apart.min(initial=0) >= 0:
        return 1 + int(np.count_nonzero(apart))
    return int(np.count_nonzero(np.bincount(codes)))


def ranks(codes: Ints) -> Ints:
    """The rank of each code among the different ones, from 0 on, shape (n,)."""
    apart = np.diff(codes, prepend=codes[:1])
    if apart.min(initial=0) >= 0:
        return np.asarray(np.cumsum(apart != 0), dtype=np.int64)
    return np.asarray(np.unique(codes, return_inverse=True)[1], dtype=np.int64)


def places(codes: Ints, n: int) -> list[Ints]:
    """Where each of the codes 0 to n - 1 stands, in order; `n` is at most 32,767."""
    order = np.argsort(codes.astype(np.int16), kind="stable")  # of short whole numbers this is a radix sort
    return np.split(order, np.cumsum(np.bincount(codes, minlength=n))[:-1])
