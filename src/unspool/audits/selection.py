"""Who upscales, and which pairs of a chosen and a rejected image a preference model could use."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from unspool.analyses import _words as words
from unspool.audits import Audited, rows
from unspool.audits._pairs import ACROSS, GRID, KINDS, REROLL, pairs
from unspool.audits._shares import Row, share_row

TITLE = "Selection and pairs"
QUESTION = "Who upscales, and how many pairs of a chosen and a rejected image are there of one and the same prompt?"
CITATION = (
    "Prompt held fixed: Kirstain et al. 2023 (Pick-a-Pic, NeurIPS), Xu et al. 2023 (ImageReward, NeurIPS); the caution "
    "about upscales: Don-Yehiya, Choshen & Abend 2023 (EMNLP), Sec. 9"
)
LIMITS = (
    "An upscale is a sign of interest and not a judgement: people also upscale to document, to share or to laugh, and an "
    "image that was not upscaled was perhaps not looked at."
)
ORDER = 30
FIGURES: tuple[str, ...] = ("pairs",)
UNKNOWN = "the log does not know which prompts were upscaled"
MOST = 2_000_000
"""Prompts that pairs are counted in: whole users, the first in the order of their pseudonyms."""
TENTH = 0.1


def audit(log: Audited) -> pl.DataFrame:
    """Rows: `upscaled/share`, `upscaled/share_top_tenth`, `upscaled/spread`; `pairs/n_pairs` and `pairs/n_left`.

    `n_pairs` by kind of pair in `group` (docs/audits/selection.md); `n_left`: what remains when one thing more is asked
    of a prompt, in the order of the groups: all prompts, upscale known, upscaled, image known; and of pairs: all pairs,
    prompt held fixed.
    """
    return rows(log, "selection", [*_upscales(log), *_inventory(log)])


def _upscales(log: Audited) -> Iterator[Row]:
    per_user = (
        log.prompts.filter(pl.col("upscaled").is_not_null())
        .group_by("user_id")
        .agg(n=pl.len().cast(pl.Float64), up=pl.col("upscaled").sum().cast(pl.Float64))
        .collect()
        .sort("user_id")
    )
    if not per_user.height or not per_user["n"].sum():
        yield from (
            {"feature": "upscaled", "estimand": name, "note": UNKNOWN}
            for name in ("share", "share_top_tenth", "spread")
        )
        return
    n, up = per_user["n"].to_numpy(), per_user["up"].to_numpy()
    numbers = {"n_prompts": int(n.sum()), "n_users": _people(per_user)}
    yield share_row(up, n, log, feature="upscaled", estimand="share", **numbers)
    yield {"feature": "upscaled", "estimand": "share_top_tenth", **numbers, **_top_tenth(up)}
    yield {"feature": "upscaled", "estimand": "spread", **numbers, **_spread(up, n)}


def _people(per_user: pl.DataFrame) -> int:
    return per_user["user_id"].drop_nulls().len()


def _top_tenth(up: np.ndarray) -> Row:
    """Share of all upscaled prompts that are of the tenth of people with the most of them."""
    if not up.sum():
        return {"note": "no prompt was upscaled"}
    most = np.sort(up)[::-1][: max(1, round(TENTH * len(up)))]
    return {
        "estimate": float(most.sum() / up.sum()),
        "method": "upscaled prompts of the tenth of people with most, by all",
    }


def _spread(up: np.ndarray, n: np.ndarray) -> Row:
    """SD between people of the probability of an upscale: the variance of rates beyond that of binomial counts.

    The moment estimator of Kleinman 1973 (J. Am. Stat. Assoc. 68) with weights n - 1.
    """
    several = n > 1
    if several.sum() < 3:
        return {"note": "fewer than 3 people have two prompts"}
    n, up = n[several], up[several]
    mean = up.sum() / n.sum()
    if mean in (0, 1):
        return {"note": "all prompts are upscaled, or none"}
    between = (up * (up - 1) / (n * (n - 1)) * n).sum() / n.sum() - _cross(up, n)
    return {
        "estimate": float(np.sqrt(max(between, 0.0))),
        "method": "square root of the covariance of two prompts' upscales within people",
    }


def _cross(up: np.ndarray, n: np.ndarray) -> float:
    """The product of the rates of two different people, weighted by their prompts."""
    total, own = up.sum() ** 2 - (up**2).sum(), n.sum() ** 2 - (n**2).sum()
    return float(total / own)


def _inventory(log: Audited) -> Iterator[Row]:
    prompts, note = _prompts(log)
    known = prompts["upscaled"].is_not_null()
    if not known.any():
        yield from ({"feature": "pairs", "estimand": "n_pairs", "group": kind, "note": UNKNOWN} for kind in KINDS)
        return
    found = pairs(prompts, any_pair=True)
    for kind in KINDS:
        yield _counted("n_pairs", kind, found.filter(kind=kind), note)
    image = prompts["upscaled_images"].list.len() > 0
    steps = {
        "all prompts": known | ~known,
        "upscale known": known,
        "upscaled": prompts["upscaled"],
        "image known": image,
    }
    for group, chosen in steps.items():
        kept = prompts.filter(chosen.fill_null(False))
        numbers = {"n_prompts": kept.height, "n_users": kept["user_id"].drop_nulls().n_unique()}
        yield {
            "feature": "prompts",
            "estimand": "n_left",
            "group": group,
            "estimate": float(kept.height),
            "note": note,
            **numbers,
        }
    yield _counted("n_left", "all pairs", found, note)
    yield _counted("n_left", "prompt held fixed", found.filter("held_fixed"), note)


def _prompts(log: Audited) -> tuple[pl.DataFrame, str | None]:
    needed = ("prompt_id", "user_id", "thread_id", "step", "text", "params", "upscaled", "upscaled_images")
    schema = log.prompts.collect_schema()
    absent = [pl.lit(None, dtype=pl.List(pl.UInt8)).alias(name) for name in needed if name not in schema]
    rows = log.prompts.with_columns(absent).select(needed)
    total = rows.select(pl.len()).collect().item()
    note = f"in the first {MOST:,} of {total:,} prompts" if total > MOST else None
    return rows.head(MOST).collect(), note


def _counted(estimand: str, group: str, found: pl.DataFrame, note: str | None) -> Row:
    prompts = pl.concat([found["chosen_prompt_id"], found["rejected_prompt_id"]]).n_unique() if found.height else 0
    return {
        **{"feature": "pairs", "estimand": estimand, "group": group, "estimate": float(found.height), "note": note},
        **{"n_prompts": prompts, "n_users": found["user_id"].drop_nulls().n_unique()},
        "method": "count",
    }


def findings(found: pl.DataFrame) -> list[str]:
    """Who upscales, how many sound pairs there are, and what vanishes where the prompt must be held fixed."""
    share = words.row(found, feature="upscaled", estimand="share")
    if share is None:
        return words.reasons(found)
    told = [f"{words.percent(share['estimate'])} of prompts were upscaled ({words.percent_interval(share)})."]
    top = words.row(found, feature="upscaled", estimand="share_top_tenth")
    if top:
        told[0] = told[0][:-1] + f"; the tenth of people with most have {words.percent(top['estimate'])} of them."
    counts = {kind: words.row(found, feature="pairs", estimand="n_pairs", group=kind) for kind in KINDS}
    n = {kind: int(row["estimate"]) if row else 0 for kind, row in counts.items()}
    sound = n[GRID] + n[REROLL]
    told.append(
        f"Pairs of one and the same prompt: {sound:,} ({n[GRID]:,} within a grid, {n[REROLL]:,} of verbatim rerolls)."
        if sound
        else "There is no pair of a chosen and a rejected image of the same prompt in this log."
    )
    if n[ACROSS]:
        told.append(
            f"{n[ACROSS]:,} more pairs are of two different prompts. Whoever trains on those cannot tell a better image from a "
            "prompt that the model likes better, so they are left out of exports unless asked for."
        )
    return told
