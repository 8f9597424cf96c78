"""Concreteness: how much the words of a prompt name what can be seen and touched."""

import polars as pl

from unspool.features import Column, Context
from unspool.lexicons.concreteness import CITATION as NORMS
from unspool.lexicons.concreteness import ratings
from unspool.models.parser import LONGEST

TITLE = "Concreteness"
CITATION = f"Don-Yehiya, Choshen & Abend 2023, Sec. 5; ratings: {NORMS}"
CAPTIONS = True
USES = "parse"
CONTENT = ("NOUN", "PROPN", "VERB", "ADJ", "ADV")
COLUMNS = (
    Column(
        "concreteness_paper",
        "Concreteness (paper)",
        "rating",
        "Mean rating of the lemmas of all tokens but punctuation, as the authors average: stop words count, what was "
        "not rated does not, and no expression of two words is found. Null if no lemma was rated.",
        low=1.0,
        high=5.0,
        mode="paper",
    ),
    Column(
        "concreteness",
        "Concreteness",
        "rating",
        "Mean rating of the content words: nouns, names, verbs, adjectives and adverbs; two words that were rated as "
        f"one (`ice cream`) count as one. Null if none was rated. Of the first {LONGEST:,} characters.",
        low=1.0,
        high=5.0,
    ),
    Column(
        "concreteness_coverage",
        "Rated words",
        "share",
        "Share of the content words that have a rating; null if there is no content word.",
        high=1.0,
    ),
)


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Per text concreteness_paper and concreteness (1 to 5), concreteness_coverage (0 to 1); null for an empty one."""
    parsed = context.parse(rows["text"])
    paper, own = parsed.per_text(_paper(parsed.tokens)), parsed.per_text(_own(parsed.tokens))
    return pl.concat([paper, own], how="horizontal")


def _rating(word: pl.Expr, norms: pl.DataFrame) -> pl.Expr:
    return word.replace_strict(norms["entry"], norms["rating"], default=None)


def _paper(tokens: pl.DataFrame) -> pl.DataFrame:
    """The authors look a lower-cased lemma up among entries in their own case, so that "I" is never found.

    Nor is "null", which the reader of their spreadsheet takes for an empty cell.
    """
    rating = _rating(pl.col("lemma").str.to_lowercase(), ratings().filter(pl.col("entry") != "null"))
    words = tokens.filter(pl.col("pos") != "PUNCT").select("document", rating=rating)
    return words.group_by("document").agg(concreteness_paper=_mean())


def _own(tokens: pl.DataFrame) -> pl.DataFrame:
    coverage = pl.col("rating").is_not_null().mean()
    return _units(tokens).group_by("document").agg(concreteness=_mean(), concreteness_coverage=coverage)


def _mean() -> pl.Expr:
    """The mean of ratings in whole hundredths, so that texts with the same words are equal to the last bit."""
    hundredths = (100 * pl.col("rating")).round().cast(pl.Int64)
    return hundredths.sum() / hundredths.count().replace(0, None) / 100


def _units(tokens: pl.DataFrame) -> pl.DataFrame:
    """One row per content word and per rated pair with a content word in it: document, rating.

    Pairs are taken from the left. Among candidates that overlap in a row, these are the first, the third and so on.
    """
    words = _with_pairs(tokens)
    candidate = pl.col("pair").is_not_null()
    place = pl.int_range(pl.len()).over(candidate.rle_id())
    words = words.with_columns(opens=candidate & (place % 2 == 0))
    closes = pl.col("opens").shift(1, fill_value=False)
    return words.filter(pl.col("opens") | (pl.col("content") & ~closes)).select(
        "document", rating=pl.when("opens").then("pair").otherwise("single")
    )


def _with_pairs(tokens: pl.DataFrame) -> pl.DataFrame:
    """The tokens but blanks: whether one is a content word, its rating, and that of the pair with the next one.

    The rating is that of the lemma, else that of the form in the text.
    """
    norms = ratings().with_columns(pl.col("entry").str.to_lowercase())
    words = tokens.filter(pl.col("pos") != "SPACE").select(
        "document",
        content=pl.col("pos").is_in(CONTENT) & pl.col("is_word"),
        lemma=pl.col("lemma").str.to_lowercase(),
        form=pl.col("token").str.to_lowercase(),
    )
    together = (pl.col("document") == pl.col("document").shift(-1)) & (pl.col("content") | pl.col("content").shift(-1))
    named = (pl.col("lemma"), pl.col("form"))
    return words.select(
        "document",
        "content",
        single=pl.coalesce(_rating(word, norms) for word in named),
        pair=pl.when(together).then(pl.coalesce(_rating(word + " " + word.shift(-1), norms) for word in named)),
    )
