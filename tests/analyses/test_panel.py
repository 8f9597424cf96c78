"""Threads that are long enough, and a feature along them."""

import numpy as np
import polars as pl
import pytest
from tests.analyses.measured import frame, log, thread

from unspool.analyses import Settings, _columns
from unspool.analyses._panel import cells, choose_least, left_out, panel
from unspool.errors import UnspoolError


@pytest.mark.parametrize(
    ("lengths", "least", "told"),
    [
        ([10] * 50, 10, None),
        ([25] * 60, 10, None),
        ([10] * 49 + [7], 7, "only 49 are that long"),
        ([6] * 50 + [1] * 100, 6, "threads of at least 6 prompts (50)"),
        ([3] * 30 + [2] * 30, 2, "none is that long"),
        ([2] * 5, 2, "threads of at least 2 prompts (5)"),
        ([1] * 500, 2, "(0)"),
        ([], 2, "(0)"),
    ],
)
def test_the_length_that_fifty_threads_have(lengths, least, told):
    found, note = choose_least(np.array(lengths, dtype=np.int64), None)
    assert found == least
    assert (note is None) if told is None else (told in note)


def test_what_is_asked_for_is_done():
    assert choose_least(np.array([2, 2]), 12) == (12, None)
    with pytest.raises(UnspoolError, match="`least` is 1"):
        choose_least(np.array([2, 2]), 1)


def test_steps_are_never_more_than_all_threads_have():
    threads = [thread("a", [1, 2, 3, 4])]
    assert [panel(log(threads, Settings(least=3, steps=steps))).steps for steps in (None, 2, 9)] == [3, 2, 3]
    with pytest.raises(UnspoolError, match="`steps` is 1"):
        panel(log(threads, Settings(least=3, steps=1)))


THREADS = [
    thread("b", [1, 2, 3, 9]),
    thread("a", [4, 5]),
    thread("a", [6, None, 7]),
    thread("a", [8]),
    thread(None, [0, 0, 0]),
    thread("c", [5, 5, None]),
]


def test_a_feature_along_threads():
    found = panel(log(THREADS))
    # Threads of at least 2: 0000 of b, 0001 and 0002 of a, 0005 of c; two steps are shown.
    assert found.ids.to_list() == ["0000", "0001", "0002", "0005"]
    assert found.users.tolist() == [1, 0, 0, 2]
    [(name, along)] = cells(found, ["x"])
    # 0002 has no value at its second step.
    assert name == "x"
    assert along.threads.tolist() == [0, 1, 3]
    assert along.steps.tolist() == [[1, 2], [4, 5], [5, 5]]
    assert along.last[:2].tolist() == [9, 5]
    assert np.isnan(along.last[2])
    assert along.n_left_out == 1
    assert left_out(along) == "1 thread(s) left out: no value at some step"
    part = along.only(np.array([True, False, True]), 2)
    assert (part.threads.tolist(), part.steps.tolist(), part.n_left_out) == ([0, 3], [[1, 2], [5, 5]], 0)
    assert left_out(part) is None


def test_the_order_of_rows_does_not_matter():
    prompts = frame(THREADS)
    [(_, along)] = cells(panel(log(prompts)), ["x"])
    for seed in range(5):
        [(_, shuffled)] = cells(panel(log(prompts.sample(fraction=1, shuffle=True, seed=seed))), ["x"])
        assert shuffled.steps.tolist() == along.steps.tolist()
        assert shuffled.threads.tolist() == along.threads.tolist()


def test_a_prompt_that_is_left_out_leaves_a_hole():
    part = log(THREADS).only(pl.col("prompt_id") != "0-0")
    [(_, along)] = cells(panel(part), ["x"])
    assert along.steps.tolist() == [[4, 5], [5, 5]]
    assert along.n_left_out == 2


@pytest.mark.parametrize("threads", [[], [thread("a", [1])], [thread(None, [1, 2, 3])]])
def test_no_thread_is_long_enough(threads):
    found = panel(log(threads))
    assert len(found.ids) == 0
    for _, along in cells(found, ["x"]):
        assert along.steps.shape == (0, 2)


def test_columns_come_in_batches_of_a_size(monkeypatch):
    monkeypatch.setattr(_columns, "CELLS_AT_ONCE", 10)
    assert list(_columns.batches(["a", "b", "c"], 5)) == [["a", "b"], ["c"]]
    assert list(_columns.batches(["a", "b"], 500)) == [["a"], ["b"]]
    assert list(_columns.batches([], 5)) == []
    monkeypatch.setattr(_columns, "CELLS_AT_ONCE", 1)
    prompts = frame([thread("a", [1, 2], y=[3, 4])])
    assert [along.steps.tolist() for _, along in cells(panel(log(prompts)), ["x", "y"])] == [[[1, 2]], [[3, 4]]]


def test_columns_without_values_have_their_reasons():
    prompts = frame([thread("a", [1, 2], y=[None, None], z=[None, 3])]).with_columns(word=pl.lit("text"))
    measured = log(prompts, notes={"y": "no model was given"})
    assert _columns.known(measured) == (["x", "z"], {"y": "no model was given", "word": "no prompt has a value"})
