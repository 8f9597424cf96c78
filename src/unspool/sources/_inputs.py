"""From what the user typed to the inputs of a study: files, folders, globs; each with its format, size and digest."""

import glob
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import ijson
import orjson
import polars as pl

from unspool import sources
from unspool.errors import UnspoolError
from unspool.sources import Head
from unspool.sources._constants import Nulled
from unspool.sources._faults import fault
from unspool.sources._streams import first_bytes, plain_suffix

_FACTOR = {".parquet": 4, ".gz": 6, ".zst": 6}


@dataclass(frozen=True)
class Input:
    """One file: its number from 1, where it is, its source, its size on disk and an estimate of its bytes unpacked."""

    number: int
    path: Path
    source: str
    size: int

    @property
    def unpacked(self) -> int:
        """Estimate of the uncompressed size in bytes."""
        return self.size * _FACTOR.get(self.path.suffix.lower(), 1)


def find(logs: list[str], source: str | None, leave_out: tuple[Path, ...] = ()) -> list[Input]:
    """Expand files, folders (all files below, hidden ones left out) and globs; recognise each file's format.

    `leave_out`: the study and its key, which may lie in the folder of the logs.

    In a folder, files that no source recognises are an error unless the source is forced: nothing is left out in
    silence.
    """
    paths = list(dict.fromkeys(path for number, log in enumerate(logs, 1) for path in _expand(log, number, leave_out)))
    if source is not None:
        sources.source(source)
    for number, path in enumerate(paths, 1):
        _check_readable(path, number)
    return [
        Input(number, path, source or _recognise(path, number, len(paths)), path.stat().st_size)
        for number, path in enumerate(paths, 1)
    ]


def _expand(log: str, number: int, leave_out: tuple[Path, ...]) -> list[Path]:
    path = Path(log).expanduser()
    if path.is_dir():
        below = [p for p in path.rglob("*") if p.is_file() and not _within(p, leave_out)]
        found = sorted(p for p in below if not any(part.startswith(".") for part in p.relative_to(path).parts))
    elif path.is_file():
        found = [path]
    else:
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True) if Path(name).is_file())  # noqa: PTH207
    if not found:
        what = "The folder holds no files." if path.is_dir() else "There is no such file, folder or glob."
        raise UnspoolError(f"Input argument {number} names no file.", what, "Check the path.", exit_code=2)
    return found


def _within(path: Path, places: tuple[Path, ...]) -> bool:
    whole = path.resolve()
    return any(whole.is_relative_to(place) for place in places)


def _check_readable(path: Path, number: int) -> None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise UnspoolError(
            f"Input {number} cannot be read.",
            f"{type(error).__name__} on reading it.",
            "Check its owner and mode.",
            exit_code=2,
        ) from None


def _recognise(path: Path, number: int, of: int) -> str:
    seen = head(path)
    try:
        return sources.recognise(seen)
    except UnspoolError as error:
        wrong = f"The format of input {number} of {of} was not recognised."
        found, do = fault(path, seen) or (error.found, error.do)
        raise UnspoolError(wrong, found, do, exit_code=error.exit_code) from None


def head(path: Path) -> Head:
    """What recognition sees of a file."""
    start, suffix = first_bytes(path), plain_suffix(path)
    return Head(suffix, start, _columns(path, start, suffix))


def _columns(path: Path, start: bytes, suffix: str) -> tuple[str, ...]:
    if start[:4] == b"PAR1":
        try:
            return tuple(pl.scan_parquet(path, glob=False).collect_schema())
        except (pl.exceptions.PolarsError, OSError):
            return ()
    line = start.lstrip().split(b"\n", 1)[0].strip()
    if suffix in (".csv", ".tsv"):
        mark = b"\t" if b"\t" in line else b";" if line.count(b";") > line.count(b",") else b","
        return tuple(name.strip().strip(b'"').decode(errors="replace") for name in line.split(mark))
    if line[:1] == b"{":
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return ()
        return tuple(value) if isinstance(value, dict) else ()
    return _first_keys(start) if suffix == ".json" and line[:1] == b"[" else ()


def _first_keys(start: bytes) -> tuple[str, ...]:
    """The keys of the first object of a JSON array."""
    try:
        value = next(ijson.items(Nulled(io.BytesIO(start)), "item", use_float=True), None)
    except ijson.JSONError:
        return ()
    return tuple(value) if isinstance(value, dict) else ()


def sha256(path: Path) -> str:
    """Digest of the file as it lies on disk."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
