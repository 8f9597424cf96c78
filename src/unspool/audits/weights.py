"""Weights that bring the prompts of a log nearer to natural expression, and undo the selection of upscales."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool import tables
from unspool.analyses import _words as words
from unspool.audits import Audited, rows
from unspool.audits._cap import cap_of
from unspool.audits._groups import NO_REFERENCE
from unspool.audits._weights_gain import Gain, gain_of
from unspool.audits._weights_ratio import Ratio, fitted_ratio
from unspool.audits._weights_rows import EVEN, listed
from unspool.audits._weights_sample import sampled
from unspool.audits._weights_selection import Selection, fitted_selection

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


@dataclass(frozen=True)
class Weights:
    """What the weights of prompts are computed from: each part, or the reason why it is void. `cap`: per person.

    `scale`: makes the mean of `weight` 1 over the sample.
    """

    ratio: Ratio | str
    selection: Selection | str
    cap: float | None
    n_most: int
    scale: float = 1.0

    def of(self, prompts: pl.DataFrame) -> pl.DataFrame:
        """The table weights of some prompts with their features; whole users."""
        n = prompts.height
        ratio = (
            np.full(n, np.nan) if isinstance(self.ratio, str) else self.ratio.of(prompts["text"], prompts["user_id"])
        )
        chance = np.full(n, np.nan) if isinstance(self.selection, str) else self.selection.of(prompts)
        cap = self.capped(prompts)
        whole = self.scale * (np.ones(n) if isinstance(self.ratio, str) else ratio) * cap
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

    def capped(self, prompts: pl.DataFrame) -> Floats:
        """At most 1 per prompt, and no person more than the cap in sum; where it cannot hold, all people the same."""
        known = prompts["user_id"].is_not_null()
        n = prompts.select(pl.len().over("user_id")).to_series().to_numpy().astype(np.float64)
        cap = 1.0 if self.cap is None else self.cap
        return np.where(known.to_numpy(), np.minimum(1.0, cap / np.maximum(n, 1)), 1.0)


def fitted(log: Audited) -> Weights:
    """What the weights are computed from; made once for all that is asked of a log."""
    if not _last or _last[0][0] is not log:
        _last[:] = [(log, _fitted(log))]
    return _last[0][1]


_last: list[tuple[Audited, Weights]] = []


def _fitted(log: Audited) -> Weights:
    counts = _counts(log)
    cap, most = cap_of(counts, log.settings.cap), int(counts.max(initial=0))
    rough = Weights(fitted_ratio(log), fitted_selection(log), cap, most)
    weights = rough.of(sampled(log)[0])["weight"].to_numpy()
    return replace(rough, scale=1 / float(weights.mean())) if len(weights) else rough


def _counts(log: Audited) -> NDArray[np.int64]:
    known = log.prompts.filter(pl.col("user_id").is_not_null()).group_by("user_id").agg(n=pl.len())
    return known.collect()["n"].to_numpy().astype(np.int64)


def audit(log: Audited) -> pl.DataFrame:
    """Rows per weight (feature): `ess`, `ess_share`, `maximum`, `truncated`; and distances from the reference.

    Distances: features style_share, dialect, function_words, auc, estimands `before`, `after`, `reduction`, with the
    weights in `group`; for inverse_probability the distance of upscaled prompts from all. docs/audits/weights.md.
    """
    return rows(log, "weights", listed(log, fitted(log)))


def findings(found: pl.DataFrame) -> list[str]:
    """What each weight costs, and how much nearer it brings the log."""
    told = [*_ratio_told(found), *_selection_told(found), *_cap_told(found)]
    return told or words.reasons(found)


def _ratio_told(found: pl.DataFrame) -> Iterator[str]:
    gain = gain_of(found)
    if gain is None:
        return
    yield from _gain_told(gain)
    if gain.of_itself:
        yield f"Whether weights bring the log nearer to natural expression is not known: {NO_REFERENCE}."


def _gain_told(gain: Gain) -> Iterator[str]:
    if not gain.apart:
        yield (
            f"Hardly anything tells the prompts of the log from {gain.towards}: {gain.areas}. There is little to weigh."
        )
        return
    yield (
        f"The density-ratio weights {gain.told} {gain.towards}: a classifier tells the two apart with "
        f"{gain.areas}{gain.fall}. So weighted the log is worth {words.percent(gain.worth)} of its prompts."
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
    worth = f"the log is worth {words.percent(share['estimate'])} of its prompts"
    if EVEN in (share["note"] or ""):
        yield f"There are too few people for a cap per person; where instead each of them weighs the same, {worth}."
    else:
        yield f"With the cap per person {worth}."
