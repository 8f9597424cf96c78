"""How many pairs of a chosen and a rejected image there are, and how many are left when more is asked of them."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from unspool.analyses._steps import Row
from unspool.audits._groups import NO_THREADS
from unspool.audits._pairs import ACROSS, GRID, KINDS, MOST_PER_TEXT, REROLL, placed
from unspool.audits._selection_users import NOT_KNOWN, ratio
from unspool.stats.jackknife import jackknife

NO_IMAGES = "the log does not tell which images of a grid were upscaled"
NO_PEOPLE = "the log names nobody"
NO_TEXTS = "no prompt came again with one grid upscaled and another not"
LEFT = ("all prompts", "upscale known", "upscaled", "image known")
ALL, FIXED = "all pairs", "prompt held fixed"
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
    why, pairs = _why(found), placed(found, any_pair=True)
    for kind in KINDS:
        yield _counted("n_pairs", kind, pairs.filter(kind=kind), found, why.get(kind))
    yield _per_text(pairs.filter(kind=REROLL), found, level, why.get(REROLL))
    for group, kinds in ((ALL, KINDS), (FIXED, (GRID, REROLL))):
        missing = {kind: why[kind] for kind in kinds if kind in why}
        kept = pairs.filter(pl.col("kind").is_in(list(kinds)))
        row = _counted("n_left", group, kept, found, why[kinds[0]] if len(missing) == len(kinds) else None)
        part = "; ".join(f"without pairs {of(kind)}: {reason}" for kind, reason in missing.items())
        yield row if row["note"] else row | {"note": part or None}


def of(kind: str) -> str:
    """A kind of pairs in a sentence: pairs within a grid."""
    return kind if kind == ACROSS else "within a grid" if kind == GRID else "of verbatim rerolls"


def _counted(estimand: str, group: str, kept: pl.DataFrame, found: pl.DataFrame, reason: str | None) -> Row:
    """A number of pairs, and how many prompts, threads and users they are of."""
    there = np.unique(np.concatenate([kept["chosen"].to_numpy(), kept["rejected"].to_numpy()]))
    rows_of = found[there]
    capped = f"{COUNTED}, at most {MOST_PER_TEXT} for each prompt of each person"
    return {
        **{"feature": "pairs", "estimand": estimand, "group": group},
        **{"estimate": None if reason else float(kept.height), "note": reason},
        **{"n_prompts": len(there), "n_threads": _n(rows_of["thread"]), "n_users": _n(rows_of["user"])},
        "method": capped if group == REROLL else COUNTED,
    }


def _per_text(kept: pl.DataFrame, found: pl.DataFrame, level: float, reason: str | None) -> Row:
    """Pairs of verbatim rerolls by different prompts of one person that have any."""
    texts = found.select("user", "said")[kept["chosen"]]
    per_user = texts.group_by("user").agg(n=pl.len(), texts=pl.col("said").n_unique()).sort("user")
    (one,) = jackknife(per_user.select("n", "texts").to_numpy().astype(np.float64), ratio, level=level)
    row = _counted("pairs_per_text", REROLL, kept, found, reason)
    reason = reason or (None if kept.height else NO_TEXTS)
    return row | {
        **{"estimate": None if reason else one.estimate, "standard_error": one.standard_error},
        **{"ci_low": one.low, "ci_high": one.high, "ci_level": None if one.low is None else level},
        "method": "pairs by prompts that have any; jackknife over users, Student's t",
        "note": reason or one.note,
    }
