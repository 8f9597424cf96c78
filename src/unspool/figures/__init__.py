"""One file per figure: rows of results to charts. A figure never computes a statistic: it draws what the rows hold.

A figure is a module with

    TITLE: str     what it shows, one line
    READ: str      how to read its marks, one or two sentences
    MULTIPLES: bool     whether it is many small charts alike, one per feature

    def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]

`rows` are those of one analysis, `columns` the features by name; the charts come in the order of their importance.
Rows without an estimate are not drawn; none at all gives [].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import polars as pl

from unspool import registry
from unspool.features import Column


@dataclass(frozen=True)
class Theme:
    """Colours and font of a chart. `colours`: eight, used in order and never without a shape or a dash beside them."""

    ink: str
    soft: str
    grid: str
    ground: str
    colours: tuple[str, ...]
    font: str = "sans-serif"
    titled: bool = False


SCREEN = Theme("var(--ink)", "var(--soft)", "var(--grid)", "transparent", tuple(f"var(--c{n})" for n in range(1, 9)))
"""For a page: the colours are variables of its style sheet, so that one drawing serves light and dark."""

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9", "#777777")
PAPER = Theme("#111111", "#444444", "#DDDDDD", "#FFFFFF", OKABE_ITO, "Helvetica, Arial, sans-serif", titled=True)
"""For a file: the colours of Okabe & Ito on white, and the title above the chart."""


@dataclass(frozen=True)
class Figure:
    """A chart, its file name and title, how many it is about (`n`, a sentence), its text alternative and its data.

    `data`: a row per mark that says something, which it does by `told`.
    """

    name: str
    title: str
    chart: Any
    n: str
    alt: str
    data: pl.DataFrame


class Drawing(Protocol):
    """The interface of a figure module."""

    TITLE: str
    READ: str
    MULTIPLES: bool

    def draw(self, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
        """The charts of an analysis's rows."""
        ...


def drawing(name: str) -> Drawing:
    """Load a figure by name."""
    return cast("Drawing", registry.load("figures", name))
