"""The paper's classifier: whether the text tells which prompts get upscaled, and more than who wrote them does."""

from collections.abc import Iterator

import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._predict_accuracy import PUBLISHED, SEEDS, accuracies
from unspool.analyses._predict_areas import areas
from unspool.analyses._predict_sample import draw

TITLE = "Can one tell which prompts get upscaled?"
QUESTION = "Does the text of a prompt tell whether its image will be upscaled, and more than who wrote it does?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Sec. 6.1"
LIMITS = (
    "A text that predicts an upscale need not cause it; and where a person has few other threads, what the text tells "
    "of the person counts as a gain of the text."
)
ORDER = 50
FIGURES: tuple[str, ...] = ("predict",)


def analyse(log: Measured) -> pl.DataFrame:
    """Rows, all of feature `-`; null with the reason where upscales are unknown or too few.

    `accuracy_paper`, as in the paper: percent right, classes balanced by sampling, split 80/20 (by row: whether the
    paper's was by user is unknown), `standard_error` the SD over 3 seeds; one row more per seed, its `group` "seed 0"
    and so on. With `settings.classifier` the same again, with `group` naming it. The others are areas under the ROC
    curve in 5 folds by user, with intervals over users: `auc_base` (the user's other threads, step, length),
    `auc_text`, `auc_both`, `gain` = both - base, and `auc_within_user`; beside them `auc_row_split` in 5 folds by row
    and `leakage` = row split - text.
    """
    sample = draw(log)
    rows = [*accuracies(log.settings, sample), *areas(log.settings, sample)]
    return results(rows, analysis="predict", feature="-", rule=log.rule, seed=log.settings.seed)


def findings(rows: pl.DataFrame) -> list[str]:
    """What the text tells of people it has not seen, what it adds, and the paper's accuracy, split by row."""
    return [*_new_people(rows), *_gain(rows), *_accuracy(rows)] or words.reasons(rows)


def _accuracy(rows: pl.DataFrame) -> Iterator[str]:
    told = rows.filter(pl.col("standard_error").is_not_null(), estimand="accuracy_paper")
    published = ", ".join(f"{name} {value}%" for name, (value, _) in PUBLISHED.items())
    for one in told.iter_rows(named=True):
        who = one["group"] or "a logistic regression"
        yield (
            f"In the paper's way, {who} tells {one['estimate']:.1f}% right where chance is 50% "
            f"(SD {one['standard_error']:.1f} over {SEEDS} seeds; split by row, so that it may recognise people; "
            f"published: {published})."
        )


def _new_people(rows: pl.DataFrame) -> Iterator[str]:
    text, by_row = (words.row(rows, estimand=name) for name in ("auc_text", "auc_row_split"))
    leakage = words.row(rows, estimand="leakage")
    if text and by_row and leakage:
        yield (
            "Of two prompts of people it has not seen, one upscaled and one not, the text model picks the upscaled one "
            f"{words.percent(text['estimate'])} of the time ({words.percent_interval(text)}; chance is 50%)."
        )
        sure = {1: "it recognises people", 0: "no clear difference", -1: "no sign that it recognises people"}
        yield (
            f"With other prompts of the same people to learn from it is {words.percent(by_row['estimate'])}: "
            f"{sure[words.sign(leakage)]} ({words.signed(100 * leakage['estimate'], 1)} points)."
        )


def _gain(rows: pl.DataFrame) -> Iterator[str]:
    base, gain = (words.row(rows, estimand=name) for name in ("auc_base", "gain"))
    if base and gain:
        told = {1: "the text adds to it", 0: "the text adds nothing clear", -1: "the text adds nothing"}
        low, high = (100 * (gain[end] or 0) for end in ("ci_low", "ci_high"))
        yield (
            f"How often the person upscales elsewhere, step and length give {words.percent(base['estimate'])}; "
            f"{told[words.sign(gain)]} ({words.signed(100 * gain['estimate'], 1)} points, "
            f"{100 * gain['ci_level']:g}% interval {words.signed(low, 1)} to {words.signed(high, 1)})."
        )
