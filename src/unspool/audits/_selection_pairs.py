"""How many pairs of a chosen and a rejected image there are, and how many are left when more is asked of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses._steps import Row
from unspool.audits._groups import NO_THREADS
from unspool.audits._pairs import ACROSS, GRID, KINDS, MOST_PER_TEXT, REROLL, placed
from unspool.audits._selection_users import NOT_KNOWN, ratio
from unspool.stats.jackknife import Floats, jackknife

NO_IMAGES = "the log does not tell which images of a grid were upscaled"
NO_PEOPLE = "the log names nobody"
NO_TEXTS = "no prompt came again with one grid upscaled and another not"
LEFT = ("all prompts", "upscale known", "upscaled", "image known")
ALL, FIXED = "all pairs", "prompt held fixed"
HELD = (GRID, REROLL)
GROUPS = {**{kind: (kind,) for kind in KINDS}, ALL: KINDS, FIXED: HELD}
AT_ONCE = 2_000_000
"""Prompts that are paired at a time, about 150 bytes each."""
COUNTED = "counted"


def _why(found: pl.DataFrame) -> dict[str, str]:
    """Why the pairs of a kind cannot be counted; kinds that can are not there."""
    if not found["upscaled"].count():
        return dict.fromkeys(KINDS, NOT_KNOWN)
    reasons = {
        GRID: NO_IMAGES if found["upscaled"].any() and not (found["images"].list.len() > 0).any() else None,
        REROLL: None if found["user"].count() else NO_PEOPLE,
        ACROSS: None if (found["step"] > 1).any() else NO_THREADS,
    }
    return {kind: reason for kind, reason in reasons.items() if reason}


def prompts_left(found: pl.DataFrame) -> Iterator[Row]:
    """Rows `n_left` of the feature "prompts": of all prompts to those with a known image, from the frame of `grids`."""
    why = _why(found)
    chosen = {
        "all prompts": pl.lit(True),
        "upscale known": pl.col("upscaled").is_not_null(),
        "upscaled": pl.col("upscaled"),
        "image known": pl.col("upscaled") & (pl.col("images").list.len() > 0),
    }
    unknown = {"upscaled": NOT_KNOWN if why.get(GRID) == NOT_KNOWN else None, "image known": why.get(GRID)}
    for group, rule in chosen.items():
        kept = found.select("user", "thread", rule=rule).filter("rule")
        numbers = {"n_prompts": kept.height, "n_threads": _n(kept["thread"]), "n_users": _n(kept["user"])}
        reason = unknown.get(group)
        estimate = None if reason else float(kept.height)
        same = {"feature": "prompts", "estimand": "n_left", "group": group, "method": COUNTED}
        yield {**same, **numbers, "estimate": estimate, "note": reason}


def _n(ids: pl.Series) -> int | None:
    """How many different ones; None where none is known of any row."""
    return None if len(ids) and not ids.count() else ids.drop_nulls().n_unique()


def inventory(found: pl.DataFrame, level: float) -> Iterator[Row]:
    """Rows of the feature "pairs" from the frame of `grids`: how many there are of a kind, and what is left of all."""
    why, tallies = _why(found), [_tally(part) for part in _parts(found)]
    counts = {group: sum((one.counts[group] for one in tallies), np.zeros(4)) for group in GROUPS}
    named = {"n_threads": found["thread"].count() > 0, "n_users": found["user"].count() > 0}
    for kind in KINDS:
        yield _counted("n_pairs", kind, counts[kind], named, why.get(kind))
    texts = np.concatenate([np.zeros((0, 2)), *(one.texts for one in tallies)])
    yield _counted("pairs_per_text", REROLL, counts[REROLL], named, None) | _per_text(texts, level, why.get(REROLL))
    for group, kinds in ((ALL, KINDS), (FIXED, HELD)):
        missing = {kind: why[kind] for kind in kinds if kind in why}
        row = _counted("n_left", group, counts[group], named, why[kinds[0]] if len(missing) == len(kinds) else None)
        part = "; ".join(f"without pairs {of(kind)}: {reason}" for kind, reason in missing.items())
        yield row if row["note"] else row | {"note": part or None}


def of(kind: str) -> str:
    """A kind of pairs in a sentence: pairs within a grid."""
    return kind if kind == ACROSS else "within a grid" if kind == GRID else "of verbatim rerolls"


@dataclass(frozen=True)
class _Tally:
    """Of some users: pairs, prompts, threads and users by group; rerolls and their different prompts per user."""

    counts: dict[str, Floats]
    texts: Floats


def _parts(found: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The rows of whole users, about AT_ONCE at a time; those of nobody together."""
    n = 1 + found.height // AT_ONCE
    yield from (found.filter((pl.col("user") % n).fill_null(0) == part) if n > 1 else found for part in range(n))


def _tally(found: pl.DataFrame) -> _Tally:
    pairs = placed(found, any_pair=True)
    counts = {}
    for group, kinds in GROUPS.items():
        kept = pairs.filter(pl.col("kind").is_in(list(kinds)))
        rows = pl.concat([kept["chosen"], kept["rejected"]]).unique()
        there = found.select("thread", "user")[rows]
        ids = (there[name].drop_nulls().n_unique() for name in ("thread", "user"))
        counts[group] = np.array([kept.height, len(rows), *ids], dtype=np.float64)
    rerolls = found.select("user", "said")[pairs.filter(kind=REROLL)["chosen"]]
    texts = rerolls.group_by("user").agg(n=pl.len(), texts=pl.col("said").n_unique()).sort("user")
    return _Tally(counts, texts.select("n", "texts").to_numpy().astype(np.float64))


def _counted(estimand: str, group: str, counts: Floats, named: Mapping[str, bool], reason: str | None) -> Row:
    """A number of pairs, and how many prompts, threads and users they are of."""
    n_pairs, n_prompts, n_threads, n_users = (int(n) for n in counts)
    capped = f"{COUNTED}, at most {MOST_PER_TEXT} for each prompt of each person"
    return {
        **{"feature": "pairs", "estimand": estimand, "group": group, "n_prompts": n_prompts},
        "n_threads": n_threads if named["n_threads"] or not n_prompts else None,
        "n_users": n_users if named["n_users"] or not n_prompts else None,
        **{"estimate": None if reason else float(n_pairs), "note": reason},
        "method": capped if group == REROLL else COUNTED,
    }


def _per_text(sums: Floats, level: float, reason: str | None) -> Row:
    """Verbatim rerolls by different prompts of one person that have any."""
    (one,) = jackknife(sums, ratio, level=level)
    reason = reason or (None if len(sums) else NO_TEXTS)
    return {
        **{"estimate": None if reason else one.estimate, "standard_error": one.standard_error},
        **{"ci_low": one.low, "ci_high": one.high, "ci_level": None if one.low is None else level},
        "method": "pairs by prompts that have any; jackknife over users, Student's t",
        "note": reason or one.note,
    }
