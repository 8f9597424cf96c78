"""One bucket of users: events to prompts, rejects and counts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool import labels, tables
from unspool.compiling.events import rejects
from unspool.compiling.language import foreign
from unspool.compiling.linking import NONE, Links, link_roots
from unspool.compiling.merging import merge_edits
from unspool.compiling.pseudonyms import hexadecimal
from unspool.compiling.settings import ReadSettings
from unspool.syntax.text import split_text

_INSIDE = (
    *("seq", "rank", "owner", "message_id", "edited", "kind", "echo", "image_index", "reference_id"),
    *("batch_key", "has_users"),
)
IMAGES = 4
"""Images of a grid."""
BATCH_MINUTES = 10
"""Images of one user, prompt and parameters further apart than this are of two prompts."""


@dataclass(frozen=True)
class Compiled:
    """The prompts and rejects of a bucket, and counts of merged records (by category) and of messages (by kind)."""

    prompts: pl.DataFrame
    rejects: pl.DataFrame
    merged: pl.DataFrame
    kinds: pl.DataFrame


def compile_bucket(
    events: pl.DataFrame, sources: dict[int, str], settings: ReadSettings, dropped_users: Sequence[int] = ()
) -> Compiled:
    """Compile all events of some users, given in input order; `sources` names the source of every input number.

    `dropped_users` are digests of people who are left out with all that they did.
    """
    events = events.with_row_index("seq")
    gone = events["user_id"].is_in(pl.Series(dropped_users, dtype=pl.UInt64).implode()).fill_null(False)
    excluded = rejects(events.filter(gone), "read", "excluded")
    events = events.filter(~gone)
    from_tables = events["kind"] == "prompt"
    chat = _from_messages(events.filter(~from_tables), settings)
    listed = _from_tables(events.filter(from_tables))
    candidates = pl.concat([chat.prompts, listed.prompts], how="diagonal").sort(
        "user_id", "time", "order", "rank", "seq"
    )
    again = _again(candidates)
    candidates, same = candidates.filter(~again), _merged(candidates.filter(again), "duplicate")
    candidates, rerolls = _rerolls(candidates, settings)
    prompts, dropped = _clean(candidates, settings)
    return Compiled(
        prompts=_finished(prompts, sources),
        rejects=pl.concat([excluded, chat.rejects, dropped]).sort("input", "record"),
        merged=_count(pl.concat([chat.merged, listed.merged, same, rerolls]), "category"),
        kinds=_count(pl.concat([chat.kinds, listed.kinds]), "kind"),
    )


def _again(rows: pl.DataFrame) -> pl.Series:
    """Which rows have the id of another one, by the user whom the log names first for it, or before them in time."""
    by_id = pl.col("message_id").is_first_distinct()
    if rows.select(by_id.all()).item():
        return pl.repeat(False, rows.height, eager=True)
    ordered = rows.select(
        "message_id", place=pl.int_range(pl.len()), other=pl.col("user_id").ne_missing(pl.col("owner"))
    )
    kept = ordered.sort("other", maintain_order=True).filter(by_id)["place"]
    return ~ordered["place"].is_in(kept.implode())


@dataclass(frozen=True)
class _Part:
    prompts: pl.DataFrame
    merged: pl.DataFrame
    rejects: pl.DataFrame
    kinds: pl.DataFrame


def _kinds(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select("input", pl.col("kind").cast(pl.String))


def _merged(rows: pl.DataFrame, category: str) -> pl.DataFrame:
    return rows.select("input", category=pl.lit(category))


def _count(rows: pl.DataFrame, what: str) -> pl.DataFrame:
    return rows.group_by("input", what).len("n").sort("input", what)


def _from_messages(events: pl.DataFrame, settings: ReadSettings) -> _Part:
    messages, edits = merge_edits(events)
    prompt_kinds = [kind for kind in tables.PROMPT_KINDS if kind in settings.actions]
    links = link_roots(messages, prompt_kinds)
    root = links.root
    kind = messages["kind"].cast(pl.String)
    is_prompt, is_upscale = kind.is_in(prompt_kinds), kind == "upscale"
    is_derived = kind.is_in([*tables.DERIVED_KINDS, *tables.PROMPT_KINDS]) & ~is_prompt
    linked = pl.Series(root != NONE)
    credited = root[(is_upscale & linked).to_numpy()]
    messages = messages.with_columns(
        n_upscales=pl.Series(np.bincount(credited, minlength=messages.height), dtype=pl.UInt32),
        upscaled_images=_images(messages["image_index"], links, is_upscale & linked),
    )
    prompts = messages.filter(is_prompt).with_columns(upscaled=pl.col("n_upscales") > 0, model=pl.lit("midjourney"))
    unread = kind.is_in(["start", "progress"])
    merged = [
        edits,
        messages.filter(unread).select("input", category=pl.col("kind").cast(pl.String)),
        _merged(messages.filter(is_derived & linked), "derived"),
        _merged(messages.filter(is_upscale & linked), "upscale"),
    ]
    lost = [
        rejects(messages.filter(is_upscale & ~linked), "link", "orphan_upscale", quote=True),
        rejects(messages.filter(is_derived & ~linked), "link", "orphan_derived", quote=True),
        rejects(messages.filter(kind == "other"), "read", "chatter"),
    ]
    return _Part(prompts, pl.concat(merged), pl.concat(lost), _kinds(messages))


def _images(index: pl.Series, links: Links, upscales: pl.Series) -> pl.Series:
    """Which of a prompt's own images were upscaled, by their numbers in the grid; empty where none is known to be."""
    known = upscales & pl.Series(links.direct) & index.is_between(1, IMAGES)
    chosen = (
        pl.DataFrame({"row": links.root, "image": index}).filter(known.fill_null(False)).unique().sort("row", "image")
    )
    rows = pl.DataFrame({"row": np.arange(len(index))}, schema={"row": chosen.schema["row"]})
    grouped = chosen.group_by("row").agg("image")
    return rows.join(grouped, on="row", how="left", maintain_order="left")["image"].fill_null([])


def _from_tables(rows: pl.DataFrame) -> _Part:
    """Images of one prompt become one row: the same user and batch key, each within minutes of the one before."""
    batched = pl.col("batch_key").is_not_null() & pl.col("user_id").is_not_null()
    if not rows.select(batched.any()).item():
        return _Part(rows, none_merged(), tables.empty(tables.REJECTS), _kinds(rows))
    rows = rows.sort("user_id", "batch_key", "time", "seq")
    same = (pl.col("user_id") == pl.col("user_id").shift()) & (pl.col("batch_key") == pl.col("batch_key").shift())
    near = (pl.col("time").diff() <= pl.duration(minutes=BATCH_MINUTES)).fill_null(True)
    image = rows.select((batched & same & near).fill_null(False)).to_series()
    return _Part(
        rows.filter(~image), _merged(rows.filter(image), "image_row"), tables.empty(tables.REJECTS), _kinds(rows)
    )


def none_merged() -> pl.DataFrame:
    """No merged records."""
    return pl.DataFrame(schema={"input": pl.UInt16, "category": pl.String})


def _rerolls(rows: pl.DataFrame, settings: ReadSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Name the action of each prompt; where rerolls do not count as prompting, merge them into the first one."""
    key = pl.struct("user_id", echo=pl.col("echo").hash())
    first = key.is_first_distinct() | pl.col("user_id").is_null()
    remix = pl.col("kind") == "remix"
    rows = rows.with_columns(
        action=pl.when(remix).then(pl.lit("remix")).when(first).then(pl.lit("grid")).otherwise(pl.lit("reroll"))
    )
    if "reroll" in settings.actions:
        return rows, none_merged()
    known = pl.col("user_id").is_not_null()
    count, said = pl.col("n_upscales"), pl.col("upscaled")
    rows = rows.with_columns(
        n_upscales=pl.when(known & count.is_not_null()).then(count.sum().over(key)).otherwise(count).cast(pl.UInt32),
        upscaled=pl.when(known & said.is_not_null()).then(said.any().over(key)).otherwise(said),
    )
    again = pl.col("action") == "reroll"
    return rows.filter(~again), _merged(rows.filter(again), "derived")


def _clean(rows: pl.DataFrame, settings: ReadSettings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split off parameters and drop what is no prompt of a known person in the language asked for."""
    rows = rows.hstack(split_text(rows["echo"]))
    no_user = pl.col("has_users").fill_null(True) & pl.col("user_id").is_null()
    reason = (
        pl.when(no_user)
        .then(pl.lit("no_user"))
        .when((pl.col("text") == "") & (pl.col("n_image_links") > 0))
        .then(pl.lit("link_only"))
        .when(pl.col("text") == "")
        .then(pl.lit("empty"))
    )
    rows = rows.with_columns(reason=reason)
    if settings.language != "any":
        rows = _english(rows)
    dropped = rows.filter(pl.col("reason").is_not_null())
    return rows.filter(pl.col("reason").is_null()).drop("reason"), rejects(
        dropped, "clean", pl.col("reason"), quote=True
    )


def _english(rows: pl.DataFrame) -> pl.DataFrame:
    """Mark prompts in other languages; a language that the source gives is taken as it is."""
    looked = foreign(rows["text"].set(rows["reason"].is_not_null() | rows["language"].is_not_null(), ""))
    given = pl.col("language").str.to_lowercase().str.starts_with("en")
    drop = pl.when(pl.col("language").is_not_null()).then(~given).otherwise(looked["foreign"])
    return rows.with_columns(
        reason=pl.when(pl.col("reason").is_null() & drop).then(pl.lit("language")).otherwise(pl.col("reason")),
        language=pl.coalesce("language", looked["language"]),
    )


def _finished(rows: pl.DataFrame, sources: dict[int, str]) -> pl.DataFrame:
    numbers = pl.Series(list(sources), dtype=pl.UInt16)
    rows = rows.with_columns(
        hexadecimal(rows["message_id"]).alias("prompt_id"),
        hexadecimal(rows["user_id"]),
        hexadecimal(rows["channel_id"]),
        text_raw="echo",
        user_record=labels.user_record(),
        source=pl.col("input").replace_strict(numbers, pl.Series(list(sources.values())), return_dtype=pl.String),
    )
    ordered = rows.sort("user_record", maintain_order=True)
    return tables.conform(ordered.drop(_INSIDE, strict=False), tables.PROMPTS)
