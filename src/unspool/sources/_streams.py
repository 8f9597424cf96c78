"""Bytes and JSON in streams: plain, .gz and .zst files, JSON arrays of any size, JSON lines."""

import gzip
import io
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import ijson
import orjson
import zstandard

from unspool.sources import _constants

COMPRESSIONS = {".gz", ".zst"}
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_PACKED = 1 << 20
BROKEN = (OSError, EOFError, zlib.error, zstandard.ZstdError)
NESTED = 8_000
"""No log opens so many brackets in one read of 64 KiB; the JSON reader keeps a path for each: they fill the memory."""


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressed by its suffix, behind a byte order mark if there is one."""
    file: Any
    if path.suffix.lower() == ".gz":
        file = gzip.GzipFile(path, "rb")
    elif path.suffix.lower() == ".zst":
        file = io.BufferedReader(_Zstandard(path))
    else:
        file = path.open("rb")
    if _peek(file) == BYTE_ORDER_MARK:
        file.read(len(BYTE_ORDER_MARK))
    return cast("IO[bytes]", file)


def _peek(file: Any) -> bytes:
    try:
        return bytes(file.peek(len(BYTE_ORDER_MARK))[: len(BYTE_ORDER_MARK)])
    except BROKEN:
        return b""  # told when the file is read


class _Zstandard(io.RawIOBase):
    """A .zst file of one frame or several; unlike the library's reader, one that is cut off raises EOFError."""

    def __init__(self, path: Path) -> None:
        self._file, self._left, self._frame = path.open("rb"), b"", zstandard.ZstdDecompressor().decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._left:
            packed = self._frame.unused_data if self._frame.eof else b""
            packed = packed or self._file.read(_PACKED)
            if not packed:
                return self._end()
            if self._frame.eof:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._left = self._frame.decompress(packed)
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

    def _end(self) -> int:
        if not self._frame.eof:
            raise EOFError("the frame is not complete")
        return 0

    def close(self) -> None:
        self._file.close()
        super().close()


def plain_suffix(path: Path) -> str:
    """The suffix without the compression, in lower case: `log.json.gz` has ".json"."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in COMPRESSIONS), "")


def first_bytes(path: Path, size: int = 65_536) -> bytes:
    """The first bytes of the decompressed file, behind a byte order mark; fewer where it is shorter or broken."""
    try:
        with open_bytes(path) as file:
            return file.read(size)
    except BROKEN:
        return b""


def json_lines(path: Path) -> Iterator[tuple[int, Any | None, str]]:
    """Line number from 1, the parsed value or None, and what was wrong. Blank lines are passed over."""
    number = 0
    try:
        with open_bytes(path) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, *_parsed(line)
    except BROKEN as error:
        yield number + 1, None, f"the file breaks off: {type(error).__name__}"


def _parsed(line: bytes) -> tuple[Any | None, str]:
    try:
        return orjson.loads(line), ""
    except orjson.JSONDecodeError as error:
        wrong = f"not JSON: {str(error).split(':')[0]}"
    if not _constants.seen(line):
        return None, wrong
    try:
        return _constants.from_line(line), ""
    except (ValueError, RecursionError):
        return None, wrong


class _TooDeepError(Exception):
    """A JSON is nested deeper than any log."""


class _Flat:
    """A file for the JSON reader: what a broken file still gave is passed on, and JSON nested too deep is stopped.

    `odd`: whether what was read may hold values that are no JSON, but can be read as null.
    """

    def __init__(self, file: Any) -> None:
        self._file, self._last, self.odd = file, b"", False

    def read(self, size: int) -> bytes:
        data: bytes = self._file.read1(size)
        opened = data.count(b"[") + data.count(b"{")
        if opened > NESTED and opened - data.count(b"]") - data.count(b"}") > NESTED:
            raise _TooDeepError
        self.odd = self.odd or _constants.seen(self._last + data)
        self._last = data[-10:]
        return data


def json_items(path: Path, prefix: str) -> Iterator[tuple[Any | None, str]]:
    """The values under an ijson prefix ("item", "messages.item"), one at a time; (None, what was wrong) at a break.

    A file may hold several JSON values, one behind the other. One that breaks off at a bare NaN or Infinity is read
    once more with null for it.
    """
    done = 0
    try:
        for found in _items(path, prefix):
            yield found
            done += 1
    except _OddError:
        yield from islice(_items(path, prefix, nulled=True), done, None)


class _OddError(Exception):
    """JSON is broken, and holds values that are no JSON."""


def _items(path: Path, prefix: str, *, nulled: bool = False) -> Iterator[tuple[Any | None, str]]:
    flat = _Flat(None)
    try:
        with open_bytes(path) as file:
            flat = _Flat(file)
            source = _constants.Nulled(flat) if nulled else flat
            for value in ijson.items(source, prefix, use_float=True, multiple_values=True):
                yield value, ""
    except _TooDeepError:
        yield None, "the JSON is nested too deep"
    except (ijson.JSONError, *BROKEN) as error:
        if flat.odd and not nulled:
            raise _OddError from None
        yield None, f"the JSON breaks off: {type(error).__name__}"
