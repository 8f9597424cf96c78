"""Privacy."""

import polars as pl

from unspool.audits import Audited
from unspool.audits import rows as audit_rows

TITLE = "Privacy"
QUESTION = "Does the log hold what points at people?"
CITATION = ""
LIMITS = ""
ORDER = 50
FIGURES: tuple[str, ...] = ()


def audit(log: Audited) -> pl.DataFrame:
    """Rows."""
    return audit_rows(log, "privacy", [])


def blocking(rows: pl.DataFrame) -> list[str]:
    """Why the log must not be passed on as it is, each with the name by which it may be allowed."""
    return []


def findings(rows: pl.DataFrame) -> list[str]:
    """Sentences."""
    return []
