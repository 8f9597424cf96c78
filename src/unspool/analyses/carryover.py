"""What stays of a thread in the first prompt of the user's next one, and how first prompts change with tenure."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._carryover_rows import Rows, gap, values
from unspool.analyses._carryover_tenure import tenure
from unspool.analyses._carryover_terms import TermRows
from unspool.analyses._columns import known
from unspool.analyses._people import NOBODY
from unspool.analyses._sequel import notes, sequel
from unspool.analyses._steps import Row, method, scale, steps

TITLE = "What users carry over from thread to thread"
QUESTION = "Do first prompts of later threads keep what was added in the threads before, and is it style or content?"
CITATION = "The project's own; the sawtooth of Don-Yehiya, Choshen & Abend 2023 (EMNLP), whose gains start from there"
LIMITS = (
    "It shows what lasts, not why: copying others, a change of topic or of the model at the same time lasts too, and "
    "users with several threads are few and unlike the others."
)
ORDER = 80
FIGURES: tuple[str, ...] = ("sawtooth", "carryover")
FAMILIES = ("n_style_words", "n_content_words")
TERMS = ("style", "content", "style_minus_content")


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected" per feature, on its scale: `R`, `carried`, `gain`, `dose`, `placebo`, `tenure`, ...

    R = mean(f[k+1] - f[k]) / mean(g[k]) over threads k and k+1 of a user, f the first prompt and g the gain to the
    last; `carried` and `gain` are the two means. R has also one row per group: the time between the two threads.
    `R_without_paste`: without next threads that begin with the last words of the one before. `dose`: slope of
    f[k+1] - f[k-1] on g[k] within users; `placebo`: of f[k-1] - f[k-2]. `tenure`: mean first prompt of thread `step`;
    `tenure_last`: its mean last prompt; `tenure_slope`: of first prompts per thread; `tenure_slope_weeks`: with effects
    of calendar weeks. `selected`: users with several threads less those with one, at their first prompt.
    The features style and content are of terms: `kept_terms`, the share of those that a thread added which the next
    first prompt has, less the share that the first prompt before has; the two are `kept_terms_next` and
    `kept_terms_before`, `kept_terms_share` is (next - before) / (1 - before). `kept_terms_without_paste`: without ends
    that come back word for word; `kept_terms_placebo`: the difference of the two first prompts before.
    The feature style_minus_content has R of n_style_words less R of n_content_words, and the like of kept_terms.
    """
    own = log.own
    there, reasons = known(own)
    found = steps(own)
    named, texts = found.people.ids is not None, bool(own.prompts.select(pl.col("text").count()).collect().item())
    if not named:
        reasons, there = dict.fromkeys(own.columns, NOBODY), []
    rows: list[Row] = []
    if named and (there or texts):
        after = sequel(found)
        rows += _of_features(Rows(found, after, tuple(notes(after))), there)
        rows += TermRows(found, after, tuple(notes(after))).all() if texts else []
    none = {"n_prompts": 0, "n_threads": 0, "n_users": 0 if named else None}
    rows += [{"feature": name, "estimand": "R", "note": reason, **none} for name, reason in reasons.items()]
    if not (named and texts):
        why = "the log has no texts" if named else NOBODY
        rows += [{"feature": name, "estimand": "kept_terms", "note": why, **none} for name in TERMS]
    return results(rows, analysis="carryover", mode="corrected", rule=own.rule, seed=own.settings.seed)


def _of_features(make: Rows, names: list[str]) -> Iterator[Row]:
    found, own = make.steps, make.steps.log
    for name in names:
        x = values(name, found, make.found)
        for one in (*make.of(x), *tenure(make, x)):
            yield one | {"method": _method(found.people, name, own)}
    if set(FAMILIES) <= set(names):
        one = gap(make, *(values(name, found, make.found) for name in FAMILIES))
        yield one | {"method": _method(found.people, FAMILIES[0], own)}


def _method(people: Any, name: str, own: Measured) -> str:
    return method(people, f"threads of a user in time order, {scale(name, own.columns)}")


def findings(rows: pl.DataFrame) -> list[str]:
    """Which terms are kept, what is carried over of style, whether more where more was added, and what tenure does."""
    told = [
        _kept(rows),
        _retention(rows, FAMILIES[0]),
        _gap(rows),
        _dose(rows, FAMILIES[0]),
        _tenure(rows, FAMILIES[0]),
    ]
    listed = [sentence for sentence in told if sentence]
    if not listed:
        return words.reasons(rows)
    return [*listed, CAUTION]


CAUTION = (
    "These are records of what users chose to write: what lasts from thread to thread may come from the model, from "
    "other users or from a habit of pasting, and only users with several threads show it."
)


def _kept(rows: pl.DataFrame) -> str | None:
    one, after, before = (
        words.row(rows, feature="style", estimand=f"kept_terms{which}") for which in ("", "_next", "_before")
    )
    if one is None or after is None or before is None:
        return None
    unclear = "" if words.sign(one) else f", {words.side(one, {0: 'no clear difference'})}"
    sentence = (
        f"Of the style terms that a thread added, {words.percent(after['estimate'])} stand in the user's next first "
        f"prompt and {words.percent(before['estimate'])} stood in the one before: {_points(one)} "
        f"({words.percent_interval(one)}{unclear}; {words.number_of(one['n_users'], 'user')})"
    )
    others = {"without pastes": ("style", "kept_terms_without_paste"), "content terms": ("content", "kept_terms")}
    for what, (feature, estimand) in others.items():
        other = words.row(rows, feature=feature, estimand=estimand)
        sentence += f"; {what} {_points(other)} ({words.percent_interval(other)})" if other else ""
    return f"{sentence}."


def _points(one: Row) -> str:
    return f"{100 * one['estimate']:+.1f} percentage points"


def _retention(rows: pl.DataFrame, name: str) -> str | None:
    one = words.row(rows, feature=name, estimand="R", group=None)
    if one is None:
        why = rows.filter(pl.col("group").is_null(), feature=name, estimand="R")["note"].to_list()
        return f"{words.title(name)}: no share carried over, because {why[0].split('; ')[-1]}." if why else None
    where = f"{words.number_of(one['n_threads'], 'thread')} of {words.number_of(one['n_users'], 'user')}"
    unclear = "" if words.sign(one) else ", not clearly different from 0"
    gain = words.row(rows, feature=name, estimand="gain", group=None)
    lost = gain is not None and gain["estimate"] < 0
    return (
        f"{words.title(name)}: first prompts {'rise' if (one['estimate'] >= 0) != lost else 'fall'} by "
        f"{words.percent(abs(one['estimate']))} of what the thread before {'lost' if lost else 'gained'}, "
        f"{'removed less added' if lost else 'added less removed'} "
        f"({words.percent_interval(one)}{unclear}; {where})."
    )


def _gap(rows: pl.DataFrame) -> str | None:
    one = words.row(rows, feature="style_minus_content", estimand="R")
    if one is None:
        return None
    told = {1: "More of style is carried over than of content", -1: "More of content is carried over than of style"}
    start = told.get(words.sign(one), "No clear difference between style and content in what is carried over")
    return f"{start}: {100 * one['estimate']:+.0f} percentage points ({words.percent_interval(one)})."


def _dose(rows: pl.DataFrame, name: str) -> str | None:
    dose, placebo = (words.row(rows, feature=name, estimand=which) for which in ("dose", "placebo"))
    if dose is None:
        return None
    told = {
        1: "After threads that add more, later threads begin with more",
        -1: "After threads that add more, later threads begin with less",
    }
    start = told.get(words.sign(dose), "No clear link between what a thread adds and how later threads begin")
    sentence = f"{words.title(name)}: {start} (slope {words.number(dose['estimate'], words.of(dose))}, "
    sentence += f"{words.interval(dose)})"
    if placebo is None:
        return f"{sentence}; the placebo could not be estimated."
    sound = (
        "of which it is not known whether it is 0, as it should be"
        if placebo["ci_low"] is None
        else "no clear slope, as it should be"
        if not words.sign(placebo)
        else "not 0 as it should be, so that the slope is in doubt"
    )
    slope = words.number(placebo["estimate"], words.of(placebo))
    return f"{sentence}; the placebo, a change that came before, has {slope} ({words.interval(placebo)}), {sound}."


def _tenure(rows: pl.DataFrame, name: str) -> str | None:
    one = words.row(rows, feature=name, estimand="tenure_slope")
    if one is None:
        return None
    told = {1: "up", -1: "down"}.get(words.sign(one), "no clear change")
    return (
        f"{words.title(name)} in first prompts from thread to thread of a user: {told} "
        f"({words.signed(one['estimate'], words.of(one))} per thread, {words.interval(one)}, "
        f"{words.number_of(one['n_users'], 'user')})."
    )
