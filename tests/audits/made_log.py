"""Logs made by hand for the audits: prompts as a frame, with threads, lengths and style words."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

import polars as pl

from unspool import tables
from unspool.analyses import Measured
from unspool.analyses import Settings as Asked
from unspool.audits import Audited, Settings
from unspool.features import Context, columns, feature

START = datetime(2025, 7, 1, tzinfo=UTC)
SCHEMA = {"user_id": pl.String, "text": pl.String, "thread_id": pl.String, "step": pl.UInt32, "steps_left": pl.UInt32}


def prompts(rows, **more):
    """Rows of (user, text) or (user, text, thread); a thread without a name is one prompt. `more`: further columns."""
    listed = [
        (pseudonym(user), text, pseudonym(thread[0] if thread else f"t{n}"))
        for n, (user, text, *thread) in enumerate(rows)
    ]
    frame = pl.DataFrame(listed, schema={"user_id": pl.String, "text": pl.String, "thread_id": pl.String}, orient="row")
    step = pl.int_range(1, pl.len() + 1).over("thread_id")
    frame = frame.with_columns(
        step=step.cast(pl.UInt32),
        steps_left=(pl.len().over("thread_id") - step).cast(pl.UInt32),
        prompt_id=pl.Series([pseudonym(f"p{n}") for n in range(len(listed))], dtype=pl.String),
        time=pl.Series([START + timedelta(minutes=n) for n in range(len(listed))], dtype=tables.TIME),
    )
    return tables.conform(frame.with_columns(**more), tables.PROMPTS)


def pseudonym(name):
    """What stands for a name: 16 hexadecimal digits; such digits, and None, stand for themselves."""
    if name is None or re.fullmatch("[0-9a-f]{16}", name):
        return name
    return blake2b(name.encode(), digest_size=8).hexdigest()


def audited(frame, *, measured=("length", "style"), manifest=None, settings=None, **more):
    """The frame as audits take it, with its lengths and style words measured."""
    found = [feature(name).measure(frame, Context()) for name in measured]
    whole = pl.concat([frame, *found], how="horizontal") if found else frame
    known = {name: column for name, column in columns().items() if name in whole.columns}
    settings = settings or Settings()
    log = Measured(whole.lazy(), "scene", known, Asked(seed=settings.seed))
    return Audited(log, manifest or {}, settings, **more)


def value(rows, **same):
    """The estimate of the one row with these values."""
    found = rows.filter(pl.col(name).eq_missing(pl.lit(one)) for name, one in same.items())
    assert found.height == 1, (same, found.height)
    return found["estimate"][0]
