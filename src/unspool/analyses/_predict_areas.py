"""The figures beside the paper's: how well upscales are told of people whom the model has not seen."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unspool.analyses import Settings
from unspool.analyses import _predict_models as models
from unspool.analyses._draws import Row, estimated
from unspool.analyses._predict_models import TEXT
from unspool.analyses._predict_sample import PRIOR, Sample
from unspool.stats import auc
from unspool.stats.bootstrap import Floats, Interval, by_user, intervals

LEAST_USERS = 10
BASE = f"log odds in the user's other threads (and {PRIOR:g} prompts at the log's rate), step, log number of words"
METHODS = {
    "auc_base": f"{BASE}; split by user",
    "auc_text": f"{TEXT}; split by user",
    "auc_both": f"{BASE}, score of auc_text; split by user",
    "auc_row_split": f"{TEXT}; split by row",
    "gain": "auc_both - auc_base",
    "leakage": "auc_row_split - auc_text",
    "auc_within_user": "auc_text among the prompts of one user, mean over users with both labels",
}
CONTRASTS = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [-1, 0, 1, 0], [0, -1, 0, 1]])
"""The estimands of METHODS but the last, from the areas of the first four."""
LINEAR = f"logistic regression, {models.FOLDS} folds, areas within folds; bootstrap over users of the linear parts"

Ints = NDArray[np.int64]


def areas(settings: Settings, sample: Sample) -> Iterator[Row]:
    """Rows of all estimands of METHODS, with intervals over users, the models as they were fitted."""
    folds = models.by_user(sample.users, sample.labels, settings.seed)
    methods = {name: f"{how}; {LINEAR}" for name, how in METHODS.items()}
    same = {name: {"estimand": name, "mode": "corrected", "method": how} for name, how in methods.items()}
    if reason := sample.lacking() or _few(sample, folds):
        yield from ({**row, "note": reason} for row in same.values())
        return
    sizes = sample.sizes(np.arange(len(sample.labels)))
    for row, interval in zip(same.values(), _estimated(settings, sample, folds), strict=True):
        yield estimated(interval, settings, sample.note(), **row, **sizes)


def _few(sample: Sample, folds: Ints) -> str | None:
    """Why there are too few users to split by, None if there are enough."""
    if not sample.named:
        return "the log does not name the user of every prompt"
    n_users = len(np.unique(sample.users))
    if n_users < LEAST_USERS:
        return f"{n_users} users: at least {LEAST_USERS} are needed for a split by user"
    others = [sample.labels[folds != fold] for fold in range(models.FOLDS)]
    if any(labels.all() or not labels.any() for labels in others):
        return "upscaled prompts, or the others, are of too few users for a split by user"
    return None


def _estimated(settings: Settings, sample: Sample, folds: Ints) -> list[Interval]:
    rows = models.by_row(sample.labels, settings.seed)
    of_text = models.of_text(sample.terms, sample.columns, sample.labels)
    base = models.cross_fitted(models.of_columns(sample.base, sample.labels), folds)
    text = models.cross_fitted(of_text, folds)
    both = models.stacked(of_text, text, sample.base, sample.labels, folds)
    row_split = models.cross_fitted(of_text, rows)
    found = auc.areas([base, text, both, row_split], sample.labels, sample.users, [folds, folds, folds, rows])
    n_users = sample.users.max() + 1
    within = auc.within(text, sample.labels, sample.users, n_users)
    sums = np.concatenate([by_user(found.pairs, sample.users, n_users), within], axis=1)

    def estimator(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            own = sums[..., -2] / sums[..., -1]
        return np.concatenate([found.estimator(sums[..., :-2]) @ CONTRASTS.T, own[..., None]], axis=-1)

    return intervals(sums, estimator, draws=settings.draws, level=settings.level, seed=settings.seed)
