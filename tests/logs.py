"""Small logs in the formats of Discord, made in the tests."""

import json
from datetime import UTC, datetime, timedelta

BOT = {"id": "936929561302675456", "username": "Midjourney Bot", "bot": True}
START = datetime(2023, 6, 1, 12, tzinfo=UTC)


def message(number, content, *, minute=None, reference=None, user="501", bot=True, edited=None, **more):
    """A REST message; `number` is a small id that is made to look like a snowflake."""
    time = START + timedelta(minutes=number if minute is None else minute)
    return {
        "id": snowflake(number),
        "channel_id": "77001",
        "author": BOT if bot else {"id": user, "username": "a_person"},
        "content": content,
        "timestamp": time.isoformat(),
        "edited_timestamp": (time + timedelta(seconds=edited)).isoformat() if edited else None,
        "mentions": [{"id": user, "username": f"handle_{user}"}],
        **({"message_reference": {"message_id": snowflake(reference), "channel_id": "77001"}} if reference else {}),
        **more,
    }


def snowflake(number):
    return str(1_023_456_789_012_345_000 + number)


def grid(number, prompt, *, user="501", **more):
    return message(number, f"**{prompt}** - <@{user}> (fast)", user=user, **more)


def upscale(number, prompt, *, user="501", image=1, **more):
    return message(number, f"**{prompt}** - Image #{image} <@{user}>", user=user, **more)


def write(path, messages):
    path.write_text(json.dumps(messages), encoding="utf-8")
    return str(path)


def write_lines(path, values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
    return str(path)
