"""Numbers and features in the words of findings: as many digits as an interval bears, no direction if it holds 0."""

from collections.abc import Iterable, Mapping
from functools import cache
from math import exp, floor, log10
from typing import Any

import polars as pl

from unspool import features
from unspool.stats.jackknife import all_alike

Row = Mapping[str, Any]

PAPER = (
    "word_len_paper",
    "magic_ratio_paper",
    "repeat_ratio_paper",
    "perplexity_paper",
    "concreteness_paper",
    "sentences_per_word_paper",
    "tree_depth_paper",
)
"""The features of the paper, which lead the findings."""
OWN = ("magic_ratio", "share_subject", "share_quality", "dialect", "log_perplexity", "dependency_depth", "concreteness")
"""Those of the project's own that come next."""
CHIEF = ("n_words", "n_style_words", "n_content_words", "magic_ratio")
"""Those that lead where estimates are of mode "corrected": length, and words of style and of content."""
SENTENCES = 8
BEYOND = "not known beyond these users"
ROUNDING = 1e-9
_CAPTION = "caption_"


@cache
def _columns() -> dict[str, features.Column]:
    return features.columns()


def title(feature: str) -> str:
    """What a feature is called; its name if no installed feature has it."""
    base = feature.removeprefix(_CAPTION)
    if base not in _columns():
        return feature
    return _columns()[base].title + (", captions" if base != feature else "")


def lead(rows: pl.DataFrame) -> list[str]:
    """The features that have an estimate: the paper's, then the chief ones of our own, then the others as they come.

    Captions come last.
    """
    known = rows.filter(pl.col("estimate").is_not_null())["feature"].unique(maintain_order=True).to_list()
    place = {name: number for number, name in enumerate(dict.fromkeys([*PAPER, *OWN, *known]))}
    return sorted(known, key=lambda name: (name.startswith(_CAPTION), place[name]))


def chief(rows: pl.DataFrame) -> list[str]:
    """The same, those of CHIEF first."""
    there = lead(rows)
    return [*(name for name in CHIEF if name in there), *(name for name in there if name not in CHIEF)]


def row(rows: pl.DataFrame, **same: object) -> dict[str, Any] | None:
    """The row with these values, None if there is none or its estimate is unknown."""
    found = rows.filter(pl.col("estimate").is_not_null(), *(pl.col(k).eq_missing(v) for k, v in same.items()))
    return found.row(0, named=True) if found.height else None


def places(spread: float) -> int:
    """Decimals that show two digits of a spread: 4.3 has one, 0.031 three, 270 none."""
    return max(0, 1 - floor(log10(spread))) if spread > 0 else 0


def of(one: Row) -> int:
    """Decimals of a row's estimate: those of its interval, or three digits of the estimate where it has none."""
    if one["ci_low"] is not None and one["ci_high"] > one["ci_low"]:
        return places(one["ci_high"] - one["ci_low"])
    size = abs(one["estimate"]) if abs(one["estimate"]) > ROUNDING else 0.0
    return max(0, places(size) + 1) if size < 100 else 0


def number(value: float, decimals: int) -> str:
    """A number with thousands set off, without `-0`."""
    return f"{round(value, decimals) + 0.0:,.{decimals}f}"


def signed(value: float, decimals: int) -> str:
    """A difference with its sign."""
    return f"{round(value, decimals) + 0.0:+,.{decimals}f}"


def percent(share: float) -> str:
    """A share in percent, to one decimal below 10%."""
    return f"{number(100 * share, 1 if abs(share) < 0.1 else 0)}%"


def interval(one: Row, decimals: int | None = None) -> str:
    """`95% interval 2.0 to 6.3`, or why there is none."""
    if one["ci_low"] is None:
        return _without_interval(one)
    decimals = of(one) if decimals is None else decimals
    level = f"{100 * one['ci_level']:g}%"
    return f"{level} interval {number(one['ci_low'], decimals)} to {number(one['ci_high'], decimals)}"


def percent_interval(one: Row) -> str:
    """The same in percent."""
    if one["ci_low"] is None:
        return _without_interval(one)
    level = f"{100 * one['ci_level']:g}%"
    return f"{level} interval {percent(one['ci_low'])} to {percent(one['ci_high'])}"


def _without_interval(one: Row) -> str:
    return "no interval: the same whoever is left out" if one.get("standard_error") == 0 else "no interval"


def as_percent(log: float) -> str:
    """A difference of natural logs as a change in percent: `+7%` for 0.07."""
    change = 100 * (exp(log) - 1)
    return f"{signed(change, 0 if abs(change) >= 9.5 else 1)}%"


def sign(one: Row) -> int:
    """1 or -1 if the whole interval lies on that side of 0; 0 if it does not, or if there is none.

    What is the same whichever of ENOUGH_ALIKE users or more is left out counts as its own interval.
    """
    found = bounds(one)
    return int(found[0] > 0) - int(found[1] < 0) if found else 0


def side(one: Row, told: Mapping[int, str]) -> str:
    """What is told of an estimate above 0 (1), below it (-1) or not clear of it (0); BEYOND without an interval."""
    return told[sign(one)] if bounds(one) else BEYOND


def bounds(one: Row) -> tuple[float, float] | None:
    """The interval, and of what is the same whichever of ENOUGH_ALIKE users or more is left out the estimate twice."""
    if one["ci_low"] is not None:
        return one["ci_low"], one["ci_high"]
    alike = all_alike(one.get("standard_error"), one.get("n_users"))
    return (one["estimate"], one["estimate"]) if alike else None


def more(one: Row, *, much: tuple[str, str] = ("more often", "less often")) -> str:
    """Which of the two it is, by the side of 0 on which the interval lies; that neither is clear where it holds 0.

    Without an interval, which of the two it is among these users, and BEYOND.
    """
    above, below = much
    if bounds(one):
        return {1: above, -1: below}.get(sign(one), f"neither clearly {above} nor {below}")
    here = {1: above, -1: below}.get((one["estimate"] > 0) - (one["estimate"] < 0), f"neither {above} nor {below}")
    return f"{here} here ({BEYOND})"


def number_of(n: int | None, what: str) -> str:
    """`41 threads`, `1 thread`, `unnamed users`."""
    return f"unnamed {what}s" if n is None else f"{n:,} {what}{'' if n == 1 else 's'}"


def reasons(rows: pl.DataFrame) -> list[str]:
    """The sentences for an analysis of which nothing could be estimated: its reasons, the last part of notes, once."""
    void = rows.filter(pl.col("estimate").is_null())
    notes: Iterable[str] = (void if void.height else rows)["note"].drop_nulls().to_list()
    why = dict.fromkeys(note.split("; ")[-1].removesuffix(".") for note in notes)
    return [f"Not estimated: {reason}." for reason in why][:SENTENCES]
