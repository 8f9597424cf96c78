"""The tables at which stages meet: columns, types, keys, and one check for all of them."""

from dataclasses import dataclass

import polars as pl

from unspool.errors import UnspoolError

TIME = pl.Datetime("ms", "UTC")
PARAMETERS = pl.List(pl.Struct({"name": pl.String, "values": pl.List(pl.String), "number": pl.Float64}))

PROMPT_KINDS = ("grid", "remix")
DERIVED_KINDS = ("variation", "region", "zoom", "pan", "video")
KINDS = (*PROMPT_KINDS, *DERIVED_KINDS, "upscale", "start", "progress", "other")
ACTIONS = ("grid", "remix", "reroll")
MERGED = ("edit", "start", "progress", "derived", "upscale", "image_row", "duplicate")
REASONS = (
    "chatter",
    "no_user",
    "empty",
    "link_only",
    "language",
    "orphan_upscale",
    "orphan_derived",
    "excluded",
    "malformed",
)


@dataclass(frozen=True)
class Table:
    """A table's name, its columns with their types, and its key. Extra columns are allowed where `open_ended`."""

    name: str
    columns: dict[str, pl.DataType | type[pl.DataType]]
    key: tuple[str, ...]
    open_ended: bool = False


MESSAGE_RECORDS = Table(
    "message records",
    {
        "record": pl.UInt32,
        "message_id": pl.String,
        "time": TIME,
        "edited": TIME,
        "channel_id": pl.String,
        "from_bot": pl.Boolean,
        "content": pl.String,
        "user_id": pl.String,
        "user_name": pl.String,
        "reference_id": pl.String,
        "buttons": pl.String,
    },
    ("record",),
)
"""What a chat source yields, one row per record. `from_bot` null: the log does not name authors. `user_id`,
`user_name`: the human from the mentions or the interaction, if the log has them apart from the text. `buttons`:
"grid" or "upscale" where the buttons under the message tell, else null."""

PROMPT_RECORDS = Table(
    "prompt records",
    {
        "record": pl.UInt32,
        "prompt_id": pl.String,
        "user_id": pl.String,
        "channel_id": pl.String,
        "time": TIME,
        "order": pl.Float64,
        "text": pl.String,
        "args": pl.String,
        "upscaled": pl.Boolean,
        "n_upscales": pl.UInt32,
        "model": pl.String,
        "language": pl.String,
        "captions": pl.List(pl.String),
        "given_thread_id": pl.String,
        "batch_key": pl.String,
    },
    ("record",),
    open_ended=True,
)
"""What a source that already holds prompts yields. `text` may still hold parameters and links; `args` are parameters
that the source had split off. `order`: a rank within the user where there is no time. `batch_key`: rows of one user
with the same key, close in time, are images of one prompt (null: a row is a prompt)."""

MALFORMED = Table("malformed records", {"record": pl.UInt32, "detail": pl.String}, ("record",))

PROMPTS = Table(
    "prompts",
    {
        "prompt_id": pl.String,
        "user_id": pl.String,
        "channel_id": pl.String,
        "time": TIME,
        "order": pl.Float64,
        "text": pl.String,
        "text_raw": pl.String,
        "params": PARAMETERS,
        "n_weights": pl.UInt16,
        "n_image_links": pl.UInt16,
        "action": pl.String,
        "upscaled": pl.Boolean,
        "n_upscales": pl.UInt32,
        "upscaled_images": pl.List(pl.UInt8),
        "model": pl.String,
        "language": pl.String,
        "captions": pl.List(pl.String),
        "given_thread_id": pl.String,
        "source": pl.String,
        "input": pl.UInt16,
        "record": pl.UInt32,
        "user_record": pl.UInt64,
        "thread_id": pl.String,
        "step": pl.UInt32,
        "steps_left": pl.UInt32,
    },
    ("prompt_id",),
    open_ended=True,
)
"""`upscaled_images`: which images of the prompt's own grid were upscaled, by number from 1; null where the log cannot
know, empty where none was, or none of which the number is told."""
THREADS = Table(
    "threads",
    {"prompt_id": pl.String, "thread_id": pl.String, "step": pl.UInt32, "steps_left": pl.UInt32},
    ("prompt_id",),
)
EDIT_KINDS = (
    "reroll",
    "parameters",
    "format",
    "reorder",
    "emphasis",
    "deletion",
    "addition",
    "substitution",
    "mixed",
    "new_scene",
)
"""Kinds of edits, from nothing to everything changed."""
CONTENT_KINDS = ("entity", "attribute", "relation", "setting", "action", "negative")
STYLE_KINDS = ("style", "medium", "light", "camera", "quality", "magic")
WORD_KINDS = (*CONTENT_KINDS, *STYLE_KINDS, "repetition")
"""Kinds of added and removed words: what is depicted, how it is depicted, and what is said again for emphasis."""
SPANS = pl.List(pl.Struct({"what": pl.String, "kind": pl.String, "text": pl.String, "n_words": pl.UInt32}))

EDITS = Table(
    "edits",
    {
        "prompt_id": pl.String,
        "before_id": pl.String,
        "thread_id": pl.String,
        "user_id": pl.String,
        "step": pl.UInt32,
        "gap_s": pl.Float64,
        "kind": pl.String,
        "similarity": pl.Float64,
        "params_changed": pl.Boolean,
        "n_before": pl.UInt32,
        "n_after": pl.UInt32,
        "n_kept": pl.UInt32,
        "n_moved": pl.UInt32,
        "spans": SPANS,
        **{f"{what}_{kind}": pl.UInt32 for what in ("added", "removed") for kind in WORD_KINDS},
    },
    ("prompt_id",),
)
"""One row per adjacent pair in a thread; `prompt_id` and `step` are of the later prompt. `spans`: what was added,
removed and moved, in reading order, with its kind. n_after - n_before = the sum over kinds of added less removed,
exactly. `n_kept` words stand in both prompts, `n_moved` of them in another place. `similarity`: words in both by words
in either (sets, lower case), 1 for two texts without words."""
REJECTS = Table(
    "rejects",
    {
        "input": pl.UInt16,
        "record": pl.UInt32,
        "stage": pl.String,
        "reason": pl.String,
        "detail": pl.String,
        "excerpt": pl.String,
    },
    ("input", "record"),
)
FEATURES = Table("features", {"prompt_id": pl.String}, ("prompt_id",), open_ended=True)
"""One column more for each column of each feature, and `caption_<column>`, the mean over a prompt's captions."""

RESULTS = Table(
    "results",
    {
        "analysis": pl.String,
        "feature": pl.String,
        "estimand": pl.String,
        "mode": pl.String,
        "rule": pl.String,
        "group": pl.String,
        "model": pl.String,
        "step": pl.UInt32,
        "estimate": pl.Float64,
        "standard_error": pl.Float64,
        "ci_low": pl.Float64,
        "ci_high": pl.Float64,
        "ci_level": pl.Float64,
        "p_value": pl.Float64,
        "p_adjusted": pl.Float64,
        "effect": pl.Float64,
        "effect_name": pl.String,
        "n_prompts": pl.Int64,
        "n_threads": pl.Int64,
        "n_users": pl.Int64,
        "method": pl.String,
        "seed": pl.Int64,
        "note": pl.String,
    },
    ("analysis", "feature", "estimand", "mode", "rule", "group", "model", "step"),
)
"""`estimate` null: not known, and `note` says why. `ci_low` to `ci_high`: over users, whole; `standard_error`: over
prompts or threads as the paper has it in mode "paper", over users in mode "corrected"."""

WEIGHTS = Table(
    "weights",
    {
        "prompt_id": pl.String,
        "density_ratio": pl.Float64,
        "inverse_probability": pl.Float64,
        "user_cap": pl.Float64,
        "weight": pl.Float64,
    },
    ("prompt_id",),
)
"""One row per prompt, for whoever trains on the log. `density_ratio`: how much likelier such a text is in the reference
than in the log, cut off above, mean 1. `inverse_probability`: stabilised inverse of the probability that a prompt is
upscaled (of those that are) or not (of the others), null where the log does not know. `user_cap`: at most 1, so that no
person has more than the cap's share of the log. `weight`: density_ratio times user_cap, mean 1."""


def empty(table: Table) -> pl.DataFrame:
    """Return the table without rows, every column in its type."""
    return pl.DataFrame(schema=table.columns)


def conform(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Add missing columns as null, cast to the table's types and order; extra columns stay if it is open-ended."""
    extra = [name for name in frame.columns if name not in table.columns] if table.open_ended else []
    present = {name: pl.col(name).cast(kind) for name, kind in table.columns.items() if name in frame.columns}
    columns = [present.get(name, pl.lit(None, dtype=kind).alias(name)) for name, kind in table.columns.items()]
    return frame.select(*columns, *extra)


def check(frame: pl.DataFrame, table: Table, stage: str) -> pl.DataFrame:
    """Return the frame if its columns are the table's; else an error that names stage, column and type."""
    for name, kind in table.columns.items():
        if name not in frame.columns:
            raise UnspoolError(
                f"Stage {stage}: the table {table.name} lacks the column {name!r}.",
                f"It has {', '.join(frame.columns) or 'no columns'}.",
                "Add it, with nulls where it is unknown.",
            )
        if frame.schema[name] != kind:
            raise UnspoolError(
                f"Stage {stage}: the column {name!r} of the table {table.name} has a wrong type.",
                f"It is {frame.schema[name]}; {kind} was expected.",
                "Cast it before the stage.",
            )
    extra = [name for name in frame.columns if name not in table.columns]
    if extra and not table.open_ended:
        raise UnspoolError(f"Stage {stage}: the table {table.name} has unknown columns.", f"They are {extra}.")
    return frame
