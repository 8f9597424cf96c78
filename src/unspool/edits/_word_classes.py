"""What words do in a description: the classes of words that the rules of word_kinds look at."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

CLASSES = (
    *("noun", "place", "built", "material", "adjective", "number", "adverb", "verb", "ing", "past"),
    *("small", "of", "to", "place_preposition", "preposition", "pronoun"),
)
"""`small` words take the kind of the next word. `place` and `built`: nouns that say where or when, the latter only
after a preposition of place. `ing`, `past`: participles."""
CLASS = {name: number for number, name in enumerate(CLASSES)}
NOUNS = ("noun", "place", "built")

Codes = NDArray[np.int8]


@cache
def listed() -> pl.DataFrame:
    """The class of every listed word that is no plain noun: word, class. Own lists go before the table."""
    own = _own()
    words: dict[str, int] = dict(_table())
    for name in CLASSES:
        for word in _split(own.get(name, "")):
            words |= dict.fromkeys(_numbers(word) if name in NOUNS else (word,), CLASS[name])
    schema = {"word": pl.String, "class": pl.Int8}
    return pl.DataFrame({"word": list(words), "class": list(words.values())}, schema=schema)


@cache
def phrases() -> tuple[tuple[str, ...], ...]:
    """Phrases that are prepositions, the longest last."""
    return tuple(sorted((tuple(phrase.split()) for phrase in _split(_own()["phrases"])), key=len))


def classes(words: pl.Series) -> Codes:
    """The class of each lower-case word, as a place in CLASSES; a word with hyphens is what its last part is."""
    frame = words.to_frame("word").select(word=pl.col("word").str.replace_all("’", "'", literal=True))
    last = pl.col("word").str.extract(r"-([^-]+)$")
    found = (
        frame.with_columns(last=last)
        .join(listed(), on="word", how="left", maintain_order="left")
        .join(listed().rename({"word": "last", "class": "of_last"}), on="last", how="left", maintain_order="left")
    )
    adjective = pl.col("word").str.contains(r"-\p{L}+ed$|^\p{N}+-\p{L}|.less$|.{2}ous$|.esque$")
    return found.select(
        pl.when(pl.col("class").is_not_null()).then("class")
        .when(adjective).then(CLASS["adjective"])
        .when(pl.col("word").str.contains(r"^\p{N}+$")).then(CLASS["number"])
        .otherwise(pl.col("of_last").fill_null(CLASS["noun"]))
        .cast(pl.Int8)
        .alias("class")
    )["class"].to_numpy()  # fmt: skip


def _numbers(noun: str) -> tuple[str, ...]:
    """A noun and its regular plurals."""
    return (noun, noun + "s", noun + "es", noun[:-1] + "ies") if noun.endswith("y") else (noun, noun + "s", noun + "es")


def _table() -> Iterator[tuple[str, int]]:
    for line in files("unspool.lexicons").joinpath("word_classes.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, _, words = line.partition(":")
            yield from ((word, CLASS[name]) for word in words.split())


@cache
def _own() -> dict[str, Any]:
    return tomllib.loads(files("unspool.lexicons").joinpath("word_kinds.toml").read_text("utf-8"))


def _split(text: str) -> list[str]:
    return [word for word in (" ".join(part.split()) for part in text.split(",")) if word]
