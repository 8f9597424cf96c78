"""One file per grouping rule. A rule cuts each user's prompts, in order, into contiguous runs: the threads.

Only the threads of the source (`given`) may interleave.

A rule is a module with `TITLE`, `CITATION` and

    def starts(prompts: pl.DataFrame) -> pl.Series

`prompts` is sorted by user and time and has the columns of the prompts table that the rule needs; the result is a
Boolean per row, true where a thread starts. The first prompt of a user starts a thread whatever the rule says.
A rule whose threads may be left and taken up again adds `groups(prompts)`: the number of the thread of each row.
Options of a rule are keyword arguments with defaults. A rule that would be void without a column names it in `NEEDS`.
"""

from typing import Any, Protocol, cast, runtime_checkable

import polars as pl

from unspool import registry
from unspool.errors import UnspoolError

DEFAULT = "scene"


class Rule(Protocol):
    """The interface of a rule module."""

    TITLE: str
    CITATION: str

    def starts(self, prompts: pl.DataFrame, **options: Any) -> pl.Series:
        """Whether each prompt starts a thread."""
        ...


@runtime_checkable
class Interleaving(Rule, Protocol):
    """The interface of a rule whose threads may interleave."""

    def groups(self, prompts: pl.DataFrame) -> pl.Series:
        """The number of each prompt's thread."""
        ...


def check_needs(name: str, prompts: pl.LazyFrame) -> None:
    """An error if a column that the rule needs is missing or null in all prompts (of a study, not of a part of it)."""
    for column in getattr(rule(name), "NEEDS", ()):
        known = pl.col(column).is_not_null() if column in prompts.collect_schema() else pl.lit(False)
        if prompts.select((pl.len() > 0) & ~known.any()).collect().item():
            raise UnspoolError(
                f"The rule {name} needs the column {column!r}.",
                "No prompt has a value there: the source does not give it.",
                "Use a rule that reads the text, such as iou.",
            )


def rule(name: str) -> Rule:
    """Load a rule by name."""
    return cast("Rule", registry.load("threads", name))
