"""One file per grouping rule. A rule cuts each user's prompts, in order, into contiguous runs: the threads.

A rule is a module with `TITLE`, `CITATION` and

    def starts(prompts: pl.DataFrame) -> pl.Series

`prompts` is sorted by user and time and has the columns of the prompts table that the rule needs; the result is a
Boolean per row, true where a thread starts. The first prompt of a user starts a thread whatever the rule says.
Options of a rule are keyword arguments with defaults.
"""

from typing import Any, Protocol, cast

import polars as pl

from unspool import registry

DEFAULT = "scene"


class Rule(Protocol):
    """The interface of a rule module."""

    TITLE: str
    CITATION: str

    def starts(self, prompts: pl.DataFrame, **options: Any) -> pl.Series:
        """Whether each prompt starts a thread."""
        ...


def rule(name: str) -> Rule:
    """Load a rule by name."""
    return cast("Rule", registry.load("threads", name))
