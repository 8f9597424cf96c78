"""One file per log format. A source yields chunks of message records (chat logs) or prompt records (tables of prompts).

A source is a module with:

    TITLE: str              one line for `unspool sources`
    CITATION: str           where the format is described, and whether real files were at hand
    FAMILY: str             "messages" (bot lines to be compiled) or "prompts" (rows that already are prompts)
    LINKED: bool            ids return or refer to each other (edits, replies): messages are gathered before users are
    def matches(head: Head) -> bool
    def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]
    def spans(path: Path, options: Options) -> list[Span]      optional: parts that can be read apart from each other

Rows keep their number in the file (from 1). What cannot be read is in `Chunk.malformed`; a file that cannot be read
at all is an UnspoolError. No error text may hold a file name, a handle, a URL or a prompt.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, cast

import polars as pl

from unspool import registry, tables
from unspool.errors import UnspoolError

LIKE_A_NAME = re.compile(r"^[A-Za-z_][\w .-]{0,39}$")
"""What an error may quote of a header: a file without one would show its data."""
MOST_NAMES = 20


@dataclass(frozen=True)
class Head:
    """What recognition sees of a file: its suffix without compression (".json"), its first bytes, its columns."""

    suffix: str
    start: bytes
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Options:
    """What the user said: `columns` is the column map of the source `table`, `timezone` that of naive times."""

    columns: tuple[tuple[str, str], ...] = ()
    timezone: str = "UTC"


@dataclass(frozen=True)
class Span:
    """A part of one input that can be read apart: `length` records from `start` (None: to the end)."""

    start: int = 0
    length: int | None = None


@dataclass(frozen=True)
class Chunk:
    """Some records of an input: `rows` by the source's family, and the records that could not be read.

    `has_users`: the source knows its users, so that a row without one is a reject and not a prompt of nobody.
    """

    rows: pl.DataFrame
    malformed: pl.DataFrame = field(default_factory=lambda: tables.empty(tables.MALFORMED))
    has_users: bool = True


class Source(Protocol):
    """The interface of a source module."""

    TITLE: str
    CITATION: str
    FAMILY: str
    LINKED: bool

    def matches(self, head: Head) -> bool:
        """Whether a file with this head is of this format."""
        ...

    def chunks(self, path: Path, span: Span, options: Options) -> Iterator[Chunk]:
        """Yield the records of a span, in order."""
        ...


def source(name: str) -> Source:
    """Load a source by name."""
    return cast("Source", registry.load("sources", name))


def recognise(head: Head) -> str:
    """Name of the source whose format the head shows; none or several is an error that names --source."""
    known = [name for name in registry.names("sources") if name != "table"]
    found = [name for name in known if source(name).matches(head)] or ["table"] * source("table").matches(head)
    if len(found) == 1:
        return found[0]
    what = f"It fits {' and '.join(found)}." if found else f"It is {_describe(head)}, which no known log format has."
    raise UnspoolError(
        "The format of an input was not recognised.",
        what,
        "Name it with --source (see `unspool sources`), or give --source table --columns user_id=...,time=...,text=...",
        exit_code=2,
    )


def quotable(columns: Sequence[str]) -> list[str]:
    """Column names that an error may quote, at most 20: none if one of them looks like data rather than a name."""
    return list(columns[:MOST_NAMES]) if all(LIKE_A_NAME.match(name) for name in columns) else []


def _describe(head: Head) -> str:
    names = quotable(head.columns)
    if names:
        return f"a table with the columns {', '.join(names)}"
    return f"a {head.suffix or 'nameless'} file"
