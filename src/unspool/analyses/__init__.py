"""One file per question about a measured log: from prompts with features to rows of results.

An analysis is a module with

    TITLE: str            one line
    QUESTION: str         what a reader wants to know
    CITATION: str         where the procedure comes from
    LIMITS: str           one sentence: what it does not show
    ORDER: int            its place in the report
    FIGURES: tuple[str, ...]     modules of figures/ that draw its rows

    def analyse(log: Measured) -> pl.DataFrame        rows of the table results
    def findings(rows: pl.DataFrame) -> list[str]     plain sentences with their numbers, from these rows

`findings` gets the analysis's rows as they stand in the study, so that a report needs nothing but the results. What
cannot be estimated is a row with a null estimate and the reason in `note`, never left out.

An analysis that reads the table edits, or the rows of the analyses before it, says so in `NEEDS: tuple[str, ...]`
("edits", "before").

Rows of mode "paper" are estimated as the paper did it, on the threads of its rule; rows of mode "corrected" as
docs/analyses says, on the threads of `log.own`: those of the rule that the study shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast

import polars as pl

from unspool import registry, tables
from unspool.features import Column
from unspool.stats.bootstrap import DRAWS, LEVEL

SAMPLED = "on a sample of"
"""How the part of a note begins that says on how many prompts a feature was measured, where it was not on all."""


@dataclass(frozen=True)
class Settings:
    """`least`: prompts that a thread needs for the means along it; None for the paper's 10, or fewer if few have them.

    `steps`: how many steps they are shown for, None for `least`.
    `draws` of the bootstrap over users, the `level` of its intervals, and the `seed` of everything random.
    `classifier`: a causal language model to fine-tune (hub name, folder), None for none.
    """

    least: int | None = None
    steps: int | None = None
    draws: int = DRAWS
    level: float = LEVEL
    seed: int = 0
    classifier: str | None = None


@dataclass(frozen=True)
class Measured:
    """A log to analyse: its prompts with their features, and the threads by `rule`, the paper's.

    `prompts`: the columns of the prompts table and of the features table, one row per prompt; thread_id, step and
    steps_left are those of `rule`. Of a study, user_id and prompt_id are labels, see labels.py. `columns`: the
    features that were measured, by name, `caption_<name>` too.
    `notes`: why a column has no values, or on which sample it was measured, by column. `counts`: the books.
    `edits`: the table edits of these threads, None where it was not made. `corrected`: the same log by the rule that
    the study shows, None where that is the paper's. `before`: the rows of the analyses that were done before.
    """

    prompts: pl.LazyFrame
    rule: str
    columns: Mapping[str, Column]
    settings: Settings = field(default_factory=Settings)
    notes: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    edits: pl.LazyFrame | None = None
    corrected: "Measured | None" = None
    before: pl.DataFrame | None = None

    @property
    def own(self) -> "Measured":
        """The log by the rule that the study shows, for the estimates of mode "corrected"."""
        return self.corrected or self

    def only(self, condition: pl.Expr) -> "Measured":
        """The same log, of the prompts that meet a condition."""
        return replace(self, prompts=self.prompts.filter(condition))


class Analysis(Protocol):
    """The interface of an analysis module."""

    TITLE: str
    QUESTION: str
    CITATION: str
    LIMITS: str
    ORDER: int
    FIGURES: tuple[str, ...]

    def analyse(self, log: Measured) -> pl.DataFrame:
        """Rows of results."""
        ...

    def findings(self, rows: pl.DataFrame) -> list[str]:
        """Sentences from these rows."""
        ...


def analysis(name: str) -> Analysis:
    """Load an analysis by name."""
    return cast("Analysis", registry.load("analyses", name))


def in_order() -> list[str]:
    """Names of the analyses, in the order of the report."""
    return sorted(registry.names("analyses"), key=lambda name: (analysis(name).ORDER, name))


def results(rows: Iterable[Mapping[str, Any]], **same: Any) -> pl.DataFrame:
    """The table results of some rows; `same` are values that all of them have."""
    schema = tables.RESULTS.columns
    listed = [{**same, **row} for row in rows]
    return pl.DataFrame(listed, schema=schema, orient="row") if listed else tables.empty(tables.RESULTS)
