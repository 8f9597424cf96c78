"""Which prompt a derived image or an upscale goes back to: its root.

By reference, followed from reply to reply until a prompt is reached; else, from where the replies break off, by the
same user's same echo, the latest earlier prompt; a pan or video, whose parameters the bot rewrites, by the text without
parameters. Replies that end at another user's message go where that one goes, and tell nothing of other echoes: so the
links are the same whatever users share a bucket.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.compiling.routing import follow, parents
from unspool.syntax.text import split_text
from unspool.tables import DERIVED_KINDS, PROMPT_KINDS

NONE = -1


@dataclass(frozen=True)
class Links:
    """Roots of messages, in their order.

    `root`: row number of the root prompt, its own for prompts, -1 where the root is not in the log. `direct`: whether
    it was made from the root's own images and not from variations of them.
    """

    root: np.ndarray
    direct: np.ndarray


def link_roots(messages: pl.DataFrame, prompt_kinds: Sequence[str] = PROMPT_KINDS) -> Links:
    """Link messages to their roots, a row per message.

    `messages` has message_id, reference_id, user_id, owner (by routing.owned), echo, time, seq and kind.
    """
    kind = messages["kind"].cast(pl.String)
    is_prompt = kind.is_in(prompt_kinds).to_numpy()
    is_derived = kind.is_in([*DERIVED_KINDS, *PROMPT_KINDS]).to_numpy() & ~is_prompt
    is_upscale = (kind == "upscale").to_numpy()
    root, parent, end = _by_reference(messages, is_prompt)
    if not ((is_derived | is_upscale) & (root == NONE)).any():
        return Links(root, is_prompt[parent])
    echo = messages["echo"].hash()
    for wave in _first_of_chains(is_derived, end):
        root, _ = _by_echo(messages, echo, root, wave & (root == NONE))
        left = wave & (root == NONE)
        if left.any():
            text = _text_hash(messages, is_prompt | left)
            root, _ = _by_echo(messages, text, np.where(is_prompt | left, root, NONE), left, other=root)
        root = np.where(root == NONE, root[end], root)
    for wave in _first_of_chains(is_upscale, end):
        missing = wave & (root == NONE)
        root, latest = _by_echo(messages, echo, root, missing)
        # An answer to a message that is not there is of the images of that one, whatever its echo.
        silent = missing & (root != NONE) & messages["reference_id"].is_null().to_numpy()
        parent = np.where(silent, follow(np.where(is_upscale, parent, np.arange(len(parent))))[latest], parent)
        root = np.where(root == NONE, root[end], root)
    return Links(root, is_prompt[parent])


def _first_of_chains(rows: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    """Those of some rows that answer no message of the log, then the others: replies follow what they answer."""
    first = rows & (end == np.arange(len(end)))
    return [wave for wave in (first, rows & ~first) if wave.any()]


def _by_reference(messages: pl.DataFrame, is_prompt: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Roots, the message that each one answers (itself where that is not in the log), and where the replies lead to."""
    rows = np.arange(messages.height)
    if messages["reference_id"].null_count() == messages.height:
        return np.where(is_prompt, rows, NONE), rows, rows
    parent = parents(messages["message_id"], messages["reference_id"])
    owner = messages["owner"]
    parent = np.where(owner.eq_missing(owner.gather(parent)).to_numpy(), parent, rows)
    end = follow(np.where(is_prompt, rows, parent))
    return np.where(is_prompt[end], end, NONE), parent, end


def _text_hash(messages: pl.DataFrame, rows: np.ndarray) -> pl.Series:
    text = split_text(messages["echo"].filter(pl.Series(rows)))["text"].hash()
    out = np.zeros(messages.height, dtype=np.uint64)
    out[rows] = text.to_numpy()
    return pl.Series(out)


def _by_echo(
    messages: pl.DataFrame, echo: pl.Series, root: np.ndarray, wanted: np.ndarray, other: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Fill `wanted` rows with the root of the latest earlier row of the same user and echo that has one; and which.

    Rows of which another user is the owner are neither filled nor looked at.
    """
    own = (messages["user_id"] == messages["owner"]).fill_null(False)
    order = messages.select(
        "user_id", "time", "seq", echo=echo, late=pl.Series(wanted), own=own, row=pl.int_range(pl.len())
    ).sort("user_id", "echo", "time", "late", "seq")
    rows = order["row"].to_numpy()
    group = (
        order["user_id"].ne_missing(order["user_id"].shift()) | order["echo"].ne_missing(order["echo"].shift())
    ).fill_null(True)
    starts = np.maximum.accumulate(np.where(group.to_numpy(), np.arange(len(rows)), 0))
    has_own = order["own"].to_numpy()
    known = (root[rows] != NONE) & has_own
    latest = np.maximum.accumulate(np.where(known, np.arange(len(rows)), NONE))
    found = np.where((latest >= starts) & has_own, root[rows][np.maximum(latest, 0)], NONE)
    out, of = (root if other is None else other).copy(), np.arange(len(root))
    fill = wanted[rows]
    out[rows[fill]] = found[fill]
    of[rows[fill]] = rows[np.maximum(latest, 0)][fill]
    return out, of
