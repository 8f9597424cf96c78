"""DiscordChatExporter JSON: guild, channel, messages[] with author, mentions, reference, attachments.

Mentions are rendered as names; the mentions array gives their ids back. Written from the exporter's own JSON writer
and from public descriptions of its files; no real export of a Midjourney channel was at hand.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unspool.sources import Chunk, Head, Options, Span
from unspool.sources._messages import Parsed, buttons, entries, fault, human, is_bot, text_id, text_time, to_chunks
from unspool.sources._streams import json_items

TITLE = "DiscordChatExporter JSON export of a channel"
CITATION = "https://github.com/Tyrrrz/DiscordChatExporter (JSON format, 2022-2026)"
FAMILY = "messages"
LINKED = True
_START = re.compile(rb'^\s*\{\s*"guild"\s*:')


def matches(head: Head) -> bool:
    """A JSON object that begins with the guild."""
    return bool(_START.match(head.start))


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """Message records in file order; a file cut off in the middle gives what stands before the cut."""
    channel = next((value for value, _ in json_items(path, "channel.id")), None)
    yield from to_chunks((_record(value, wrong, text_id(channel)) for value, wrong in _messages(path)), options)


def _messages(path: Path) -> Iterator[tuple[Any, str]]:
    yield from json_items(path, "messages.item")


def _record(message: Any, wrong: str, channel: str | None) -> Parsed:
    if wrong := wrong or fault(message):
        return None, wrong
    content = with_ids(message.get("content") or "", message.get("mentions"))
    user_id, user_name = human(message, content)
    reference = message.get("reference")
    return {
        "message_id": text_id(message["id"]),
        "time": text_time(message.get("timestamp")),
        "edited": text_time(message.get("timestampEdited")),
        "channel_id": channel,
        "from_bot": is_bot(message.get("author")),
        "content": content,
        "user_id": user_id,
        "user_name": user_name,
        "reference_id": text_id(reference.get("messageId")) if isinstance(reference, dict) else None,
        "buttons": buttons(message.get("components")),
    }, ""


def with_ids(content: str, mentions: Any) -> str:
    """Turn `@Some Name` back into `<@id>` for everyone in the mentions array; a name of two of them into `@Unknown`."""
    found: dict[str, set[str]] = {}
    for person in entries(mentions):
        number = text_id(person.get("id"))
        for name in (person.get("nickname"), person.get("name")):
            if number and isinstance(name, str) and name:
                found.setdefault(name.lower(), set()).add(number)
    if not found or "@" not in content:
        return content
    names = "|".join(re.escape(name) for name in sorted(found, key=len, reverse=True))
    return re.sub(rf"(?i)(?<![\w<])@({names})(?:#\d{{4}})?(?!\w)", lambda match: _mention(found, match[1]), content)


def _mention(found: dict[str, set[str]], name: str) -> str:
    numbers = found.get(name.lower(), set())
    return f"<@{next(iter(numbers))}>" if len(numbers) == 1 else "@Unknown"
