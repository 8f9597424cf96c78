"""Sentences: how many a prompt has, and how long they are."""

import polars as pl

from unspool.features import Column, Context, length
from unspool.models.parser import LONGEST, Parse

TITLE = "Sentences"
CITATION = "Don-Yehiya, Choshen & Abend 2023, Sec. 5; the authors' released code and column names give both directions"
CAPTIONS = True
USES = "parse"
PAPER_LONGEST = 512
COLUMNS = (
    Column(
        "sentences_per_word_paper",
        "Sentences per word (paper)",
        "sentences per word",
        f"Sentences that the parser finds in the first {PAPER_LONGEST} characters by the parts between blanks of the "
        "whole text, as the authors divide (`num_sent_parser_ratio`); null if there is no such part.",
        mode="paper",
        log=True,
    ),
    Column(
        "words_per_sentence_paper",
        "Words per sentence (paper)",
        "words",
        "The same the other way round (`words_per_sent`).",
        mode="paper",
        log=True,
    ),
    Column(
        "n_sentences",
        "Sentences",
        "sentences",
        f"Sentences with at least one word that the parser finds in the first {LONGEST:,} characters.",
        empty=0,
        log=True,
        integer=True,
    ),
    Column(
        "sentences_per_word",
        "Sentences per word",
        "sentences per word",
        f"`n_sentences` by the words of the same {LONGEST:,} characters, counted as in `n_words`; null without words.",
        log=True,
    ),
    Column("words_per_sentence", "Words per sentence", "words", "The same the other way round.", log=True),
)


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Counts and rates of sentences per text; n_sentences 0 and the rates null for an empty one."""
    parsed = context.parse(rows["text"])
    texts = rows["text"].fill_null("")
    counts = pl.DataFrame(
        [
            _words(texts, context)["word_len_paper"].alias("parts"),
            _words(texts.str.slice(0, LONGEST), context)["n_words"].alias("words"),
            _paper_sentences(texts, parsed, context).alias("sentences"),
            _sentences(parsed).alias("n_sentences"),
        ]
    )
    return counts.select(
        _rate("sentences", "parts").alias("sentences_per_word_paper"),
        _rate("parts", "sentences").alias("words_per_sentence_paper"),
        pl.col("n_sentences").cast(pl.UInt32),
        _rate("n_sentences", "words").alias("sentences_per_word"),
        _rate("words", "n_sentences").alias("words_per_sentence"),
    )


def _words(texts: pl.Series, context: Context) -> pl.DataFrame:
    return length.measure(texts.to_frame("text"), context)


def _rate(part: str, whole: str) -> pl.Expr:
    return pl.when((pl.col(part) > 0) & (pl.col(whole) > 0)).then(pl.col(part) / pl.col(whole))


def _paper_sentences(texts: pl.Series, parsed: Parse, context: Context) -> pl.Series:
    """The sentences of the texts cut as the authors cut them; `parsed` has those that are short enough already."""
    long = texts.str.len_chars() > PAPER_LONGEST
    cut = context.parse(texts.filter(long).str.slice(0, PAPER_LONGEST))
    counts = _all_sentences(parsed)
    return counts.scatter(long.arg_true(), _all_sentences(cut)) if len(cut.documents) else counts


def _all_sentences(parsed: Parse) -> pl.Series:
    counts = parsed.tokens.group_by("document").agg(n=pl.col("starts_sentence").sum())
    return parsed.per_text(counts)["n"].fill_null(0)


def _sentences(parsed: Parse) -> pl.Series:
    """Sentences that hold a word."""
    words = parsed.tokens.select("document", "is_word", sentence=pl.col("starts_sentence").cum_sum()).filter("is_word")
    return parsed.per_text(words.group_by("document").agg(n=pl.col("sentence").n_unique()))["n"].fill_null(0)
