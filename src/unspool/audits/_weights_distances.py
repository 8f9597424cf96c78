"""How far weighted prompts are from a reference, before and after the weights."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Settings as Levels
from unspool.analyses._draws import joined
from unspool.analyses._steps import told
from unspool.audits import Audited
from unspool.audits._language_divergence import jensen_shannon
from unspool.audits._shares import Row
from unspool.audits._two_sample import Bools, Ints
from unspool.features.length import WORD
from unspool.stats.bootstrap import by_user
from unspool.stats.jackknife import Estimator, jackknife
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]
ESTIMANDS = ("before", "after", "reduction")
FIXED = "the weights and the reference held fixed"
SCORED = "the weights and the scores held fixed"
AREA = "area under the curve of a cross-fitted classifier of the reference against weighted prompts"


def style_share(texts: pl.Series) -> Floats:
    """Share of style words per text; NaN without words."""
    from unspool.features import Context
    from unspool.features.style import measure

    found = measure(pl.DataFrame({"text": texts}), Context())
    words = texts.str.count_matches(WORD)
    return (found["n_style_words"] / words).cast(pl.Float64).fill_null(float("nan")).to_numpy()


@dataclass(frozen=True)
class Weighed:
    """Prompts that are weighed, with user_id and thread_id, and a weight each. `group`: which weights these are."""

    group: str
    prompts: pl.DataFrame
    weights: Floats
    log: Audited
    note: str | None = None

    def rows(self, feature: str, estimator: Estimator, columns: Floats, method: str) -> Iterator[Row]:
        """before, after and reduction, from an estimator of (before, after) on sums per user of columns."""

        def three(sums: Floats) -> Floats:
            found = estimator(sums)
            return np.concatenate([found, found[..., :1] - found[..., 1:]], axis=-1)

        codes, distinct = coded(self.prompts["user_id"])
        yield from self.listed(feature, by_user(columns, codes, len(distinct)), three, method)

    def listed(
        self, feature: str, sums: Floats, estimator: Estimator, method: str, fixed: str = FIXED
    ) -> Iterator[Row]:
        """The three rows from sums per user. A distance is not tested against 0, and no interval goes below it."""
        found = jackknife(sums, estimator, level=self.log.settings.level)
        for estimand, one in zip(ESTIMANDS, found, strict=True):
            row = told(one, Levels(level=self.log.settings.level), self.note)
            if estimand != "reduction":
                row |= {"p_value": None, "ci_low": None if row["ci_low"] is None else max(row["ci_low"], 0.0)}
            yield {**self.same(feature, estimand), **row, "method": f"{method}; jackknife over users with {fixed}"}

    def void(self, feature: str, why: str) -> Iterator[Row]:
        """The rows of a distance that is not known."""
        yield from ({**self.same(feature, one), "note": joined(self.note, why)} for one in ESTIMANDS)

    def same(self, feature: str, estimand: str) -> Row:
        """What a row is of."""
        return {"feature": feature, "estimand": estimand, "group": self.group, **numbers(self.prompts)}


def numbers(prompts: pl.DataFrame) -> Row:
    """n_prompts, n_threads and n_users."""
    threads, users = (prompts[name].drop_nulls().n_unique() for name in ("thread_id", "user_id"))
    return {"n_prompts": prompts.height, "n_threads": threads, "n_users": users}


def mean_rows(weighed: Weighed, feature: str, values: Floats, target: float) -> Iterator[Row]:
    """Distance of the mean of a value from that of the reference; values that are NaN are left out."""
    known = ~np.isnan(values)
    v, w = np.where(known, values, 0.0), weighed.weights * known
    columns = np.column_stack([v, known, w * v, w]).astype(np.float64)

    def distances(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.stack([sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]], axis=-1)
        return np.asarray(np.abs(means - target))

    yield from weighed.rows(feature, distances, columns, "distance of the mean from the reference's")


def divergence_rows(weighed: Weighed, feature: str, counts: Floats, target: Floats) -> Iterator[Row]:
    """Jensen-Shannon divergence of the counts of prompts from those of the reference, in bits."""
    k = counts.shape[1]

    def distances(sums: Floats) -> Floats:
        return np.stack([jensen_shannon(sums[..., :k], target), jensen_shannon(sums[..., k:], target)], axis=-1)

    columns = np.concatenate([counts, counts * weighed.weights[:, None]], axis=1).astype(np.float64)
    yield from weighed.rows(feature, distances, columns, "Jensen-Shannon divergence from the reference, bits")


def area_rows(weighed: Weighed, users: pl.Series, scores: tuple[Floats, Floats], fold: Ints) -> Iterator[Row]:
    """Areas of the scores of texts of the reference and then of prompts, without and with the weights.

    `users`: of the texts and the prompts; a pair is left out with the user of either, lines of a file never are.
    `reduction` is of what is above .5: an area below it is of a classifier that learned nothing that holds for others.
    """
    n = len(fold) - weighed.prompts.height
    labels = np.arange(len(fold)) < n
    weights = np.concatenate([np.ones(n), weighed.weights])
    codes, distinct = coded(users.fill_null(""))
    sides = zip(scores, (np.ones(len(fold)), weights), strict=True)
    parts = [_with_user(score, labels, heavy, fold, codes) for score, heavy in sides]
    columns = np.concatenate([part for part, _ in parts], axis=1)
    whole = np.concatenate([total for _, total in parts])
    sums = by_user(columns, codes, len(distinct))[np.flatnonzero((distinct != "").to_numpy())]
    twice = sums.sum(axis=0) - whole

    def three(left: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            found = (left - twice)[..., ::2] / (left - twice)[..., 1::2]
        above = np.maximum(found - 0.5, 0.0)
        return np.concatenate([found, above[..., :1] - above[..., 1:]], axis=-1)

    yield from weighed.listed("auc", sums, three, AREA, SCORED)


def _with_user(scores: Floats, labels: Bools, weights: Floats, fold: Ints, users: Ints) -> tuple[Floats, Floats]:
    """What of all pairs goes with a row's user, in shares of its rows, shape (rows, 2), and all pairs, shape (2,)."""
    pairs = pairs_of(scores, labels, weights, fold)
    within = pairs_of(scores, labels, weights, fold * (users.max(initial=0) + 1) + users)
    return pairs - within / 2, pairs[labels].sum(axis=0)


def weighted_area(scores: Floats, labels: Bools, weights: Floats, fold: Ints) -> float:
    """Area under the curve with a weight per row, over pairs of one fold: scores of two models do not compare.

    Ties count half. NaN without pairs; scores that are NaN are left out.
    """
    right, total = pairs_of(scores, labels, weights, fold)[labels].sum(axis=0)
    return float(right / total) if total else float("nan")


def pairs_of(scores: Floats, labels: Bools, weights: Floats, groups: Ints) -> Floats:
    """Weights of the pairs of each row in its group in which the true row scores higher, and of all, (rows, 2).

    Ties count half; rows whose score is NaN are in no pair.
    """
    frame = pl.DataFrame({"score": scores, "label": labels, "weight": weights, "group": groups}, nan_to_null=True)
    heavy = pl.when(pl.col("score").is_not_null()).then("weight").otherwise(0.0)
    up, down = (pl.when(side).then(heavy).otherwise(0.0) for side in (pl.col("label"), ~pl.col("label")))
    ties = frame.group_by("group", "score").agg(up=up.sum(), down=down.sum()).sort("group", "score", nulls_last=True)
    ties = ties.with_columns(
        below=pl.col("down").cum_sum().over("group") - pl.col("down") / 2,
        above=pl.col("up").sum().over("group") - pl.col("up").cum_sum().over("group") + pl.col("up") / 2,
        ups=pl.col("up").sum().over("group"),
        downs=pl.col("down").sum().over("group"),
    )
    beside = frame.join(ties, on=["group", "score"], how="left", nulls_equal=True, maintain_order="left")
    won, every = (pl.when("label").then(one).otherwise(other) for one, other in (("below", "above"), ("downs", "ups")))
    return np.asarray(beside.select(won=heavy * won, every=heavy * every).to_numpy())
