"""The verdict on drift in words: weighted for who stops, beside all transitions and those without the last."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses import _words as words

Found = Mapping[str, Any]
MOST = 4
_VIEWS = ("raw_transition", "ipcw", "drop_last")


def verdicts(rows: pl.DataFrame) -> list[str]:
    """What is told of each of the chief features of which all three views are known."""
    corrected = rows.filter(pl.col("mode") == "corrected", pl.col("group").is_null())
    told = (verdict(corrected, name) for name in words.chief(corrected))
    return [sentence for sentence in told if sentence][:MOST]


def verdict(rows: pl.DataFrame, name: str) -> str | None:
    """What the three views of one feature say together; None where one of them is unknown."""
    found = [words.row(rows, feature=name, estimand=view) for view in _VIEWS]
    raw, weighted, survived = found
    if raw is None or weighted is None or survived is None:
        return None
    decimals = words.of(weighted)
    on_log = "natural log" in (weighted["method"] or "")
    scale = f" in natural log (about {words.as_percent(weighted['estimate'])})" if on_log else ""
    signs = {words.sign(one) for one in (raw, weighted, survived)}
    change = {1: "up ", -1: "down ", 0: "no clear change, "}[words.sign(weighted)] if len(signs) == 1 else ""
    of = f"{words.number_of(weighted['n_threads'], 'thread')} of {words.number_of(weighted['n_users'], 'user')}"
    naive, without = (words.signed(one["estimate"], decimals) for one in (raw, survived))
    return (
        f"{words.title(name)}: {change}{words.signed(weighted['estimate'], decimals)} per step{scale} once who stops "
        f"is allowed for ({words.interval(weighted, decimals)}; {of}); {naive} as it stands, {without} without last "
        f"prompts. {agreement(raw, weighted, survived, words.row(rows, feature=name, estimand='stopping_part'))}"
    )


def agreement(raw: Found, weighted: Found, survived: Found, part: Found | None) -> str:
    """Whether the three agree, and what `part`, the change as it stands less the weighted one, adds or takes."""
    signs = [words.sign(one) for one in (raw, weighted, survived)]
    if signs == [0, 0, 0]:
        return "No clear drift in any of the three."
    if signs[0] and set(signs) == {signs[0]}:
        return f"All three {'rise' if signs[0] > 0 else 'fall'}{_of_stopping(signs[0], part)}."
    if signs[0] and not any(signs[1:]) and part and words.sign(part) == signs[0]:
        return "Who stops when is enough to explain the change as it stands."
    told = "The three do not agree" if {1, -1} <= set(signs) else "Not all three are clear"
    return f"{told}: no drift can be told from who stops when."


def _of_stopping(side: int, part: Found | None) -> str:
    found = words.sign(part) if part else 0
    if part is None or not found:
        return ": who stops when does not explain it alone"
    amount = f"{words.signed(part['estimate'], words.of(part))} per step, {words.interval(part)}"
    return f", and who stops when {'adds to' if found == side else 'takes from'} the change as it stands ({amount})"
