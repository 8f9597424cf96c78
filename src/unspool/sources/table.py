"""Any table of prompts, its columns named by the user: CSV, TSV, JSON lines, a JSON array of flat objects, Parquet.

A record is a row and a row is a prompt. Only named columns are read; others may hold handles or links and stay behind.
Without a column map those are named that bear the name of a role.
Blank cells are null, in `text` an empty string. Without `prompt_id` no row can be recognised as a repetition.
"""

from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import polars as pl

from unspool.errors import UnspoolError
from unspool.sources import Chunk, Head, Options, Span, _frames, _images, _times

TITLE = "Table of prompts: any CSV, TSV, JSON or Parquet with columns user_id, time, text, or --columns ROLE=COLUMN,..."
CITATION = "No fixed format: the roles of the columns are given with the input."
FAMILY = "prompts"
LINKED = True

ID_ROLES = {"user_id": "user_id", "prompt_id": "prompt_id", "channel_id": "channel_id", "thread_id": "given_thread_id"}
WORD_ROLES = {"text": "text", "model": "model", "language": "language", "params": "args"}
CAPTION_ROLES = ("caption_0", "caption_1", "caption_2", "caption_3")
ROLES = (*ID_ROLES, *WORD_ROLES, "time", "order", "upscaled", "upscaled_images", *CAPTION_ROLES)
PLAIN = {"user_id", "time", "text"}
KEY_MARK = "\x1f"
"""What stands between the parts of a key `a+b`: the unit separator, which no cell of a log holds."""

BAD_ORDER = "the order is not a number"


def matches(head: Head) -> bool:
    """Whether columns are named user_id, time and text; any other table is read by this source if it is asked for."""
    return set(head.columns) >= PLAIN


def spans(path: Path, options: Options) -> list[Span]:
    """Ranges of a Parquet file; one span for every other form."""
    _roles(options, path)
    return _frames.spans(path)


def chunks(path: Path, span: Span, options: Options) -> Iterator[Chunk]:
    """Yield prompt records by the column map; a role without its column is an error that lists the columns."""
    roles = _roles(options, path)
    if not (names := _frames.columns(path)):
        yield from _frames.without_columns(path, has_users="user_id" in roles)
        return
    parts = {role: _parts(expression, names) for role, expression in roles.items()}
    _frames.require(names, {name: f"the role {role}" for role, columns in parts.items() for name in columns})
    wanted = list(dict.fromkeys(name for names in parts.values() for name in names))
    for piece in _frames.slices(path, span, wanted, _images.listed(path, parts.get("upscaled_images", []))):
        yield _chunk(piece, parts, options.timezone)


def _roles(options: Options, path: Path) -> dict[str, str]:
    """The column map; without one, the columns that are named as roles."""
    roles = dict(options.columns)
    if not roles and "text" in (names := _frames.columns(path)):
        return {name: name for name in names if name in ROLES}
    unknown = [role for role, _ in options.columns if role not in ROLES]
    if unknown or len(roles) < len(options.columns) or "text" not in roles:
        what = "has no text" if not unknown else f"has the unknown role {unknown[0]!r}"
        raise UnspoolError(
            f"The column map {what if unknown or 'text' not in roles else 'names a role twice'}.",
            f"Roles are {', '.join(ROLES)}.",
            "Give --columns text=...,user_id=...,time=...",
            exit_code=2,
        )
    return roles


def _parts(expression: str, names: list[str]) -> list[str]:
    """The columns of an expression: a column of that very name, or those that `+` joins into a key."""
    return [expression] if expression in names else [part.strip() for part in expression.split("+")]


def _chunk(piece: _frames.Slice, parts: dict[str, list[str]], timezone: str) -> Chunk:
    raw = {role: [piece.rows[name] for name in names] for role, names in parts.items()}
    found: dict[str, pl.Series] = {}
    faults: list[tuple[pl.Series, str]] = []
    for role, column in ID_ROLES.items():
        if role in raw:
            found[column], rounded = _key(raw[role], f"the role {role}")
            faults.append((rounded, _frames.BAD_ID))
    for role, column in WORD_ROLES.items():
        if role in raw:
            found[column] = _frames.words(_single(role, raw))
    found["text"] = found["text"].fill_null("")
    if "time" in raw:
        found["time"], bad = _times.parse(_single("time", raw), timezone)
        faults.append((bad, _frames.BAD_TIME))
    if "upscaled" in raw:
        found["upscaled"], bad = _frames.truths(_single("upscaled", raw))
        faults.append((bad, _frames.BAD_TRUTH))
    if "upscaled_images" in raw:
        told, bad = _images.numbers(_single("upscaled_images", raw))
        faults.append((bad, _images.BAD_IMAGES))
        found["upscaled_images"], found["upscaled"], denied = _images.agreed(told, found.get("upscaled"))
        faults.append((denied, _images.DENIED))
    if "order" in raw:
        words = _frames.words(_single("order", raw))
        words = words.set(_times.blank(words), None)
        found["order"] = words.cast(pl.Float64, strict=False)
        faults.append((words.is_not_null() & ~found["order"].is_finite().fill_null(False), BAD_ORDER))
    if captions := [_single(role, raw) for role in CAPTION_ROLES if role in raw]:
        found["captions"] = _frames.captions(captions)
    rows = pl.DataFrame([series.alias(name) for name, series in found.items()])
    return _frames.chunk(piece, rows, faults, has_users="user_id" in raw)


def _single(role: str, raw: dict[str, list[pl.Series]]) -> pl.Series:
    if len(raw[role]) > 1:
        raise UnspoolError(
            f"The role {role} is made of several columns.",
            f"Only {', '.join(ID_ROLES)} may be joined with +.",
            "Name one column.",
            exit_code=2,
        )
    return raw[role][0]


def _key(columns: list[pl.Series], what: str) -> tuple[pl.Series, pl.Series]:
    read = [_frames.ids(column, what) for column in columns]
    rounded = reduce(lambda one, other: one.fill_null(False) | other.fill_null(False), [bad for _, bad in read])
    return _joined([text for text, _ in read]), rounded


def _joined(columns: list[pl.Series]) -> pl.Series:
    """The columns as one string, null where any of them is."""
    if len(columns) == 1:
        return columns[0]
    frame = pl.DataFrame([column.alias(str(place)) for place, column in enumerate(columns)])
    return frame.select(pl.concat_str(pl.all(), separator=KEY_MARK)).to_series()
