"""The report: what a study found, as one HTML page that needs no network and no script."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from unspool.audits._advice import Advice
from unspool.report._answers import Answer
from unspool.report._drawn import Block
from unspool.report._tables import Table
from unspool.report._void import Void

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Fact:
    """A number that stands large, what it counts, and what is to be said of it."""

    value: str
    name: str
    note: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the books: how many records, under which name, and what that means."""

    n: int
    name: str
    note: str = ""


@dataclass(frozen=True)
class Books:
    """Where every record went: `records` are the prompts, what was merged and what was left out."""

    records: int
    prompts: int
    merged: Sequence[Entry] = ()
    rejects: Sequence[Entry] = ()

    @property
    def n_merged(self) -> int:
        """Records that became part of a prompt."""
        return sum(entry.n for entry in self.merged)

    @property
    def n_rejects(self) -> int:
        """Records that were left out."""
        return sum(entry.n for entry in self.rejects)


@dataclass(frozen=True)
class Section:
    """An analysis: its question, what was found, its figures, what they do not show, and its rows.

    `part`: the part of the page that it stands in, "Reuse" for an audit.
    """

    name: str
    title: str
    question: str
    sentences: Sequence[str]
    limits: str
    citation: str
    blocks: Sequence[Block] = ()
    notes: Sequence[str] = ()
    table: Table | None = None
    part: str = ""

    @property
    def split(self) -> bool:
        """Whether the figures are so few that they stand beside the sentences."""
        return bool(self.blocks) and all(block.small for block in self.blocks)


@dataclass(frozen=True)
class Step:
    """A prompt of a thread: its number, what is told beside it, and its text with the changes marked."""

    number: int
    told: str
    upscaled: bool
    text: "Markup"


@dataclass(frozen=True)
class Measure:
    """The columns of a feature, for the glossary."""

    title: str
    citation: str
    columns: Sequence[tuple[str, str, str, str, str]]


@dataclass(frozen=True)
class Content:
    """All that the page holds. `words`: the magic words. `void`: what could not be measured.

    `answers`: the first table, and `rules` a sentence of how the threads of its columns were cut. `silent`: titles of
    the analyses of which nothing is known. `advice`: what the log may be used for.
    """

    title: str
    about: str
    facts: Sequence[Fact]
    books: Books
    brief: Sequence[tuple[str, str, Sequence[str]]]
    sections: Sequence[Section]
    answers: Sequence[Answer] = ()
    rules: str = ""
    silent: Sequence[str] = ()
    advice: Sequence[Advice] = ()
    words: Sequence[Table] = ()
    threads: Sequence[Sequence[Step]] = ()
    threads_note: str = ""
    glossary: Sequence[Measure] = ()
    glossary_left: int = 0
    void: Sequence[Void] = ()
    settings: Sequence[tuple[str, str]] = ()
    commands: Sequence[str] = ()
    citations: Sequence[tuple[str, str]] = ()
    quoted: bool = True
    version: str = ""
    study: str = field(default="STUDY")


def page(content: Content) -> str:
    """The page as HTML text: no script, no address that a browser would fetch, everything from the log escaped."""
    return _template().render(content=content, style=(HERE / "style.css").read_text(encoding="utf-8"))


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from unspool.report import _text

    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"shown": _text.shown, "label": _text.label, "thousands": lambda n: f"{n:,}"}
    return environment.get_template("template.html")
