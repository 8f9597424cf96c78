"""Jensen-Shannon divergence of two groups of texts over parts of speech and over function words, at equal length."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses._draws import joined
from unspool.analyses._steps import Row
from unspool.audits import Audited
from unspool.audits._language_numbers import numbers, row, shifted
from unspool.audits._language_pairs import Pair, at_equal_length, share_as_large
from unspool.features.length import WORD
from unspool.features.repetition import stop_words
from unspool.stats.jackknife import jackknife
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

HOW = "Jensen-Shannon divergence at equal length, less the noise of finite samples of users"
RAW = "divergence before the permuted groups' mean is taken off"
NOTHING = "no text of one group that holds what is counted is as long as one of the other"
ONE_PERSON = "how much a divergence varies between people needs texts of two"
FREELY = "permuted over all texts, as lines are of nobody: the part of the noise that is of users is still in it"
OTHER = "*"
TINY = 1e-300
LONGEST = 2_000
"""Characters of a text that are parsed: on a run of punctuation the parser's time grows with the square of these."""


def divergence(pair: Pair, counts: Any, log: Audited) -> Row:
    """In bits, 0 for groups that are alike. `counts`: of the kinds in each text, sparse, shape (texts, kinds).

    What a divergence of alike groups comes to in permuted groups, in units of the noise that the spread of users lets
    expect in them, is taken off for the noise of the groups as they are. The p-value is that of the divergence in these
    units.
    """
    labels = pair.labels(log.settings.permutations, log.settings.seed)
    weights = at_equal_length(labels, pair.bins)
    columns = zip(labels.T, weights.T, strict=True)
    found = np.array([_noisy(pair, counts, label, weight) for label, weight in columns])
    if pair.n_users < 2 or not np.isfinite(found[0]).all():
        return numbers(pair) | {"note": ONE_PERSON if pair.n_users < 2 else NOTHING}
    raw, expected = found[np.isfinite(found).all(axis=1)].T
    ratios = np.divide(raw, expected, out=np.zeros_like(raw), where=expected > 0)
    typical = float(raw[1:].mean() / expected[1:].mean()) if expected[1:].any() else 1.0
    noise = float(expected[0]) * typical
    sides = np.column_stack([1 - labels[:, 0], labels[:, 0]]) * weights[:, :1]
    sums, rest = _per_user(pair, counts, sides)
    (one,) = jackknife(sums, lambda left: _of_both(left + rest), level=log.settings.level, null=noise)
    told = {"effect": float(raw[0]), "effect_name": RAW}
    made = row(pair, shifted(one, noise), log, HOW, share_as_large(ratios), **told)
    return made if pair.side_by_side else made | {"note": joined(made["note"], FREELY)}


def _noisy(pair: Pair, counts: Any, labels: Floats, weights: Floats) -> tuple[float, float]:
    """The divergence, and what it is on average for groups that are alike: by its second order and the users' spread.

    It is the sum over kinds of the squared difference of shares by their mean, by 8 ln 2.
    """
    earlier, later = (_by_unit(pair.units, counts, weights * side) for side in (1 - labels, labels))
    p, q = (side.sum(axis=0) / max(side.sum(), TINY) for side in (earlier, later))
    own = [
        (side - one * side.sum(axis=1, keepdims=True)) / max(side.sum(), TINY)
        for side, one in ((earlier, p), (later, q))
    ]
    n = np.count_nonzero((earlier + later).any(axis=1))
    variance = ((own[1] - own[0]) ** 2).sum(axis=0) * n / max(n - 1, 1)
    mean = (p + q) / 2
    expected = float((variance[mean > 0] / mean[mean > 0]).sum() / (8 * np.log(2)))
    return float(jensen_shannon(earlier.sum(axis=0), later.sum(axis=0))), expected


def _of_both(sums: Floats) -> Floats:
    """The divergence of counts of two groups that stand side by side, shape (..., 1)."""
    k = sums.shape[-1] // 2
    return jensen_shannon(sums[..., :k], sums[..., k:])[..., None]


def _by_unit(units: Ints, counts: Any, weights: Floats) -> Floats:
    """Weighted counts of each unit, shape (units, kinds)."""
    from scipy.sparse import csr_array

    shape = (int(units.max()) + 1, len(units))
    found: Floats = (csr_array((weights, (units, np.arange(len(units)))), shape=shape) @ counts).toarray()
    return found


def _per_user(pair: Pair, counts: Any, sides: Floats) -> tuple[Floats, Floats]:
    """Weighted counts of the two groups side by side: per user, and those of nobody."""
    sums = np.concatenate([_by_unit(pair.units, counts, side) for side in sides.T], axis=1)
    return sums[: pair.n_users], sums[pair.n_users :].sum(axis=0)


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
    """How often each two neighbouring parts of speech stand in each text; several series are parsed at once."""
    from unspool.models.parser import parse

    together = pl.concat(texts) if texts else pl.Series([], dtype=pl.String)
    parsed = parse(together.str.slice(0, LONGEST))
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
