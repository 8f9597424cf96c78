"""Logs with a known truth: simulated users of a text-to-image bot, rendered in a real log format.

The folder's modules are the scenarios. A scenario is a module with

    TITLE: str                one line
    PARAMETERS: Parameters    the settings of the generative model
    TRUE: tuple[str, ...]     what is true in it, in plain sentences
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

import orjson
import polars as pl

from unspool import registry
from unspool.errors import UnspoolError
from unspool.features.length import WORD
from unspool.simulate._discord import CHANNEL_ID, JSON, Post, head, message, snowflake, timestamp
from unspool.simulate._lives import Life, lives
from unspool.simulate._parameters import Parameters
from unspool.simulate._people import Person, Turn, history, person
from unspool.simulate._posts import Feed
from unspool.simulate._quantities import quantities
from unspool.simulate._table import TABLES, table, write_table
from unspool.simulate._words import n_style
from unspool.tables import TIME

__all__ = ["Log", "Parameters", "play", "read_truth", "scenarios", "simulate", "truth_folder"]

PROMPT_TRUTH: dict[str, pl.DataType | type[pl.DataType]] = {
    "message_id": pl.String,
    "user_id": pl.String,
    "user_name": pl.String,
    "shown_name": pl.String,
    "time": TIME,
    "text": pl.String,
    "params": pl.String,
    "echo": pl.String,
    "thread": pl.Int64,
    "step": pl.UInt32,
    "upscaled": pl.Boolean,
    "n_upscales": pl.UInt32,
    "language": pl.String,
    "kept": pl.Boolean,
    "reason": pl.String,
    "edit": pl.String,
    "edits": pl.List(pl.String),
    "action": pl.String,
    "pasted": pl.Boolean,
    "series": pl.Boolean,
    "trap": pl.String,
    "n_content": pl.UInt32,
    "n_style": pl.UInt32,
    "stop_reason": pl.String,
    "copied_from": pl.String,
}
LATER = ("n_upscales", "n_content")
"""Columns of the truth that follow from others."""
MESSAGE_TRUTH: dict[str, pl.DataType | type[pl.DataType]] = {
    "message_id": pl.String,
    "kind": pl.String,
    "root_id": pl.String,
}


class Log:
    """A simulated channel: `messages` as DiscordChatExporter writes them, and `truth` about them."""

    def __init__(
        self,
        posts: list[Post],
        prompts: list[tuple[Post, Person, Turn]],
        parameters: Parameters,
        seed: int,
        people: list[Life],
    ) -> None:
        self._posts, self._prompts, self._people = posts, prompts, people
        self.parameters, self.seed = parameters, seed

    @property
    def messages(self) -> Iterator[JSON]:
        """The messages in time order, rendered one at a time."""
        return map(message, self._posts)

    @cached_property
    def truth(self) -> dict[str, pl.DataFrame]:
        """Frames `prompts`, one row per prompt by user and time, and `messages`, one row per message in time order."""
        rows = [(post.id, post.kind, post.root.id if post.root else None) for post in self._posts]
        messages = pl.DataFrame(rows, schema=MESSAGE_TRUTH, orient="row")
        return {"prompts": self._prompt_truth(messages), "messages": messages}

    def _prompt_truth(self, messages: pl.DataFrame) -> pl.DataFrame:
        numbers = dict[tuple[int, int], int]()
        ids = {id(turn): post.id for post, _, turn in self._prompts}
        rows = [
            _row(post, who, turn, numbers.setdefault((who.number, turn.thread), len(numbers)), ids)
            for post, who, turn in self._prompts
        ]
        upscales = messages.filter(kind="upscale").group_by("root_id").len("n_upscales")
        return (
            pl.DataFrame(rows, schema={k: v for k, v in PROMPT_TRUTH.items() if k not in LATER}, orient="row")
            .join(upscales, left_on="message_id", right_on="root_id", how="left", maintain_order="left")
            .with_columns(
                pl.col("n_upscales").fill_null(0),
                action=_action(),
                n_content=pl.col("text").str.count_matches(WORD) - pl.col("n_style"),
            )
            .select(pl.col(name).cast(kind) for name, kind in PROMPT_TRUTH.items())
        )

    def quantities(self, every: int = 1) -> dict[str, float]:
        """Numbers that are true of the log: settings by their names, growth, drift; docs/simulate.md tells each.

        Drift takes every n-th thread on, which is most of the work; it is left out if `every` is 0.
        """
        return quantities(self.parameters, self.truth["prompts"], self._people, self.seed, every)

    def table(self, *, threads: bool = False) -> pl.DataFrame:
        """The prompts as a table that the source `table` reads, with captions where the scenario has them.

        One row per prompt by user and time: prompt_id, channel_id, user_id, time, text (with parameters as typed),
        upscaled, caption_0 to caption_3, and if `threads` the true thread_id.
        """
        captions = [turn.captions for _, _, turn in self._prompts]
        return table(self.truth["prompts"], captions, CHANNEL_ID, threads=threads)

    def write(self, path: str | Path) -> None:
        """Write the log to `path`, and the truth to `<stem>.truth/` beside it: *.parquet and quantities.json."""
        path = Path(path)
        self.write_log(path)
        folder = truth_folder(path)
        folder.mkdir(exist_ok=True)
        for name, frame in self.truth.items():
            frame.write_parquet(folder / f"{name}.parquet")
        numbers = orjson.dumps(self.quantities(), option=orjson.OPT_INDENT_2)
        (folder / "quantities.json").write_bytes(numbers + b"\n")

    def write_log(self, path: Path) -> None:
        """Write the log alone: a table if the name ends in .parquet, .jsonl or .csv, else a Discord export."""
        if path.suffix in TABLES:
            write_table(self.table(), path)
            return
        with path.open("wb") as file:
            self._write_json(file)

    def _write_json(self, file: BinaryIO) -> None:
        exported = self._posts[-1].time + 3_600_000 if self._posts else 0
        preamble = head() | {"exportedAt": timestamp(exported)}
        file.write(orjson.dumps(preamble, option=orjson.OPT_INDENT_2).removesuffix(b"\n}"))
        file.write(b',\n  "messages": [')
        for number, entry in enumerate(self.messages):
            file.write(b",\n    " if number else b"\n    ")
            file.write(orjson.dumps(entry, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n    "))
        file.write(b'\n  ],\n  "messageCount": %d\n}\n' % len(self._posts))


def simulate(scenario: str, *, seed: int, users: int | None = None) -> Log:
    """Simulate a scenario by name, with _ or - between words; the same name, seed and users give the same log."""
    name = scenario.replace("-", "_")
    if name not in registry.names("simulate"):
        listed = [f"{known.replace('_', '-')} ({registry.load('simulate', known).TITLE})" for known in scenarios()]
        raise UnspoolError(
            f"There is no scenario named {scenario!r}.", f"Known are: {'; '.join(listed)}.", "Name one.", exit_code=2
        )
    parameters = registry.load("simulate", name).PARAMETERS
    return play(parameters if users is None else replace(parameters, users=users), seed=seed)


def scenarios() -> list[str]:
    """Names of the scenarios."""
    return registry.names("simulate")


def play(parameters: Parameters, *, seed: int) -> Log:
    """Simulate a channel under the given settings."""
    if parameters.users < 1 or seed < 0:
        raise UnspoolError(
            "The channel cannot be simulated.",
            f"There are {parameters.users} users and the seed is {seed}.",
            "Give at least one user and a seed from 0.",
            exit_code=2,
        )
    people = [person(number, parameters, seed) for number in range(parameters.users)]
    posts, prompts = list[Post](), list[tuple[Post, Person, Turn]]()
    written, living = _written(people, parameters, seed)
    for who, turns in zip(people, written, strict=True):
        feed = Feed(who, people, parameters, seed)
        for number, turn in enumerate(turns):
            until = turns[number + 1].time if number + 1 < len(turns) else turn.time + 600_000
            grid, shown = feed.posts(turn, until)
            posts.extend(shown)
            prompts.append((grid, who, turn))
    posts.sort(key=attrgetter("time"))
    for number, post in enumerate(posts):
        post.id = snowflake(post.time, number)
    return Log(posts, prompts, parameters, seed, living)


def _written(people: list[Person], parameters: Parameters, seed: int) -> tuple[Iterable[list[Turn]], list[Life]]:
    if parameters.room:
        return (history(who, parameters, seed) for who in people), []
    return lives(people, parameters, seed)


def truth_folder(path: Path) -> Path:
    """Where the truth about an export lies."""
    return path.with_name(f"{path.stem}.truth")


def read_truth(path: Path) -> dict[str, pl.DataFrame]:
    """Read the truth frames of the export at `path`; an export without them is an error."""
    folder = truth_folder(path)
    names = [name for name in ("prompts", "messages") if not (folder / f"{name}.parquet").is_file()]
    if names:
        raise UnspoolError(
            "The truth about a log cannot be read.",
            f"There is no {' and no '.join(names)} Parquet file in the .truth folder beside it.",
            "Write both with Log.write, and keep them together.",
        )
    return {name: pl.read_parquet(folder / f"{name}.parquet") for name in ("prompts", "messages")}


def _row(post: Post, who: Person, turn: Turn, thread: int, ids: Mapping[int, str]) -> tuple[object, ...]:
    draft = turn.draft
    return (
        post.id,
        who.user_id,
        who.handle,
        who.shown,
        post.time,
        turn.text(),
        draft.params_text(),
        turn.echo(),
        thread,
        turn.step,
        turn.upscaled,
        draft.scene.language,
        not turn.reason,
        turn.reason or None,
        turn.edits[0],
        list(turn.edits),
        "remix" if turn.remix else "grid",
        turn.pasted,
        turn.series,
        draft.trap or None,
        n_style(draft),
        turn.stop_reason,
        ids[id(turn.copied_from)] if turn.copied_from else None,
    )


def _action() -> pl.Expr:
    """A grid whose echo is that of the user's prompt before it is a reroll by text."""
    again = (pl.col("echo") == pl.col("echo").shift(1).over("user_id")) & (pl.col("action") == "grid")
    return pl.when(again.fill_null(False)).then(pl.lit("reroll")).otherwise("action")
