"""A look into logs that writes nothing: the first records of each, compiled in memory under a key of the moment."""

import secrets
from collections.abc import Sequence
from typing import Any

import polars as pl

from unspool import sources
from unspool.compiling.bucket import compile_bucket
from unspool.compiling.events import EVENTS, from_messages, from_prompts
from unspool.compiling.pseudonyms import KEY_BYTES, Pseudonyms
from unspool.compiling.routing import owned, owners
from unspool.compiling.settings import ReadSettings
from unspool.sources import Options, Span
from unspool.sources._inputs import Input, find
from unspool.stages.reasons import details
from unspool.tables import conform, empty


def inspect_logs(logs: Sequence[str], settings: ReadSettings, records: int) -> list[dict[str, Any]]:
    """Per input: source, title, size, records seen, if those are all, kinds, what becomes of them, what was wrong."""
    return [_inspect(item, settings, records) for item in find(list(logs), settings.source)]


def _inspect(item: Input, settings: ReadSettings, records: int) -> dict[str, Any]:
    source, pseudonyms = sources.source(item.source), Pseudonyms(secrets.token_bytes(KEY_BYTES))
    rows, rejected, seen, whole = [empty(EVENTS)], [], 0, True
    for chunk in source.chunks(item.path, Span(0, records), Options(settings.columns, settings.timezone)):
        read = (
            from_messages(chunk, item.number, source.LINKED, pseudonyms, settings)
            if source.FAMILY == "messages"
            else from_prompts(chunk, item.number, pseudonyms, settings)
        )
        rows.append(read.rows)
        rejected.append(read.rejects)
        seen += read.records
        if seen >= records:
            whole = False
            break
    events = pl.concat(rows, how="diagonal")
    events = conform(owned(events, owners(events.lazy(), settings.actions)), EVENTS)
    compiled = compile_bucket(events, {item.number: item.source}, settings)
    rejects = pl.concat([*rejected, compiled.rejects])
    return {
        "number": item.number,
        "source": item.source,
        "title": source.TITLE,
        "size": item.size,
        "records": seen,
        "whole": whole,
        "kinds": dict(_kinds(compiled.kinds, pl.concat([compiled.rejects.clear(), *rejected])).iter_rows()),
        "prompts": compiled.prompts.height,
        "users": compiled.prompts["user_id"].drop_nulls().n_unique(),
        "merged": dict(compiled.merged.select("category", "n").iter_rows()),
        "rejects": dict(rejects.group_by("reason").len().sort("reason").iter_rows()),
        "details": details(rejects.lazy()),
    }


def _kinds(compiled: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    """Messages by kind, those that were left out on reading among them, as the books of a study count them."""
    read = rejected.select(
        kind=pl.when(pl.col("reason") == "chatter").then(pl.lit("other")).otherwise(pl.col("reason"))
    )
    counted = read.group_by("kind").len("n")
    both = pl.concat([compiled.select("kind", "n"), counted.select("kind", "n")], how="vertical_relaxed")
    return both.group_by("kind").agg(pl.col("n").sum()).sort("kind")
