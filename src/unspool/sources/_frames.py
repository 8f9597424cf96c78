"""Tables in slices, so that memory does not grow with the file: CSV and TSV, JSON lines and arrays, Parquet.

A CSV, TSV or JSON value comes as a String with the characters of the file, so that no id loses digits; a Parquet value
in its own type. A record that cannot be read is counted and told of, and the records around it are kept.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

import polars as pl

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import MOST_NAMES, Chunk, Span, quotable
from unspool.sources._records import Records
from unspool.sources._streams import BROKEN, COMPRESSIONS, first_bytes, json_items, json_lines, open_bytes, plain_suffix
from unspool.sources._times import BLANKS, blank

TEXT_ROWS = 100_000
BATCH_ROWS = 1_000
PARQUET_ROWS = 250_000
SPAN_ROWS = 500_000
HEAD_OBJECTS = 1_000
FLOAT_BITS, FLOAT32_BITS = 53, 24
"""Whole numbers of so many bits are exact in a floating-point column."""

FORMS = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
}
ROUNDED = r"^-?\d+(?:\.\d+)?[eE]\+\d+$|^-?\d{16,}\.0*$"
TRUTHS = {"true": True, "1": True, "1.0": True, "yes": True, "false": False, "0": False, "0.0": False, "no": False}

BAD_TIME = "the time could not be read"
BAD_TRUTH = "whether it was upscaled could not be read"
BAD_ID = "an id was written as a rounded number and lost digits"


@dataclass(frozen=True)
class Slice:
    """Some records of a table: their numbers from 1, their columns, and the records that could not be read."""

    records: pl.Series
    rows: pl.DataFrame
    malformed: pl.DataFrame


def form(path: Path) -> str:
    """The form of a table by its suffix without compression: csv, tsv, json or parquet."""
    if found := FORMS.get(plain_suffix(path)):
        return found
    raise UnspoolError(
        "The form of an input table is not known from its suffix.",
        f"Known are {', '.join(FORMS)}, with .gz or .zst behind them.",
        "Rename the file.",
        exit_code=2,
    )


def columns(path: Path) -> list[str]:
    """Column names: of the header, of the Parquet schema, or the keys of the first 1,000 JSON objects. Empty: none."""
    kind = form(path)
    if kind == "parquet":
        return _parquet_schema(path).names()
    if kind == "json":
        objects = (value for _, value, _ in _json_records(path) if isinstance(value, dict))
        return list(dict.fromkeys(key for value in islice(objects, HEAD_OBJECTS) for key in value))
    try:
        with open_bytes(path) as file:
            return Records(file, kind).header
    except BROKEN as error:
        raise UnspoolError(
            "An input table cannot be read.", f"It breaks off in its header: {type(error).__name__}.", "Fetch it again."
        ) from None


def spans(path: Path) -> list[Span]:
    """Ranges of 500,000 rows of a Parquet file, which can be read apart; every other form is one span."""
    if form(path) != "parquet":
        return [Span()]
    return [Span(start, SPAN_ROWS) for start in range(0, _parquet_height(path), SPAN_ROWS)] or [Span()]


def slices(path: Path, span: Span, names: Sequence[str], lists: Collection[str] = ()) -> Iterator[Slice]:
    """Yield the named columns slice by slice. `lists`: JSON columns that hold a list of strings."""
    kind = form(path)
    if kind == "parquet":
        yield from _parquet_slices(path, span, names)
    elif kind == "json":
        schema = {name: pl.List(pl.String) if name in lists else pl.String() for name in names}
        yield from _gathered(_json_rows(path, names, lists), schema)
    else:
        yield from _gathered(_csv_rows(path, kind, names), dict.fromkeys(names, pl.String()))


def require(present: Sequence[str], wanted: dict[str, str]) -> None:
    """Raise an error if a column is missing. `wanted`: column names with what they are for."""
    if not (missing := [name for name in wanted if name not in present]):
        return
    shown = quotable(present)
    more = ", ..." if len(present) > MOST_NAMES else ""
    raise UnspoolError(
        f"An input lacks the column {missing[0]!r} for {wanted[missing[0]]}.",
        f"Its columns are {', '.join(shown)}{more}." if shown else "Its first line does not look like column names.",
        "Name the column as the file does; a CSV or TSV needs a first line with the names.",
        exit_code=2,
    )


def chunk(part: Slice, rows: pl.DataFrame, faults: Sequence[tuple[pl.Series, str]], *, has_users: bool = True) -> Chunk:
    """Prompt records out of a slice's rows; a record with a fault is malformed, for the first fault that it has."""
    detail = pl.Series("detail", [None], dtype=pl.String).new_from_index(0, len(part.records))
    for bad, what in reversed(faults):
        detail = detail.set(bad.fill_null(False), what)
    told = pl.DataFrame([part.records.alias("record"), detail]).drop_nulls("detail")
    kept = rows.with_columns(part.records.alias("record")).filter(detail.is_null())
    return Chunk(
        tables.conform(kept, tables.PROMPT_RECORDS), pl.concat([part.malformed, told]).sort("record"), has_users
    )


def without_columns(path: Path, *, has_users: bool = True) -> Iterator[Chunk]:
    """The chunks of a table in which no column was found: its broken records; a JSON object without keys is blank."""
    for piece in slices(path, Span(), ()):
        yield chunk(piece, pl.DataFrame({"text": [""] * len(piece.records)}), [], has_users=has_users)


def words(column: pl.Series) -> pl.Series:
    """Any flat column as String, blank as null. Whole floating-point numbers lose their ".0"."""
    if column.dtype.is_nested() or column.dtype == pl.Object:
        raise UnspoolError("A column of an input table holds lists or structures.", "Single values were expected.")
    if column.dtype.is_float():
        column = column.fill_nan(None)
        whole = column.is_finite() & (column.abs() <= 2 ** _bits(column)) & (column == column.round())
        text = column.cast(pl.String).set(whole, None)
        return text.zip_with(text.is_not_null(), column.set(~whole, None).cast(pl.Int64).cast(pl.String))
    try:
        text = column.cast(pl.String, strict=False)
    except pl.exceptions.ComputeError:
        _not_text(column)
    return text.set(text == "", None)


def _not_text(column: pl.Series) -> NoReturn:
    which = f"The column {column.name!r}" if quotable([column.name]) else "It"
    raise UnspoolError(
        "A column of an input table cannot be read as text.",
        f"{which} has the type {column.dtype}, with bytes that are not UTF-8.",
        "Write the column as strings in UTF-8.",
    )


def ids(column: pl.Series, what: str) -> tuple[pl.Series, pl.Series]:
    """Ids as String, blank as null, and which of them had been rounded; a column of rounded numbers is an error."""
    if column.dtype.is_float() and (column.abs() >= 2 ** _bits(column)).any():
        raise UnspoolError(
            f"The ids for {what} have lost digits.",
            f"They are stored as floating-point numbers of type {column.dtype}, some of 2**{_bits(column)} or more, "
            "so that different ids became equal.",
            "Write the file again with the ids as strings.",
        )
    text = words(column)
    text = text.set(blank(text), None)
    return text, text.str.contains(ROUNDED)


def _bits(column: pl.Series) -> int:
    return FLOAT32_BITS if column.dtype == pl.Float32 else FLOAT_BITS


def truths(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """true/false, 1/0, yes/no in any case as Boolean, blank as null; and which could be read as neither."""
    if column.dtype == pl.Boolean:
        return column, column.is_null() & False
    text = words(column).str.strip_chars().str.to_lowercase()
    text = text.set(text.is_in(BLANKS), None)
    known = text.replace_strict(TRUTHS, default=None, return_dtype=pl.Boolean)
    return known, text.is_not_null() & known.is_null()


def captions(columns: Sequence[pl.Series]) -> pl.Series:
    """Captions of a prompt's images as a list without the blank ones; null where all are blank."""
    frame = pl.DataFrame([words(column).alias(str(place)) for place, column in enumerate(columns)])
    found = frame.select(captions=pl.concat_list(pl.all()).list.drop_nulls()).to_series()
    return found.set(found.list.len() == 0, None)


def _gathered(rows: Iterator[tuple[int, tuple[Any, ...], str]], schema: dict[str, Any]) -> Iterator[Slice]:
    """Rows as columns. They are turned a thousand at a time, which is faster than all at once."""
    while True:
        numbers: list[int] = []
        values: list[list[Any]] = [[] for _ in schema]
        bad: list[tuple[int, str]] = []
        while len(numbers) + len(bad) < TEXT_ROWS and (batch := list(islice(rows, BATCH_ROWS))):
            good = [row for row in batch if not row[2]]
            bad += [(number, why) for number, _, why in batch if why]
            numbers += [row[0] for row in good]
            for column, added in zip(values, zip(*[row[1] for row in good], strict=True), strict=False):
                column.extend(added)
        if not numbers and not bad:
            return
        frame = pl.DataFrame(
            [pl.Series(name, column, dtype=kind) for (name, kind), column in zip(schema.items(), values, strict=True)]
        )
        malformed = pl.DataFrame(bad, schema=tables.MALFORMED.columns, orient="row")
        yield Slice(pl.Series("record", numbers, dtype=pl.UInt32), frame, malformed)


def _csv_rows(path: Path, kind: str, names: Sequence[str]) -> Iterator[tuple[int, tuple[Any, ...], str]]:
    number = 0
    try:
        with open_bytes(path) as file:
            records = Records(file, kind)
            places = [records.header.index(name) for name in names]
            for number, (fields, why) in enumerate(records, 1):
                yield number, () if why else tuple([fields[place] for place in places]), why
    except BROKEN as error:
        yield number + 1, (), f"the file breaks off: {type(error).__name__}"


def _json_records(path: Path) -> Iterator[tuple[int, Any | None, str]]:
    if plain_suffix(path) == ".json" and first_bytes(path, 512).lstrip()[:1] == b"[":
        for number, (value, why) in enumerate(json_items(path, "item"), 1):
            yield number, value, why
    else:
        yield from json_lines(path)


def _json_rows(path: Path, names: Sequence[str], lists: Collection[str]) -> Iterator[tuple[int, tuple[Any, ...], str]]:
    readers: list[tuple[str, Callable[[Any], Any]]] = [(n, _strings if n in lists else _single) for n in names]
    for number, value, why in _json_records(path):
        if why or not isinstance(value, dict):
            yield number, (), why or "not an object"
            continue
        try:
            yield number, tuple([read(value.get(name)) for name, read in readers]), ""
        except TypeError:
            yield number, (), "a value is a list or an object"


def _single(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    raise TypeError


def _strings(value: Any) -> list[str | None] | None:
    if value is None:
        return None
    if isinstance(value, list):
        return [_single(item) for item in value]
    raise TypeError


def _parquet_slices(path: Path, span: Span, names: Sequence[str]) -> Iterator[Slice]:
    height = _parquet_height(path)
    end = height if span.length is None else min(height, span.start + span.length)
    for start in range(span.start, end, PARQUET_ROWS):
        length = min(PARQUET_ROWS, end - start)
        with _parquet(path) as scan:
            rows = scan.slice(start, length).select(names).collect()
        records = pl.int_range(start + 1, start + length + 1, dtype=pl.UInt32, eager=True).alias("record")
        yield Slice(records, rows, tables.empty(tables.MALFORMED))


def _parquet_height(path: Path) -> int:
    with _parquet(path) as scan:
        return int(scan.select(pl.len()).collect().item())


def _parquet_schema(path: Path) -> pl.Schema:
    with _parquet(path) as scan:
        return scan.collect_schema()


@contextmanager
def _parquet(path: Path) -> Iterator[pl.LazyFrame]:
    if path.suffix.lower() in COMPRESSIONS:
        raise UnspoolError("A Parquet input is packed once more.", f"It ends in {path.suffix}.", "Unpack it first.")
    try:
        yield pl.scan_parquet(path, glob=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UnspoolError(
            "A Parquet input cannot be read.", f"It is broken or cut off: {type(error).__name__}.", "Fetch it again."
        ) from None
