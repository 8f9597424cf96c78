"""A corpus that ConvoKit loads: a prompt is an utterance, a thread a conversation, a person a speaker.

`utterances.jsonl`, `speakers.json`, `conversations.json`, `corpus.json` and `index.json`. A prompt answers the one
before it in its thread; one without a thread is a conversation of its own, and one without a person is by the speaker
"unknown". Measures and weights are in `meta` of the utterances.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from unspool.export import Exported
from unspool.export._card import card

TITLE = "ConvoKit: a Corpus of threads as conversations"
PLACE, SUFFIX = "folder", ""
CITATION = "Chang et al. 2020 (SIGDIAL), ConvoKit"
UNKNOWN = "unknown"
_OWN = ("prompt_id", "user_id", "thread_id", "time", "text")
_TYPES = {
    str: "<class 'str'>",
    int: "<class 'int'>",
    float: "<class 'float'>",
    bool: "<class 'bool'>",
    list: "<class 'list'>",
}


def write(data: Exported, out: Path) -> None:
    """Write the folder."""
    out.mkdir(parents=True)
    speakers, conversations, kinds = dict[str, int](), dict[str, int](), dict[str, str]()
    with (out / "utterances.jsonl").open("w", encoding="utf-8") as file:
        for frame in data.frames():
            for one in utterances(frame):
                file.write(json.dumps(one, ensure_ascii=True, default=str) + "\n")
                speakers[one["speaker"]] = speakers.get(one["speaker"], 0) + 1
                key = one["conversation_id"]
                conversations[key] = conversations.get(key, 0) + 1
                kinds |= {k: _TYPES[type(v)] for k, v in one["meta"].items() if type(v) in _TYPES}
    counted = {"n_prompts": "<class 'int'>"}
    _write(out / "speakers.json", {name: {"meta": {"n_prompts": n}, "vectors": []} for name, n in speakers.items()})
    _write(
        out / "conversations.json", {key: {"meta": {"n_prompts": n}, "vectors": []} for key, n in conversations.items()}
    )
    _write(out / "corpus.json", {"name": data.title, "made_by": "unspool"})
    index: dict[str, Any] = {
        "utterances-index": {k: [v] for k, v in kinds.items()},
        "speakers-index": {k: [v] for k, v in counted.items()},
    }
    index |= {"conversations-index": {k: [v] for k, v in counted.items()}}
    index |= {"overall-index": {"name": ["<class 'str'>"], "made_by": ["<class 'str'>"]}, "vectors": [], "version": 1}
    _write(out / "index.json", index)
    (out / "README.md").write_text(card(data, "convokit"), encoding="utf-8")


def _write(place: Path, value: Any) -> None:
    place.write_text(json.dumps(value, ensure_ascii=True) + "\n", encoding="utf-8")


def utterances(frame: pl.DataFrame) -> Iterator[dict[str, Any]]:
    """The prompts of a frame as utterances, threads in order."""
    threaded = pl.col("thread_id").is_not_null()
    rows = frame.sort("user_id", "thread_id", "step", maintain_order=True).with_columns(
        conversation=pl.coalesce("thread_id", "prompt_id"),
        before=pl.when(threaded).then(pl.col("prompt_id").shift(1).over("thread_id")),
    )
    first = pl.col("prompt_id").first().over("conversation")
    rows = rows.with_columns(conversation=first, when=pl.col("time").dt.epoch("s"))
    for row in rows.iter_rows(named=True):
        meta = {key: _meta(value) for key, value in row.items() if key not in (*_OWN, "conversation", "before", "when")}
        yield {
            "id": row["prompt_id"],
            "conversation_id": row["conversation"],
            "text": row["text"],
            "speaker": row["user_id"] or UNKNOWN,
            "meta": meta,
            "reply-to": row["before"],
            "timestamp": row["when"],
            "vectors": [],
        }


def _meta(value: Any) -> Any:
    return list(value) if isinstance(value, pl.Series) else value
