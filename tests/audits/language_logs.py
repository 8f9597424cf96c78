"""Logs for the tests of the audit of model language: small ones by hand, and simulated ones without the stages."""

from dataclasses import replace

import numpy as np
import polars as pl

from unspool import tables
from unspool.analyses import Measured
from unspool.analyses import Settings as Levels
from unspool.audits import Audited, Settings
from unspool.features import Context, style
from unspool.simulate import simulate


def thread(user, texts, *, upscaled=(), captions=None):
    """A thread of a user; `upscaled` are steps from 1, or None where the log does not know; `captions` one per text."""
    return {"user": user, "texts": texts, "upscaled": upscaled, "captions": captions}


def prompts(threads):
    """The prompts of some threads with n_style_words."""
    rows = [
        {
            "prompt_id": f"{number}-{place}",
            "user_id": one["user"],
            "thread_id": f"{number:05}",
            "step": place + 1,
            "steps_left": len(one["texts"]) - 1 - place,
            "text": text,
            "upscaled": None if one["upscaled"] is None else place + 1 in one["upscaled"],
            "captions": [one["captions"][place]] if one["captions"] else None,
        }
        for number, one in enumerate(threads)
        for place, text in enumerate(one["texts"])
    ]
    frame = pl.DataFrame(rows, schema_overrides=tables.PROMPTS.columns) if rows else tables.empty(tables.PROMPTS)
    return styled(tables.conform(frame, tables.PROMPTS))


def styled(frame):
    return frame.with_columns(style.measure(frame, Context())["n_style_words"])


def audited(frame, reference=None, notes=None, **settings):
    """The log as audits take it. Few permutations unless asked for."""
    chosen = replace(Settings(permutations=19), **settings)
    log = Measured(frame.lazy(), "scene", {}, Levels(level=chosen.level, seed=chosen.seed), notes or {})
    return Audited(log, {}, chosen, None if reference is None else pl.Series(reference, dtype=pl.String))


def simulated(scenario, seed, users):
    """The prompts of a simulated log with captions, its own threads, and n_style_words."""
    table = simulate(scenario, seed=seed, users=users).table(threads=True).filter(pl.col("thread_id").is_not_null())
    step = pl.int_range(1, pl.len() + 1).over("thread_id")
    captions = [name for name in table.columns if name.startswith("caption_")]
    placed = table.sort("time", maintain_order=True).with_columns(
        captions=pl.concat_list(captions).list.drop_nulls() if captions else pl.lit(None, dtype=pl.List(pl.String)),
        step=step,
        steps_left=pl.len().over("thread_id") - step,
    )
    return styled(tables.conform(placed.drop("time"), tables.PROMPTS))


def paired(rng, n_users, *, words=40, threads=2, shift=0.0):
    """Threads of two prompts of one vocabulary, equally long on average; `shift`: how often a last word is "epic".

    People have words of their own, and a thread's second prompt keeps most words of its first.
    """
    listed = []
    for user in range(n_users):
        own = rng.integers(0, words, 12)
        for _ in range(int(rng.integers(1, threads + 1))):
            first = rng.choice(own, int(rng.integers(5, 12)))
            last = np.where(rng.random(len(first)) < 0.3, rng.choice(own, len(first)), first)
            last = last[: max(1, len(last) + int(rng.integers(-1, 2)))]
            told = [f"word{n}" for n in last]
            told = ["epic" if rng.random() < shift else word for word in told]
            listed.append(thread(f"u{user:03}", [" ".join(f"word{n}" for n in first), " ".join(told)]))
    return listed
