"""Stabilised inverse-probability weights for upscaling: with them the upscaled prompts look like all prompts.

P(upscaled | person, place, length, style) by a logistic regression; the person enters by the rate of the person's other
prompts, shrunk towards the log's. Robins, Hernan & Brumback 2000 (Epidemiology 11); Cole & Hernan 2008 (Am. J.
Epidemiology 168) for the cut at the 1st and 99th percentile.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.audits import Audited

Floats = NDArray[np.float64]
PRIOR = 2.0
"""Prompts of the log's average that a person's rate is shrunk by."""
ENDS = (0.01, 0.99)
NEEDED = ("user_id", "step", "n_words", "n_style_words", "upscaled")
MOST = 500_000
"""Prompts that the regression is fitted on at most."""
UNKNOWN = "the log does not know which prompts were upscaled"
LEAST = 20
"""Upscaled prompts, and others, that there must be."""


@dataclass(frozen=True)
class Selection:
    """The fitted regression, the share of upscaled prompts, and the weights at the ends of ENDS.

    `scale`: of the weights of other prompts and of upscaled ones, so that either have mean 1.
    """

    model: Any
    mean: Floats
    spread: Floats
    share: float
    low: float
    high: float
    scale: tuple[float, float] = (1.0, 1.0)

    def of(self, prompts: pl.DataFrame) -> Floats:
        """A weight per prompt of whole users; NaN where the log does not know whether it was upscaled."""
        scale = np.where(prompts["upscaled"].fill_null(False).to_numpy(), self.scale[1], self.scale[0])
        return np.asarray(scale * np.clip(self.raw(prompts), self.low, self.high))

    def cut(self, prompts: pl.DataFrame) -> NDArray[np.bool_]:
        """Which weights are cut off, at either end."""
        raw = self.raw(prompts)
        return np.asarray((raw < self.low) | (raw > self.high))

    def raw(self, prompts: pl.DataFrame) -> Floats:
        """The same before the ends are cut off."""
        if not prompts.height:
            return np.zeros(0)
        chance = self.model.predict_proba((columns(prompts, self.share) - self.mean) / self.spread)[:, 1]
        up = prompts["upscaled"].cast(pl.Float64).to_numpy()
        return np.where(up == 1, self.share / chance, np.where(up == 0, (1 - self.share) / (1 - chance), np.nan))


def columns(prompts: pl.DataFrame, share: float) -> Floats:
    """Per prompt: log odds of the rate of the person's others, ln of their number, of the step, of words; style."""
    known = pl.col("upscaled").cast(pl.Float64)
    n, up = known.count().over("user_id"), known.sum().over("user_id")
    others = n - known.is_not_null()
    rate = (up - known.fill_null(0.0) + PRIOR * share) / (others + PRIOR)
    found = prompts.select(
        rate=(rate / (1 - rate)).log(),
        size=pl.len().over("user_id").log1p(),
        step=pl.col("step").fill_null(1).cast(pl.Float64).log(),
        words=pl.col("n_words").fill_null(0).cast(pl.Float64).log1p(),
        style=(pl.col("n_style_words") / pl.col("n_words")).fill_nan(0.0).fill_null(0.0),
        late=(pl.col("step").fill_null(1) > 1).cast(pl.Float64),
    )
    return found.cast(pl.Float64).to_numpy()


def fitted_selection(log: Audited) -> Selection | str:
    """The regression on the log's prompts, or why there is none."""
    schema = log.prompts.collect_schema()
    absent = [name for name in NEEDED if name not in schema]
    if absent:
        return f"{absent[0]} was not measured"
    prompts = log.prompts.select(NEEDED).head(MOST).collect().filter(pl.col("user_id").is_not_null())
    up = prompts["upscaled"].drop_nulls()
    if not len(up):
        return UNKNOWN
    if min(int(up.sum()), len(up) - int(up.sum())) < LEAST:
        return f"fewer than {LEAST} prompts of known people were upscaled, or not"
    return _fit(prompts, float(up.cast(pl.Float64).sum()) / len(up))


def _fit(prompts: pl.DataFrame, share: float) -> Selection:
    from sklearn.linear_model import LogisticRegression

    known = prompts["upscaled"].is_not_null().to_numpy()
    x = columns(prompts, share)
    mean, spread = x[known].mean(axis=0), np.maximum(x[known].std(axis=0), 1e-9)
    labels = prompts["upscaled"].drop_nulls().to_numpy()
    model = LogisticRegression(C=1e3, max_iter=1000).fit(((x - mean) / spread)[known], labels)
    rough = Selection(model, mean, spread, share, 0.0, np.inf)
    raw = rough.raw(prompts)[known]
    low, high = np.quantile(raw, ENDS)
    means = [float(np.clip(raw[labels == one], low, high).mean()) for one in (False, True)]
    return Selection(model, mean, spread, share, float(low), float(high), (1 / means[0], 1 / means[1]))
