"""Weights that bring the prompts of a log nearer to natural expression, and undo the selection of upscales."""

from dataclasses import dataclass

import polars as pl

from unspool import tables
from unspool.audits import Audited
from unspool.audits import rows as audit_rows

TITLE = "Weights"
QUESTION = "What does it cost to weigh the log towards natural expression?"
CITATION = ""
LIMITS = ""
ORDER = 60
FIGURES: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weights:
    """What the weights of prompts are computed from."""

    def of(self, prompts: pl.DataFrame) -> pl.DataFrame:
        """The table weights of some prompts with their features; whole users."""
        return tables.conform(prompts.select("prompt_id", weight=pl.lit(1.0)), tables.WEIGHTS)


def fitted(log: Audited) -> Weights:
    """What the weights are computed from."""
    return Weights()


def audit(log: Audited) -> pl.DataFrame:
    """Rows."""
    return audit_rows(log, "weights", [])


def findings(rows: pl.DataFrame) -> list[str]:
    """Sentences."""
    return []
