"""How far weighted prompts are from a reference, before and after the weights."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.audits import Audited
from unspool.audits._language_divergence import jensen_shannon
from unspool.audits._shares import Row
from unspool.features.length import WORD
from unspool.stats.jackknife import Estimator, jackknife
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]


def style_share(texts: pl.Series) -> Floats:
    """Share of style words per text; NaN without words."""
    from unspool.features import Context
    from unspool.features.style import measure

    found = measure(pl.DataFrame({"text": texts}), Context())
    words = texts.str.count_matches(WORD)
    return (found["n_style_words"] / words).cast(pl.Float64).fill_null(float("nan")).to_numpy()


@dataclass(frozen=True)
class Weighed:
    """Prompts that are weighed: their users, and a weight each. `group`: which weights these are."""

    group: str
    users: pl.Series
    weights: Floats
    log: Audited

    def sums(self, columns: Floats) -> Floats:
        """Sums per user of columns, shape (users, columns)."""
        codes, distinct = coded(self.users)
        return np.stack([np.bincount(codes, column, len(distinct)) for column in columns.T], axis=1)

    def rows(self, feature: str, estimator: Estimator, columns: Floats, **more: Any) -> Iterator[Row]:
        """before, after and reduction, from an estimator of (before, after) on sums per user of columns."""

        def three(sums: Floats) -> Floats:
            found = estimator(sums)
            return np.concatenate([found, found[..., :1] - found[..., 1:]], axis=-1)

        level = self.log.settings.level
        found = jackknife(self.sums(columns), three, level=level)
        numbers = {"n_prompts": len(self.weights), "n_users": self.users.n_unique()}
        for estimand, one in zip(("before", "after", "reduction"), found, strict=True):
            yield {
                **{"feature": feature, "estimand": estimand, "group": self.group, **numbers, **more},
                **{"estimate": one.estimate, "standard_error": one.standard_error},
                **{"ci_low": one.low, "ci_high": one.high, "ci_level": None if one.low is None else level},
                "p_value": one.p_value if estimand == "reduction" else None,
                "method": f"{more.get('method', '')}; jackknife over users with the weights held fixed",
                "note": one.note,
            }


def mean_rows(weighed: Weighed, feature: str, values: Floats, target: float) -> Iterator[Row]:
    """Distance of the mean of a value from that of the reference; values that are NaN are left out."""
    known = ~np.isnan(values)
    v, w = np.where(known, values, 0.0), weighed.weights * known
    columns = np.column_stack([v, known, w * v, w]).astype(np.float64)

    def distances(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.stack([sums[..., 0] / sums[..., 1], sums[..., 2] / sums[..., 3]], axis=-1)
        return np.asarray(np.abs(means - target))

    yield from weighed.rows(feature, distances, columns, method="distance of the mean from the reference's")


def divergence_rows(weighed: Weighed, feature: str, counts: Floats, target: Floats) -> Iterator[Row]:
    """Jensen-Shannon divergence of the counts of prompts from those of the reference, in bits."""
    k = counts.shape[1]

    def distances(sums: Floats) -> Floats:
        return np.stack([jensen_shannon(sums[..., :k], target), jensen_shannon(sums[..., k:], target)], axis=-1)

    columns = np.concatenate([counts, counts * weighed.weights[:, None]], axis=1).astype(np.float64)
    yield from weighed.rows(feature, distances, columns, method="Jensen-Shannon divergence from the reference, bits")


def weighted_area(scores: Floats, labels: NDArray[np.bool_], weights: Floats, fold: NDArray[np.int64]) -> float:
    """Area under the curve with a weight per row, over pairs of one fold: scores of two models do not compare.

    Ties count half. NaN without pairs; scores that are NaN are left out.
    """
    pairs = [_pairs(scores[one], labels[one], weights[one]) for one in (fold == k for k in np.unique(fold))]
    right, total = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0.0, 0.0)
    return float(right / total) if total else float("nan")


def _pairs(scores: Floats, labels: NDArray[np.bool_], weights: Floats) -> tuple[float, float]:
    """The weight of pairs in which the true row has the higher score, and of all pairs."""
    known = ~np.isnan(scores)
    scores, labels, weights = scores[known], labels[known], weights[known]
    if not len(scores):
        return 0.0, 0.0
    order = np.argsort(scores, kind="stable")
    s, up = scores[order], (weights * labels)[order]
    down = (weights * ~labels)[order]
    starts = np.concatenate([[True], np.diff(s) != 0])
    tie = np.cumsum(starts) - 1
    ups, downs = np.bincount(tie, up), np.bincount(tie, down)
    below = np.cumsum(downs) - downs
    return float((ups * (below + downs / 2)).sum()), float(up.sum() * down.sum())
