"""Discord messages of any JSON shape as message records."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from unspool import tables
from unspool.sources import Chunk, Options
from unspool.sources._times import parse

MIDJOURNEY_BOTS = {"936929561302675456", "1022952195194359889"}
ROWS = 50_000
BUTTON_DEPTH = 8
_SNOWFLAKE_EPOCH = 1_420_070_400_000
_ROW_TYPES = dict.fromkeys(tables.MESSAGE_RECORDS.columns, pl.String) | {
    "record": pl.UInt32,
    "from_bot": pl.Boolean,
}
_MENTION = re.compile(r"<@!?(\d+)>")
_GRID_BUTTON = re.compile(r"U[1-4]\Z|MJ::JOB::upsample::\d")
_UPSCALE_BUTTON = re.compile(
    r"Make Variations|(?:Upscale|Vary|Redo) \(|.*Upscale (?:to Max|Redo)|Remaster\Z"
    r"|MJ::JOB::upsample_\w+::|MJ::Outpaint::"
)

Row = dict[str, str | int | bool | None]
Parsed = tuple[Row | None, str]


def text_id(value: Any) -> str | None:
    """An id as a string; whole numbers in JSON are read exactly, so no digit is lost. Null for anything else."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def text_time(value: Any) -> str | None:
    """A time as a string, to be read later; null where there is none."""
    return None if value in (None, "") else str(value) if isinstance(value, str | int | float) else "?"


def entries(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON array; nothing where it is no array."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def fault(message: Any) -> str:
    """What keeps a JSON value from being a message, "" if nothing does."""
    if not isinstance(message, dict) or text_id(message.get("id")) is None:
        return "not a message"
    return "" if isinstance(message.get("content"), str | None) else "the content is not text"


def is_bot(author: Any) -> bool | None:
    """Whether the author is a bot; null where the record names no author."""
    if not isinstance(author, dict):
        return None
    return bool(author.get("isBot") or author.get("bot")) or text_id(author.get("id")) in MIDJOURNEY_BOTS


def buttons(components: Any) -> str | None:
    """Tell "grid" by the buttons U1-U4, "upscale" by those of a single image; else null."""
    found = None
    for text in _button_texts(components, BUTTON_DEPTH):
        if _GRID_BUTTON.match(text):
            return "grid"
        if _UPSCALE_BUTTON.match(text):
            found = "upscale"
    return found


def _button_texts(components: Any, depth: int) -> Iterator[str]:
    for item in entries(components) if depth else []:
        yield from (item[key] for key in ("label", "custom_id", "customId") if isinstance(item.get(key), str))
        yield from _button_texts(item.get("components"), depth - 1)


def human(message: dict[str, Any], content: str) -> tuple[str | None, str | None]:
    """Id and name of the person: who stands behind the last `** - `, else the one mention, else the command's user.

    A mention that stands in the prompt only is not the person, even where no other is known.
    """
    people = [person for person in entries(message.get("mentions")) if not (person.get("isBot") or person.get("bot"))]
    _, line, behind = content.rpartition("** - ")
    if line and (mentioned := _MENTION.search(behind)):
        named = {text_id(person.get("id")): _name(person) for person in people}
        return mentioned[1], named.get(mentioned[1])
    if line and "@" in behind:
        people = []
    for place in ("interaction", "interaction_metadata"):
        used = message.get(place)
        if not people and isinstance(used, dict) and isinstance(used.get("user"), dict):
            people = [used["user"]]
    if len({text_id(person.get("id")) for person in people}) != 1:
        return None, None
    return text_id(people[0].get("id")), _name(people[0])


def _name(person: dict[str, Any]) -> str | None:
    return text_id(person.get("username") or person.get("name"))


def to_chunks(parsed: Iterable[Parsed], options: Options) -> Iterator[Chunk]:
    """Number the records from 1 and collect them into chunks; a record without a row is malformed."""
    rows: list[Row] = []
    malformed: list[dict[str, int | str]] = []
    for record, (row, wrong) in enumerate(parsed, 1):
        if row is None:
            malformed.append({"record": record, "detail": wrong})
        else:
            rows.append({**row, "record": record})
        if len(rows) >= ROWS:
            yield _chunk(rows, malformed, options)
            rows, malformed = [], []
    yield _chunk(rows, malformed, options)


def _chunk(rows: list[Row], malformed: list[dict[str, int | str]], options: Options) -> Chunk:
    frame = pl.DataFrame(rows, schema=_ROW_TYPES)
    time, bad = parse(frame["time"], options.timezone)
    edited, _ = parse(frame["edited"], options.timezone)
    frame = frame.with_columns(time.alias("time"), edited.alias("edited"))
    frame = frame.with_columns(time=pl.coalesce("time", _snowflake_time()))
    broken = bad | frame["time"].is_null()
    details = [{"record": record, "detail": "no readable time"} for record in frame.filter(broken)["record"]]
    return Chunk(
        rows=tables.conform(frame.filter(~broken), tables.MESSAGE_RECORDS),
        malformed=pl.DataFrame([*malformed, *details], schema=tables.MALFORMED.columns),
    )


def _snowflake_time() -> pl.Expr:
    number = pl.col("message_id").str.to_integer(strict=False, dtype=pl.UInt64)
    ms = (number // (1 << 22)).cast(pl.Int64) + _SNOWFLAKE_EPOCH
    return pl.when(number > (1 << 40)).then(ms).cast(tables.TIME)
