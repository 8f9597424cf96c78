"""The ratio of the densities of a reference and of the log's prompts, as odds of a cross-fitted classifier."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.audits import Audited
from unspool.audits._groups import FIRST, REFERENCE, Groups, groups
from unspool.audits._two_sample import FOLDS, Bools, fit, log_odds, matrix
from unspool.audits._weights_sample import sampled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_ODDS = 20.0
"""Odds that a weight is cut off at, once the weights have mean 1."""
FIRST_PROMPTS = "first prompts of threads, for want of captions and of a reference file"
STRENGTHS = (0.03, 0.3, 3.0, 30.0)
LEAST = 50
"""Texts that each of the two sides needs."""


@dataclass(frozen=True)
class Ratio:
    """Models of the folds, in which a user's own prompts were not; `scale` makes the mean over the sample 1.

    Without models all odds are 1: no classifier tells the two apart.
    """

    models: tuple[Any, ...]
    scale: float
    seed: int
    reference: str
    note: str | None
    truncated: float

    def of(self, texts: pl.Series, users: pl.Series) -> Floats:
        """A weight per text: the odds of the reference, cut off at MOST_ODDS."""
        return np.asarray(np.minimum(self.scale * self.odds(texts, users), MOST_ODDS))

    def odds(self, texts: pl.Series, users: pl.Series) -> Floats:
        """The odds of equally large groups, by the model of the user's fold."""
        found = np.ones(len(texts))
        if not len(texts):
            return found
        rows, fold = matrix(texts), fold_of(users, self.seed)
        for number, model in enumerate(self.models):
            inside = fold == number
            if inside.any():
                found[inside] = np.exp(np.clip(model.decision_function(rows[inside]), -20, 20))
        return found


def fold_of(users: pl.Series, seed: int) -> Ints:
    """The fold of each user, by label and seed alone; nobody is in fold 0."""
    distinct = users.drop_nulls().unique()
    digests = (blake2b(f"weights {seed} {user}".encode(), digest_size=4).digest() for user in distinct)
    folds = pl.Series([int.from_bytes(digest, "little") % FOLDS for digest in digests], dtype=pl.Int64)
    return np.asarray(users.replace_strict(distinct, folds, default=0, return_dtype=pl.Int64).to_numpy())


def fitted_ratio(log: Audited) -> Ratio | str:
    """The models on a sample of whole users, or why there are none."""
    found = groups(log)
    target, what = _target(found)
    prompts, note = sampled(log)
    if min(prompts.height, target.height) < LEAST:
        return f"fewer than {LEAST} prompts, or texts to compare them with, are of known people"
    texts = pl.concat([target["text"], prompts["text"]])
    users = pl.concat([target["user_id"], prompts["user_id"]])
    labels = np.arange(len(texts)) < target.height
    rows, fold = (
        matrix(texts),
        np.where(users.is_null(), np.arange(len(users)) % FOLDS, fold_of(users, log.settings.seed)),
    )
    if any(len(np.unique(labels[fold != number])) < 2 for number in range(FOLDS)):
        return "too few people write prompts to part them into folds"
    parts = [fold != number for number in range(FOLDS)]
    with one_core():
        strength = _strength(rows, labels, fold)
        models = tuple(fit(rows[part], labels[part], None, strength) for part in parts) if strength else ()
    return _scaled(Ratio(models, 1.0, log.settings.seed, what, note, 0.0), prompts)


def one_core() -> AbstractContextManager[Any]:
    """Fits of sparse rows take several times as long on several cores, which hand each other short vectors."""
    from threadpoolctl import threadpool_limits

    return cast("AbstractContextManager[Any]", threadpool_limits(1, user_api="blas"))


def _strength(rows: Any, labels: Bools, fold: Ints) -> float | None:
    """The strength whose cross-fitted odds are the truest, by log loss; None if equal odds for all texts are truer.

    Odds of too free a model are noise, and noise in weights costs prompts without bringing them nearer.
    """
    losses = {one: _loss(log_odds(rows, labels, fold, None, one), labels) for one in STRENGTHS}
    best = min(losses, key=lambda one: losses[one])
    return best if losses[best] < np.log(2) else None


def _loss(scores: Floats, labels: Bools) -> float:
    """Log loss of log odds with both groups weighing the same."""
    known = ~np.isnan(scores)
    loss = np.logaddexp(0, np.where(labels, -scores, scores))
    return float((loss[known & labels].mean() + loss[known & ~labels].mean()) / 2)


def _target(found: Groups) -> tuple[pl.DataFrame, str]:
    if found.reference is not None:
        return found.of(REFERENCE), found.reference
    return found.of(FIRST), FIRST_PROMPTS


def _scaled(ratio: Ratio, prompts: pl.DataFrame) -> Ratio:
    """Scale the weights so that those cut off have mean 1; the fixed point is reached in a few steps."""
    odds = ratio.odds(prompts["text"], prompts["user_id"])
    scale = 1.0
    for _ in range(100):
        scale /= float(np.minimum(scale * odds, MOST_ODDS).mean())
    cut = float((scale * odds >= MOST_ODDS).mean())
    return Ratio(ratio.models, scale, ratio.seed, ratio.reference, ratio.note, cut)
