"""Simulacra Aesthetic Captions: prompts, ratings and upscales of SimulacraBot, June 2022, as one SQLite database.

A record is a row of `generations`, in the order of `id`, and is a prompt; ids were given out one by one as prompts came
in, so that `order` is the id, and no times were released. The tables are survey(id, qid, rating), generations(id, sid,
method, prompt, verified), images(id, gid, idx), paths(iid, path), ratings(sid, iid, rating, verified) and
upscales(iid, method).

`sid` names the submitter by his or her answers to a survey. Everybody without answers got one and the same sid, which
the survey does not list: these users are null. In `ratings` the sid is the submitter's too and not the rater's.

Upscaling was offered while the model was latent GLIDE: `upscaled` is null for prompts to a model none of whose images
was ever upscaled, because the log cannot know. Written from the published README and the program that made the
release; the real file was not at hand.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Chunk, Head, Options, Span
from unspool.sources._streams import COMPRESSIONS

TITLE = "Simulacra Aesthetic Captions: SQLite with ratings and upscales, latent GLIDE and Stable Diffusion 2022"
CITATION = (
    "Pressman, Crowson & Simulacra Captions Contributors 2022, Simulacra Aesthetic Captions 1.0; github.com/JD-P/"
    "simulacra-aesthetic-captions, github.com/JD-P/simulacrabot. The real file was not at hand."
)
FAMILY = "prompts"
LINKED = False

MAGIC = b"SQLite format 3\0"
CHUNK_ROWS = 50_000
NEEDED = {"generations": {"id", "prompt"}, "images": {"id", "gid"}, "ratings": {"iid", "rating"}, "upscales": {"iid"}}
METHODS = {
    0: "cloob-latent-diffusion",
    1: "clip-guided-cloob-latent-diffusion",
    2: "latent-glide",
    3: "latent-imagen-512",
    **{method: f"latent-imagen-768-scale-{method}" for method in range(4, 11)},
}
QUERY = """
SELECT g.id, {user}, {method}, g.prompt, coalesce(u.n, 0), {method} IN ({offered}), r.mean, coalesce(r.n, 0)
FROM generations AS g
LEFT JOIN (SELECT i.gid AS gid, count(*) AS n FROM upscales AS x JOIN images AS i ON i.id = x.iid GROUP BY i.gid) AS u
    ON u.gid = g.id
LEFT JOIN (SELECT i.gid AS gid, avg(x.rating) AS mean, count(x.rating) AS n
           FROM ratings AS x JOIN images AS i ON i.id = x.iid GROUP BY i.gid) AS r ON r.gid = g.id
ORDER BY g.id LIMIT ? OFFSET ?
"""
OFFERED = """
SELECT DISTINCT coalesce(CAST(h.method AS INTEGER), -1) FROM upscales AS y JOIN images AS j ON j.id = y.iid
JOIN generations AS h ON h.id = j.gid
"""
SCHEMA: dict[str, Any] = {
    "record": pl.UInt32,
    "prompt_id": pl.String,
    "user_id": pl.String,
    "text": pl.String,
    "order": pl.Float64,
    "model": pl.String,
    "upscaled": pl.Boolean,
    "n_upscales": pl.UInt32,
    "mean_rating": pl.Float64,
    "n_ratings": pl.UInt32,
}
BAD_TEXT = "the prompt is not UTF-8"


def matches(head: Head) -> bool:
    """Whether the file starts as an SQLite database does; no other log format here is one."""
    return head.start.startswith(MAGIC)


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """Yield prompt records with `mean_rating` (1 to 10, null without any) and `n_ratings` over a prompt's images."""
    if path.suffix.lower() in COMPRESSIONS:
        raise UnspoolError("An SQLite input is packed.", f"It ends in {path.suffix}.", "Unpack it first.")
    try:
        # Immutable: a file that nobody writes to, read without a lock and without files beside it.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.text_factory = bytes
            length = -1 if span.length is None else span.length
            rows = database.execute(_query(database), (length, span.start))
            first = span.start + 1
            while batch := rows.fetchmany(CHUNK_ROWS):
                yield _chunk(batch, first)
                first += len(batch)
    except sqlite3.Error as error:
        raise UnspoolError(
            "An SQLite input cannot be read.", f"It is broken or cut off: {type(error).__name__}.", "Fetch it again."
        ) from None


def _query(database: sqlite3.Connection) -> str:
    """The query for the columns that this database has; an error if tables are missing."""
    there = {table: _columns(database, table) for table in (*NEEDED, "survey")}
    for table, columns in NEEDED.items():
        if missing := columns - there[table]:
            raise UnspoolError(
                "An SQLite input does not hold Simulacra Aesthetic Captions.",
                f"Its table {table} lacks {', '.join(sorted(missing))}." if there[table] else f"It has no {table}.",
                "No other SQLite log is known; export the prompts as CSV and use --source table.",
            )
    user = next((f"CAST(g.{name} AS TEXT)" for name in ("sid", "uid") if name in there["generations"]), "NULL")
    if there["survey"] and "sid" in there["generations"]:
        user = f"CASE WHEN g.sid IN (SELECT id FROM survey) THEN {user} END"
    known = "method" in there["generations"]
    method, offered = ("coalesce(CAST(g.method AS INTEGER), -1)", OFFERED) if known else ("-1", "-1")
    return QUERY.format(user=user, method=method, offered=offered)


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    return {row[0].decode() for row in database.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _chunk(batch: list[tuple[Any, ...]], first: int) -> Chunk:
    good, bad = [], []
    for record, (key, user, method, prompt, upscales, offered, mean, ratings) in enumerate(batch, first):
        try:
            text = prompt.decode() if isinstance(prompt, bytes) else str(prompt or "")
        except UnicodeDecodeError:
            bad.append((record, BAD_TEXT))
            continue
        name = METHODS.get(method, f"simulacrabot-method-{method}") if method >= 0 else None
        upscaled = upscales > 0 if offered else None
        known = None if user is None else user.decode()
        good.append((record, str(key), known, text, key, name, upscaled, upscales if offered else None, mean, ratings))
    return Chunk(
        tables.conform(pl.DataFrame(good, schema=SCHEMA, orient="row"), tables.PROMPT_RECORDS),
        pl.DataFrame(bad, schema=tables.MALFORMED.columns, orient="row"),
    )
