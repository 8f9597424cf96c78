"""The figures of an analysis for a page: drawn, with what is said under them, the first open and the rest folded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import SCREEN, Figure, _render, drawing
from unspool.report._svg import inline

OPEN = 3
MOST = 12
MOST_FEATURES = 48


@dataclass(frozen=True)
class Picture:
    """A figure as it stands in the page."""

    title: str
    svg: str
    n: str


@dataclass(frozen=True)
class Block:
    """The pictures of one kind: what they show, how to read them, and whether there are more than the page holds."""

    name: str
    title: str
    read: str
    shown: Sequence[Picture]
    folded: Sequence[Picture] = ()
    cut: bool = False
    multiples: bool = False

    @property
    def small(self) -> bool:
        """Whether its first picture stands beside the text and says the most of it."""
        return not self.multiples

    @property
    def rest(self) -> Sequence[Picture]:
        """The pictures after the first."""
        return [*self.shown[1:], *self.folded]


def blocks(names: Sequence[str], rows: pl.DataFrame, columns: Mapping[str, Column]) -> list[Block]:
    """A block for each figure that has something to draw."""
    with _render.unchecked():
        found = [_block(name, rows, columns) for name in names]
    return [block for block in found if block.shown]


def _block(name: str, rows: pl.DataFrame, columns: Mapping[str, Column]) -> Block:
    module = drawing(name)
    features, most = words.chief(rows), MOST if module.MULTIPLES else MOST_FEATURES
    drawn = rows.filter(pl.col("feature").is_in(features[:most]))
    figures = module.draw(drawn, columns, SCREEN)
    pictures = [_picture(figure, f"{name}-{number}") for number, figure in enumerate(figures[:MOST])]
    cut = len(figures) > MOST or len(features) > most
    return Block(name, module.TITLE, module.READ, pictures[:OPEN], pictures[OPEN:], cut, module.MULTIPLES)


def _picture(figure: Figure, name: str) -> Picture:
    svg = inline(_render.svg(figure.chart), name, figure.alt, set(figure.data["told"]))
    return Picture(figure.title, svg, figure.n)
