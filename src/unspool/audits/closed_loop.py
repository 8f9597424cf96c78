"""What becomes of the style of prompts if models are trained on logs of people who prompt models, round after round."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import _words as words
from unspool.analyses._draws import joined
from unspool.audits import Audited, rows
from unspool.audits._loop import TOLERATED, Law, holding_share, law, rounds
from unspool.audits._shares import Row
from unspool.audits._weights_sample import sampled
from unspool.audits.weights import fitted
from unspool.stats.jackknife import MIN_USERS, few, student
from unspool.stats.logit import SEPARATED, logit

TITLE = "Closed loop"
QUESTION = "What becomes of the style of prompts if models are trained on such logs, round after round?"
CITATION = (
    "Ferbach, Bertrand, Bose & Gidel 2024 (NeurIPS, arXiv 2407.09499); the tilt by style share is the project's own"
)
LIMITS = (
    "A projection and no forecast: it takes for granted that the share of style words alone counts, that people begin "
    "from what the last model speaks, and that they then do again what they did in this log."
)
ORDER = 80
FIGURES: tuple[str, ...] = ("rounds",)
KINDS = ("all", "upscaled", "reweighted", "first")
ESTIMANDS = ("tilt", "mass", "fresh_share")
FLAT = "all prompts have the same share of style words"
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """Prompts that a round is trained on: style shares, weights and users (as numbers)."""

    shares: Floats
    weights: Floats
    users: NDArray[np.int64]


def audit(log: Audited) -> pl.DataFrame:
    """Rows of feature "style" by kind of data in `group`: `tilt`, `mass` per round in `step`, `fresh_share`.

    `tilt`: slope of the log density ratio to first prompts on the share of style words. `mass`: mean share of style
    words. `fresh_share`: share of fresh first prompts that holds it. docs/audits/closed_loop.md.
    """
    found = _data(log)
    if isinstance(found, str):
        return rows(
            log,
            "closed_loop",
            [row for kind in KINDS for row in _void({"group": kind}, found)],
        )
    first, kinds, note = found
    return rows(log, "closed_loop", _rows(log, first, kinds, note))


def _rows(log: Audited, first: Data, kinds: dict[str, Data | str], note: str | None) -> Iterator[Row]:
    start = law(first.shares)
    for kind, data in kinds.items():
        same: Row = {"feature": "style", "group": kind, "note": note}
        if isinstance(data, str):
            yield from _void(same, data)
            continue
        if kind != "first" and np.ptp(np.concatenate([first.shares, data.shares])) == 0:
            yield from _void(same, FLAT)
            continue
        slope, error, n = (0.0, None, len(np.unique(first.users))) if kind == "first" else tilt(first, data)
        numbers = {"n_prompts": len(data.shares), "n_users": len(np.unique(data.users))}
        if error is None and kind != "first":
            same["note"] = joined(note, few(n) if n < MIN_USERS else SEPARATED)
        ends = (slope, slope) if error is None else student(slope, error, n - 1, log.settings.level)[:2]
        p = None if error is None else student(slope, error, n - 1, log.settings.level)[2]
        yield {**same, **numbers, **_three(log, slope, ends, error), "estimand": "tilt", "p_value": p, "method": METHOD}
        yield from _masses(log, start, slope, ends, error, {**same, **numbers})


def _void(same: Row, why: str) -> Iterator[Row]:
    """The rows of a kind of data of which nothing is known."""
    note = joined(same.get("note"), why)
    yield from ({**same, "feature": "style", "estimand": one, "note": note} for one in ESTIMANDS)


METHOD = "logistic regression against first prompts, the slope on the share of style words; errors clustered by user"


def _three(log: Audited, value: float, ends: tuple[float, float], error: float | None) -> Row:
    held = error is not None
    return {
        "estimate": value,
        "standard_error": error,
        "ci_low": min(ends) if held else None,
        "ci_high": max(ends) if held else None,
        "ci_level": log.settings.level if held else None,
    }


def _masses(
    log: Audited, start: Law, slope: float, ends: tuple[float, float], error: float | None, same: Row
) -> Iterator[Row]:
    """The style mass per round, and the share of fresh prompts that holds it; intervals by the ends of the tilt's."""
    n = log.settings.rounds
    paths = [rounds(start, one, n) for one in (slope, *ends)]
    for step, (value, low, high) in enumerate(zip(*paths, strict=True)):
        told = _three(log, value, (low, high), error)
        yield {
            **same,
            **told,
            "standard_error": None,
            "estimand": "mass",
            "step": step,
            "method": "p e^{b s} per round, from first prompts",
        }
    shares = [holding_share(start, one) for one in (slope, *ends)]
    told = _three(log, shares[0], (shares[1], shares[2]), error)
    method = f"smallest share that keeps the mass within {TOLERATED:.0%} of that of first prompts in the long run"
    yield {**same, **told, "standard_error": None, "estimand": "fresh_share", "method": method}


def tilt(first: Data, other: Data) -> tuple[float, float | None, int]:
    """Slope of the log density ratio of other to first on the share of style words; its error over users; users."""
    shares = np.concatenate([first.shares, other.shares])
    label = np.concatenate([np.zeros(len(first.shares)), np.ones(len(other.shares))])
    weights = np.concatenate([np.ones(len(first.shares)), other.weights / other.weights.mean()])
    users = np.concatenate([first.users, other.users])
    slope, influence = _logistic(shares, label, weights)
    codes = np.unique(users, return_inverse=True)[1]
    n = int(codes.max(initial=-1)) + 1
    if influence is None or n < MIN_USERS:
        return slope, None, n
    per_user = np.bincount(codes, influence)
    return slope, float(np.sqrt(n / (n - 1) * (per_user**2).sum())), n


def _logistic(x: Floats, y: Floats, w: Floats) -> tuple[float, Floats | None]:
    """Weighted logistic regression of y on x: the slope, and what each row moves it by; None if x parts y in two."""
    design = np.column_stack([np.ones(len(x)), x])
    found = logit(design, y, weights=w)
    slope = float(found.coefficients[1])
    if found.note is not None:
        return slope, None
    p = found.probabilities(design)
    hessian = (design * (w * p * (1 - p))[:, None]).T @ design
    moved = (design * (w * (y - p))[:, None]) @ np.linalg.inv(hessian)
    return slope, np.asarray(moved[:, 1])


def _data(log: Audited) -> tuple[Data, dict[str, Data | str], str | None] | str:
    """First prompts, and the prompts of each kind of data, of a sample of whole users."""
    if "n_style_words" not in log.prompts.collect_schema():
        return "the feature style was not measured"
    prompts, note = sampled(log)
    prompts = prompts.filter(pl.col("n_words") > 0)
    if prompts.filter(pl.col("step") > 1).height == 0:
        return "no person is known to have a thread of two prompts"
    prompts = prompts.with_columns(
        share=(pl.col("n_style_words") / pl.col("n_words")).cast(pl.Float64), user=pl.col("user_id").rank("dense")
    )
    first = _of(prompts.filter(pl.col("step") == 1))
    kinds: dict[str, Data | str] = {"all": _of(prompts), "upscaled": _upscaled(prompts)}
    kinds["reweighted"] = _reweighted(log, prompts)
    kinds["first"] = first
    return first, kinds, note


def _of(prompts: pl.DataFrame, weights: Floats | None = None) -> Data:
    own = np.ones(prompts.height) if weights is None else weights
    return Data(prompts["share"].to_numpy(), own, prompts["user"].to_numpy().astype(np.int64))


def _upscaled(prompts: pl.DataFrame) -> Data | str:
    found = prompts.filter(pl.col("upscaled").fill_null(False))
    return _of(found) if found.height else "no prompt is known to be upscaled"


def _reweighted(log: Audited, prompts: pl.DataFrame) -> Data | str:
    weights = fitted(log)
    if isinstance(weights.ratio, str):
        return weights.ratio
    return _of(prompts, weights.of(prompts)["density_ratio"].to_numpy())


def findings(found: pl.DataFrame) -> list[str]:
    """What the style mass would come to by each kind of data, and what would hold it."""
    masses = found.filter(pl.col("estimand") == "mass", pl.col("estimate").is_not_null())
    told = [kind for kind in ("all", "upscaled", "reweighted") if _known(found, kind)]
    if not masses.height or not told:
        return words.reasons(found)
    last = int(str(masses["step"].max()))
    start = words.row(found, estimand="mass", group="first", step=0)
    begin = f"First prompts are {words.percent(start['estimate'])} style words. " if start else ""
    paths = "; ".join(_path(found, kind, last) for kind in told)
    projected = (
        f"{begin}If models were trained on such logs {last} rounds in a row, prompts would be {paths}. This is a "
        "projection under plain assumptions, and no forecast."
    )
    return [projected, *_held(found)]


def _held(found: pl.DataFrame) -> Iterator[str]:
    """How many fresh prompts would hold the style, where it is clear which way it goes."""
    held, tilted = (words.row(found, estimand=one, group="all") for one in ("fresh_share", "tilt"))
    if held is None or tilted is None:
        return
    way = words.sign(tilted)
    if way == 0:
        yield "Whether training on all prompts would raise the share of style words is not clear."
    elif way < 0:
        yield (
            "Training on all prompts would not raise the share of style words: no fresh ones would be needed to hold "
            "it."
        )
    else:
        yield (
            f"If they were trained on all prompts, {words.percent(held['estimate'])} of fresh first prompts "
            f"({words.percent_interval(held)}) in every round would hold the style within {TOLERATED:.0%} of what it "
            "was."
        )


def _known(found: pl.DataFrame, kind: str) -> bool:
    return words.row(found, estimand="tilt", group=kind) is not None


def _path(found: pl.DataFrame, kind: str, last: int) -> str:
    row, tilted = (
        words.row(found, estimand="mass", group=kind, step=last),
        words.row(found, estimand="tilt", group=kind),
    )
    assert row is not None and tilted is not None
    clear = "" if words.sign(tilted) else ", no clear change"
    style = f"{words.percent(row['estimate'])} style words ({words.percent_interval(row)}{clear})"
    return f"{style} by training on {kind} prompts"
