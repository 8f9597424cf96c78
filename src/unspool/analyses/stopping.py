"""When threads end: whether people stop, give up, move on or upscale after some prompts more than after others."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._drift_along import ENOUGH, SHOWN, Along, unknown
from unspool.analyses._people import Ints
from unspool.analyses._steps import Row, Steps, method, steps, told
from unspool.analyses._stopping_ends import ABANDONED, CAUSES, SATISFIED, SWITCHED, causes
from unspool.analyses._stopping_hazards import HEADLINES, Hazards
from unspool.analyses._stops import Stops, part, stops
from unspool.stats.jackknife import Floats, cut, jackknife

TITLE = "When people stop"
QUESTION = "Do people stop, give up, move on or upscale after some prompts more than after others?"
CITATION = (
    "Prentice & Gloeckler 1978 (Biometrics); Mundlak 1978 (Econometrica); Henderson 1975 (Biometrics 31); MacKinnon, "
    "Nielsen & Webb 2025"
)
LIMITS = (
    "What precedes an end need not be its reason: the log shows the prompt, not the intent; it is observed, not tried "
    "out; and an end is where the rule of grouping puts it."
)
ORDER = 90
FIGURES: tuple[str, ...] = ("incidence",)
ANY, UNKNOWN = "any", "unknown"
ENDS = {
    SATISFIED: "satisfied (the last prompt was upscaled)",
    SWITCHED: "switched (it was not, and the next thread began within 30 minutes)",
    ABANDONED: "abandoned (neither)",
    UNKNOWN: "in a way that the log hides",
}
MOST = 5
MOST_PROMPTS = 300_000
"""Prompts of whole users on which the six hazards of a feature are fitted at most."""


def analyse(log: Measured) -> pl.DataFrame:
    """Rows per feature: `hazard`, `hazard_pooled`, `hazard_<cause>`, `upscale_hazard`; of "-" the `incidence` of ends.

    Hazards are log odds per SD of the feature at the prompt; incidence is the share of threads that have ended by a
    cause (`group`) after `step` prompts.
    """
    own = log.own
    names, reasons = known(own)
    rows = [unknown(name, estimand, reason) for name, reason in reasons.items() for estimand in HEADLINES]
    rows = [*_rows(own, names), *rows]
    return results(rows, analysis="stopping", mode="corrected", rule=own.rule, seed=own.settings.seed)


def _rows(log: Measured, names: list[str]) -> Iterator[Row]:
    whole = steps(log)
    if not len(whole.step):
        reason = "no prompt is in a thread"
        yield from (unknown(name, estimand, reason) for name in names for estimand in HEADLINES)
        yield unknown("-", "incidence", reason, group=ANY)
        return
    code, note = causes(whole, whole.of(pl.col("upscaled")))
    yield from incidence(whole, code, note)
    some, places, sample = part(whole, MOST_PROMPTS)
    about = stops(some)
    for name in names:
        yield from _feature(
            Along(name, some, some.values(name), log.notes.get(name)), about, code[places], note, sample
        )


def _feature(along: Along, about: Stops, code: Ints, note: str | None, sample: str | None) -> Iterator[Row]:
    for row in Hazards(along, about, code, note).rows():
        yield row | {"note": "; ".join(filter(None, [sample, row["note"]])) or None}


def incidence(all_steps: Steps, code: Ints, note: str | None) -> Iterator[Row]:
    """Cumulative incidence of each cause by step: sum over steps of surviving so far times the hazard of the cause.

    Aalen & Johansen 1978 (Scand. J. Stat. 5), in discrete time. Steps that fewer than 20 threads reach are left out.
    `group`: a cause, "unknown", or "any".
    """
    last = int(np.flatnonzero(np.bincount(all_steps.step) >= ENOUGH).max(initial=0))
    n_steps = min(SHOWN, last)
    groups = [*CAUSES, UNKNOWN, ANY]
    if not n_steps:
        yield unknown("-", "incidence", f"no step has {ENOUGH} threads", group=ANY)
        return
    chosen = np.flatnonzero(all_steps.step <= n_steps)
    kind = np.where(code[chosen] < 0, 4, code[chosen])
    place = (all_steps.units[chosen] * n_steps + all_steps.step[chosen] - 1) * 5 + kind
    shape = (all_steps.people.n_units, n_steps * 5)
    sums = np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    found = [cut(one) for one in jackknife(sums, _incidences, level=all_steps.log.settings.level)]
    present = {group: bool((kind == number).any()) for number, group in enumerate(groups, start=1)} | {ANY: True}
    what = method(all_steps.people, "cumulative incidence of ends in discrete time")
    for step in range(n_steps):
        counts = all_steps.numbers(np.flatnonzero(all_steps.step == step + 1))
        for number, group in enumerate(groups):
            if present[group]:
                own = {
                    "feature": "-",
                    "estimand": "incidence",
                    "group": group,
                    "step": step + 1,
                    "method": what,
                    "p_value": None,
                }
                said = note if group in CAUSES[1:] else None
                yield told(found[step * 5 + number], all_steps.log.settings, said, **own, **counts)


def _incidences(sums: Floats) -> Floats:
    """From sums (..., steps * 5) of goings-on, causes, unknown to incidences (..., steps * 5) of these four, any."""
    cells = sums.reshape(*sums.shape[:-1], -1, 5)
    total = cells.sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > 0, cells / total, np.nan)
    before = np.cumprod(np.concatenate([np.ones_like(share[..., :1, 0]), share[..., :-1, 0]], axis=-1), axis=-1)
    found = np.cumsum(before[..., None] * share[..., 1:], axis=-2)
    return np.concatenate([found, found.sum(axis=-1, keepdims=True)], axis=-1).reshape(sums.shape)


def findings(rows: pl.DataFrame) -> list[str]:
    """Who ends how, then the chief features' hazards."""
    whole = rows.filter(pl.col("step").is_null())
    names = words.chief(whole.filter(pl.col("feature") != "-"))
    told = [*_ends(rows), *(_sentence(whole, name) for name in names)]
    return told[:MOST] or words.reasons(rows)


def _ends(rows: pl.DataFrame) -> list[str]:
    shown = rows.filter(pl.col("estimand") == "incidence", pl.col("estimate").is_not_null())
    if shown.is_empty():
        return []
    last = shown.filter(pl.col("step") == shown["step"].max())
    parts = [
        f"{words.percent(row['estimate'])} {ENDS[row['group']]}"
        for row in last.filter(pl.col("group") != ANY, pl.col("estimate") >= 0.0005).iter_rows(named=True)
    ]
    whole = words.row(last, group=ANY)
    by = f": {', '.join(parts)}" if whole and last.height > 2 else ""
    return (
        [f"After {last['step'][0]} prompts {words.percent(whole['estimate'])} of threads have ended{by}."]
        if whole
        else []
    )


def _sentence(rows: pl.DataFrame, name: str) -> str:
    hazard = words.row(rows, feature=name, estimand="hazard")
    if hazard is None:
        return f"{words.title(name)}: not estimated within users."
    if hazard["ci_low"] is None:
        over = f"no interval over {words.number_of(hazard['n_users'], 'user')}"
        return f"{words.title(name)}: not known whether people stop sooner after a prompt above their others ({over})."
    others = {cause: words.row(rows, feature=name, estimand=f"hazard_{cause}") for cause in CAUSES}
    clear = [f"{cause} {_odds(one)}" for cause, one in others.items() if one and words.sign(one)]
    by = f"; clear of these ends: {', '.join(clear)}" if clear else ""
    return (
        f"{words.title(name)}: people stop {words.more(hazard)} after a prompt one SD above their others, log odds "
        f"{_odds(hazard)}, {words.number_of(hazard['n_users'], 'user')}{by}."
    )


def _odds(one: Row) -> str:
    decimals = words.of(one)
    return f"{words.signed(one['estimate'], decimals)} ({words.interval(one, decimals)})"
