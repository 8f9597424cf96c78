"""The data set Midjourney-Threads: prompts of one Discord channel with the authors' threads and features.

A record is a row of `threads_*.csv` and a row is a prompt. Columns are found by name; all but `text`, `id` and
`userid` (or `user`) may be missing. What the authors computed comes as `released_<column>`: Float64, or Int64 where it
is a count, null where it is blank. The image link is dropped, for its file name carries the author's handle.

The data are left as they were released: thread 6115 holds one message id twice, thread 1344 two users. Written from
the published list of columns and from 123 real rows as JSON lines (`user` and `captions` in place of `userid` and
`caption_0` to `caption_3`); the CSV files themselves were not at hand.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from unspool.errors import UnspoolError
from unspool.sources import Chunk, Head, Options, Span, _frames, _times

TITLE = "Midjourney-Threads: 169,620 prompts in 107,051 threads (CSV, JSON lines)"
CITATION = (
    "Don-Yehiya, Choshen & Abend 2023, Human Learning by Model Feedback, EMNLP; huggingface.co/datasets/shachardon/"
    "midjourney-threads. Written from the data card and a JSON-lines slice; the CSVs were not at hand."
)
FAMILY = "prompts"
LINKED = True

USERS = ("userid", "user")
CAPTIONS = ("caption_0", "caption_1", "caption_2", "caption_3")
COUNTS = ("word_len", "repeat_words", "thread_id", "depth", "num_sent_parser")
MEASURES = (
    "concreteness",
    "reapeat_words_ratio",
    "perplexity",
    "magic_ratio",
    "num_sent_parser_ratio",
    "words_per_sent",
)
KEPT = ("text", "args", "channel_id", "timestamp", "label", "id", "main_content", "phase", "captions")
LINK, MENTION = r"https?://\S+", r"<@!?\d+>"


def matches(head: Head) -> bool:
    """Whether the columns are those of the release: thread_id, text, label and userid or user."""
    return {"thread_id", "text", "label"} <= set(head.columns) and any(name in head.columns for name in USERS)


def spans(path: Path, options: Options) -> list[Span]:
    """Ranges of a Parquet copy; one span for CSV and JSON lines."""
    return _frames.spans(path)


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """Yield prompt records with their `released_` columns."""
    if not (names := _frames.columns(path)):
        yield from _frames.without_columns(path)
        return
    user = next((name for name in USERS if name in names), USERS[0])
    _frames.require(names, {"text": "the prompt", "id": "the prompt's id", user: "the user"})
    known = [name for name in (user, *KEPT, *CAPTIONS, *COUNTS, *MEASURES) if name in names]
    for piece in _frames.slices(path, span, known, lists={"captions"}):
        yield _chunk(piece, user, options.timezone)


def _chunk(piece: _frames.Slice, user: str, timezone: str) -> Chunk:
    rows, nothing = piece.rows, pl.Series([None], dtype=pl.String).new_from_index(0, piece.rows.height)

    def column(name: str) -> pl.Series:
        return rows[name] if name in rows.columns else nothing

    found = {
        "text": _frames.words(rows["text"]).fill_null(""),
        "args": _frames.words(column("args")),
        "given_thread_id": _frames.words(column("thread_id")).str.strip_suffix(".0"),
        "model": pl.Series(["midjourney"]).new_from_index(0, rows.height),
    }
    found["prompt_id"], bad_prompt = _frames.ids(rows["id"], "the prompts")
    found["user_id"], bad_user = _frames.ids(rows[user], "the users")
    found["channel_id"], bad_channel = _frames.ids(column("channel_id"), "the channels")
    found["time"], bad_time = _times.parse(column("timestamp"), timezone)
    found["upscaled"], bad_label = _frames.truths(column("label"))
    faults = [(bad, _frames.BAD_ID) for bad in (bad_prompt, bad_user, bad_channel)]
    faults += [(bad_time, _frames.BAD_TIME), (bad_label, _frames.BAD_TRUTH)]
    found |= _captions(rows) | _released(rows)
    return _frames.chunk(piece, pl.DataFrame([series.alias(name) for name, series in found.items()]), faults)


def _captions(rows: pl.DataFrame) -> dict[str, pl.Series]:
    if "captions" in rows.columns:
        if not isinstance(rows.schema["captions"], pl.List):
            raise UnspoolError("The column captions is no list.", "It is in the JSON-lines form of this data set.")
        found = rows["captions"].list.drop_nulls()
        return {"captions": found.set(found.list.len() == 0, None)}
    columns = [rows[name] for name in CAPTIONS if name in rows.columns]
    return {"captions": _frames.captions(columns)} if columns else {}


def _released(rows: pl.DataFrame) -> dict[str, pl.Series]:
    """The authors' columns that the file has. `main_content` is prompt text: its links and mentions are replaced."""
    found: dict[str, pl.Series] = {}
    if "main_content" in rows.columns:
        text = _frames.words(rows["main_content"])
        found["released_main_content"] = text.str.replace_all(LINK, "<link>").str.replace_all(MENTION, "<user>")
    if "phase" in rows.columns:
        found["released_phase"] = _frames.words(rows["phase"])
    for name in (*COUNTS, *MEASURES):
        if name in rows.columns:
            number = rows[name].cast(pl.Float64, strict=False).fill_nan(None)
            found[f"released_{name}"] = number.cast(pl.Int64, strict=False) if name in COUNTS else number
    return found
