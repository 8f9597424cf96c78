"""Keyness: which words are used by more users than a reference of the language leads one to expect.

The unit is the user: a user who wrote n words uses a word of probability p at least once with probability
1 - (1 - p)^n, so the share of users who are expected to use it is the mean of that over users. Against it stand the
users who did, as a binomial with the reference as prior (Monroe, Colaresi & Quinn 2008, Polit. Anal. 16), and a lower
bound of the ratio that allows for the number of words looked at (Evert 2022, "Measuring keyness": LRC). Counting users
instead of uses: Egbert & Biber 2019 (Corpora 14).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
PRIOR_USERS = 1.0
"""What the prior is worth, in users: the information of one (Kass & Wasserman 1995)."""
CELLS_AT_ONCE = 4_000_000
STEPS = 200
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Users:
    """How many users wrote how many words: `n_words`, `n_users`, both of shape (sizes,), for distinct sizes above 0."""

    n_words: NDArray[np.int64]
    n_users: NDArray[np.int64]

    @property
    def n(self) -> int:
        """All users."""
        return int(self.n_users.sum())


def expected_share(probability: ArrayLike, users: Users, times: float = 1.0) -> Floats:
    """Share of users who use a word of that probability at least once, in [0, 1]; shape of `probability`, in [0, 1).

    Mean over users of 1 - (1 - p)^(times n): `times` is how many times its probability it is used. Without users a
    ValueError.
    """
    return _shares(times * _hazard(probability), users)[0]


def posterior_share(used: ArrayLike, expected: ArrayLike, n: int) -> Floats:
    """Share of users who use a word, in (0, 1): (k + e) / (n + 1) where k of n did and a share e was expected to."""
    a, b = _posterior(used, expected, n)
    return a / (a + b)


def log_odds(used: ArrayLike, expected: ArrayLike, n: int) -> Floats:
    """Natural log of the odds of the posterior share over those of the expected one; 0 is as expected.

    Monroe, Colaresi & Quinn 2008, Eq. 15, with the users as counts and the reference as a prior worth one user.
    """
    share, reference = posterior_share(used, expected, n), np.asarray(expected, dtype=np.float64)
    odds: Floats = np.log(share / (1 - share)) - np.log(reference / (1 - reference))
    return odds


def lower_share(used: ArrayLike, expected: ArrayLike, n: int, error: float) -> Floats:
    """Lower bound of the share of users who use a word: the `error` quantile of its posterior, a beta distribution.

    Where few are expected it is the bound of Clopper & Pearson 1934.
    """
    from scipy.special import betaincinv

    bound: Floats = betaincinv(*_posterior(used, expected, n), error)
    return bound


def p_values(used: ArrayLike, expected: ArrayLike, n: int, share: ArrayLike) -> Floats:
    """Probability, by the posterior of `lower_share`, that no more than that share of users use a word; in [0, 1]."""
    from scipy.special import betainc

    values: Floats = betainc(*_posterior(used, expected, n), np.asarray(share, dtype=np.float64))
    return values


def benjamini_hochberg(values: Floats, rate: float) -> float:
    """The error up to which p-values count as found, so that on average a share `rate` of those found are false.

    It is rate R / m with R found of m, and 0 if none is. Bounds at that error hold for all but a share `rate` of what
    was found: Benjamini & Hochberg 1995 (J. R. Stat. Soc. B 57), Benjamini & Yekutieli 2005 (J. Am. Stat. Assoc. 100).
    """
    limits = rate * np.arange(1, len(values) + 1) / max(1, len(values))
    found = limits[np.sort(values) <= limits]
    return float(found[-1]) if len(found) else 0.0


def _posterior(used: ArrayLike, expected: ArrayLike, n: int) -> tuple[Floats, Floats]:
    k, e = np.asarray(used, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return k + PRIOR_USERS * e, n - k + PRIOR_USERS * (1 - e)


def rate_ratio(share: ArrayLike, probability: ArrayLike, users: Users) -> Floats:
    """How many times its probability a word must be used for that share of users to use it; the shares in [0, 1).

    Solves mean over users of 1 - (1 - p)^(r n) = share for r. Unlike a ratio of shares it does not depend on how much
    users write, and knows no ceiling where they write so much that most are expected to use the word.
    """
    wanted, hazard = np.asarray(share, dtype=np.float64), _hazard(probability)
    words = float(users.n_words @ users.n_users) / users.n
    # The share is concave in r, so Newton's steps from below its tangent at 0 rise to the root and never pass it.
    ratio: Floats = wanted / (hazard * words)
    for _ in range(STEPS):
        reached, slope = _shares(ratio * hazard, users)
        step = (wanted - reached) / (slope * hazard)
        ratio = ratio + step
        if np.all(np.abs(step) <= TOLERANCE * ratio):
            return ratio
    raise ArithmeticError("the ratio of a word did not converge")


def dispersion(uses: ArrayLike, spread: ArrayLike, n_words: int) -> Floats:
    """How unevenly the uses of a word lie over users, in [0, 1]: 0 where all users use it at one rate.

    `uses`: C, of all users; `spread`: the sum over users of c ln(c / n), c their uses and n their words. 1 -
    exp(-D), D = sum over users of c/C ln((c/C) / (n/N)), Gries 2024's divergence (there with base 2). Where those who
    use a word do so at one rate, it is the share of all words that the others wrote, and so is Gries' DP.
    """
    total = np.asarray(uses, dtype=np.float64)
    divergence = np.asarray(spread) / total - np.log(total / n_words)
    return np.clip(-np.expm1(-divergence), 0, 1)


def pmi(both: ArrayLike, first: ArrayLike, second: ArrayLike, n_words: int) -> Floats:
    """Mutual information of two neighbours, in bits, from uses. Church & Hanks 1990: from 3 on they belong together."""
    expected = np.asarray(first, dtype=np.float64) * np.asarray(second, dtype=np.float64) / n_words
    bits: Floats = np.log2(np.asarray(both, dtype=np.float64) / expected)
    return bits


def _hazard(probability: ArrayLike) -> Floats:
    hazard: Floats = -np.log1p(-np.asarray(probability, dtype=np.float64))
    return hazard


def _shares(hazard: Floats, users: Users) -> tuple[Floats, Floats]:
    """Mean over users of 1 - exp(-hazard n), and its derivative by the hazard; shape of `hazard`, one axis."""
    if not users.n:
        raise ValueError("there are no users")
    flat = np.atleast_1d(hazard)
    step = max(1, CELLS_AT_ONCE // len(users.n_words))
    weights = users.n_users / users.n
    parts = [np.outer(flat[at : at + step], -users.n_words.astype(np.float64)) for at in range(0, len(flat), step)]
    share = [-np.expm1(part) @ weights for part in parts]
    slope = [np.exp(part) @ (weights * users.n_words) for part in parts]
    return _joined(share, hazard), _joined(slope, hazard)


def _joined(parts: list[Floats], like: Floats) -> Floats:
    return np.concatenate([*parts, np.zeros(0)]).reshape(like.shape)
