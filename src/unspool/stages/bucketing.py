"""Second pass of `read`: the events of one bucket become prompts and rejects."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unspool import tables
from unspool.compiling.bucket import Compiled, compile_bucket
from unspool.compiling.events import EVENTS
from unspool.compiling.ranks import masked
from unspool.compiling.settings import ReadSettings
from unspool.study import read_ipc, write_json, write_parquet

BUCKET_BYTES = 64 * 2**20
MOST = 4
"""A bucket larger than this many times its size is worked in groups of users."""


@dataclass(frozen=True)
class Bucket:
    """A bucket's number, where its events lie, where its tables and counts go, and digests of people to leave out.

    `key`: under which the ranks of the events are masked.
    """

    number: int
    events: Path
    out: Path
    sources: dict[int, str]
    settings: ReadSettings
    dropped_users: tuple[int, ...]
    key: bytes


def work_bucket(bucket: Bucket) -> int:
    """Compile one bucket; return its number. The counts are written last and say that it is done."""
    done = bucket.out / "counts" / f"{bucket.number:06d}.json"
    if done.exists():
        return bucket.number
    files = sorted(bucket.events.glob(f"[0-9]*/{bucket.number:06d}-*.arrow"))
    counts = {name: pl.DataFrame(schema={"input": pl.UInt16, "what": pl.String, "n": pl.UInt32}) for name in _COUNTED}
    for group, events in enumerate(_groups(files)):
        known = masked(events, bucket.key)
        compiled = compile_bucket(known, bucket.sources, bucket.settings, bucket.dropped_users)
        name = f"{bucket.number:06d}-{group:03d}.parquet"
        if compiled.prompts.height:
            write_parquet(compiled.prompts, bucket.out / "prompts" / name)
        if compiled.rejects.height:
            write_parquet(compiled.rejects, bucket.out / "rejects" / name)
        counts = {key: pl.concat([counts[key], found]) for key, found in _counts(compiled).items()}
    write_json(done, {key: frame.rows() for key, frame in counts.items()})
    return bucket.number


_COUNTED = ("prompts", "merged", "rejects", "kinds")


def _counts(compiled: Compiled) -> dict[str, pl.DataFrame]:
    prompts = compiled.prompts.group_by("input").len("n").select("input", pl.lit("prompts").alias("what"), "n")
    rejected = compiled.rejects.group_by("input", "reason").len("n").sort("input", "reason")
    found = (prompts.sort("input"), compiled.merged, rejected, compiled.kinds)
    return {
        key: frame.rename(dict(zip(frame.columns, ("input", "what", "n"), strict=True)))
        for key, frame in zip(_COUNTED, found, strict=True)
    }


def _groups(files: list[Path]) -> Iterator[pl.DataFrame]:
    """All events of the bucket at once; of a bucket that is far too large, those of a group of users at a time."""
    size = sum(file.stat().st_size for file in files)
    if size <= MOST * BUCKET_BYTES:
        yield _load([read_ipc(file) for file in files])
        return
    owners = pl.concat([read_ipc(file).select("owner") for file in files])
    sizes = owners.group_by("owner").len().sort("owner", nulls_last=False)
    share = sizes["len"].cum_sum() * (size / max(1, owners.height)) // BUCKET_BYTES
    for (_,), group in sizes.with_columns(group=share).partition_by("group", as_dict=True, maintain_order=True).items():
        wanted = pl.col("owner").is_between(group["owner"].min(), group["owner"].max())
        wanted = wanted | pl.col("owner").is_null() if group["owner"].null_count() else wanted
        yield _load([read_ipc(file).filter(wanted.fill_null(False)) for file in files])


def _load(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return tables.conform(pl.concat([tables.empty(EVENTS), *frames], how="diagonal"), EVENTS)
