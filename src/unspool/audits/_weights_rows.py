"""Rows of the audit of weights: what each costs, and how far prompts are from the reference with and without it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Settings as Levels
from unspool.analyses._draws import joined
from unspool.analyses._steps import told
from unspool.audits import Audited
from unspool.audits._groups import CAPTIONS, FILE, FIRST, REFERENCE, Groups, groups
from unspool.audits._language_divergence import function_words
from unspool.audits._shares import Row, ratio
from unspool.audits._two_sample import Bools, folds, log_odds, matrix
from unspool.audits._weights_distances import (
    Weighed,
    area_rows,
    divergence_rows,
    mean_rows,
    numbers,
    style_share,
)
from unspool.audits._weights_ratio import MOST_ODDS, Ratio, one_core
from unspool.audits._weights_sample import sampled
from unspool.audits._weights_selection import Selection
from unspool.stats.bootstrap import by_user
from unspool.stats.jackknife import Floats, jackknife
from unspool.syntax.codes import coded

if TYPE_CHECKING:
    from unspool.audits.weights import Weights

RATIO, CHANCE, CAP, WEIGHT = "density_ratio", "inverse_probability", "user_cap", "weight"
TO_REFERENCE = ("style_share", "dialect", "function_words", "auc")
TO_ALL = ("style_share", "n_words")
SIZES = ("ess", "ess_share", "maximum", "truncated")
EMPTY = "no person is known to have a thread"
EVEN = "fewer people than the cap needs: each person weighs the same"
CAP_ONLY = "the cap alone, since the density ratio is not known"
NO_WEIGHT = "no prompt has a weight"
NO_WORDS = "no text of one side has words"
NO_DIALECT = "the dialect score was not measured"
OF_A_FILE = "lines of a file have no dialect score"


def listed(log: Audited, weights: "Weights") -> Iterator[Row]:
    """All rows."""
    prompts, note = sampled(log)
    table = weights.of(prompts)
    values = {name: table[name].fill_null(float("nan")).to_numpy() for name in (RATIO, CHANCE, CAP, WEIGHT)}
    for name, value in values.items():
        said = joined(_said(name, weights) if prompts.height else EMPTY, note)
        yield from _sizes(log, name, prompts, value, _cut(name, weights, prompts), said)
    yield from _to_reference(log, prompts, weights.ratio, values, note)
    yield from _to_all(log, prompts, weights.selection, values[CHANCE], note)


def _said(name: str, weights: "Weights") -> str | None:
    """Why a weight is void, or what is to be said of it."""
    void = {RATIO: weights.ratio, CHANCE: weights.selection}.get(name)
    if isinstance(void, str):
        return void
    even = EVEN if weights.cap is None else None
    towards = f"towards {weights.ratio.reference}" if isinstance(weights.ratio, Ratio) else CAP_ONLY
    return {RATIO: towards, CHANCE: None, CAP: even, WEIGHT: joined(towards, even)}[name]


def _cut(name: str, weights: "Weights", prompts: pl.DataFrame) -> Bools:
    """Which prompts have another weight than they would without ends and cap."""
    none = np.zeros(prompts.height, dtype=np.bool_)
    if name == CHANCE:
        return none if isinstance(weights.selection, str) else weights.selection.cut(prompts)
    capped = weights.capped(prompts) < 1
    if name == CAP or isinstance(weights.ratio, str):
        return capped if name != RATIO else none
    over = weights.ratio.of(prompts["text"], prompts["user_id"]) >= MOST_ODDS
    return over if name == RATIO else over | capped


def _sizes(
    log: Audited, name: str, prompts: pl.DataFrame, value: Floats, cut: Bools, note: str | None
) -> Iterator[Row]:
    """Kish's effective sample size, its share of the prompts, the largest weight by the mean, and the share cut off."""
    known = ~np.isnan(value)
    w, mine = value[known], prompts.filter(known)
    same = {"feature": name, **numbers(mine), "note": note}
    if not len(w) or not w.sum():
        yield from ({**same, "estimand": one, "note": note or NO_WEIGHT} for one in SIZES)
        return
    codes, distinct = coded(mine["user_id"])
    sums = by_user(np.column_stack([np.ones(len(w)), w, w**2, cut[known]]), codes, len(distinct))
    (worth,) = jackknife(sums[:, :3], effective_share, level=log.settings.level)
    (off,) = jackknife(sums[:, [3, 0]], ratio, level=log.settings.level)
    ess = float(w.sum() ** 2 / (w**2).sum())
    yield {**same, "estimand": "ess", "estimate": ess, "method": "(sum of weights) squared by sum of squares"}
    for estimand, how, one in (("ess_share", "effective sample size", worth), ("truncated", "those cut off", off)):
        method = f"{how} by prompts; jackknife over users with the weights held fixed"
        row = told(one, Levels(level=log.settings.level), note) | {"p_value": None, "method": method}
        yield {**same, **row, **_between(row), "estimand": estimand}
    yield {
        **same,
        "estimand": "maximum",
        "estimate": float(w.max() / w.mean()),
        "method": "largest weight by the mean weight",
    }


def effective_share(sums: Floats) -> Floats:
    """Kish's effective sample size by prompts, (..., 1), from sums of ones, weights and their squares, (..., 3)."""
    n, total, squares = (sums[..., place] for place in range(3))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total**2 / squares / n)[..., None]


def _between(row: Row) -> Row:
    """The ends of a share's interval, which stay between 0 and 1."""
    return {end: None if row[end] is None else min(max(row[end], 0.0), 1.0) for end in ("ci_low", "ci_high")}


def _to_reference(
    log: Audited, prompts: pl.DataFrame, ratio: Ratio | str, values: dict[str, Floats], note: str | None
) -> Iterator[Row]:
    """Distances of the weighted prompts from the reference."""
    found = None if isinstance(ratio, str) else groups(log, ("dialect", "caption_dialect"))
    scored: list[Floats] = []
    for group in (RATIO, WEIGHT):
        weighed = Weighed(group, prompts, values[group], log, note)
        if found is None:
            why = str(ratio) if prompts.height else EMPTY
            yield from (row for feature in TO_REFERENCE for row in weighed.void(feature, why))
            continue
        target = found.of(REFERENCE) if found.reference is not None else found.of(FIRST)
        yield from _known_mean(weighed, "style_share", style_share(prompts["text"]), style_share(target["text"]))
        yield from _dialect(weighed, found, target)
        counts = function_words(pl.concat([prompts["text"], target["text"]])).toarray()
        own, theirs = counts[: prompts.height], counts[prompts.height :].sum(axis=0)
        yield from divergence_rows(weighed, "function_words", own, theirs)
        yield from _areas(weighed, target, scored)


def _known_mean(weighed: Weighed, feature: str, mine: Floats, theirs: Floats) -> Iterator[Row]:
    if np.isnan(mine).all() or np.isnan(theirs).all():
        return weighed.void(feature, NO_WORDS)
    return mean_rows(weighed, feature, mine, float(np.nanmean(theirs)))


def _dialect(weighed: Weighed, found: Groups, target: pl.DataFrame) -> Iterator[Row]:
    """The dialect of a caption is the mean over the captions of its prompt; lines of a file have none."""
    theirs = target["dialect"].cast(pl.Float64)
    if found.reference == CAPTIONS:
        of_captions = found.texts.select("prompt_id", told="caption_dialect").drop_nulls().unique("prompt_id")
        theirs = target.join(of_captions, on="prompt_id", how="inner")["told"].cast(pl.Float64)
    if weighed.prompts["dialect"].is_null().all() or theirs.is_null().all():
        own = weighed.prompts["dialect"].is_not_null().any()
        why = OF_A_FILE if own and found.reference == FILE else weighed.log.log.notes.get("dialect", NO_DIALECT)
        return weighed.void("dialect", why)
    mine = weighed.prompts["dialect"].fill_null(float("nan")).to_numpy()
    return mean_rows(weighed, "dialect", mine, float(str(theirs.mean())))


def _areas(weighed: Weighed, target: pl.DataFrame, scored: list[Floats]) -> Iterator[Row]:
    """How well a new classifier tells the reference from the prompts, without and with the weights.

    `scored`: its scores without weights, which are the same for all weights and come to stand there.
    """
    prompts, weights = weighed.prompts, weighed.weights
    texts, users = (pl.concat([side[name] for side in (target, prompts)]) for name in ("text", "user_id"))
    labels = np.arange(len(texts)) < target.height
    table, fold = matrix(texts), folds(users, weighed.log.settings.seed + 1)
    with one_core():
        if not scored:
            scored.append(log_odds(table, labels, fold))
        even = np.ptp(weights) == 0
        heavy = np.concatenate([np.ones(target.height), weights])
        after = scored[0] if even else log_odds(table, labels, fold, heavy)
    yield from area_rows(weighed, users, (scored[0], after), fold)


def _to_all(
    log: Audited, prompts: pl.DataFrame, selection: Selection | str, weights: Floats, note: str | None
) -> Iterator[Row]:
    """Distances of upscaled prompts from all prompts in style and length, without and with the weights."""
    up = prompts["upscaled"].fill_null(False).to_numpy()
    weighed = Weighed(CHANCE, prompts.filter(up), weights[up], log, note)
    if isinstance(selection, str):
        why = selection if prompts.height else EMPTY
        yield from (row for feature in TO_ALL for row in weighed.void(feature, why))
        return
    known = prompts["upscaled"].is_not_null().to_numpy()
    values: dict[str, NDArray[np.float64]] = {
        "style_share": (prompts["n_style_words"] / prompts["n_words"]).fill_nan(None).fill_null(np.nan).to_numpy(),
        "n_words": prompts["n_words"].fill_null(np.nan).to_numpy(),
    }
    for feature, value in values.items():
        yield from _known_mean(weighed, feature, value[up], value[known])
