"""A simulated log as a file: the form of a DiscordChatExporter JSON export."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from unspool.simulate import simulate
from unspool.simulate._discord import snowflake, timestamp
from unspool.simulate._people import EPOCH_MS

# JsonMessageWriter.cs of DiscordChatExporter: names and order of the fields.
TOP = ["guild", "channel", "dateRange", "exportedAt", "messages", "messageCount"]
MESSAGE = [
    "id",
    "type",
    "timestamp",
    "timestampEdited",
    "callEndedTimestamp",
    "isPinned",
    "content",
    "author",
    "attachments",
    "embeds",
    "stickers",
    "reactions",
    "mentions",
    "reference",
    "interaction",
    "inlineEmojis",
]
USER = ["id", "name", "discriminator", "nickname", "color", "isBot", "roles", "avatarUrl"]
JSON = dict[str, Any]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> JSON:
    path = tmp_path_factory.mktemp("export") / "log.json"
    log = simulate("newcomers", seed=7)
    log.write(path)
    loaded: JSON = json.loads(path.read_text(encoding="utf-8"))
    loaded["kinds"] = dict(log.truth["messages"].select("message_id", "kind").iter_rows())
    loaded["roots"] = dict(log.truth["messages"].select("message_id", "root_id").iter_rows())
    return loaded


def test_fields_and_their_order(export: JSON) -> None:
    assert list(export)[:-2] == TOP
    assert list(export["guild"]) == ["id", "name", "iconUrl"]
    assert list(export["channel"]) == ["id", "type", "categoryId", "category", "name", "topic"]
    optional = {"reference", "interaction"}
    for entry in export["messages"]:
        assert [name for name in MESSAGE if name in entry or name not in optional] == list(entry)
        assert all(list(user) == USER for user in [entry["author"], *entry["mentions"]])
        assert all(list(file) == ["id", "url", "fileName", "fileSizeBytes"] for file in entry["attachments"])
    replies = [entry["reference"] for entry in export["messages"] if "reference" in entry]
    assert all(list(reply) == ["messageId", "channelId", "guildId"] for reply in replies)
    assert {entry["type"] for entry in export["messages"]} == {"Default", "Reply", "20", "GuildMemberJoin"}


def test_count_and_order(export: JSON) -> None:
    ids = [int(entry["id"]) for entry in export["messages"]]
    assert export["messageCount"] == len(ids)
    assert ids == sorted(set(ids))
    assert float(ids[0]) != ids[0] or float(ids[1]) != ids[1]  # ids that a double would round
    times = [entry["timestamp"] for entry in export["messages"]]
    for entry, time in zip(export["messages"], times, strict=True):
        millisecond = (int(entry["id"]) >> 22) + EPOCH_MS
        assert datetime.fromisoformat(time).timestamp() == pytest.approx(millisecond / 1000, abs=1e-6)
    assert max(times) < export["exportedAt"]


@pytest.mark.parametrize(
    ("millisecond", "text"),
    [
        (1_680_212_690_473, "2023-03-30T21:44:50.473+00:00"),
        (1_680_212_690_400, "2023-03-30T21:44:50.4+00:00"),
        (1_680_212_690_000, "2023-03-30T21:44:50+00:00"),
    ],
)
def test_times_are_written_as_dotnet_does(millisecond: int, text: str) -> None:
    assert timestamp(millisecond) == text


def test_a_snowflake_holds_its_time() -> None:
    # Discord's documented example: 175928847299117063 was made at 2016-04-30 11:18:25.796 UTC, counter 7 of worker 1.
    assert snowflake(1_462_015_105_796, 175928847299117063 & 0x3FFFFF) == "175928847299117063"


FORMS = {
    "grid": r"(?s)\*\*.*\*\* - @[^\n]+ \((fast|relaxed|turbo)(, stealth)?\)",
    "remix": r"\*\*.+\*\* - Remix( \((Strong|Subtle)\))? by @.+\)",
    "variation": r"\*\*.*\*\* - Variations( \((Strong|Subtle)\))? by @.+\)",
    "region": r"\*\*.*\*\* - Variations \(Region\) by @.+\)",
    "zoom": r"\*\*.*\*\* - Zoom Out by @.+\)",
    "pan": r"\*\*.* ?--ar \d+:\d+\*\* - Pan (Left|Right|Up|Down) by @.+\)",
    "video": r"\*\*.* ?--motion (high|low) --video 1 --aspect 1:1\*\* - @.+\)",
    "upscale": r"(?s)\*\*.*\*\* - (Image #[1-4] @.+|Upscaled( \((Subtle|Creative|2x|4x|Beta|Light|Max)\))? by @.+\))",
    "start": r"(Upscaling image #[1-4] with )?\*\*.*\*\* - @.+ \(Waiting to start\)|Animating\.\.\.",
    "progress": r"\*\*.*\*\* - @.+ (\(Stopped\)|\((paused|\d+%)\) \(.+\))",
    "other": r"|You have successfully rated \[this job\]\(https://discord\.com/channels/\d+/\d+/\d+\) with 😍",
}


@pytest.mark.parametrize("kind", FORMS)
def test_lines_of_the_bot(export: JSON, kind: str) -> None:
    lines = [entry for entry in export["messages"] if export["kinds"][entry["id"]] == kind]
    assert len(lines) > 5
    assert [line["content"] for line in lines if not re.fullmatch(FORMS[kind], line["content"])] == []
    assert all(line["author"]["id"] == "936929561302675456" and line["author"]["isBot"] for line in lines)
    for line in lines:
        assert all(f"@{user['nickname']}" in line["content"] or line["embeds"] for user in line["mentions"])


def test_people_chat_and_quote_the_bot(export: JSON) -> None:
    chat = [entry for entry in export["messages"] if export["kinds"][entry["id"]] == "chatter"]
    assert not any(entry["author"]["isBot"] or entry["mentions"] for entry in chat)
    assert any(entry["content"].startswith("**") for entry in chat)


def _answered(export: JSON) -> dict[str, str]:
    return {entry["id"]: entry["reference"]["messageId"] for entry in export["messages"] if "reference" in entry}


def test_what_is_made_of_images_answers_a_post_of_the_same_root(export: JSON) -> None:
    kinds, roots, answered = export["kinds"], export["roots"], _answered(export)
    made = [m for m in answered if kinds[m] in {"variation", "region", "zoom", "pan", "video", "upscale"} and roots[m]]
    # A prompt's own post has no root: it is the root.
    assert all(roots[m] == (roots[answered[m]] or answered[m]) for m in made)
    steps = {kind: sum(kinds[answered[m]] == kind for m in made) for kind in ("grid", "upscale", "variation", "zoom")}
    assert min(steps.values()) > 10


def test_a_remix_answers_the_prompt_before(export: JSON) -> None:
    kinds, answered = export["kinds"], _answered(export)
    remixes = [m for m, kind in kinds.items() if kind == "remix"]
    assert {kinds[answered[m]] for m in remixes} == {"grid", "remix"}


def test_some_posts_answer_messages_outside_the_log_and_some_upscales_none(export: JSON) -> None:
    kinds, roots, answered = export["kinds"], export["roots"], _answered(export)
    assert all(int(answer) < int(message) for message, answer in answered.items())
    gone = [m for m, answer in answered.items() if answer not in kinds]
    assert {kinds[m] for m in gone} == {"grid", "upscale", "variation"}
    assert all(roots[m] is None for m in gone)
    unlinked = [m for m, kind in kinds.items() if kind == "upscale" and roots[m] and m not in answered]
    assert len(unlinked) > 50


def test_an_upscale_without_a_reference_follows_from_its_text(export: JSON) -> None:
    last: dict[tuple[str, str], str] = {}
    for entry in export["messages"]:
        kind, root = export["kinds"][entry["id"]], export["roots"][entry["id"]]
        if kind in ("grid", "remix"):
            last[_presser(entry), _bold(entry)] = entry["id"]
        elif kind in ("upscale", "variation") and root and "reference" not in entry:
            assert last[_presser(entry), _bold(entry)] == root


def _bold(entry: JSON) -> str:
    return str(entry["content"]).rpartition("** - ")[0]


def _presser(entry: JSON) -> str:
    return str(entry["mentions"][0]["id"])


def test_some_upscales_are_pressed_by_others(export: JSON) -> None:
    by_id = {entry["id"]: entry for entry in export["messages"]}
    upscales = [m for m, kind in export["kinds"].items() if kind == "upscale" and export["roots"][m]]
    strangers = [m for m in upscales if _presser(by_id[m]) != _presser(by_id[export["roots"][m]])]
    assert 5 < len(strangers) < len(upscales) / 10
    assert all("reference" in by_id[m] for m in strangers)


def test_some_upscales_were_edited_later(export: JSON) -> None:
    edited = [entry for entry in export["messages"] if entry["timestampEdited"]]
    assert {export["kinds"][entry["id"]] for entry in edited} == {"upscale"}
    later = [datetime.fromisoformat(e["timestampEdited"]) > datetime.fromisoformat(e["timestamp"]) for e in edited]
    assert len(later) > 50
    assert all(later)


def test_file_names_carry_the_handle(export: JSON) -> None:
    grids = [entry for entry in export["messages"] if export["kinds"][entry["id"]] == "grid"]
    for entry in grids:
        [file] = entry["attachments"]
        assert file["fileName"].startswith(entry["mentions"][0]["name"] + "_")
        assert file["url"].endswith(file["fileName"])
        assert re.search(r"_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.png$", file["fileName"])
    assert not any(entry["mentions"][0]["name"] in entry["content"] for entry in grids)


def test_slash_commands_answer_with_an_interaction(export: JSON) -> None:
    answers = [entry for entry in export["messages"] if "interaction" in entry]
    assert {entry["interaction"]["name"] for entry in answers} == {"imagine", "describe", "shorten"}
    blank = [entry for entry in answers if not entry["content"]]
    assert len(blank) > 5
    assert all(entry["embeds"][0]["description"] for entry in blank)


def test_an_export_is_written_the_same_way_twice(tmp_path: Path) -> None:
    def written(name: str) -> bytes:
        simulate("newcomers", seed=5, users=6).write(tmp_path / name)
        return (tmp_path / name).read_bytes()

    assert written("a.json") == written("b.json")


def test_the_beginning_of_a_file_shows_its_format(tmp_path: Path) -> None:
    simulate("newcomers", seed=5, users=2).write(tmp_path / "log.json")
    assert (tmp_path / "log.json").read_bytes().startswith(b'{\n  "guild": {\n    "id": "')
