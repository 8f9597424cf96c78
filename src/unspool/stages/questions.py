"""The questions that a study has been asked: its analyses and its audits, each with its module and its rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from unspool import audits, registry, tables
from unspool.analyses import Analysis, in_order
from unspool.audits import Audit
from unspool.study import AUDIT, Study


@dataclass(frozen=True)
class Question:
    """An analysis or an audit of a study, and what it found."""

    name: str
    package: str
    rows: pl.DataFrame

    @property
    def module(self) -> Analysis | Audit:
        """What asked it."""
        found: Analysis | Audit = registry.load(self.package, self.name)
        return found

    @property
    def of_reuse(self) -> bool:
        """Whether it is about training on the log."""
        return self.package == "audits"


def rows(study: Study) -> pl.DataFrame:
    """The rows of all analyses and of all audits; an error if the study has not been analysed."""
    found = study.audit() if (study.path / AUDIT).exists() else tables.empty(tables.RESULTS)
    return pl.concat([study.results(), found])


def questions(found: pl.DataFrame) -> Iterator[Question]:
    """The questions that some rows answer, in the order of the report: analyses, then audits."""
    asked = set(found["analysis"].unique())
    for package, names in (("analyses", in_order()), ("audits", audits.in_order())):
        for name in names:
            if name in asked:
                yield Question(name, package, found.filter(analysis=name))
