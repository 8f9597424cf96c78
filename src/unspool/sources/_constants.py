"""NaN and Infinity, which Python's JSON writer leaves bare though JSON has no such values: read as null."""

import json
import re
from typing import Any, Protocol

CONSTANTS = (b"NaN", b"Infinity")
_BARE = {b"NaN", b"Infinity", b"-Infinity"}
_PIECE = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|(?P<open>\\?\Z))|-?[A-Za-z]+|-\Z', re.DOTALL)
"""A string, or `open` to the end of what was read; or a bare word, of which a sign at the end may be the beginning."""


class _Readable(Protocol):
    def read(self, size: int) -> bytes:
        """The next bytes."""


def seen(data: bytes) -> bool:
    """Whether there is such a value, or a word like it in a string."""
    return any(constant in data for constant in CONSTANTS)


def from_line(line: bytes) -> Any:
    """The value of a line of JSON with such values."""
    return json.loads(line, parse_constant=lambda _: None)


class Nulled:
    """A file of JSON in which such values are null; what stands in strings is left as it is."""

    def __init__(self, file: _Readable) -> None:
        self._file, self._held = file, b""

    def read(self, size: int) -> bytes:
        """The next bytes; a string or word that goes on behind them is held back."""
        while data := self._file.read(size):
            whole = self._held + data
            end = next((m.start() for m in _PIECE.finditer(whole) if _goes_on(m)), len(whole))
            self._held = whole[end:]
            if end:
                return _PIECE.sub(_null, whole[:end])
        held, self._held = self._held, b""
        return _PIECE.sub(_null, held)


def _goes_on(piece: re.Match[bytes]) -> bool:
    closed = piece[0].startswith(b'"') and piece["open"] is None
    return piece.end() == len(piece.string) and not closed


def _null(piece: re.Match[bytes]) -> bytes:
    return b"null" if piece[0] in _BARE else piece[0]
