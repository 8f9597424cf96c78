"""One file per feature: numbers about the text of every prompt.

A feature is a module with

    TITLE: str                     one line
    CITATION: str                  where its definitions come from
    COLUMNS: tuple[Column, ...]    what it adds to the features table
    CAPTIONS: bool                 whether it is measured on captions too
    USES: str                      "" text only, "parse" the parser, "model" a language model

    def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame

`rows` is a part of a log with the columns of the prompts table but `text_raw` (of captions: only `text` and `user_id`);
the result has the columns of COLUMNS in their order, one row per row. A feature that can be void says so with

    def missing(context: Context) -> str | None     the reason, in one sentence, and how to get it

(or a dictionary from column to reason where only some columns are void), one that depends on fields of Settings
names them in `SETTINGS: tuple[str, ...]` (those of its back end are understood),
and a feature that is estimated from the whole log has

    def collect(rows, context) -> dict[str, pl.DataFrame]            sums of a part
    def fit(parts: dict[str, pl.LazyFrame], context) -> dict[str, pl.DataFrame]     from the sums of all parts
    ESTIMATED_FROM: str            from whose prompts, in words
    PUBLISHED: tuple[str, ...]     fitted tables that the study keeps, as STUDY/features/NAME/TABLE.parquet

and finds the fitted tables in `context.fitted[feature name]`. What `fit` gives for the reason that it could not be
fitted is an empty table `note` with one row of the column `note`.

A feature that compares texts with each other once all are measured, so that none is scored twice, has

    SPARE: dict[str, pl.DataType]                            what its `measure` gives besides, and nobody keeps
    def sums(rows: pl.DataFrame) -> pl.DataFrame             sums of a part, from its columns and SPARE
    def complete(rows: pl.DataFrame, of_all: pl.DataFrame) -> pl.DataFrame    rows with the columns that waited

where `of_all` holds the sums of all parts below each other. Captions are not completed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Protocol, cast

import polars as pl

from unspool import registry

if TYPE_CHECKING:
    from unspool.models.language_model import LanguageModel
    from unspool.models.parser import Parse


@dataclass(frozen=True)
class Column:
    """A column of the features table: what it measures, in which unit and range, and what an empty text has.

    `low`, `high`: the range, None where open. `empty`: the value of a text without words, None for null. `mode`:
    "paper" for a definition of the paper's authors, "own" for the project's. `log`: compared on the log scale.
    """

    name: str
    title: str
    unit: str
    meaning: str
    low: float | None = 0.0
    high: float | None = None
    empty: float | None = None
    mode: str = "own"
    log: bool = False
    integer: bool = False
    citation: str = ""

    @property
    def kind(self) -> type[pl.DataType]:
        """The type in the table."""
        return pl.UInt32 if self.integer else pl.Float64

    def of_captions(self) -> "Column":
        """The column that holds the mean of this one over the captions of a prompt's images."""
        meaning = f"Mean over the captions of the prompt's images. {self.meaning}"
        name, title = f"caption_{self.name}", f"{self.title}, captions"
        return replace(self, name=name, title=title, meaning=meaning, empty=None, integer=False)


@dataclass(frozen=True)
class Settings:
    """What the measuring was asked for; the defaults are those of the command line.

    `language_model`: a hub name, a folder or a .gguf file; None for no perplexity. `reference`: a file of plain text
    that the dialect score compares with where the log has no captions. `sample`: how many prompts the slow features
    score (those that use a parser or a model), None for their own default. `constituency`: whether the paper's parser
    is asked for.
    """

    language_model: str | None = None
    reference: str | None = None
    sample: int | None = None
    constituency: bool = False
    seed: int = 0


@dataclass
class Context:
    """The settings, the tables that were fitted on the whole log, and the back ends, loaded at the first use.

    `n_prompts`, `n_users` and `n_caption_words` are of the whole log (users: 0 if it names nobody).
    """

    settings: Settings = field(default_factory=Settings)
    fitted: Mapping[str, Mapping[str, pl.DataFrame]] = field(default_factory=dict)
    n_prompts: int = 0
    n_users: int = 0
    n_caption_words: int = 0

    def parse(self, texts: pl.Series) -> "Parse":
        """The parsed texts, one document per text; the same texts are parsed once for all features."""
        from unspool.models.parser import parse

        key = tuple(texts)
        if key not in self._parsed:
            self._parsed[key] = parse(texts)
        return self._parsed[key]

    _parsed: dict[tuple[str, ...], "Parse"] = field(default_factory=dict)

    @cached_property
    def language_model(self) -> "LanguageModel":
        """The language model of the settings, loaded once for all parts of a log."""
        return _loaded(self.settings.language_model or "")


@cache
def _loaded(name: str) -> "LanguageModel":
    from unspool.models.language_model import load

    return load(name)


class Feature(Protocol):
    """The interface of a feature module."""

    TITLE: str
    CITATION: str
    COLUMNS: tuple[Column, ...]
    CAPTIONS: bool
    USES: str

    def measure(self, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
        """The feature's columns, one row per row."""
        ...


class Estimated(Feature, Protocol):
    """The interface of a feature that is estimated from the whole log."""

    ESTIMATED_FROM: str
    PUBLISHED: tuple[str, ...]

    def collect(self, rows: pl.DataFrame, context: Context) -> dict[str, pl.DataFrame]:
        """Sums of a part of the log, which holds all prompts of its users."""
        ...

    def fit(self, parts: dict[str, pl.LazyFrame], context: Context) -> dict[str, pl.DataFrame]:
        """The fitted tables."""
        ...


class Completed(Feature, Protocol):
    """The interface of a feature that is completed once all texts are measured."""

    SPARE: Mapping[str, pl.DataType]

    def sums(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Sums of a part."""
        ...

    def complete(self, rows: pl.DataFrame, of_all: pl.DataFrame) -> pl.DataFrame:
        """The rows with the columns that waited for the others."""
        ...


def completed(name: str) -> Completed | None:
    """The feature, if it is one that is completed once all texts are measured."""
    found = feature(name)
    return cast("Completed", found) if hasattr(found, "complete") else None


def estimated(name: str) -> Estimated | None:
    """The feature, if it is one that is estimated from the whole log."""
    found = feature(name)
    return cast("Estimated", found) if hasattr(found, "fit") else None


def feature(name: str) -> Feature:
    """Load a feature by name."""
    return cast("Feature", registry.load("features", name))


def columns() -> dict[str, Column]:
    """All columns of all features by name."""
    return {column.name: column for name in registry.names("features") for column in feature(name).COLUMNS}
