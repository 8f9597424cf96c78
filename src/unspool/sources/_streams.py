"""Bytes and JSON in streams: plain, .gz and .zst files, JSON arrays of any size, JSON lines."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import ijson
import orjson
import zstandard

COMPRESSIONS = {".gz", ".zst"}
BROKEN = (OSError, EOFError, zstandard.ZstdError)


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file for reading, decompressed by its suffix."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path, "rb"))
    if path.suffix == ".zst":
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(path.open("rb"), closefd=True))  # type: ignore[arg-type]
    return path.open("rb")


def plain_suffix(path: Path) -> str:
    """The suffix without the compression, in lower case: `log.json.gz` has ".json"."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return next((suffix for suffix in reversed(suffixes) if suffix not in COMPRESSIONS), "")


def first_bytes(path: Path, size: int = 65_536) -> bytes:
    """The first bytes of the decompressed file; fewer where it is shorter or broken."""
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
                    try:
                        yield number, orjson.loads(line), ""
                    except orjson.JSONDecodeError as error:
                        yield number, None, f"not JSON: {str(error).split(':')[0]}"
    except BROKEN as error:
        yield number + 1, None, f"the file breaks off: {type(error).__name__}"


def json_items(path: Path, prefix: str) -> Iterator[tuple[Any | None, str]]:
    """The values under an ijson prefix ("item", "messages.item"), one at a time; (None, what was wrong) at a break."""
    try:
        with open_bytes(path) as file:
            for value in ijson.items(file, prefix, use_float=True):
                yield value, ""
    except (ijson.JSONError, *BROKEN) as error:
        yield None, f"the JSON breaks off: {type(error).__name__}"
