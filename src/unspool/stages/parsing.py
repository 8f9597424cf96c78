"""First pass of `read`: a part of an input becomes events, spread over the users' buckets."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unspool import sources
from unspool.compiling.events import EVENTS, Events, from_messages, from_prompts
from unspool.compiling.pseudonyms import Pseudonyms
from unspool.compiling.ranks import masked
from unspool.compiling.routing import bucket_of, owned
from unspool.compiling.settings import ReadSettings
from unspool.sources import Chunk, Options, Span
from unspool.sources._inputs import Input
from unspool.study import read_ipc, whole_folder, write_json

_ALL = "all"


@dataclass(frozen=True)
class Part:
    """A span of an input. `gather`: events wait for their users, since ids return or refer to each other."""

    number: int
    input: Input
    span: Span
    settings: ReadSettings
    key: bytes
    buckets: int
    gather: bool
    folder: Path

    @property
    def place(self) -> Path:
        """Where the part's events go."""
        return self.folder / f"{self.number:06d}"


def parse_part(part: Part) -> int:
    """Read a part and write its events, rejects, aliases and counts into its folder; return the part's number."""
    if part.place.is_dir():
        return part.number
    source = sources.source(part.input.source)
    options = Options(part.settings.columns, part.settings.timezone)
    totals = {"input": part.input.number, "records": 0, "by_bot": 0, "blank": 0}
    with whole_folder(part.place) as place:
        for number, chunk in enumerate(source.chunks(part.input.path, part.span, options)):
            events = _events(chunk, part, source)
            rows = masked(events.rows, part.key)
            if part.gather:
                rows.write_ipc(place / f"{_ALL}-{number:06d}.arrow")
            else:
                scatter(rows.with_columns(owner="user_id"), part.buckets, place, number)
            events.rejects.write_parquet(place / f"rejects-{number:06d}.parquet")
            if events.aliases.height:
                events.aliases.write_parquet(place / f"aliases-{number:06d}.parquet")
            totals["records"] += events.records
            totals["by_bot"] += events.by_bot
            totals["blank"] += events.blank
        write_json(place / "totals.json", totals)
    return part.number


def _events(chunk: Chunk, part: Part, source: sources.Source) -> Events:
    pseudonyms = Pseudonyms(part.key)
    if source.FAMILY == "messages":
        return from_messages(chunk, part.input.number, source.LINKED, pseudonyms, part.settings)
    return from_prompts(chunk, part.input.number, pseudonyms, part.settings)


def scatter(rows: pl.DataFrame, buckets: int, place: Path, number: int) -> None:
    """Write the rows of each bucket into a file of its own."""
    rows = rows.with_columns(bucket=bucket_of(pl.col("owner"), buckets))
    for (bucket,), found in rows.partition_by("bucket", as_dict=True, include_key=False).items():
        found.write_ipc(place / f"{bucket:06d}-{number:06d}.arrow")


@dataclass(frozen=True)
class Gathered:
    """A parsed part whose events wait to be spread, the owners of messages, and where the spread events go."""

    number: int
    place: Path
    owners: Path
    buckets: int
    folder: Path


def scatter_part(gathered: Gathered) -> int:
    """Send the events of a part to the buckets of their owners."""
    target = gathered.folder / f"{gathered.number:06d}"
    if target.is_dir():
        return gathered.number
    owners = read_ipc(gathered.owners)
    with whole_folder(target) as place:
        for number, file in enumerate(sorted(gathered.place.glob(f"{_ALL}-*.arrow"))):
            scatter(owned(read_ipc(file), owners), gathered.buckets, place, number)
    return gathered.number


def waiting(folder: Path) -> pl.LazyFrame:
    """The events that wait for their owners: message_id, user_id, reference_id, kind, in input order."""
    files = sorted(folder.glob(f"[0-9]*/{_ALL}-*.arrow"))
    columns = ["message_id", "user_id", "reference_id", "kind"]
    lazy = [pl.scan_ipc(file, glob=False) for file in files]
    empty = pl.DataFrame(schema={name: EVENTS.columns[name] for name in columns}).lazy()
    return pl.concat([empty, *(frame.select(columns) for frame in lazy)], how="diagonal")


def seen_users(folder: Path, digests: set[int]) -> set[int]:
    """Those of some people by whom there are events in the buckets."""
    seen, asked = set[int](), pl.Series(list(digests), dtype=pl.UInt64)
    for file in folder.glob("[0-9]*/[0-9]*.arrow") if digests else ():
        users = pl.scan_ipc(file, glob=False).select("user_id").filter(pl.col("user_id").is_in(asked.implode()))
        seen |= set(users.unique().collect()["user_id"])
    return seen
