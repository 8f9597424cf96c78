"""One small log for each source, stuffed with secrets: ids, handles, links and addresses wherever a log can hold them."""

import csv
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import polars as pl

from tests.logs import BOT

USER, FRIEND, GUILD, CHANNEL = "901234567890123411", "901234567890123422", "901234567890123433", "901234567890123444"
HANDLE, NICKNAME, OTHER = "zanzibar_kit", "Zanzi Quibble (she)", "quokka.fen"
MESSAGE = "10234567890123450"
FILE = "wombat-holiday"
SECRETS = [
    *(USER, FRIEND, GUILD, CHANNEL, MESSAGE, FILE),
    *("zanzi", "quibble", "quokka", "yolanda", "s.mj.run", "discordapp", "example.", "albumpath"),
]
"""What may be nowhere, in any case: the ids, parts of every handle, parts of every link and address."""

LINK = f"https://cdn.discordapp.com/attachments/{CHANNEL}/{FRIEND}/{HANDLE}_fox.png"
WORDS = [
    f"<https://s.mj.run/ALBUMPATH1> a red fox in snow beside <@{FRIEND}> --ar 3:2 --sref {LINK} --v 5",
    f"a red fox in deep snow, mail yolanda.q@mail.example.org or see www.example.com/{HANDLE} --cref {LINK} {LINK}",
    f"a red fox in deep snow at night by @{OTHER} and <@!{FRIEND}> --oref <{LINK}> --no {LINK}, text",
    f"HTTP://EXAMPLE.net/{HANDLE} a brown bear in a green wood --sref https://s.mj.run/ALBUMPATH2 random --v 6",
]
CHAT = f"**a red fox** - <@{USER}> (fast) look what {HANDLE} made, {LINK}"
CAPTION = f"a fox in the snow, by @{HANDLE}, {LINK}"
START = datetime(2023, 6, 1, 12, tzinfo=UTC)


def id_of(number):
    return f"{MESSAGE}{number:02d}"


def time_of(number):
    return (START + timedelta(minutes=number)).isoformat()


def lines(mention):
    """Content, author is the bot, and number of the message referred to: grids, an upscale, an orphan, chat, /describe."""
    grids = [(f"**{words}** - {mention} (fast)", True, None) for words in WORDS]
    return [
        *grids,
        (f"**{WORDS[0]}** - Image #2 {mention}", True, 0),
        (f"**a lost {LINK} thing** - Image #1 {mention}", True, 77),
        (f"** {LINK} ** - {mention} (fast)", True, None),
        (CHAT, False, None),
        (f"see {LINK} of {HANDLE}", True, None),
    ]


def discord_api(folder):
    messages = [
        {
            "id": id_of(number),
            "channel_id": CHANNEL,
            "guild_id": GUILD,
            "author": BOT if bot else {"id": USER, "username": HANDLE},
            "content": content,
            "timestamp": time_of(number),
            "mentions": [{"id": USER, "username": HANDLE, "global_name": NICKNAME}],
            "attachments": [{"id": FRIEND, "url": LINK, "filename": f"{HANDLE}.png"}],
            "message_reference": {"message_id": id_of(answered), "guild_id": GUILD} if answered is not None else None,
        }
        for number, (content, bot, answered) in enumerate(lines(f"<@{USER}>"))
    ]
    return write(folder / f"{FILE}.json", json.dumps(messages))


def discord_export(folder):
    person = {"id": USER, "name": HANDLE, "nickname": NICKNAME, "isBot": False, "avatarUrl": LINK}
    friend = {"id": FRIEND, "name": OTHER, "nickname": "Quokka Fen", "isBot": False}
    messages = [
        {
            "id": id_of(number),
            "type": "Default",
            "timestamp": time_of(number),
            "timestampEdited": None,
            "content": content.replace(f"<@{FRIEND}>", "@Quokka Fen"),
            "author": {"id": BOT["id"], "name": "Midjourney Bot", "isBot": True} if bot else person,
            "mentions": [person, friend] if FRIEND in content else [person],
            "attachments": [{"id": FRIEND, "url": LINK, "fileName": f"{HANDLE}.png"}],
            "reference": {"messageId": id_of(answered), "channelId": CHANNEL} if answered is not None else None,
        }
        for number, (content, bot, answered) in enumerate(lines(f"@{NICKNAME}"))
    ]
    export = {
        "guild": {"id": GUILD, "name": f"The place of {HANDLE}"},
        "channel": {"id": CHANNEL, "name": f"{HANDLE}-room", "topic": LINK},
        "messages": messages,
    }
    return write(folder / f"{FILE}.json", json.dumps(export))


def midjourney_messages(folder):
    rows = lines(f"<@{USER}>")
    frame = pl.DataFrame(
        {
            "id": [id_of(number) for number in range(len(rows))],
            "channel_id": CHANNEL,
            "content": [content for content, _, _ in rows],
            "timestamp": [time_of(number) for number in range(len(rows))],
            "image_id": FRIEND,
            "url": LINK,
        }
    )
    path = folder / f"{FILE}.parquet"
    frame.write_parquet(path)
    return [str(path)]


def midjourney_threads(folder):
    names = ["text", "args", "channel_id", "userid", "timestamp", "label", "id", "url_png", "main_content", "caption_0"]
    rows = []
    for number, words in enumerate(WORDS):
        text, _, args = words.partition("--")
        fixed = [CHANNEL, USER, time_of(number), "True", id_of(number), LINK, words, CAPTION, "3"]
        rows.append([text, f"--{args}", *fixed])
    return write_csv(folder / f"{FILE}.csv", [*names, "thread_id"], rows)


def table(folder):
    names = ["who", "at", "words", "id", "room", "model", "language", "run", "caption", "album"]
    rows = [
        [HANDLE, time_of(number), words, id_of(number), CHANNEL, "mj", "en", f"{HANDLE}-1", CAPTION, LINK]
        for number, words in enumerate(WORDS)
    ]
    roles = "user_id=who,time=at,text=words,prompt_id=id,channel_id=room,model=model,language=language"
    path = write_csv(folder / f"{FILE}.csv", names, rows)
    return [*path, "--columns", f"{roles},thread_id=run,caption_0=caption"]


def diffusiondb(folder):
    frame = pl.DataFrame(
        {
            "image_name": [f"{FRIEND}-{HANDLE}.png"] * len(WORDS),
            "prompt": WORDS,
            "sampler": 8,
            "user_name": USER,
            "timestamp": [time_of(number) for number in range(len(WORDS))],
        }
    )
    path = folder / f"{FILE}.parquet"
    frame.write_parquet(path)
    return [str(path)]


def simulacra(folder):
    path = folder / f"{FILE}.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """CREATE TABLE generations (id INTEGER, sid INTEGER, method INTEGER, prompt TEXT, verified INTEGER);
            CREATE TABLE images (id INTEGER, gid INTEGER, idx INTEGER);
            CREATE TABLE ratings (sid INTEGER, iid INTEGER, rating INTEGER, verified INTEGER);
            CREATE TABLE upscales (iid INTEGER, method INTEGER);"""
        )
        rows = [(number, int(USER), 3, words, 1) for number, words in enumerate(WORDS)]
        database.executemany("INSERT INTO generations VALUES (?, ?, ?, ?, ?)", rows)
        database.commit()
    return [str(path)]


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return [str(path)]


def write_csv(path, names, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    return [str(path)]


LOGS = {
    make.__name__: make
    for make in (discord_api, discord_export, midjourney_messages, midjourney_threads, table, diffusiondb, simulacra)
}
