"""The verdict on drift in words: raw, weighted and without last transitions, side by side."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses import _words as words

MOST = 4
_VIEWS = ("raw_transition", "ipcw", "drop_last")
_LEADING = ("n_words", "n_style_words", "n_content_words", "magic_ratio")


def verdicts(rows: pl.DataFrame) -> list[str]:
    """A sentence for each of the chief features of which all three views are known."""
    corrected = rows.filter(pl.col("mode") == "corrected", pl.col("group").is_null())
    there = words.lead(corrected)
    names = [*(name for name in _LEADING if name in there), *(name for name in there if name not in _LEADING)]
    told = (verdict(corrected, name) for name in names)
    return [sentence for sentence in told if sentence][:MOST]


def verdict(rows: pl.DataFrame, name: str) -> str | None:
    """What the three views of one feature say together; None where one of them is unknown."""
    found = [words.row(rows, feature=name, estimand=view) for view in _VIEWS]
    raw, weighted, survived = found
    if raw is None or weighted is None or survived is None:
        return None
    scale = ", natural log" if "natural log" in (raw["method"] or "") else ""
    of = f"{words.number_of(raw['n_threads'], 'thread')} of {words.number_of(raw['n_users'], 'user')}"
    return (
        f"{words.title(name)}{scale}: {_told(raw)} per step over all transitions; {_told(weighted)} weighted for who "
        f"goes on; {_told(survived)} without each thread's last transition ({of}). "
        f"{agreement(raw, weighted, survived)}{_tipping(rows, name)}"
    )


def agreement(raw: Mapping[str, Any], weighted: Mapping[str, Any], survived: Mapping[str, Any]) -> str:
    """Whether the three agree."""
    signs = [words.sign(one) for one in (raw, weighted, survived)]
    if signs == [0, 0, 0]:
        return "No clear drift in any of the three."
    if signs[0] and set(signs) == {signs[0]}:
        return f"All three {'rise' if signs[0] > 0 else 'fall'}, so that stopping alone does not explain it."
    if signs[0] and not any(signs[1:]):
        return "No clear drift once stopping is allowed for: who stops when is enough to explain the raw change."
    return "The three do not agree: no clear drift can be told from who stops when."


def _told(one: Mapping[str, Any]) -> str:
    decimals = words.of(one)
    return f"{words.signed(one['estimate'], decimals)} ({words.interval(one, decimals)})"


def _tipping(rows: pl.DataFrame, name: str) -> str:
    found = words.row(rows, feature=name, estimand="tipping_point")
    if found is None:
        return ""
    return (
        f" It would vanish if stopping depended on the change not seen by {words.signed(found['estimate'], 2)} "
        f"log odds per SD (on the prompt seen: {words.signed(found['effect'], 2)})."
    )
