"""The reversal test: whether the log is as likely as one in which people's threads run backwards."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from unspool.analyses._draws import joined
from unspool.analyses._steps import Row
from unspool.stats.jackknife import MIN_USERS, Floats

DRAWS = 9_999
CELLS_AT_ONCE = 10_000_000
LEAST_USERS = 6
"""Five users have 32 patterns of signs, half of them alike: p is 1/16 or more."""


def reversal(products: Floats, seed: int, draws: int = DRAWS) -> Floats:
    """p-values of A against the time order of whole users' threads reversed at random.

    `products`: shape (users, features), sums of s d (first + later times first - later value, both about their means).
    Reversed, a thread has d with the other sign and the same s, so that a user's sum changes its sign. Removing the
    means per step once more adds nothing, since s is about its mean. All features share the draws.
    """
    observed = np.abs(products.sum(axis=0)) * (1 - 1e-9)
    beyond = np.ones(products.shape[1])
    generator = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // max(1, len(products)))
    for start in range(0, draws, at_once):
        signs = generator.integers(0, 2, (min(at_once, draws - start), len(products)), dtype=np.int8)
        beyond += (np.abs((2.0 * signs - 1) @ products) >= observed).sum(axis=0)
    return beyond / (draws + 1)


@dataclass(frozen=True)
class Reversals:
    """Sums of s d per unit, kept feature by feature until one set of draws serves them all."""

    seed: int
    products: list[Floats] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)

    def keep(self, estimand: str, products: Floats, a: Row) -> None:
        """`a`: the row of the A that is to be tested."""
        n_units = int(np.count_nonzero(products))
        same = {key: a[key] for key in ("feature", "estimate", "n_prompts", "n_threads", "n_users")}
        what = f"A; time order of whole users' threads reversed at random, {DRAWS:,} draws"
        self.products.append(products)
        self.held.append(same | {"estimand": estimand, "method": what, "note": joined(a["note"], few(n_units))})

    def rows(self) -> Iterator[Row]:
        """A again, with its p-value by reversal; none for fewer than three users."""
        tested = [place for place, products in enumerate(self.products) if np.count_nonzero(products) >= MIN_USERS]
        p = dict(zip(tested, self._p([self.products[place] for place in tested]), strict=True))
        return (row | {"p_value": p.get(place)} for place, row in enumerate(self.held))

    def _p(self, products: Sequence[Floats]) -> list[float]:
        if not products:
            return []
        side_by_side = np.stack(products, axis=1)
        speaks = (side_by_side != 0).any(axis=1)
        return list(map(float, reversal(side_by_side[speaks], self.seed)))


def few(n_units: int) -> str | None:
    """What is to be said of a test over so few users."""
    if n_units < MIN_USERS:
        return f"{n_units} user(s) whose threads change: a test over users needs at least {MIN_USERS}"
    return f"with {n_units} users no p is below 0.05" if n_units < LEAST_USERS else None
