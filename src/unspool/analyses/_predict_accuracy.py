"""The paper's figure: how many prompts a classifier tells right, on balanced classes and a split by row."""

from collections.abc import Callable, Iterator
from statistics import mean, stdev

import numpy as np
from numpy.typing import NDArray

from unspool.analyses import Settings
from unspool.analyses._draws import Row, joined
from unspool.analyses._predict_models import TEXT, of_text
from unspool.analyses._predict_sample import Sample
from unspool.models import told

PUBLISHED = {"GPT-2": (58.2, 0.26), "ResNet18 on the images": (55.6, 0.21)}
"""Of the paper: percent right on balanced classes, and the SD over its three seeds."""
SEEDS = 3
TEST = 0.2

Ints = NDArray[np.int64]
Accuracy = Callable[[Ints, Ints, int], float]
"""From rows to fit on, rows to test on and a seed to the share of the latter that is told right."""


def accuracies(settings: Settings, sample: Sample) -> Iterator[Row]:
    """Rows of `accuracy_paper`: of the logistic regression and, if one is asked for, of a fine-tuned language model."""
    classifiers: dict[str | None, str] = {None: f"{TEXT}; logistic regression"}
    if settings.classifier:
        classifiers[told(settings.classifier)] = f"{told(settings.classifier)}, fine-tuned on the texts"
    for name, method in classifiers.items():
        same = {"estimand": "accuracy_paper", "mode": "paper", "method": f"percent right; {method}; split 80/20 by row"}
        if reason := sample.lacking():
            yield {**same, "group": name, "note": reason}
        else:
            asked = settings.classifier if name else None
            right = _by_fine_tuning(sample, asked) if asked else _by_regression(sample)
            yield from _rows(settings, sample, name, right, same)


def _rows(settings: Settings, sample: Sample, name: str | None, right: Accuracy, same: Row) -> Iterator[Row]:
    """The mean over the seeds, then each seed."""
    seeds = [settings.seed + number for number in range(SEEDS)]
    splits = [split(sample.labels, seed) for seed in seeds]
    found = [100 * right(*rows, seed) for rows, seed in zip(splits, seeds, strict=True)]
    published = "; ".join(f"{name} {value} (SD {spread})" for name, (value, spread) in PUBLISHED.items())
    yield {
        **same,
        "group": name,
        "estimate": mean(found),
        "standard_error": stdev(found),
        **sample.sizes(np.unique(np.concatenate([rows for pair in splits for rows in pair]))),
        "method": f"{same['method']}, classes balanced by sampling; mean of {SEEDS} seeds, standard_error: their SD",
        "note": joined(sample.note(), f"published: {published}"),
    }
    for rows, value, seed in zip(splits, found, seeds, strict=True):
        group = f"{name}, seed {seed}" if name else f"seed {seed}"
        yield {**same, "group": group, "estimate": value, **sample.sizes(np.concatenate(rows))}


def split(labels: NDArray[np.bool_], seed: int) -> tuple[Ints, Ints]:
    """Rows to fit on and rows to test on, 80 to 20, of as many rows of either label as the rarer one has."""
    generator = np.random.default_rng(seed)
    n = min(labels.sum(), (~labels).sum())
    chosen = [generator.choice(np.flatnonzero(labels == label), n, replace=False) for label in (True, False)]
    shuffled = generator.permutation(np.concatenate(chosen))
    cut = round((1 - TEST) * len(shuffled))
    return shuffled[:cut], shuffled[cut:]


def _by_regression(sample: Sample) -> Accuracy:
    scores = of_text(sample.terms, sample.columns, sample.labels)

    def right(fitted: Ints, tested: Ints, seed: int) -> float:
        rows = np.zeros(len(sample.labels), dtype=np.bool_)
        rows[fitted] = True
        return float(((scores(rows) > 0) == sample.labels)[tested].mean())

    return right


def _by_fine_tuning(sample: Sample, model: str) -> Accuracy:
    from unspool.models.classifier import fine_tune_accuracy

    def right(fitted: Ints, tested: Ints, seed: int) -> float:
        texts, labels = sample.texts, sample.labels
        known, asked = labels[fitted].tolist(), labels[tested].tolist()
        tuned = fine_tune_accuracy(
            texts[fitted].to_list(), known, texts[tested].to_list(), asked, model=model, seed=seed
        )
        return tuned.accuracy

    return right
