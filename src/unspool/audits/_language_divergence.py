"""Jensen-Shannon divergence of two groups of texts over parts of speech and over function words, at equal length."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses._steps import Row
from unspool.audits import Audited
from unspool.audits._language_numbers import numbers, row, shifted
from unspool.audits._language_pairs import Pair, at_equal_length, share_as_large
from unspool.features.length import WORD
from unspool.features.repetition import stop_words
from unspool.stats.jackknife import jackknife
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]

HOW = "Jensen-Shannon divergence at equal length, less its mean over permuted groups"
RAW = "divergence before the permuted groups' mean is taken off"
NOTHING = "the texts of one length hold nothing to count"
FREELY = "permuted over all texts, as lines are of nobody: the part of the noise that is of users is still in it"
OTHER = "*"


def divergence(pair: Pair, counts: Any, log: Audited) -> Row:
    """In bits, 0 for groups that are alike. `counts`: of the kinds in each text, sparse, shape (texts, kinds)."""
    labels = pair.labels(log.settings.permutations, log.settings.seed)
    weights = at_equal_length(labels, pair.bins)
    values = jensen_shannon(*((counts.T @ (weights * side)).T for side in (1 - labels, labels)))
    if not np.isfinite(values[0]):
        return numbers(pair) | {"note": NOTHING}
    values = values[np.isfinite(values)]
    noise = float(values[1:].mean()) if len(values) > 1 else 0.0
    sums, rest = _per_user(pair, counts, weights[:, :1] * np.column_stack([1 - labels[:, 0], labels[:, 0]]))
    k = counts.shape[1]
    (found,) = jackknife(
        sums,
        lambda left: jensen_shannon((left + rest)[..., :k], (left + rest)[..., k:])[..., None],
        level=log.settings.level,
        null=noise,
    )
    told = {"effect": float(values[0]), "effect_name": RAW}
    made = row(pair, shifted(found, noise), log, HOW, share_as_large(values), **told)
    return made if pair.side_by_side else made | {"note": f"{made['note']}; {FREELY}"}


def _per_user(pair: Pair, counts: Any, weights: Floats) -> tuple[Floats, Floats]:
    """Weighted counts of the two groups side by side: per user, and those of nobody."""
    from scipy.sparse import csr_array

    known = np.flatnonzero(pair.users >= 0)
    shape = (pair.n_users, len(pair.users))
    of_user = csr_array((np.ones(len(known)), (pair.users[known], known)), shape=shape)
    sides = [counts.multiply(column[:, None]).tocsr() for column in weights.T]
    sums = np.concatenate([(of_user @ side).toarray() for side in sides], axis=1)
    rest = np.concatenate([np.asarray(side[pair.users < 0].sum(axis=0)).ravel() for side in sides])
    return sums, rest


def jensen_shannon(one: Floats, other: Floats) -> Floats:
    """Of two arrays of counts, shape (..., kinds), in bits, 0 to 1; NaN where one is empty. Lin 1991."""
    with np.errstate(invalid="ignore", divide="ignore"):
        p, q = (np.maximum(part, 0) / part.sum(axis=-1, keepdims=True) for part in (one, other))
        mean = (p + q) / 2
        parts = [np.where(part > 0, part * np.log2(part / mean), 0.0).sum(axis=-1) for part in (p, q)]
        known = (one.sum(axis=-1) > 0) & (other.sum(axis=-1) > 0)
        return np.where(known, np.maximum((parts[0] + parts[1]) / 2, 0.0), np.nan)


def function_words(texts: pl.Series) -> Any:
    """How often each function word stands in each text, and how many other words do."""
    words = texts.fill_null("").str.to_lowercase().str.replace_all("’", "'", literal=True).str.extract_all(WORD)
    listed = pl.DataFrame({"row": np.arange(len(texts)), "word": words}).explode("word", empty_as_null=False)
    known = pl.col("word").is_in(list(stop_words()))
    return _counted(listed.with_columns(kind=pl.when(known).then("word").otherwise(pl.lit(OTHER))), len(texts))


def parts_of_speech(texts: Sequence[pl.Series]) -> list[Any]:
    """How often each two neighbouring parts of speech stand in each text, for several series that are parsed at once."""
    from unspool.models.parser import parse

    parsed = parse(pl.concat(texts) if texts else pl.Series([], dtype=pl.String))
    after = pl.concat_str("pos", pl.col("pos").shift(-1).over("document"), separator=" ")
    twos = parsed.tokens.filter(pl.col("pos") != "SPACE").select("document", kind=after).drop_nulls()
    rows = parsed.documents.to_frame().with_row_index("row").join(twos, on="document")
    counts = _counted(rows, parsed.n_texts)
    ends = np.cumsum([len(one) for one in texts])
    return [counts[end - len(one) : end] for one, end in zip(texts, ends, strict=True)]


def _counted(rows: pl.DataFrame, n: int) -> Any:
    """A sparse table of counts from one row per use, with columns `row` and `kind`."""
    from scipy.sparse import csr_array

    codes, kinds = coded(rows["kind"])
    places = (rows["row"].to_numpy(), codes)
    return csr_array((np.ones(len(codes)), places), shape=(n, max(len(kinds), 1)))


def of_all(pairs: Iterable[Pair], most: int) -> tuple[list[Pair], list[Any]]:
    """Pairs cut so that their texts are at most `most` together, and the parts of speech in these."""
    listed = list(pairs)
    cut = [one.at_most(most // max(len(listed), 1)) for one in listed]
    return cut, parts_of_speech([one.texts["text"] for one in cut])
