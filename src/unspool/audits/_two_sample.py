"""Which of two groups a text is of: scores of a classifier that has not seen its writer, and texts matched in length.

The classifier two-sample test of Lopez-Paz & Oquab 2017 (ICLR), by area under the curve instead of accuracy, and
cross-fitted by user. The odds of the same classifier are the ratio of the groups' densities (Qin 1998, Biometrika 85;
Bickel, Brueckner & Scheffer 2009, JMLR 10).
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features.length import WORD
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FOLDS = 5
TERMS = 2**16
STRENGTH = 10.0
"""Inverse strength of the ridge penalty, on rows of length 1."""


def matrix(texts: pl.Series) -> Any:
    """Words and pairs of words of each text, hashed to TERMS columns, counted once, as a sparse row of length 1."""
    from sklearn.feature_extraction.text import HashingVectorizer

    words = texts.fill_null("").str.to_lowercase().str.extract_all(WORD)
    numbers, distinct = coded(words.list.join(" "))
    vectorizer = HashingVectorizer(
        n_features=TERMS, ngram_range=(1, 2), analyzer="word", token_pattern=r"[^ ]+", lowercase=False,
        alternate_sign=False, binary=True, norm="l2",
    )  # fmt: skip
    return vectorizer.transform(distinct.to_list())[numbers]


def folds(users: pl.Series, seed: int) -> Ints:
    """The fold of each row, 0 to FOLDS - 1: whole users together; rows without a user each for itself."""
    alone = pl.Series([f"row {place}" for place in range(len(users))], dtype=pl.String)
    codes, distinct = coded(users.fill_null(alone))
    dealt = np.random.default_rng(seed).permutation(len(distinct)) % FOLDS
    return np.asarray(dealt[codes], dtype=np.int64)


def log_odds(rows: Any, labels: Bools, fold: Ints, weights: Floats | None = None, strength: float = STRENGTH) -> Floats:
    """Log odds that each row of `matrix` has the label, by a logistic regression on the rows of the other folds.

    The odds are those of equally large groups, whatever their sizes; NaN where the other folds lack one of them.
    """
    found = np.full(len(labels), np.nan)
    for one in np.unique(fold):
        inside = fold == one
        model = fit(rows[~inside], labels[~inside], None if weights is None else weights[~inside], strength)
        if model is not None:
            found[inside] = model.decision_function(rows[inside])
    return found


def fit(rows: Any, labels: Bools, weights: Floats | None = None, strength: float = STRENGTH) -> Any:
    """The logistic regression of labels on rows, both groups with the same weight in sum; None if one is empty."""
    from sklearn.linear_model import LogisticRegression

    if labels.all() or not labels.any():
        return None
    weights = np.ones(len(labels)) if weights is None else weights
    balanced = weights / np.where(labels, weights[labels].sum(), weights[~labels].sum()) * len(labels) / 2
    return LogisticRegression(C=strength, solver="liblinear").fit(rows, labels, balanced)


def lengths(n_words: Ints) -> Ints:
    """The bin of each length: single words up to 8, then bins of a fifth."""
    longer = np.floor(np.log(np.maximum(n_words, 8) / 8) / np.log(1.2)) + 9
    return np.asarray(np.where(n_words <= 8, n_words, longer), dtype=np.int64)


def matched(n_words: Ints, labels: Bools, seed: int) -> Bools:
    """Rows so that both groups have equally many of each bin of lengths.

    In each bin the rows of the larger group are drawn at random.
    """
    bins = lengths(n_words)
    order = np.random.default_rng(seed).permutation(len(labels))
    frame = pl.DataFrame({"row": order, "bin": bins[order], "label": labels[order]})
    frame = frame.with_columns(place=pl.int_range(pl.len()).over("bin", "label"), n=pl.len().over("bin", "label"))
    both = pl.col("label").n_unique().over("bin") == 2
    kept = frame.filter(both & (pl.col("place") < pl.col("n").min().over("bin")))["row"].to_numpy()
    mask = np.zeros(len(labels), dtype=np.bool_)
    mask[kept] = True
    return mask
