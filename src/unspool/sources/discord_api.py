"""Raw Discord API messages: a REST array or single message, search results, gateway captures as JSON lines.

Search results nest a list in a list ({"messages": [[message], ...]}, the public 250k set of 2022); in a gateway capture
one message returns at every edit. `referenced_message` is a record of its own. Real files at hand: a REST array of
2023, a REST message with its parent, a capture of 2026; the search results are from their public description.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from unspool.sources import Chunk, Head, Options, Span
from unspool.sources._messages import (
    MIDJOURNEY_BOTS,
    Parsed,
    buttons,
    fault,
    human,
    is_bot,
    text_id,
    text_time,
    to_chunks,
)
from unspool.sources._streams import first_bytes, json_items, json_lines

TITLE = "Raw Discord API messages: REST, search results, gateway captures"
CITATION = "https://discord.com/developers/docs/resources/message"
FAMILY = "messages"
LINKED = True
_KEYS = (b'"content"', b'"id"', b'"channel_id"')
_MESSAGES = re.compile(
    rb'^\s*\{(?:\s*"(?:total_results|analytics_id|doing_deep_historical_index|threads|members)"\s*:[^\[{]*,)*\s*"messages"\s*:'
)
_DEPTH = 8


def matches(head: Head) -> bool:
    """JSON that names content, id and channel_id, and is no DiscordChatExporter file."""
    start = head.start.lstrip()
    return start[:1] in (b"[", b"{") and not re.match(rb'\{\s*"guild"', start) and all(key in start for key in _KEYS)


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """Message records in file order, a referenced message before the one that refers to it."""
    yield from to_chunks((record for value, wrong in _values(path) for record in _records(value, wrong)), options)


def _values(path: Path) -> Iterator[tuple[Any, str]]:
    head = first_bytes(path).lstrip()
    lines = head.split(b"\n")
    if head[:1] == b"[":
        yield from json_items(path, "item")
    elif _is_line(lines[0]) or (not _MESSAGES.match(head) and any(map(_is_line, lines))):
        for number, value, wrong in json_lines(path):
            yield value, f"line {number}: {wrong}" if wrong else ""
    elif _MESSAGES.match(head):
        yield from json_items(path, "messages.item")
    else:
        yield from json_items(path, "")


def _is_line(line: bytes) -> bool:
    """Whether this is a line of JSON lines: an object as a whole, not one that stands indented in another."""
    try:
        return line[:1] == b"{" and isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _records(value: Any, wrong: str, depth: int = 0) -> Iterator[Parsed]:
    if wrong or depth > _DEPTH:
        yield None, wrong or "nested too deep"
    elif isinstance(value, list):
        for item in value:
            yield from _records(item, "", depth + 1)
    elif isinstance(value, dict) and isinstance(value.get("messages"), list):
        yield from _records(value["messages"], "", depth + 1)
    elif isinstance(value, dict) and isinstance(value.get("d"), dict):
        yield from _records(value["d"], "", depth + 1)
    elif wrong := fault(value):
        yield None, wrong
    else:
        if isinstance(value.get("referenced_message"), dict):
            yield from _records(value["referenced_message"], "", depth + 1)
        yield _message(value), ""


def _message(message: dict[str, Any]) -> dict[str, str | int | bool | None]:
    content = message.get("content") or ""
    user_id, user_name = human(message, content)
    author = message.get("author", message.get("author_id"))
    reference = message.get("message_reference")
    return {
        "message_id": text_id(message["id"]),
        "time": text_time(message.get("timestamp", message.get("created_at"))),
        "edited": text_time(message.get("edited_timestamp", message.get("edited_at"))),
        "channel_id": text_id(message.get("channel_id")),
        "from_bot": is_bot(author) if isinstance(author, dict) else _known_bot(author),
        "content": content,
        "user_id": user_id,
        "user_name": user_name,
        "reference_id": text_id(reference.get("message_id") if isinstance(reference, dict) else reference),
        "buttons": buttons(message.get("components")),
    }


def _known_bot(author: Any) -> bool | None:
    return None if author is None else str(author) in MIDJOURNEY_BOTS
