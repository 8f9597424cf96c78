"""What of the change of perplexity and dialect along threads is left at equal length."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._draws import joined
from unspool.analyses._people import NOBODY, Ints
from unspool.analyses._steps import Flags, Row, Steps, method, scale, steps, told
from unspool.analyses._surprisal_appends import appends, nothing
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife
from unspool.stats.within import ols_estimator, ols_sums

TITLE = "Surprisal freed of length"
QUESTION = "Do prompts get more like the model's language from step to step, or do their scores change with length?"
CITATION = "the project's own; the score is compared at equal length, and with words that other people added"
LIMITS = (
    "What is left at equal length is a change of wording, whatever its cause. Where people change prompts by appending "
    "alone, length stands for what they append, and comparing at equal length takes that away too; words that others "
    "began with, in the place of what was appended, are the comparison for it."
)
ORDER = 70
FIGURES: tuple[str, ...] = ("surprisal",)
FEATURES = ("log_perplexity", "surprisal_standardised", "first_surprisal", "slor", "dialect")
LENGTH = "n_words"
KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Quantiles of ln n_words at which the line that stands for length may bend: position effects are curved in ln n."""
HEADLINES = ("raw_transition", "length_held", "same_length")
BENT = ("raw_transition", "length_held", "length_part")
STRAIGHT = ("length_slope", "length_held_line")
METHODS = {
    "raw_transition": "mean change from a prompt to the next",
    "length_held": "least squares of the change on the changes of a broken line of ln n_words, the constant",
    "length_part": "mean change less the change at equal length",
    "length_slope": "least squares of the change on the change of ln n_words, the slope",
    "length_held_line": "least squares of the change on the change of ln n_words, the constant",
    "same_length": "mean change over transitions of equal n_words",
    "same_length_changed": "mean change over transitions of equal n_words whose score changes",
}


def analyse(log: Measured) -> pl.DataFrame:
    """Rows per score: `raw_transition`, `length_held`, `same_length` and their companions.

    Of the dialect score also `append_observed`, `append_null`, `beyond_append`: what it changes where words were
    appended, what it would with words that others appended, and the difference; `first_words_null` and
    `beyond_first_words` are the same with the ends of others' first prompts. Mode "corrected" only. A transition is a
    pair of adjacent prompts of a thread. The user is the unit.
    """
    own = log.own
    same = {"analysis": "surprisal", "mode": "corrected", "rule": own.rule, "seed": own.settings.seed}
    return results(_rows(own), **same)


def _rows(log: Measured) -> Iterator[Row]:
    names, reasons = known(log)
    found = steps(log)
    for name in FEATURES:
        if name in names:
            yield from _changes(name, found, log, LENGTH in names)
        else:
            reason = reasons.get(name) or log.notes.get(name) or f"{name} was not measured"
            yield from (nothing(name, estimand, reason) for estimand in HEADLINES)
    yield from appends(log, reasons.get("dialect") or (None if "dialect" in names else "dialect was not measured"))


def _changes(name: str, found: Steps, log: Measured, has_length: bool) -> Iterator[Row]:
    """The rows of one score."""
    if not has_length:
        reason = f"{LENGTH} was not measured"
        yield from (nothing(name, estimand, reason) for estimand in HEADLINES)
        return
    y, x = found.values(name), found.of(pl.when(pl.col(LENGTH) > 0).then(pl.col(LENGTH).log()))
    at = found.pairs[~np.isnan(y[found.pairs] + x[found.pairs] + y[found.pairs + 1] + x[found.pairs + 1])]
    change, longer = y[at + 1] - y[at], x[at + 1] - x[at]
    bent, level = _bent(x, at), log.settings.level
    found_bent = jackknife(_least_squares(found, at, change, bent), _parts(len(bent) + 1), level=level)
    found_line = jackknife(_least_squares(found, at, change, longer[None]), ols_estimator(2), level=level)
    for estimand, one in zip((*BENT, *STRAIGHT), (*found_bent, *found_line), strict=True):
        yield _row(estimand, name, one, found, at, log)
    equal = longer == 0
    yield _mean("same_length", name, change, equal, found, at, log)
    yield _mean("same_length_changed", name, change, equal & (change != 0), found, at, log)


def _least_squares(found: Steps, at: Ints, change: Floats, longer: Floats) -> Floats:
    """Sums per unit for least squares of the change on these columns and, last, a constant."""
    columns = [*longer, np.ones(len(at))]
    return ols_sums(change, columns, found.people.units[found.user[at]], found.people.n_units)


def _parts(k: int) -> Estimator:
    """The mean change, the constant among k coefficients, and their difference, from the sums of least squares."""
    coefficients, n = ols_estimator(k), k * (k + 1) // 2 - 1

    def parts(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = sums[..., -1] / sums[..., n]
        constant = coefficients(sums)[..., -1]
        return np.stack([mean, constant, mean - constant], axis=-1)

    return parts


def _bent(x: Floats, at: Ints) -> Floats:
    """Changes of ln n_words and of what of it lies above each knot, shape (1 + knots, transitions)."""
    before, after = x[at], x[at + 1]
    knots = np.unique(np.quantile(np.concatenate([before, after]), KNOTS)) if len(at) else np.zeros(0)
    above = [np.maximum(after - knot, 0) - np.maximum(before - knot, 0) for knot in knots]
    return np.stack([after - before, *above])


def _mean(estimand: str, name: str, change: Floats, chosen: Flags, found: Steps, at: Ints, log: Measured) -> Row:
    sums = found.sums([np.ones(int(chosen.sum())), change[chosen]], at[chosen])
    (one,) = jackknife(sums, _ratio, level=log.settings.level)
    same = int((chosen & (change == 0)).sum())
    note = f"{same:,} of them leave the score as it is, most of them rerolls" if same else None
    return _row(estimand, name, one, found, at[chosen], log, note)


def _ratio(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[..., 1:] / sums[..., :1]


def _row(
    estimand: str, name: str, one: Estimate, found: Steps, at: Ints, log: Measured, note: str | None = None
) -> Row:
    numbers = found.numbers(at)
    none = None if len(at) else "no transition of this kind has the score and the length at both ends"
    nobody = NOBODY if found.people.ids is None else None
    how = method(found.people, f"{METHODS[estimand]}; {scale(name, log.columns)}")
    row = told(one, log.settings, joined(log.notes.get(name), note, nobody, none), feature=name, estimand=estimand)
    return row | numbers | {"method": how}


def findings(rows: pl.DataFrame) -> list[str]:
    """Per score the mean change and what is left of it at equal length; then what appending alone does."""
    told = [_sentence(rows, name) for name in FEATURES if words.row(rows, feature=name, estimand="raw_transition")]
    return [*told, *_appended(rows)] or words.reasons(rows)


def _sentence(rows: pl.DataFrame, name: str) -> str:
    raw, held = (words.row(rows, feature=name, estimand=one) for one in ("raw_transition", "length_held"))
    assert raw is not None
    n = f"{words.number_of(raw['n_prompts'], 'transition')} of {words.number_of(raw['n_users'], 'user')}"
    told = f"{words.title(name)} changes by {_told(raw)} from a prompt to the next ({n})"
    if held is None:
        return f"{told}; at equal length: not estimated."
    left = {1: "it goes up", -1: "it goes down", 0: "no clear change is left"}[words.sign(held)]
    return f"{told}; at equal length {left}: {_told(held)}."


def _appended(rows: pl.DataFrame) -> list[str]:
    names = ("append_observed", "append_null", "first_words_null", "beyond_first_words")
    observed, null, firsts, beyond = (words.row(rows, feature="dialect", estimand=one) for one in names)
    if observed is None or null is None or firsts is None or beyond is None:
        return []
    more = {1: "more like prompts than", -1: "less like prompts than", 0: "not clearly different from"}
    n = words.number_of(beyond["n_prompts"], "transition")
    return [
        f"Where words were only appended, the dialect score changes by {_told(observed)}; with as many words that "
        f"others appended, by {_told(null)}; with as many from others' first prompts, by {_told(firsts)} ({n}).",
        f"What people append is {more[words.sign(beyond)]} what they begin with: {_told(beyond)}. That others append "
        "the same kind of words is no sign against adaptation: they may have adapted too.",
    ]


def _told(one: words.Row) -> str:
    return f"{words.signed(one['estimate'], words.of(one))} ({words.interval(one)})"
