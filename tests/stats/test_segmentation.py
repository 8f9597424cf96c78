"""Scores of thread boundaries: worked cases, NLTK as reference, and what holds for any labelling."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.metrics.segmentation import pk, windowdiff

from unspool.stats import segmentation
from unspool.stats.segmentation import COLUMNS, MEASURES


def boundaries(marks: str) -> np.ndarray:
    return np.array([mark == "1" for mark in marks], dtype=bool)


def total(gold: np.ndarray, new: np.ndarray, run: np.ndarray, k: int) -> np.ndarray:
    per_pair = np.hstack([segmentation.agreement(gold, new), segmentation.windows(gold, new, run, k)])
    return np.concatenate([per_pair.sum(axis=0), segmentation.bcubed(gold, new, run).sum(axis=0)])


def scores(gold: str, new: str, run: list[int] | None = None, k: int = 2) -> dict[str, float]:
    numbers = np.array(run or [0] * len(gold), dtype=np.int64)
    sums = total(boundaries(gold), boundaries(new), numbers, k)
    return dict(zip(MEASURES, segmentation.measures(sums).tolist(), strict=True))


pairs = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=40).map(
    lambda rows: [np.array(column, dtype=bool) for column in zip(*rows, strict=True)] or [np.zeros(0, dtype=bool)] * 3
)


def test_boundary_figures_by_hand() -> None:
    # gold 1 1 0 0 1, predicted 1 0 1 0 0: 1 hit, 1 false, 2 missed, 1 same in both.
    found = scores("11001", "10100")
    assert found["precision"] == 1 / 2
    assert found["recall"] == 1 / 3
    # 2*1 / (2*1 + 1 + 2) for new, and the same for same: 2*1 / (2*1 + 3).
    assert found["f1"] == 2 / 5
    assert found["f1_same"] == 2 / 5


def test_window_figures_by_hand() -> None:
    # Windows of 2 pairs, boundaries gold 11 10 00 01 -> 2 1 0 1, predicted 10 01 10 00 -> 1 1 1 0.
    # They differ in windows 1, 3, 4 (WindowDiff 3/4); one has none and the other some in 3, 4 (Pk 2/4).
    found = scores("11001", "10100")
    assert found["window_diff"] == 3 / 4
    assert found["pk"] == 2 / 4


def test_bcubed_by_hand() -> None:
    # Items a b c d; labelled threads {a b} {c d}, predicted {a b c} {d}.
    # Precision: a, b 2/3; c 1/3; d 1: 8/3 of 4. Recall: a, b 1; c 1/2; d 1/2: 3 of 4.
    found = scores("010", "001")
    assert found["bcubed_precision"] == pytest.approx(2 / 3)
    assert found["bcubed_recall"] == pytest.approx(3 / 4)
    # 2 * 2/3 * 3/4 / (2/3 + 3/4) = 1 / (17/12).
    assert found["bcubed_f1"] == pytest.approx(12 / 17)


def test_bcubed_does_not_join_runs() -> None:
    # Two runs of two items, one thread each by label; the first predicted as two threads.
    # Precision 1; recall 1/2 for each of two items, 1 for the others: 3 of 4.
    found = scores("00", "10", run=[0, 1])
    assert (found["bcubed_precision"], found["bcubed_recall"]) == (1.0, 3 / 4)


def test_windows_stay_in_their_run_and_shrink_to_short_ones() -> None:
    # k = 3. Run 0 has 4 pairs, so 2 windows; run 1 has 2 pairs, so 1 window of both.
    # Run 0: gold 1 0 0 0, predicted 0 0 0 0: window 1 differs. Run 1: gold 0 1, predicted 1 0: equal numbers.
    gold, new, run = boundaries("100001"), boundaries("000010"), np.array([0, 0, 0, 0, 1, 1])
    assert segmentation.windows(gold, new, run, 3).sum(axis=0).tolist() == [3, 1, 1]


@pytest.mark.parametrize("k", [2, 3, 5])
def test_window_figures_are_those_of_nltk(k: int) -> None:
    generator = np.random.default_rng(k)
    for _ in range(50):
        gold, new = ("".join(generator.choice(["0", "1"], 12, p=[0.6, 0.4])) for _ in range(2))
        found = scores(gold, new, k=k)
        assert found["window_diff"] == pytest.approx(windowdiff(gold, new, k))
        assert found["pk"] == pytest.approx(pk(gold, new, k))


def test_window_figures_over_runs_weigh_runs_by_their_windows() -> None:
    gold, new, run, k = "0100110", "0010010", [0, 0, 0, 0, 1, 1, 1], 2
    # 3 windows in the first run, 2 in the second.
    parts = [(gold[:4], new[:4], 3), (gold[4:], new[4:], 2)]
    found = scores(gold, new, run, k)
    assert found["window_diff"] == pytest.approx(sum(windowdiff(g, n, k) * w for g, n, w in parts) / 5)
    assert found["pk"] == pytest.approx(sum(pk(g, n, k) * w for g, n, w in parts) / 5)


def test_runs_are_numbered_from_zero() -> None:
    assert segmentation.runs(np.array([False, True, True, False, True, False])).tolist() == [0, 0, 0, 1, 1, 2]
    assert segmentation.runs(np.zeros(0, dtype=bool)).tolist() == []


def test_the_window_is_half_the_mean_labelled_segment() -> None:
    # 11 pairs in one run: 12 items; 1 boundary: 2 segments of 6 items on average, half of it 3.
    assert segmentation.half_segment(boundaries("00000100000"), np.zeros(11, dtype=np.int64)) == 3
    # The same pairs in two runs: 13 items, 3 segments, 13/6 = 2.2.
    assert segmentation.half_segment(boundaries("00000100000"), np.repeat([0, 1], [5, 6])) == 2
    # Segments of one item: half is below the least window.
    assert segmentation.half_segment(boundaries("111"), np.zeros(3, dtype=np.int64)) == 2
    assert segmentation.half_segment(boundaries(""), np.zeros(0, dtype=np.int64)) == 2


def test_no_pairs_have_no_figures() -> None:
    assert all(np.isnan(value) for value in scores("", "").values())


def test_figures_are_undefined_only_where_there_is_nothing_to_divide_by() -> None:
    found = scores("00", "00")
    assert [name for name, value in found.items() if np.isnan(value)] == ["precision", "recall", "f1"]
    # Nothing predicted though something is labelled: precision is undefined, f1 is 0.
    found = scores("01", "00")
    assert np.isnan(found["precision"])
    assert (found["recall"], found["f1"]) == (0.0, 0.0)


@given(pairs=pairs, k=st.integers(1, 6))
def test_figures_lie_between_0_and_1(pairs: list[np.ndarray], k: int) -> None:
    gold, new, continues = pairs
    found = segmentation.measures(total(gold, new, segmentation.runs(continues), k))
    defined = found[~np.isnan(found)]
    assert ((defined >= 0) & (defined <= 1 + 1e-12)).all()


@given(pairs=pairs, k=st.integers(1, 6))
def test_a_perfect_prediction_errs_nowhere(pairs: list[np.ndarray], k: int) -> None:
    gold, _, continues = pairs
    found = dict(zip(MEASURES, segmentation.measures(total(gold, gold, segmentation.runs(continues), k)), strict=True))
    for name, value in found.items():
        assert np.isnan(value) or value == pytest.approx(0 if name in {"window_diff", "pk"} else 1)


@given(pairs=pairs, k=st.integers(1, 6))
def test_exchanging_label_and_prediction_exchanges_precision_and_recall(pairs: list[np.ndarray], k: int) -> None:
    gold, new, continues = pairs
    run = segmentation.runs(continues)
    there = dict(zip(MEASURES, segmentation.measures(total(gold, new, run, k)), strict=True))
    back = dict(zip(MEASURES, segmentation.measures(total(new, gold, run, k)), strict=True))
    for one, other in [("precision", "recall"), ("bcubed_precision", "bcubed_recall"), ("pk", "pk")]:
        assert there[one] == pytest.approx(back[other], nan_ok=True)


def test_sums_of_users_add_up() -> None:
    gold, new, run = boundaries("0100110"), boundaries("0010010"), np.array([0, 0, 0, 0, 1, 1, 1])
    first = total(gold[:4], new[:4], run[:4], 2)
    second = total(gold[4:], new[4:], run[4:] - 1, 2)
    assert (first + second).tolist() == pytest.approx(total(gold, new, run, 2).tolist())
    assert len(first) == len(COLUMNS)
