"""Posts of a channel as DiscordChatExporter writes them to JSON (JsonMessageWriter.cs, v2.43-2.46)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from unspool.simulate._people import EPOCH_MS, Person

JSON = dict[str, Any]
GUILD_ID = "988112233445566778"
CHANNEL_ID = "1012345678901234567"
RATED = "You have successfully rated [this job](https://discord.com/channels/{job}) with 😍"
BOT: JSON = {
    "id": "936929561302675456",
    "name": "Midjourney Bot",
    "discriminator": "9282",
    "nickname": "Midjourney Bot",
    "color": "#3498DB",
    "isBot": True,
    "roles": [{"id": "988112233445566790", "name": "Bots", "color": "#3498DB", "position": 7}],
    "avatarUrl": "https://cdn.discordapp.com/embed/avatars/0.png",
}


@dataclass(slots=True, eq=False)
class Post:
    """One message. `author` None: the bot. `gone`: it answers a message that the log does not hold.

    `kind` and `root` are truth: the kind of message, and the post of the prompt that it belongs to. `attached`: the
    words in the name of the attached image, None without one. `embedded`: the text of an embed. `command`: the slash
    command whose direct answer it is. `id` is set once all posts of the channel are in order.
    """

    time: int
    kind: str
    content: str
    mentioned: Person | None = None
    answers: "Post | None" = None
    root: "Post | None" = None
    author: Person | None = None
    gone: bool = False
    attached: str | None = None
    embedded: str | None = None
    command: str | None = None
    joins: bool = False
    id: str = ""


def snowflake(time: int, counter: int) -> str:
    """A Discord id of a millisecond: time since 2015 over a counter of 22 bits."""
    return str(((time - EPOCH_MS) << 22) | (counter & 0x3FFFFF))


def timestamp(time: int) -> str:
    """A time as .NET writes it to JSON: trailing zeros of the fraction are cut."""
    moment = datetime.fromtimestamp(time / 1000, UTC)
    fraction = f".{time % 1000:03d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}+00:00"


def message(post: Post) -> JSON:
    """One entry of `messages`. What the model does not say (ids of files, sizes) follows from a digest of the id."""
    digest = blake2b(post.id.encode(), digest_size=16).digest()
    edited = post.kind == "upscale" and digest[0] < 80
    entry: JSON = {
        "id": post.id,
        "type": _type(post),
        "timestamp": timestamp(post.time),
        "timestampEdited": timestamp(post.time + 1000 + 97 * digest[1]) if edited else None,
        "callEndedTimestamp": None,
        "isPinned": False,
        "content": _content(post),
        "author": user(post.author) if post.author else BOT,
        "attachments": [] if post.attached is None else [_attachment(post, post.attached, digest)],
        "embeds": [] if post.embedded is None else [_embed(post.embedded)],
        "stickers": [],
        "reactions": [],
        "mentions": [user(post.mentioned)] if post.mentioned else [],
    }
    if post.answers or post.gone:
        answered = post.answers.id if post.answers else snowflake(post.time - 60_000, int.from_bytes(digest[:3]))
        entry["reference"] = {"messageId": answered, "channelId": CHANNEL_ID, "guildId": GUILD_ID}
    if post.command and post.mentioned:
        who = user(post.mentioned)
        entry["interaction"] = {"id": snowflake(post.time - 900, digest[2]), "name": post.command, "user": who}
    entry["inlineEmojis"] = _emojis(post.content)
    return entry


def user(who: Person) -> JSON:
    """A person as author or mention."""
    return {
        "id": who.user_id,
        "name": who.handle,
        "discriminator": "0000",
        "nickname": who.shown,
        "color": None,
        "isBot": False,
        "roles": [],
        "avatarUrl": f"https://cdn.discordapp.com/embed/avatars/{who.number % 6}.png",
    }


def head() -> JSON:
    """What stands before the messages."""
    return {
        "guild": {
            "id": GUILD_ID,
            "name": "Simulated Midjourney",
            "iconUrl": "https://cdn.discordapp.com/embed/avatars/0.png",
        },
        "channel": {
            "id": CHANNEL_ID,
            "type": "GuildTextChat",
            "categoryId": "1012345678901230000",
            "category": "Newcomer Rooms",
            "name": "newbies-41",
            "topic": "Bot room for new users. Type /imagine then describe what you want to draw.",
        },
        "dateRange": {"after": None, "before": None},
    }


def _type(post: Post) -> str:
    # The exporter's enum ends at 19, so that .NET prints an answer to a slash command (20) as its number.
    if post.command:
        return "20"
    if post.joins:
        return "GuildMemberJoin"
    return "Reply" if post.answers or post.gone else "Default"


def _content(post: Post) -> str:
    if post.content == RATED and post.answers:
        return RATED.format(job=f"{GUILD_ID}/{CHANNEL_ID}/{post.answers.id}")
    return post.content


def _attachment(post: Post, words: str, digest: bytes) -> JSON:
    slug = re.sub(r"\W+", "_", words).strip("_")[:60]
    job = digest.hex()
    job = "-".join((job[:8], job[8:12], f"4{job[13:16]}", f"a{job[17:20]}", job[20:]))
    owner = post.mentioned.handle if post.mentioned else "image"
    name = f"{owner}_{slug}_{job}.{'mp4' if post.kind == 'video' else 'png'}"
    file_id = snowflake(post.time - 300, int.from_bytes(digest[3:6]))
    return {
        "id": file_id,
        "url": f"https://cdn.discordapp.com/attachments/{CHANNEL_ID}/{file_id}/{name}",
        "fileName": name,
        "fileSizeBytes": 300_000 + int.from_bytes(digest[6:9]) // 3,
    }


def _embed(text: str) -> JSON:
    return {
        "title": "",
        "url": None,
        "timestamp": None,
        "description": text,
        "images": [],
        "fields": [],
        "inlineEmojis": [],
    }


def _emojis(content: str) -> list[JSON]:
    if "😍" not in content:
        return []
    image = "https://cdn.jsdelivr.net/gh/twitter/twemoji@latest/assets/svg/1f60d.svg"
    return [{"id": "", "name": "😍", "code": "heart_eyes", "isAnimated": False, "imageUrl": image}]
