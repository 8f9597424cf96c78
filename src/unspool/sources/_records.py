"""The records of CSV and TSV files as they are met in the wild: broken quotes and bytes cost their own record only."""

import csv
import re
from collections import deque
from collections.abc import Iterator
from typing import IO, NoReturn

from unspool.errors import UnspoolError
from unspool.sources import LIKE_A_NAME

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BAD_QUOTES = "a quote that never closes, text right after a closing one, or a stray carriage return"
LONG_FIELD = f"a field of more than {csv.field_size_limit():,} characters, or a quote that never closes"
BAD_BYTES = "not UTF-8, or a NUL byte"


class _Damaged(str):
    """A line that was not UTF-8 or held a NUL byte."""

    __slots__ = ()


class _Lines:
    """Decoded lines, one at a time. `held`: those of the record in hand; `again`: those to be read once more."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.held, self.again, self.damaged = file, list[str](), deque[str](), False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self._decoded(next(self.file))
        self.held.append(line)
        return line

    def _decoded(self, line: bytes) -> str:
        try:
            text = line.decode()
            if "\0" not in text:
                return text
        except UnicodeDecodeError:
            text = line.decode(errors="replace")
        self.damaged = True
        return _Damaged(text)

    def first(self) -> str:
        """The first line that is not blank, without a byte order mark; it is put back to be read again."""
        line = next((line for line in self.file if line.strip()), b"")
        if line.startswith(UTF_16_MARKS):
            raise UnspoolError("An input table is not UTF-8.", "It starts as UTF-16 does.", "Save it as UTF-8.")
        self.again.append(self._decoded(line))
        return self.again[0]

    def back_to_second(self) -> str:
        """Give up the first line of the record in hand and put the others back: the next record starts there."""
        self.again.extendleft(reversed(self.held[1:]))
        return self.held[0]


class Records:
    """The records of a CSV or TSV after its header: fields, or what is wrong. Blank lines are passed over."""

    def __init__(self, file: IO[bytes], kind: str) -> None:
        self.lines, self.tabs = _Lines(file), kind == "tsv"
        first = self.lines.first()
        delimiter = "\t" if self.tabs else _delimiter(first)
        spaced = not self.tabs and re.search(rf"{delimiter} +\S", _bare(first)) is not None
        self.reader = csv.reader(self.lines, delimiter=delimiter, strict=True, skipinitialspace=spaced)
        try:
            fields = next((fields for fields in self.reader if fields), []) if first else []
            self.header = [name.strip() for name in fields]
        except csv.Error:
            _bad_header("It has a quote that never closes.")
        named = [name for name in self.header if name]
        if len(set(named)) < len(named):
            twice = [name for name in dict.fromkeys(named) if named.count(name) > 1 and LIKE_A_NAME.match(name)]
            _bad_header(f"A name comes twice: {', '.join(twice[:20]) or 'it does not look like a name'}.")

    def __iter__(self) -> Iterator[tuple[list[str], str]]:
        """Fields in the header's number; or no fields and what is wrong with the record."""
        lines, reader, width = self.lines, self.reader, len(self.header)
        while True:
            lines.held.clear()
            try:
                fields = next(reader)
                why = "" if len(fields) in (0, width) else f"{len(fields)} fields where the header has {width}"
                if self.tabs and width > 1 and 1 < len(lines.held) == sum(map(self._is_full, lines.held)):
                    fields, why = self._unquoted()
            except StopIteration:
                return
            except csv.Error as error:
                fields, why = self._unquoted()
                why = LONG_FIELD if why and str(error).startswith("field larger") else why
            if lines.damaged and any(isinstance(line, _Damaged) for line in lines.held):
                why = BAD_BYTES
            if fields or why:
                yield fields, why

    def _is_full(self, line: str) -> bool:
        return line.count("\t") == len(self.header) - 1

    def _unquoted(self) -> tuple[list[str], str]:
        """The first line alone: in a TSV, which need not know quotes, as it stands; in a CSV it is lost."""
        fields = self.lines.back_to_second().rstrip("\r\n").split("\t")
        del self.lines.held[1:]
        return (fields, "") if self.tabs and len(fields) == len(self.header) else ([], BAD_QUOTES)


def _bad_header(found: str) -> NoReturn:
    raise UnspoolError("The header of an input table cannot be read.", found, "Correct its first line.", exit_code=2)


def _delimiter(header: str) -> str:
    return max(",;\t", key=_bare(header).count)


def _bare(header: str) -> str:
    return re.sub(r'"[^"]*"', '""', header)
