"""Weights that bring the prompts of a log nearer to natural expression, and undo the selection of upscales."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool import tables
from unspool.analyses import _words as words
from unspool.analyses._whole_users import whole_users
from unspool.audits import Audited, rows
from unspool.audits._cap import cap_of
from unspool.audits._groups import REFERENCE, groups
from unspool.audits._language_divergence import function_words
from unspool.audits._shares import Row
from unspool.audits._two_sample import folds, log_odds, matrix
from unspool.audits._weights_distances import (
    Weighed,
    divergence_rows,
    mean_rows,
    style_share,
    weighted_area,
)
from unspool.audits._weights_ratio import Ratio, fitted_ratio
from unspool.audits._weights_selection import NEEDED, Selection, fitted_selection

TITLE = "Weights"
QUESTION = "Which weights bring the log nearer to natural expression and undo who upscaled what, and what do they cost?"
CITATION = (
    "Odds of a classifier as a ratio of densities: Qin 1998 (Biometrika 85), Bickel, Brueckner & Scheffer 2009 (JMLR "
    "10); stabilised weights: Robins, Hernan & Brumback 2000 (Epidemiology 11); effective sample size: Kish 1965"
)
LIMITS = (
    "Weights move a log towards a reference only as far as the log holds such prompts, and towards captions they move "
    "it to the manner of captions. They undo selection by what was measured, and not by what was on the pictures."
)
ORDER = 70
FIGURES: tuple[str, ...] = ()
Floats = NDArray[np.float64]
HARDLY = 0.55
"""Area under the curve below which two kinds of texts are as good as alike."""
KINDS = ("density_ratio", "inverse_probability", "user_cap", "weight")


@dataclass(frozen=True)
class Weights:
    """What the weights of prompts are computed from: each part, or the reason why it is void. `cap`: per person."""

    ratio: Ratio | str
    selection: Selection | str
    cap: float | None
    n_most: int

    def of(self, prompts: pl.DataFrame) -> pl.DataFrame:
        """The table weights of some prompts with their features; whole users."""
        n = prompts.height
        ratio = (
            np.full(n, np.nan) if isinstance(self.ratio, str) else self.ratio.of(prompts["text"], prompts["user_id"])
        )
        chance = np.full(n, np.nan) if isinstance(self.selection, str) else self.selection.of(prompts)
        cap = self._capped(prompts)
        whole = (np.ones(n) if isinstance(self.ratio, str) else ratio) * cap
        found = pl.DataFrame(
            {
                "prompt_id": prompts["prompt_id"],
                "density_ratio": ratio,
                "inverse_probability": chance,
                "user_cap": cap,
                "weight": whole,
            }
        )
        return tables.conform(found.with_columns(pl.col(pl.Float64).fill_nan(None)), tables.WEIGHTS)

    def _capped(self, prompts: pl.DataFrame) -> Floats:
        """At most 1 per prompt, and no person more than the cap in sum; where it cannot hold, all people the same."""
        known = prompts["user_id"].is_not_null()
        n = prompts.select(pl.len().over("user_id")).to_series().to_numpy().astype(np.float64)
        cap = 1.0 if self.cap is None else self.cap
        return np.where(known.to_numpy(), np.minimum(1.0, cap / np.maximum(n, 1)), 1.0)


def fitted(log: Audited) -> Weights:
    """What the weights are computed from."""
    counts = _counts(log)
    return Weights(
        fitted_ratio(log), fitted_selection(log), cap_of(counts, log.settings.cap), int(counts.max(initial=0))
    )


def _counts(log: Audited) -> NDArray[np.int64]:
    known = log.prompts.filter(pl.col("user_id").is_not_null()).group_by("user_id").agg(n=pl.len())
    return known.collect()["n"].to_numpy().astype(np.int64)


def audit(log: Audited) -> pl.DataFrame:
    """Rows per weight (feature): `ess`, `ess_share`, `maximum`, `truncated`; and distances from the reference.

    Distances: features style_share, function_words, dialect, auc, estimands `before`, `after`, `reduction`, with the
    weights in `group`; for inverse_probability the distance of upscaled prompts from all. docs/audits/weights.md.
    """
    return rows(log, "weights", _rows(log, fitted(log)))


def _rows(log: Audited, weights: Weights) -> Iterator[Row]:
    kept, note = whole_users(log.log, pl.col("text").is_not_null(), log.settings.sample, "with prompts in threads")
    prompts = log.prompts.join(kept.lazy(), on="user_id", how="semi").collect()
    if not prompts.height:
        why = "no person is known to have a thread"
        yield from ({"feature": kind, "estimand": "ess", "note": why} for kind in KINDS)
        return
    table = weights.of(prompts)
    parts: dict[str, object] = {"density_ratio": weights.ratio, "inverse_probability": weights.selection}
    for kind in KINDS:
        void = parts.get(kind)
        yield from _sizes(kind, table[kind], void if isinstance(void, str) else _said(kind, weights, note))
    if isinstance(weights.ratio, Ratio):
        yield {
            "feature": "density_ratio",
            "estimand": "truncated",
            "estimate": weights.ratio.truncated,
            "n_prompts": prompts.height,
        }
        for kind in ("density_ratio", "weight"):
            yield from _to_reference(log, prompts, table[kind].to_numpy(), kind)
    if isinstance(weights.selection, Selection):
        yield from _to_all(log, prompts, table["inverse_probability"].to_numpy())


def _said(kind: str, weights: Weights, note: str | None) -> str | None:
    told = []
    if kind in ("density_ratio", "weight") and isinstance(weights.ratio, Ratio):
        told.append(f"towards {weights.ratio.reference}")
    if kind == "user_cap" and weights.cap is None:
        told.append("fewer people than the cap needs: each person weighs the same")
    return "; ".join([*told, *([note] if note else [])]) or None


def _sizes(kind: str, values: pl.Series, note: str | None) -> Iterator[Row]:
    """Kish's effective sample size, its share of the prompts, and the largest weight by the mean."""
    w = values.drop_nulls().to_numpy()
    if not len(w) or not w.sum():
        yield {"feature": kind, "estimand": "ess", "note": note or "no prompt has a weight"}
        return
    ess = float(w.sum() ** 2 / (w**2).sum())
    same = {"feature": kind, "n_prompts": len(w), "note": note}
    yield {**same, "estimand": "ess", "estimate": ess, "method": "(sum of weights) squared by sum of squares"}
    yield {**same, "estimand": "ess_share", "estimate": ess / len(w), "method": "effective sample size by prompts"}
    yield {
        **same,
        "estimand": "maximum",
        "estimate": float(w.max() / w.mean()),
        "method": "largest weight by the mean weight",
    }


def _to_reference(log: Audited, prompts: pl.DataFrame, weights: Floats, kind: str) -> Iterator[Row]:
    """Distances of the weighted prompts from the reference."""
    found = groups(log, ("dialect",))
    target = found.of(REFERENCE) if found.reference is not None else found.of("first")
    weighed = Weighed(kind, prompts["user_id"], weights, log)
    yield from mean_rows(
        weighed, "style_share", style_share(prompts["text"]), float(np.nanmean(style_share(target["text"])))
    )
    counts = function_words(pl.concat([prompts["text"], target["text"]])).toarray()
    own, theirs = counts[: prompts.height], counts[prompts.height :].sum(axis=0)
    yield from divergence_rows(weighed, "function_words", own, theirs)
    if kind == "density_ratio":
        yield from _areas(log, prompts, target, weights)


def _areas(log: Audited, prompts: pl.DataFrame, target: pl.DataFrame, weights: Floats) -> Iterator[Row]:
    """How well a new classifier tells the reference from the prompts, without and with the weights."""
    texts, users = pl.concat([target["text"], prompts["text"]]), pl.concat([target["user_id"], prompts["user_id"]])
    labels = np.arange(len(texts)) < target.height
    table, fold = matrix(texts), folds(users, log.settings.seed + 1)
    areas = {}
    for estimand, own in (("before", np.ones(prompts.height)), ("after", weights)):
        w = np.concatenate([np.ones(target.height), own])
        areas[estimand] = weighted_area(log_odds(table, labels, fold, w), labels, w, fold)
    areas["reduction"] = areas["before"] - areas["after"]
    for estimand, value in areas.items():
        yield {
            **{"feature": "auc", "estimand": estimand, "group": "density_ratio", "n_prompts": prompts.height},
            "estimate": value if np.isfinite(value) else None,
            "note": None if np.isfinite(value) else "one of the sides has too few texts",
            "method": "area under the curve of a cross-fitted classifier of the reference against weighted prompts; no "
            "interval",
        }


def _to_all(log: Audited, prompts: pl.DataFrame, weights: Floats) -> Iterator[Row]:
    """Distances of upscaled prompts from all prompts in style and length, without and with the weights."""
    known = prompts.select(NEEDED).with_columns(place=pl.int_range(pl.len())).filter(pl.col("upscaled").is_not_null())
    up = known.filter("upscaled")
    values = {
        "style_share": (pl.col("n_style_words") / pl.col("n_words")).cast(pl.Float64),
        "n_words": pl.col("n_words").cast(pl.Float64),
    }
    weighed = Weighed("inverse_probability", up["user_id"], weights[up["place"].to_numpy()], log)
    for feature, value in values.items():
        every, mine = (
            frame.select(value.fill_nan(None).fill_null(float("nan"))).to_series().to_numpy() for frame in (known, up)
        )
        yield from mean_rows(weighed, feature, mine, float(np.nanmean(every)))


def findings(found: pl.DataFrame) -> list[str]:
    """What each weight costs, and how much nearer it brings the log."""
    told = [*_ratio_told(found), *_selection_told(found), *_cap_told(found)]
    return told or words.reasons(found)


def _ratio_told(found: pl.DataFrame) -> Iterator[str]:
    share = words.row(found, feature="density_ratio", estimand="ess_share")
    before, after = (words.row(found, feature="auc", estimand=one) for one in ("before", "after"))
    if share is None or before is None or after is None:
        return
    towards = (share["note"] or "").split("; ")[0].removeprefix("towards ")
    if before["estimate"] < HARDLY:
        area = f"{before['estimate']:.2f}"
        yield f"Hardly anything tells the prompts of the log from {towards} (area {area}): there is little to weigh."
        return
    yield (
        f"The density-ratio weights bring the log nearer to {towards}: a classifier tells the two apart with an area "
        f"of {before['estimate']:.2f} before and {after['estimate']:.2f} after (.5: not at all). So weighted the log "
        f"is worth {words.percent(share['estimate'])} of its prompts."
    )


def _selection_told(found: pl.DataFrame) -> Iterator[str]:
    share = words.row(found, feature="inverse_probability", estimand="ess_share")
    same = {"feature": "style_share", "group": "inverse_probability"}
    before, after = (words.row(found, estimand=one, **same) for one in ("before", "after"))
    if share is None or before is None or after is None:
        return
    yield (
        f"The share of style words of upscaled prompts is {100 * before['estimate']:.1f} points from that of all "
        f"prompts, and {100 * after['estimate']:.1f} with the inverse-probability weights; these are worth "
        f"{words.percent(share['estimate'])} of the prompts."
    )


def _cap_told(found: pl.DataFrame) -> Iterator[str]:
    share = words.row(found, feature="user_cap", estimand="ess_share")
    if share is None:
        return
    alike = "each person" in (share["note"] or "")
    why = ", each person weighing the same, since there are fewer people than the cap needs" if alike else ""
    yield f"With the cap per person the log is worth {words.percent(share['estimate'])} of its prompts{why}."
