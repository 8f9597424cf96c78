"""Who upscales, and which pairs of a chosen and a rejected image a preference model could use."""

from collections.abc import Iterator, Mapping

import polars as pl

from unspool import tables
from unspool.analyses import _words as words
from unspool.analyses._steps import Row
from unspool.audits import Audited, rows
from unspool.audits._pairs import ACROSS, KINDS, grids
from unspool.audits._selection_pairs import LEFT, inventory, of, prompts_left
from unspool.audits._selection_users import OF_USERS, SHARE, SPREAD, TOP, upscale_rows

TITLE = "Selection and pairs"
QUESTION = "Who upscales, and how many pairs of a chosen and a rejected image are there of one and the same prompt?"
CITATION = (
    "Pairs with the prompt held fixed: Kirstain et al. 2023 (Pick-a-Pic, arXiv 2305.01569), Xu et al. 2023 "
    "(ImageReward, arXiv 2304.05977), Wu et al. 2023 (HPSv2, arXiv 2306.09341)"
)
LIMITS = (
    "An upscale is a sign of interest and not a judgement: nobody was asked to compare the images, and one that was "
    "not upscaled may have been liked as much, or not looked at."
)
ORDER = 30
FIGURES: tuple[str, ...] = ("pairs",)
_NEEDED = ("user_id", "thread_id", "step", "text", "params", "upscaled", "upscaled_images")


def audit(log: Audited) -> pl.DataFrame:
    """Rows of the features upscaled, pairs and prompts.

    `upscaled`: share, share_of_users, share_top_tenth, spread. `pairs`: n_pairs by kind in `group`, pairs_per_text of
    verbatim rerolls. `n_left`: what is left when one thing more is asked, in the order of the groups: of `prompts` all
    prompts, upscale known, upscaled, image known; of `pairs` all pairs, prompt held fixed.
    """
    schema = log.prompts.collect_schema()
    absent = [pl.lit(None, dtype=tables.PROMPTS.columns[name]).alias(name) for name in _NEEDED if name not in schema]
    found = grids(log.prompts.with_columns(absent)).collect()
    known = found.filter(pl.col("upscaled").is_not_null())
    per_user = known.group_by("user").agg(n=pl.len(), up=pl.col("upscaled").sum()).sort("user")
    level = log.settings.level
    return rows(log, "selection", [*upscale_rows(per_user, level), *prompts_left(found), *inventory(found, level)])


def findings(rows: pl.DataFrame) -> list[str]:
    """Who upscales, how many sound pairs there are, and what vanishes if the prompt must be held fixed."""
    share = words.row(rows, feature="upscaled", estimand=SHARE)
    if share is None:
        return words.reasons(rows)
    counts = {kind: words.row(rows, feature="pairs", estimand="n_pairs", group=kind) for kind in KINDS}
    return [_who(share), *_unequal(rows), _known(rows), _sound(counts), *_mixed(counts), *_missing(rows, counts)]


def _who(share: Row) -> str:
    return f"{_share(share)} of the prompts of which the log tells it were upscaled ({_from(share)})."


def _share(one: Row) -> str:
    return f"{words.percent(one['estimate'])} ({words.percent_interval(one)})"


def _unequal(rows: pl.DataFrame) -> Iterator[str]:
    users, top, spread = (words.row(rows, feature="upscaled", estimand=name) for name in (OF_USERS, TOP, SPREAD))
    if users and top:
        yield (
            f"{_share(users)} of the people upscaled anything; the tenth of them with most upscaled prompts have "
            f"{_share(top)} of these."
        )
    if spread and spread["estimate"] > 0:
        clear = "" if words.sign(spread) else ", which may be none at all"
        points = f"{100 * spread['estimate']:.0f} percentage points"
        yield f"How often people upscale differs with a standard deviation of {points}{_ends(spread)}{clear}."


def _ends(one: Row) -> str:
    if one["ci_low"] is None:
        return " (no interval)"
    return f" ({100 * one['ci_level']:g}% interval {100 * one['ci_low']:.0f} to {100 * one['ci_high']:.0f})"


def _known(rows: pl.DataFrame) -> str:
    left = [words.row(rows, feature="prompts", estimand="n_left", group=group) for group in LEFT]
    whole, known, upscaled, image = (
        "an unknown number" if row is None else f"{int(row['estimate']):,}" for row in left
    )
    return (
        f"Of {whole} prompts the log tells for {known} whether they were upscaled; {upscaled} were, and for {image} of "
        "these it tells which image of the grid."
    )


def _sound(counts: Mapping[str, Row | None]) -> str:
    sound = {kind: row for kind, row in counts.items() if kind != ACROSS and row and row["estimate"]}
    n = sum(int(row["estimate"]) for row in sound.values())
    if not n:
        return "There is no known pair of a chosen and a rejected image of the same prompt."
    parts = [f"{int(row['estimate']):,} {of(kind)} ({_from(row)})" for kind, row in sound.items()]
    noun = "pair" if n == 1 else "pairs"
    return f"A preference model could use {n:,} {noun} with the same prompt on both sides: {' and '.join(parts)}."


def _from(one: Row) -> str:
    people = f" of {words.number_of(one['n_users'], 'user')}" if one["n_users"] else ""
    return f"{words.number_of(one['n_prompts'], 'prompt')}{people}"


def _mixed(counts: Mapping[str, Row | None]) -> Iterator[str]:
    across = counts[ACROSS]
    if across and across["estimate"]:
        what = "pair of neighbouring prompts" if across["estimate"] == 1 else "pairs of neighbouring prompts"
        yield (
            f"{int(across['estimate']):,} {what}, one upscaled and the other not, would be lost if the prompt must be "
            "held fixed. They should be: an upscale across prompts mixes how good an image is with how its prompt was "
            "written, and a model that learns from it may come to prefer a style of prompts."
        )


def _missing(rows: pl.DataFrame, counts: Mapping[str, Row | None]) -> Iterator[str]:
    for kind in [kind for kind, row in counts.items() if row is None]:
        note = rows.filter(pl.col("estimand") == "n_pairs", pl.col("group") == kind)["note"].to_list()
        yield from (f"Pairs {of(kind)} are not counted: {reason}." for reason in note if reason)
