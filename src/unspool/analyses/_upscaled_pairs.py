"""Cliff's delta with users that count alike: pairs of prompts of different users."""

from collections.abc import Iterator

from unspool.analyses._steps import Row
from unspool.analyses._upscaled_sample import Sample
from unspool.analyses._upscaled_within import Told
from unspool.stats.bootstrap import by_user
from unspool.stats.jackknife import Floats, jackknife
from unspool.stats.user_pairs import Ranked, alike, alike_by_side, delta_estimator, pair_sums

WHAT = {
    "user_weighted_delta": "every user weighs 1 (Datta & Satten 2005)",
    "informative_delta": "every user weighs 1, a half on each side where both are there (Dutta & Datta 2016)",
}


def rows(sample: Sample, ranks: Ranked, told: Told, level: float) -> Iterator[Row]:
    """Rows of user_weighted_delta and informative_delta."""
    users, group = sample.users, sample.upscaled
    weights = [alike(users), alike_by_side(group, users)]
    for per_user, (estimand, what) in zip(pair_sums(ranks, group, users, weights), WHAT.items(), strict=True):
        sums = _per_unit(sample, per_user)
        found = jackknife(sums, delta_estimator(sums), level=level)[0]
        yield told(estimand, found, f"Cliff's delta over pairs of different users, {what}", **sample.numbers())


def _per_unit(sample: Sample, per_user: Floats) -> Floats:
    people = sample.labelled.steps.people
    return by_user(per_user, people.units[: len(per_user)], people.n_units)
