"""How alike the texts of different people are in a group, and how many different words they use."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features.length import WORD
from unspool.features.repetition import stop_words
from unspool.stats.jackknife import Estimate, jackknife
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DRAWN = 500
"""Words that are drawn to count the different ones."""
PEOPLE = 400
"""People whose texts they are drawn from."""
FEW_WORDS = f"one text of each person gives fewer than {DRAWN} words"
ONE_PERSON = "texts of two people are needed"


def similarity(texts: pl.DataFrame, level: float) -> Estimate:
    """Chance that two words are the same, drawn from the different content words of texts of two people.

    People count the same, and so do the texts of one. It does not depend on how long texts are. Content words are all
    but function words, without case. The interval is over users; a row without a user stands for itself.
    """
    codes, words, n_users = _content_words(texts)
    if n_users < 2:
        return Estimate(None, n_units=n_users, note=ONE_PERSON)
    means = _means(codes, words, n_users)
    with_all = means @ np.asarray(means.sum(axis=0)).ravel()
    others = with_all - np.asarray(means.multiply(means).sum(axis=1)).ravel()
    whole = float(others.sum())

    def estimator(sums: Floats) -> Floats:
        n = sums[..., 1:]
        # Without a user, all others lose what they had in common with that one too.
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((2 * sums[..., :1] - whole) / (n * (n - 1)))

    (found,) = jackknife(np.column_stack([others, np.ones(n_users)]), estimator, level=level)
    return found


def _content_words(texts: pl.DataFrame) -> tuple[Ints, pl.DataFrame, int]:
    """The users' codes of the texts that have content words, and these: text, word, n (how many the text has)."""
    words = texts["text"].fill_null("").str.to_lowercase().str.replace_all("’", "'", literal=True)
    listed = pl.DataFrame({"user_id": texts["user_id"], "word": words.str.extract_all(WORD).list.unique()})
    kept = listed.with_columns(
        pl.col("word").list.filter(~pl.element().is_in(list(stop_words()))), alone=pl.int_range(pl.len())
    ).filter(pl.col("word").list.len() > 0)
    named = kept.select(pl.coalesce("user_id", pl.format("line {}", "alone"))).to_series()
    codes, distinct = coded(named)
    numbered = kept.select("word", n=pl.col("word").list.len()).with_row_index("text")
    return codes, numbered.explode("word", empty_as_null=False), len(distinct)


def _means(codes: Ints, words: pl.DataFrame, n_users: int) -> Any:
    """Mean over a user's texts of how likely each word is drawn, sparse, shape (users, words)."""
    from scipy.sparse import csr_array

    number, vocabulary = coded(words["word"])
    text = words["text"].to_numpy()
    chance = 1 / words["n"].to_numpy() / np.bincount(codes)[codes[text]]
    return csr_array((chance, (codes[text], number)), shape=(n_users, len(vocabulary)))


def one_each(texts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """One text of each user, drawn at random, of PEOPLE users at most; lines of a file are each of another one."""
    rows = texts.sort("prompt_id", "text").sample(fraction=1.0, shuffle=True, seed=seed)
    nobody = pl.col("user_id").is_null()
    named = rows.filter(~nobody).unique("user_id", keep="first", maintain_order=True)
    return pl.concat([named, rows.filter(nobody)]).head(PEOPLE)


def types(one: pl.DataFrame, level: float) -> Estimate:
    """Different words expected among DRAWN that are drawn from one text of each person, without putting them back.

    Rarefaction, Hurlbert 1971 (Ecology 52).
    """
    words = one.select(word=pl.col("text").fill_null("").str.to_lowercase().str.extract_all(WORD)).with_row_index("row")
    uses = words.explode("word", empty_as_null=False)
    if uses.height < DRAWN:
        return Estimate(None, n_units=one.height, note=FEW_WORDS)
    codes, vocabulary = coded(uses["word"])
    counts = np.zeros((one.height, len(vocabulary)))
    np.add.at(counts, (uses["row"].to_numpy(), codes), 1)
    (found,) = jackknife(counts, expected_types, level=level)
    return found


def expected_types(counts: Floats) -> Floats:
    """Of counts of words, shape (..., words): different words among DRAWN ones, (..., 1); NaN if there are fewer."""
    from scipy.special import gammaln

    n = counts.sum(axis=-1, keepdims=True)
    # The chance that a word with k of n uses is not drawn: C(n - k, DRAWN) / C(n, DRAWN).
    left = n - counts - DRAWN
    with np.errstate(invalid="ignore"):
        missing = gammaln(n - counts + 1) - gammaln(left + 1) - gammaln(n + 1) + gammaln(n - DRAWN + 1)
        absent = np.where(left >= 0, np.exp(missing), 0.0)
    found = (1 - absent).sum(axis=-1, keepdims=True)
    return np.asarray(np.where(n >= DRAWN, found, np.nan))
