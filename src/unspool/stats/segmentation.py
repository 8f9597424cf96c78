"""How well predicted thread boundaries agree with labelled ones.

All functions take one value per labelled pair of adjacent prompts: `gold` and `new` say whether the later prompt
starts a thread, by label and by prediction; `run` numbers the maximal runs of labelled pairs, 0 up and contiguous, in
which each pair begins at the prompt where the pair before ends. They return columns to be summed per user; `measures`
turns such sums, of one user or of all, into figures. So figures of a bootstrap draw cost a matrix product.
"""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MIN_WINDOW = 2
COLUMNS = (
    "both_new", "only_predicted", "only_gold", "both_same",
    "windows", "window_diff", "pk",
    "items", "bcubed_precision", "bcubed_recall",
)  # fmt: skip
MEASURES = (
    "precision", "recall", "f1", "f1_same", "window_diff", "pk", "bcubed_precision", "bcubed_recall", "bcubed_f1",
)  # fmt: skip


def runs(continues: Bools) -> Ints:
    """Number the runs: `continues` says whether a pair begins at the item where the pair before it ends."""
    numbers: Ints = np.cumsum(~continues, dtype=np.int64)
    first: Ints = numbers[:1]
    return numbers - (first.item() if len(first) else 0)


def half_segment(gold: Bools, run: Ints) -> int:
    """The window of WindowDiff and Pk, in pairs: half the mean labelled segment, in items, rounded; at least 2.

    Every run holds one item and one segment more than its pairs and boundaries. A window of 1 pair would make both
    figures the plain share of wrong pairs, hence 2 (as segeval, Fournier 2013), also for no pairs. Beeferman, Berger
    & Lafferty 1999 (Machine Learning 34).
    """
    n_runs = _count(run)
    return max(MIN_WINDOW, round((len(gold) + n_runs) / (2 * (gold.sum() + n_runs)))) if n_runs else MIN_WINDOW


def _count(run: Ints) -> int:
    return int(run[-1]) + 1 if len(run) else 0


def agreement(gold: Bools, new: Bools) -> Floats:
    """Of each pair, shape (pairs, 4): boundary in both, only predicted, only labelled, in neither."""
    return np.stack([gold & new, new & ~gold, gold & ~new, ~gold & ~new], axis=1).astype(np.float64)


def windows(gold: Bools, new: Bools, run: Ints, k: int) -> Floats:
    """Of the window of k pairs that begins at each pair, shape (pairs, 3): whether there is one, and its two errors.

    WindowDiff's error is 1 if the numbers of boundaries in the window differ (Pevzner & Hearst 2002, Computational
    Linguistics 28), Pk's if one has boundaries there and the other none (Beeferman et al. 1999). Windows do not leave
    a run; a run of fewer than k pairs is one window of its own length, so that no labelled pair goes unscored.
    """
    length = np.bincount(run, minlength=_count(run))
    end = np.cumsum(length)[run]
    begin = np.arange(len(run))
    width = np.minimum(k, length)[run]
    fits = begin + width <= end
    stop = np.minimum(begin + width, len(run))
    in_gold, in_new = _within(gold, begin, stop), _within(new, begin, stop)
    errors = [fits, fits & (in_gold != in_new), fits & ((in_gold > 0) != (in_new > 0))]
    return np.stack(errors, axis=1).astype(np.float64)


def _within(boundary: Bools, begin: Ints, stop: Ints) -> Ints:
    total: Ints = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(boundary)])
    return total[stop] - total[begin]


def bcubed(gold: Bools, new: Bools, run: Ints) -> Floats:
    """Of each run, shape (runs, 3): its items, and the sums over them of B-cubed precision and recall.

    An item's precision is the share of its predicted thread that lies in its labelled thread, its recall the share of
    its labelled thread that lies in its predicted one; threads are the segments of the run. Bagga & Baldwin 1998;
    Amigó et al. 2009 (Information Retrieval 12).
    """
    n_runs = _count(run)
    owner = np.sort(np.concatenate([run, np.arange(n_runs)]), kind="stable")
    first = np.diff(owner, prepend=-1) > 0
    by_gold, by_new = _segments(gold, first), _segments(new, first)
    _, cell, common = np.unique(_segments(gold | new, first), return_inverse=True, return_counts=True)
    together = common[cell].astype(np.float64)
    parts = [np.ones(len(owner)), together / _sizes(by_new), together / _sizes(by_gold)]
    return np.stack([np.bincount(owner, weights=part, minlength=n_runs) for part in parts], axis=1)


def _segments(boundary: Bools, first: Bools) -> Ints:
    starts = first.copy()
    starts[~first] = boundary
    return np.cumsum(starts) - 1


def _sizes(segment: Ints) -> Ints:
    return np.bincount(segment)[segment]


def measures(sums: Floats) -> Floats:
    """From sums of the columns COLUMNS, shape (..., 10), to the figures MEASURES, shape (..., 9), each in [0, 1].

    Precision, recall and f1 count boundaries, f1_same counts pairs that continue a thread. Of window_diff and pk less
    is better. bcubed_f1 is the harmonic mean of mean precision and mean recall. NaN where there is nothing to divide
    by: no pairs, no predicted boundary for precision, no labelled one for recall.
    """
    both, predicted, labelled, same, n_windows, differ, missed, items, precise, recalled = np.moveaxis(sums, -1, 0)
    wrong = predicted + labelled
    precision, recall = _share(precise, items), _share(recalled, items)
    figures = [
        _share(both, both + predicted),
        _share(both, both + labelled),
        _share(2 * both, 2 * both + wrong),
        _share(2 * same, 2 * same + wrong),
        _share(differ, n_windows),
        _share(missed, n_windows),
        precision,
        recall,
        _share(2 * precision * recall, precision + recall),
    ]
    return np.stack(figures, axis=-1)


def _share(part: Floats, whole: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(whole > 0, part / whole, np.nan)
