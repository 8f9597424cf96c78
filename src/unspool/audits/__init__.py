"""One file per risk of reusing a log for training: from a measured study to rows of audit.

An audit is a module with

    TITLE: str            one line
    QUESTION: str         what someone who wants to train on the log has to know
    CITATION: str         where the procedure comes from
    LIMITS: str           one sentence: what it does not show
    ORDER: int            its place in the report
    FIGURES: tuple[str, ...]     modules of figures/ that draw its rows

    def audit(log: Audited) -> pl.DataFrame           rows of the table audit, which has the columns of results
    def findings(rows: pl.DataFrame) -> list[str]     plain sentences with their numbers, from these rows

The column `analysis` holds the name of the audit, `mode` is "audit". What cannot be told is a row with a null estimate
and the reason in `note`, never left out. Counts have no interval; shares and means have one over users.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import polars as pl

from unspool import analyses, registry, tables
from unspool.analyses import Measured
from unspool.compiling.pseudonyms import Pseudonyms
from unspool.stats.bootstrap import LEVEL

MODE = "audit"
CAP = 0.01
SAMPLE = 20_000
PERMUTATIONS = 99


@dataclass(frozen=True)
class Settings:
    """`reference`: a file of plain text, natural expression; None for the captions, where the log has any.

    `cap`: the largest share of the log's weight that one person may have. `min_users`: people who have to use a word
    for it not to point at one. `sample`: prompts that classifiers and permutations look at, of whole users.
    `permutations` of the groups within users. `rounds` of the closed loop. `level` of intervals, `seed` of all that is
    random.
    """

    reference: str | None = None
    cap: float = CAP
    min_users: int = 5
    sample: int = SAMPLE
    permutations: int = PERMUTATIONS
    rounds: int = 10
    level: float = LEVEL
    seed: int = 0


@dataclass(frozen=True)
class Audited:
    """A study to audit.

    `log`: its prompts with their features and the threads of the study's rule. `manifest`: that of the study.
    `reference`: the different lines of the file of that name, None without one. `rejects`: the table of that name.
    `pseudonyms`: the study's key, None where it does not lie beside the study; `aliases`: pseudonyms of handles that
    belong to another pseudonym, columns alias and user_id.
    """

    log: Measured
    manifest: Mapping[str, Any]
    settings: Settings = field(default_factory=Settings)
    reference: pl.Series | None = None
    rejects: pl.LazyFrame | None = None
    pseudonyms: Pseudonyms | None = None
    aliases: pl.DataFrame | None = None

    @property
    def prompts(self) -> pl.LazyFrame:
        """Prompts with features and threads, one row per prompt."""
        return self.log.prompts


class Audit(Protocol):
    """The interface of an audit module."""

    TITLE: str
    QUESTION: str
    CITATION: str
    LIMITS: str
    ORDER: int
    FIGURES: tuple[str, ...]

    def audit(self, log: Audited) -> pl.DataFrame:
        """Rows of the table audit."""
        ...

    def findings(self, rows: pl.DataFrame) -> list[str]:
        """Sentences from these rows."""
        ...


def audit(name: str) -> Audit:
    """Load an audit by name."""
    return cast("Audit", registry.load("audits", name))


def in_order() -> list[str]:
    """Names of the audits, in the order of the report."""
    return sorted(registry.names("audits"), key=lambda name: (audit(name).ORDER, name))


def rows(log: Audited, name: str, found: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """The table audit of some rows; what they do not say of mode, rule, feature ("-") and seed is filled in."""
    same = {"analysis": name, "mode": MODE, "rule": log.log.rule, "feature": "-", "seed": log.settings.seed}
    return tables.conform(analyses.results([{**same, **row} for row in found]), tables.RESULTS)
