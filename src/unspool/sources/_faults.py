"""What is wrong with a file whose format was not recognised, where naming the format would not help."""

from pathlib import Path
from typing import Any

import orjson

from unspool.sources import Head
from unspool.sources._streams import BROKEN, open_bytes

LOOKED_AT = 16 * 2**20
"""Bytes of a file that are read to find where its JSON is invalid."""
PACKED = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\x1f\x8b": "packed by gzip",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
}
_JSON = (".json", ".jsonl", ".ndjson")
_UNPACK = "Unpack it (.gz and .zst are unpacked by their suffix), or save a spreadsheet as CSV."
_AGAIN = "Fetch or export it again, or leave it out."
_READ_ON = "Export it again, or name its format with --source to read what stands before that place."


def fault(path: Path, head: Head) -> tuple[str, str] | None:
    """What was found and what to do about it, for two sentences of an error; None where nothing is seen to be wrong."""
    text = head.start.strip()
    if not text:
        return _empty(path)
    if text.startswith(b"PAR1"):
        return None if head.columns else ("It is a Parquet file that is broken or cut off.", _AGAIN)
    if found := _no_text(text):
        return found
    return _json_fault(path) if head.suffix in _JSON or text[:1] in (b"{", b"[") else None


def _empty(path: Path) -> tuple[str, str]:
    try:
        with open_bytes(path) as file:
            file.read(1)
    except BROKEN:
        return "Nothing can be unpacked from it.", _AGAIN
    return "It is empty.", _AGAIN


def _no_text(start: bytes) -> tuple[str, str] | None:
    for mark, what in PACKED.items():
        if start.startswith(mark):
            return f"It is {what}.", _UNPACK
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "It is UTF-16 text.", "Save it as UTF-8."
    if b"\0" in start:
        return "It is binary, and neither Parquet nor SQLite.", "Give the log as JSON, CSV, Parquet or SQLite."
    return None


def _json_fault(path: Path) -> tuple[str, str] | None:
    try:
        with open_bytes(path) as file:
            text = file.read(LOOKED_AT)
    except BROKEN:
        return "It breaks off.", _AGAIN
    try:
        return _nothing(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        return _invalid(text, error)


def _nothing(value: Any) -> tuple[str, str] | None:
    """JSON without any record."""
    if isinstance(value, dict) and value.get("messages") == []:
        return (
            "It holds no messages.",
            "Export the channel again: its messages, and with no filter that none of them meets.",
        )
    if value in ([], {}):
        return "It is JSON without any record.", _AGAIN
    return None


def _invalid(text: bytes, error: orjson.JSONDecodeError) -> tuple[str, str] | None:
    """Where JSON is invalid; None where its first line stands for itself, as in JSON lines, or too little was read."""
    try:
        text.decode()
    except UnicodeDecodeError as found:
        if len(text) < LOOKED_AT:
            return f"It is not UTF-8 from byte {found.start + 1:,} on.", "Save it as UTF-8."
    try:
        orjson.loads(text.lstrip().split(b"\n", 1)[0])
        return None
    except orjson.JSONDecodeError:
        pass
    at_end = error.pos >= len(text.decode(errors="replace").rstrip())
    if at_end and len(text) == LOOKED_AT:
        return None
    what = "breaks off" if at_end else "is invalid"
    return f"Its JSON {what} at line {error.lineno:,}, column {error.colno:,}.", _READ_ON
