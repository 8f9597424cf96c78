"""Whether a log may be trained on as natural language, and on first prompts with what was accepted for them."""

import polars as pl

from unspool.analyses import _words as words
from unspool.audits._groups import FIRST, LAST, UPSCALED
from unspool.audits._language_findings import CHANCE, points, ranks, styles, told_apart

ENOUGH = 0.5
"""Share of the words of an accepted prompt that the first one has to hold: with less, most was never asked for."""
Verdict = tuple[str, str]


def all_prompts(rows: pl.DataFrame) -> Verdict:
    """No where last prompts are clearly another language than first ones of equal length, or hold more style."""
    same = {"analysis": "model_language", "group": f"{FIRST}:{LAST}"}
    area = words.row(rows, **same, feature="text", estimand="auc")
    style = words.row(rows, **same, feature="style", estimand="difference")
    known = [one for one in (area, style) if one is not None]
    if not known:
        return "not known", "last prompts could not be compared with first ones"
    told = f"at equal length, {_by_style(style)}, and {_by_classifier(area)}"
    if (area is not None and told_apart(area)) or (style is not None and words.sign(style) > 0):
        return "no", told
    if len(known) < 2 or not all(map(_certain, known)):
        return "not known", told
    more = _more_again(rows)
    return "with care", f"{told}; but {more}" if more else f"no clear sign against it: {told}"


def _by_style(row: words.Row | None) -> str:
    return "style could not be compared" if row is None else f"{styles(row)} ({points(row)})"


def _by_classifier(row: words.Row | None) -> str:
    if row is None:
        return "there were not enough texts for a classifier to tell last prompts from first ones"
    return (
        f"a classifier {ranks(row)} a last prompt above a first one in {words.percent(row['estimate'])} of pairs "
        f"({words.percent_interval(row)}; chance is {words.percent(CHANCE)})"
    )


def _certain(row: words.Row) -> bool:
    """Whether it is known how far an estimate may be off; it is by nothing where all people agree."""
    return row["ci_low"] is not None or row["standard_error"] == 0


def _more_again(rows: pl.DataFrame) -> str:
    """That style would rise by rounds of training on all prompts, whatever their lengths, where that is clear."""
    loop = rows.filter(analysis="closed_loop", feature="style", group="all")
    tilt, masses = words.row(loop, estimand="tilt"), loop.filter(estimand="mass").drop_nulls("estimate").sort("step")
    if tilt is None or words.sign(tilt) <= 0 or masses.is_empty():
        return ""
    first, last = (masses.row(place, named=True) for place in (0, -1))
    return (
        "all prompts, whatever their length, hold a larger share of style words than first ones: "
        f"{words.number_of(last['step'], 'round')} of training on them would bring it from "
        f"{words.percent(first['estimate'])} to {words.percent(last['estimate'])} ({words.percent_interval(last)}), by "
        "the projection of the closed loop"
    )


def intent(rows: pl.DataFrame) -> Verdict:
    """Yes where clearly half or more of what people ended with had been asked for first."""
    same = {"analysis": "intent", "feature": "content", "estimand": "recall", "model": None}
    found, accepted = (words.row(rows, **same, group=one) for one in (None, UPSCALED))
    if found is None:
        return "not known", "no thread of two prompts"
    of = f"{words.number_of(found['n_threads'], 'thread')} of {words.number_of(found['n_users'], 'user')}"
    told = (
        f"{words.percent(found['estimate'])} of the content words of last prompts stood in the first "
        f"({words.percent_interval(found)}; {of})"
    )
    if accepted is not None:
        n = words.number_of(accepted["n_threads"], "thread")
        told += f", {words.percent(accepted['estimate'])} where the last was upscaled ({n})"
    if not _certain(found):
        return "not known", told
    low, high = (found["estimate"] if found[end] is None else found[end] for end in ("ci_low", "ci_high"))
    if low >= ENOUGH:
        return "yes", told
    less = "most of what people ended with" if high < ENOUGH else "perhaps most of what people ended with"
    return "with care", f"{told}: {less} was not asked for at first"
