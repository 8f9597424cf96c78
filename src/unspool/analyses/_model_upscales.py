"""Better model or better prompts: the difference in upscales within people who used both, in two parts."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from unspool.analyses._draws import joined
from unspool.analyses._model_threads import Threads
from unspool.analyses._steps import Row, method, told
from unspool.stats.jackknife import Estimate, Floats, jackknife
from unspool.stats.within import ols_estimator, ols_sums, within

UPSCALES = ("upscale_difference", "upscale_by_prompts", "upscale_by_model")
HELD = ("n_words", "n_style_words", "n_content_words")
NO_LABEL = "the log does not tell which prompts were upscaled"
NO_FEATURES = "none of the features that are held was measured"
NOBODY_LEFT = "nobody has prompts with both models whose upscales are known"


def upscales(found: Threads, names: list[str], notes: tuple[str, ...]) -> Iterator[Row]:
    """The rows of the feature upscaled.

    With effects of users, the coefficient of the later model is the difference; with the features held it is the part
    that is not theirs, and what is left is theirs exactly (Gelbach 2016), in whatever order they are held.
    """
    steps, held = found.steps, [name for name in HELD if name in names]
    side = np.full(int(steps.thread.max(initial=-1)) + 1, -1, dtype=np.int64)
    side[steps.thread[found.found.first]] = found.side
    label = steps.of(pl.col("upscaled"))
    columns = [steps.values(name) for name in held]
    both = np.flatnonzero(found.both[steps.user] & (side[steps.thread] >= 0))
    places = both[~np.isnan(sum((column[both] for column in columns), label[both]))]
    y, *x = (
        within(column[places], steps.user[places])
        for column in (label, *columns, side[steps.thread].astype(np.float64))
    )
    why = _why(bool(np.isnan(label).all()), held, bool(len(x)) and bool(np.any(x[-1])))
    estimates = [Estimate(None, note=why)] * len(UPSCALES)
    if not why:
        sums = ols_sums(y, x, steps.units[places], steps.people.n_units)
        estimates = jackknife(sums, lambda each: _parts(each, len(x)), level=steps.log.settings.level)
    what = f"least squares with effects of users; held: {', '.join(held) or 'nothing'}"
    for name, one in zip(UPSCALES, estimates, strict=True):
        same = {"feature": "upscaled", "estimand": name, "method": method(steps.people, what)}
        note = joined(*(steps.log.notes.get(column) for column in held))
        yield told(one, steps.log.settings, *notes, note, **same, **steps.numbers(places))


def _why(no_label: bool, held: list[str], compared: bool) -> str | None:
    if no_label:
        return NO_LABEL
    if not held:
        return NO_FEATURES
    return None if compared else NOBODY_LEFT


def _parts(sums: Floats, k: int) -> Floats:
    """From sums of k regressors, the model's last, to the whole difference and its two parts, shape (..., 3)."""
    last = k * (k + 1) // 2 - 1
    whole = ols_estimator(1)(np.stack([sums[..., last], sums[..., -1]], axis=-1))
    model = ols_estimator(k)(sums)[..., -1:]
    return np.concatenate([whole, whole - model, model], axis=-1)
