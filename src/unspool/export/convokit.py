"""A corpus that ConvoKit loads: a prompt is an utterance, a thread a conversation, a person a speaker.

`utterances.jsonl`, `speakers.json`, `conversations.json`, `corpus.json` and `index.json`. A prompt answers the one
before it in its thread; one without a thread is a conversation of its own, and one without a person is by the speaker
"unknown". Measures and weights are in `meta` of the utterances.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import polars as pl

from unspool.export import Exported
from unspool.export._card import card

TITLE = "ConvoKit: a Corpus of threads as conversations"
PLACE, SUFFIX = "folder", ""
CITATION = "Chang et al. 2020 (SIGDIAL), ConvoKit"
UNKNOWN = "unknown"
ROWS = 5_000
"""How many prompts are written at a time."""
_OWN = ("prompt_id", "user_id", "thread_id", "time", "text")
_COUNTED = {"n_prompts": ["<class 'int'>"]}


def write(data: Exported, out: Path) -> None:
    """Write the folder, a frame at a time: whole people are in each, and so whole threads."""
    out.mkdir(parents=True)
    kinds, of_nobody = dict[str, list[str]](), 0
    with (
        (out / "utterances.jsonl").open("w", encoding="ascii", newline="\n") as file,
        Members(out / "speakers.json") as speakers,
        Members(out / "conversations.json") as conversations,
    ):
        for frame in data.frames():
            found = utterances(frame)
            for part in found.iter_slices(ROWS):
                file.write(ascii_json(part.write_ndjson()))
            people = found.group_by("speaker", maintain_order=True).len()
            of_nobody += frame["user_id"].null_count()
            speakers.add(people.filter(pl.col("speaker") != UNKNOWN).iter_rows())
            conversations.add(found.group_by("conversation_id", maintain_order=True).len().iter_rows())
            kinds |= kinds_of(found)
        speakers.add([(UNKNOWN, of_nobody)] if of_nobody else [])
    told = {"name": data.title, "made_by": "unspool"}
    index: dict[str, Any] = {"utterances-index": kinds, "speakers-index": _COUNTED, "conversations-index": _COUNTED}
    index |= {"overall-index": {key: ["<class 'str'>"] for key in told}, "vectors": [], "version": 1}
    for name, value in ("corpus", told), ("index", index):
        (out / f"{name}.json").write_text(json.dumps(value) + "\n", encoding="ascii")
    (out / "README.md").write_text(card(data, "convokit"), encoding="utf-8")


class Members:
    """A file of JSON that holds an object, written member by member: how many prompts each has, by id."""

    def __init__(self, place: Path) -> None:
        self._file = place.open("w", encoding="ascii", newline="\n")
        self._before = "{\n"

    def add(self, counts: Iterable[tuple[str, int]]) -> None:
        """Write a member for each id."""
        for name, n in counts:
            self._file.write(f'{self._before}{json.dumps(name)}: {{"meta": {{"n_prompts": {n}}}, "vectors": []}}')
            self._before = ",\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.write("\n}\n" if self._before == ",\n" else "{}\n")
        self._file.close()


def utterances(frame: pl.DataFrame) -> pl.DataFrame:
    """The prompts of a frame as utterances: id, conversation_id, text, speaker, meta, reply-to, timestamp, vectors.

    People and their threads follow each other, each thread in order. The id of a conversation is that of its first
    prompt. `timestamp`: whole seconds since 1970, null where the log has no times.
    """
    rows = frame.sort("user_id", "thread_id", "step", maintain_order=True)
    threaded = pl.col("thread_id").is_not_null()
    conversation = pl.coalesce("thread_id", "prompt_id")
    return rows.select(
        id="prompt_id",
        conversation_id=pl.col("prompt_id").first().over(conversation),
        text="text",
        speaker=pl.col("user_id").fill_null(UNKNOWN),
        meta=pl.struct(pl.exclude(_OWN)),
        **{"reply-to": pl.when(threaded).then(pl.col("prompt_id").shift(1).over("thread_id"))},
        timestamp=pl.col("time").dt.epoch("s"),
        vectors=pl.lit([], dtype=pl.List(pl.String)),
    )


def kinds_of(found: pl.DataFrame) -> dict[str, list[str]]:
    """The type of each column of meta, as ConvoKit's index has it."""
    return {name: [f"<class '{_kind(kind)}'>"] for name, kind in found.select("meta").unnest("meta").schema.items()}


def _kind(kind: pl.DataType) -> str:
    if kind.is_nested():
        return "dict" if isinstance(kind, pl.Struct) else "list"
    if kind == pl.Boolean:
        return "bool"
    return "int" if kind.is_integer() else "float" if kind.is_float() else "str"


def ascii_json(text: str) -> str:
    """JSON with all that is not ASCII as escapes: ConvoKit opens files in the encoding of the place it runs at."""
    return text if text.isascii() else re.sub(r"[^\x00-\x7f]", lambda one: json.dumps(one[0])[1:-1], text)
