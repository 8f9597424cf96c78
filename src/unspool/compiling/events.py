"""Records of any source as events: pseudonymous, scrubbed, of known kind, ready to be brought together by user."""

from dataclasses import dataclass

import polars as pl

from unspool import tables
from unspool.compiling.pseudonyms import Pseudonyms, hexadecimal, normal_name
from unspool.compiling.ranks import rank
from unspool.compiling.settings import ReadSettings
from unspool.sources import Chunk
from unspool.syntax.lines import parse_lines
from unspool.syntax.scrub import scrub

EXCERPT = 80
_NO_WORDS = {
    *("message_id", "user_id", "channel_id", "given_thread_id", "batch_key", "own_id", "user_name"),
    *("text", "args", "echo"),
}
"""Strings of a table that are digested, or have been scrubbed already; all others are scrubbed."""
KIND = pl.Enum((*tables.KINDS, "prompt"))

EVENTS = tables.Table(
    "events",
    {
        "rank": pl.UInt64,
        "input": pl.UInt16,
        "record": pl.UInt32,
        "message_id": pl.UInt64,
        "user_id": pl.UInt64,
        "owner": pl.UInt64,
        "channel_id": pl.UInt64,
        "time": tables.TIME,
        "edited": tables.TIME,
        "kind": KIND,
        "echo": pl.String,
        "image_index": pl.UInt8,
        "reference_id": pl.UInt64,
        **{
            name: tables.PROMPT_RECORDS.columns[name]
            for name in ("order", "upscaled", "n_upscales", "model", "language", "captions", "given_thread_id")
        },
        "batch_key": pl.UInt64,
        "has_users": pl.Boolean,
    },
    ("message_id", "record"),
    open_ended=True,
)
"""Inside a run only. Ids are digests; `rank` breaks ties in time by numeric id and is masked in files.
`owner`: the user in whose bucket an event is, whose messages alone it is linked to."""


@dataclass(frozen=True)
class Events:
    """Events of one chunk, the rows that became none, keyed names of users, and how many records were read.

    `by_bot`: messages of a bot, or of nobody knows whom; `blank`: those of them without content.
    """

    rows: pl.DataFrame
    rejects: pl.DataFrame
    aliases: pl.DataFrame
    records: int
    by_bot: int = 0
    blank: int = 0


def rejects(rows: pl.DataFrame, stage: str, reason: str | pl.Expr, *, quote: bool = False) -> pl.DataFrame:
    """Rows as the rejects table; `quote` keeps a scrubbed excerpt of the echo (never for chat)."""
    excerpt = pl.col("echo").str.slice(0, EXCERPT) if quote else pl.lit(None, dtype=pl.String)
    reason = pl.lit(reason) if isinstance(reason, str) else reason
    return tables.conform(
        rows.select("input", "record", stage=pl.lit(stage), reason=reason, excerpt=excerpt), tables.REJECTS
    )


def malformed(chunk: Chunk, number: int) -> pl.DataFrame:
    """The records that could not be read, as the rejects table."""
    frame = chunk.malformed.with_columns(
        input=pl.lit(number), stage=pl.lit("read"), reason=pl.lit("malformed"), excerpt=pl.lit(None)
    )
    return tables.conform(frame, tables.REJECTS)


def from_messages(chunk: Chunk, number: int, linked: bool, pseudonyms: Pseudonyms, settings: ReadSettings) -> Events:
    """Read the bot lines. Chat by people is rejected here; so is every line without a prompt if no id ever returns."""
    rows = parse_lines(chunk.rows.with_columns(_excluded(settings).alias("excluded")))
    rows = rows.with_columns(
        kind=pl.when((pl.col("kind") == "grid") & (pl.col("buttons") == "upscale"))
        .then(pl.lit("upscale"))
        .otherwise(pl.col("kind"))
        .cast(KIND),
        user_name=_known(normal_name(pl.coalesce("line_user_name", "user_name"))),
        user_id=pl.coalesce("line_user_id", "user_id"),
        input=pl.lit(number, dtype=pl.UInt16),
        echo=scrub(pl.col("echo")),
        rank=rank(pl.col("message_id")),
    )
    chat = ~pl.col("from_bot").fill_null(True)
    chat = chat if linked else chat | (pl.col("kind") == "other")
    reason = pl.when(chat).then(pl.lit("chatter")).when(pl.col("excluded")).then(pl.lit("excluded"))
    rows = rows.with_columns(reason=reason)
    kept = rows.filter(pl.col("reason").is_null())
    kept, aliases = _pseudonymous(kept, pseudonyms)
    columns = ("input", "record", "rank", "message_id", "user_id", "channel_id", "time", "edited", "kind", "echo")
    by_bot = chunk.rows["from_bot"].fill_null(True)
    wrong = rejects(rows.filter(pl.col("reason").is_not_null()), "read", pl.col("reason"))
    return Events(
        rows=kept.select(*columns, "image_index", "reference_id"),
        rejects=pl.concat([malformed(chunk, number), wrong]),
        aliases=aliases,
        records=chunk.rows.height + chunk.malformed.height,
        by_bot=int(by_bot.sum()),
        blank=int((by_bot & (chunk.rows["content"].fill_null("") == "")).sum()),
    )


def from_prompts(chunk: Chunk, number: int, pseudonyms: Pseudonyms, settings: ReadSettings) -> Events:
    """Take over prompts of a table; text and parameters are joined to an echo as a bot would write it."""
    rows = chunk.rows.rename({"prompt_id": "message_id"}).with_columns(
        input=pl.lit(number, dtype=pl.UInt16),
        kind=pl.lit("prompt", dtype=KIND),
        has_users=pl.lit(chunk.has_users),
        rank=rank(pl.col("message_id")),
        user_name=normal_name(pl.col("user_id")),
        echo=scrub(pl.concat_str("text", "args", separator=" ", ignore_nulls=True)),
        captions=pl.col("captions").list.eval(scrub(pl.element())),
        own_id=pl.format("{}:{}", pl.lit(number), "record"),
    )
    texts = [name for name, kind in rows.schema.items() if kind == pl.String and name not in _NO_WORDS]
    rows = rows.with_columns(scrub(pl.col(name)) for name in texts)
    gone = _excluded(settings)
    kept = rows.filter(~gone)
    own = pseudonyms.digest(kept["own_id"], "record")
    thread = pseudonyms.digest_repeated(kept["given_thread_id"], "thread")
    kept, _ = _pseudonymous(kept, pseudonyms)
    kept = kept.with_columns(
        message_id=pl.coalesce("message_id", own),
        given_thread_id=hexadecimal(thread),
        reference_id=pl.lit(None, dtype=pl.UInt64),
    ).drop("text", "args", "own_id", "user_name")
    return Events(
        rows=kept,
        rejects=pl.concat([malformed(chunk, number), rejects(rows.filter(gone), "read", "excluded")]),
        aliases=_no_aliases(),
        records=chunk.rows.height + chunk.malformed.height,
    )


def _known(name: pl.Expr) -> pl.Expr:
    """An exporter writes @Unknown for people who left; they are not one person."""
    return pl.when(~name.is_in(["", "unknown", "unknown-user", "deleted user"])).then(name)


def _excluded(settings: ReadSettings) -> pl.Expr:
    out = pl.lit(False)
    if settings.since:
        out = out | (pl.col("time") < settings.since).fill_null(True)
    if settings.until:
        out = out | (pl.col("time") >= settings.until).fill_null(True)
    if settings.channels:
        out = out | ~pl.col("channel_id").is_in(settings.channels).fill_null(False)
    return out


def _no_aliases() -> pl.DataFrame:
    return pl.DataFrame(schema={"alias": pl.UInt64, "user_id": pl.UInt64})


def _pseudonymous(rows: pl.DataFrame, pseudonyms: Pseudonyms) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Digest every id. A person is the id where there is one, else the name; names with an id become aliases of it."""
    user = pseudonyms.digest_repeated(rows["user_id"].fill_null(rows["user_name"]), "user")
    named = rows.select("user_name", user_id=user).filter(
        rows["user_id"].is_not_null() & pl.col("user_name").is_not_null() & (pl.col("user_name") != rows["user_id"])
    )
    named = named.unique(maintain_order=True)
    aliases = named.select(alias=pseudonyms.digest_repeated(named["user_name"], "user"), user_id="user_id")
    digests = {
        "message_id": pseudonyms.digest(rows["message_id"], "message"),
        "user_id": user,
        "channel_id": pseudonyms.digest_repeated(rows["channel_id"], "channel"),
    }
    if "reference_id" in rows.columns:
        digests["reference_id"] = pseudonyms.digest(rows["reference_id"], "message")
    if "batch_key" in rows.columns:
        digests["batch_key"] = pseudonyms.digest_repeated(rows["batch_key"], "batch")
    return rows.with_columns(digest.alias(name) for name, digest in digests.items()), aliases
