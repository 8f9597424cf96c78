"""Logistic regressions on words and numbers, and scores of prompts by models that have not seen them."""

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Scores = Callable[[Bools], Floats]
"""From the rows to fit on, as a mask, to scores of all rows."""
Columns = Callable[[Bools], Floats]
"""From the rows to fit on to columns of all rows, NaN where unknown."""

TEXT = "TF-IDF of words and pairs of words, and the features"
FOLDS = 5
TERMS = 2**18
LEAST = 2


def by_row(labels: Bools, seed: int) -> Ints:
    """The fold of each prompt, 0 to FOLDS - 1, dealt at random within each label."""
    order = np.lexsort((np.random.default_rng(seed).random(len(labels)), labels))
    return _dealt(order)


def by_user(users: Ints, labels: Bools, seed: int) -> Ints:
    """The fold of each prompt, whole users together; folds have about as many prompts and upscaled prompts each."""
    n, true = np.bincount(users), np.bincount(users, weights=labels)
    order = np.lexsort((np.random.default_rng(seed).random(len(n)), -n, -true))
    return _dealt(order)[users]


def _dealt(order: Ints) -> Ints:
    """Folds of things in an order, to and fro: 0 1 2 3 4 4 3 2 1 0 0 1."""
    turn = np.arange(len(order)) % (2 * FOLDS)
    folds = np.empty(len(order), dtype=np.int64)
    folds[order] = np.minimum(turn, 2 * FOLDS - 1 - turn)
    return folds


def cross_fitted(scores: Scores, folds: Ints) -> Floats:
    """Scores of each fold by the model of the other folds, less their mean, as models differ in their intercepts."""
    found = np.zeros(len(folds))
    for fold in np.unique(folds):
        inside = folds == fold
        score = scores(~inside)[inside]
        found[inside] = score - score.mean()
    return found


def stacked(text: Scores, found: Floats, base: Columns, labels: Bools, folds: Ints) -> Floats:
    """Cross-fitted scores of models of `base` and the score of `text`, whose own cross-fitted scores are `found`.

    A model for a fold learns from scores of prompts that neither that fold nor the prompts' own was fitted on. Scores
    cross-fitted once will not do: where a word is by chance more often upscaled in one fold it is less so in the
    others, and a model that sees both sides learns to turn such scores round.
    """
    within = np.tile(found, (FOLDS, 1))
    for one, other in combinations(range(FOLDS), 2):
        scores = text((folds != one) & (folds != other))
        for outer, inner in ((one, other), (other, one)):
            rows = folds == inner
            within[outer, rows] = scores[rows] - scores[rows].mean()
    scores = np.zeros(len(labels))
    for fold in range(FOLDS):
        inside = folds == fold
        both = np.column_stack([base(~inside), within[fold]])
        scores[inside] = _logistic(standardised(both, ~inside), labels, ~inside)[inside]
    return scores


def counts(texts: Sequence[str]) -> Any:
    """Words and pairs of adjacent words, counted, shape (texts, TERMS), sparse; a term's column is its hash."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(
        n_features=TERMS, ngram_range=(1, 2), token_pattern=r"\w+", norm=None, alternate_sign=False, dtype=np.float32
    )
    return hashing.transform(texts)


def of_text(terms: Any, columns: Floats, labels: Bools) -> Scores:
    """A logistic regression on TF-IDF of the terms that occur in LEAST texts fitted on, and on the columns."""

    def scores(fitted: Bools) -> Floats:
        from scipy.sparse import csr_array, hstack
        from sklearn.feature_extraction.text import TfidfTransformer

        frequent = np.bincount(terms[fitted].indices, minlength=terms.shape[1]) >= LEAST
        known = terms[:, frequent]
        weighted = known
        if frequent.any():
            weighted = TfidfTransformer(sublinear_tf=True).fit(known[fitted]).transform(known)
        design = hstack([weighted, csr_array(standardised(columns, fitted), dtype=np.float32)], format="csr")
        return _logistic(design, labels, fitted)

    return scores


def of_columns(columns: Columns, labels: Bools) -> Scores:
    """A logistic regression on columns alone."""
    return lambda fitted: _logistic(standardised(columns(fitted), fitted), labels, fitted)


def _logistic(design: Any, labels: Bools, fitted: Bools) -> Floats:
    from sklearn.linear_model import LogisticRegression

    if not design.shape[1]:
        return np.zeros(len(labels))
    model = LogisticRegression(solver="newton-cg").fit(design[fitted], labels[fitted])
    scores: Floats = model.decision_function(design).astype(np.float64)
    return scores


def standardised(columns: Floats, fitted: Bools) -> Floats:
    """Columns with mean 0 and SD 1 in the rows fitted on, and a column for each that says where it was unknown.

    An unknown value (NaN) is the median of the rows fitted on. A column that is constant or unknown there is left out.
    """
    usable = columns[:, ~np.isnan(columns[fitted]).all(axis=0)]
    unknown = np.isnan(usable)
    filled = np.where(unknown, np.nanmedian(usable[fitted], axis=0), usable) if usable.shape[1] else usable
    both = np.concatenate([filled, unknown.astype(np.float64)], axis=1)
    mean, spread = both[fitted].mean(axis=0), both[fitted].std(axis=0)
    varies = spread > 0
    result: Floats = (both[:, varies] - mean[varies]) / spread[varies]
    return result
