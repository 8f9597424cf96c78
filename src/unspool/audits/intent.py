"""How much of what a person finally asked for was already in the first prompt of the thread."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import _words as words
from unspool.analyses._people import NOBODY, People
from unspool.analyses._steps import Row, method, told
from unspool.audits import Audited, rows
from unspool.audits._groups import NO_THREADS, UPSCALED
from unspool.audits._intent_models import NOT_NAMED, models
from unspool.audits._intent_threads import Threads, threads
from unspool.stats.jackknife import Estimate, Floats, jackknife

TITLE = "Intent"
QUESTION = "How much of what a person finally asked for was already in the first prompt, and how much of it is style?"
CITATION = (
    "The project's own count of content words, after the training form that the study asks for: Don-Yehiya, Choshen & "
    "Abend 2023 (EMNLP), conclusions"
)
LIMITS = (
    "Words are not intents: a word that was added may have been meant from the start, or be a new wish, and another "
    "word for the same thing counts as added."
)
ORDER = 20
FIGURES: tuple[str, ...] = ()
CHANGE = "share_change"
ESTIMANDS = {
    "content": ("recall", "added", "precision"),
    "style": ("share_first", "share_last", CHANGE, "recall"),
}
NOT_KNOWN = "the log does not tell which prompts were upscaled"
NONE_UPSCALED = "no thread of two prompts or more ends in an upscaled one"
NO_WORDS = "none of these prompts has a word of this kind"
NO_MODEL = "the log does not say with which model or version any thread was made"


def audit(log: Audited) -> pl.DataFrame:
    """Rows of the features content and style: means over threads of two prompts or more, each thread weighing 1.

    content: `recall`, the share of the last prompt's different content words that stand in the first; `added` = 1 -
    recall; `precision`, the share of the first prompt's that stand in the last. style: `share_first`, `share_last`,
    style words by all words, and `share_change`; `recall` of style words. `group`: null for all threads, "upscaled" for
    those whose last prompt was; `model`: that of the last prompt with its version, null for all.
    """
    found = threads(log)
    return rows(log, "intent", [*_whole(found, log), *_upscaled(found, log), *_by_model(found, log)])


def _whole(found: Threads, log: Audited) -> Iterator[Row]:
    yield from _rows(found, log, np.ones(len(found.user), dtype=np.bool_), NO_THREADS)


def _upscaled(found: Threads, log: Audited) -> Iterator[Row]:
    chosen = found.upscaled.fill_null(False).to_numpy().astype(np.bool_)
    why = NONE_UPSCALED if found.upscaled.count() else NOT_KNOWN if len(chosen) else NO_THREADS
    yield from _rows(found, log, chosen, why, group=UPSCALED)


def _by_model(found: Threads, log: Audited) -> Iterator[Row]:
    if not len(found.user):
        return
    if not found.model.count():
        none = np.zeros(len(found.user), dtype=np.bool_)
        yield from _rows(found, log, none, NO_MODEL, model=NOT_NAMED)
        return
    for name, chosen in models(found.model):
        yield from _rows(found, log, chosen, NO_THREADS, model=name)


def _rows(found: Threads, log: Audited, chosen: NDArray[np.bool_], none: str, **same: str) -> Iterator[Row]:
    """The rows of some threads; `none`: why, where there are none."""
    how = method(found.people, "mean over threads")
    for feature, names in ESTIMANDS.items():
        for name in names:
            values = found.values[feature, name]
            places = np.flatnonzero(chosen & np.isfinite(values))
            users = found.user[places]
            numbers = {"n_prompts": 2 * len(places), "n_threads": len(places), "n_users": found.people.count(users)}
            mean = _mean(values[places], users, found.people, log.settings.level)
            mean = mean if name == CHANGE else _in_range(mean)
            if not len(places):
                mean = Estimate(None, note=NO_WORDS if chosen.any() else none)
            row = told(mean, log.log.settings, found.note, **numbers, method=how)
            level = None if mean.low is None else log.settings.level
            tested = {} if name == CHANGE else {"p_value": None}
            yield {"feature": feature, "estimand": name, **same, **row, **tested, "ci_level": level}


def _mean(values: Floats, users: NDArray[np.int64], of: People, level: float) -> Estimate:
    sums = of.sums([values, np.ones(len(values))], users)
    with np.errstate(invalid="ignore", divide="ignore"):
        (found,) = jackknife(sums, lambda s: s[..., :1] / s[..., 1:], level=level)
    return Estimate(found.estimate, note=NOBODY) if of.ids is None else found


def _in_range(share: Estimate) -> Estimate:
    """The estimate with its interval inside [0, 1]."""
    if share.low is None or share.high is None:
        return share
    return replace(share, low=max(share.low, 0.0), high=min(share.high, 1.0))


def findings(rows: pl.DataFrame) -> list[str]:
    """How much of the last prompt was in the first one, what of the first is kept, style, and the models."""
    recall = words.row(rows, feature="content", estimand="recall", group=None, model=None)
    if recall is None:
        return words.reasons(rows.filter(pl.col("model").is_null(), pl.col("group").is_null()))
    return [_recall(rows, recall), *_kept(rows), *_accepted(rows), *_style(rows), *_models(rows)]


def _recall(rows: pl.DataFrame, recall: Row) -> str:
    added = words.row(rows, feature="content", estimand="added", group=None, model=None) or {}
    of = f"{words.number_of(recall['n_threads'], 'thread')} of {words.number_of(recall['n_users'], 'user')}"
    return (
        f"Of what people finally asked for, {_share(recall)} was in the first prompt: so many of the content words of "
        f"the last prompt stood there, on average over {of}; {words.percent(added['estimate'])} were added later."
    )


def _share(one: Row) -> str:
    return f"{words.percent(one['estimate'])} ({words.percent_interval(one)})"


def _kept(rows: pl.DataFrame) -> Iterator[str]:
    kept = words.row(rows, feature="content", estimand="precision", group=None, model=None)
    if kept:
        yield f"Of the content words of the first prompt, {_share(kept)} still stand in the last one."


def _accepted(rows: pl.DataFrame) -> Iterator[str]:
    one = words.row(rows, feature="content", estimand="recall", group=UPSCALED, model=None)
    if one:
        n = words.number_of(one["n_threads"], "thread")
        yield f"Where the last prompt was upscaled, {_share(one)} of its content words stood in the first one ({n})."


def _style(rows: pl.DataFrame) -> Iterator[str]:
    names = ("share_first", "share_last", CHANGE)
    first, last, change = (words.row(rows, feature="style", estimand=name, group=None, model=None) for name in names)
    if first and last and change:
        size = f"{100 * abs(change['estimate']):.1f} points"
        how = {1: f"{size} more", -1: f"{size} fewer", 0: "no clear change"}[words.sign(change)]
        yield (
            f"Style words are {words.percent(first['estimate'])} of the words of first prompts and "
            f"{words.percent(last['estimate'])} of those of last ones: {how} ({_points(change)})."
        )
    recall = words.row(rows, feature="style", estimand="recall", group=None, model=None)
    if recall:
        yield f"Of the style words of last prompts, {_share(recall)} stood in the first one."


def _points(one: Row) -> str:
    if one["ci_low"] is None:
        return "no interval"
    return f"{100 * one['ci_level']:g}% interval {100 * one['ci_low']:+.1f} to {100 * one['ci_high']:+.1f} points"


def _models(rows: pl.DataFrame) -> Iterator[str]:
    found = rows.filter(
        pl.col("feature") == "content", pl.col("estimand") == "recall", pl.col("model").is_not_null()
    ).filter(pl.col("estimate").is_not_null())
    if found.height > 1:
        parts = [f"{one['model']} {_share(one)}" for one in found.head(4).rows(named=True)]
        yield (
            f"In the first prompt already, by model of the last one: {', '.join(parts)}. People chose their model, so "
            "that a difference need not be the model's doing."
        )
