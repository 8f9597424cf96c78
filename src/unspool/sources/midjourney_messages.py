"""Parquet of the public set of 55 million Midjourney messages: id, channel_id, content, timestamp, image columns.

The user is the mention in the content; image_id, height, width, url and size are not read (URLs carry handles). The set
itself was not at hand: written from its card and tested on a synthetic log in the same schema.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Chunk, Head, Options, Span, _frames
from unspool.sources._times import parse

TITLE = "Parquet of the public 55-million-message Midjourney set"
CITATION = "vivym/midjourney-messages (2023), Apache-2.0"
FAMILY = "messages"
LINKED = False
ROWS = 500_000
_COLUMNS = ("id", "channel_id", "content", "timestamp")


def matches(head: Head) -> bool:
    """A Parquet file with id, channel_id, content and timestamp."""
    return head.start[:4] == b"PAR1" and set(_COLUMNS) <= set(head.columns)


def spans(path: Path, options: Options) -> list[Span]:
    """Ranges of half a million rows."""
    with _reading():
        rows = int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())
    return [Span(start, min(ROWS, rows - start)) for start in range(0, rows, ROWS)] or [Span(0, 0)]


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """One chunk for the span."""
    with _reading():
        scan = pl.scan_parquet(path, glob=False)
        _frames.require(scan.collect_schema().names(), dict.fromkeys(_COLUMNS, "a message"))
        frame = scan.select(_COLUMNS).slice(span.start, span.length).collect()
    ids = {name: _frames.ids(frame[name], f"the column {name}") for name in ("id", "channel_id")}
    time, bad = parse(frame["timestamp"], options.timezone)
    frame = frame.select(
        (pl.int_range(1, pl.len() + 1) + span.start).cast(pl.UInt32).alias("record"),
        ids["id"][0].alias("message_id"),
        time.alias("time"),
        ids["channel_id"][0],
        _frames.words(frame["content"]),
    )
    broken = ids["id"][1].fill_null(False) | bad | time.is_null() | frame["message_id"].is_null()
    malformed = frame.filter(broken).select("record", detail=pl.lit("no readable id or time"))
    good = frame if not malformed.height else frame.filter(~broken)
    yield Chunk(tables.conform(good, tables.MESSAGE_RECORDS), malformed)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise UnspoolError(
            "A Parquet input cannot be read.", f"It is broken or cut off: {type(error).__name__}.", "Fetch it again."
        ) from None
