"""Where tasks run."""

import os
import time

import pytest

from unspool.engine import worker_count, workers


def test_workers_are_as_asked_on_every_system(monkeypatch):
    assert worker_count(3) == 3
    assert worker_count() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert worker_count(1) == 1
    assert worker_count() == (os.cpu_count() or 1)


def test_results_are_the_same_in_one_process_and_in_several():
    with workers(1) as alone, workers(2) as pool:
        assert sorted(alone.run(abs, [-3, 1, -2])) == sorted(pool.run(abs, [-3, 1, -2])) == [1, 2, 3]


def test_workers_within_workers_are_the_same_processes():
    with workers(2) as outer:
        with workers(3) as inner, workers(1) as alone:
            assert (inner.processes, inner.count) == (outer.processes, 2)
            assert alone.processes is None
        assert sorted(outer.run(abs, [-3, 1, -2])) == [1, 2, 3]
    with workers(2) as after:
        assert after.processes is not outer.processes
        assert sorted(after.run(abs, [-3, 1, -2])) == [1, 2, 3]


# Where a system has no semaphores, what needs no worker still works.
def test_no_process_and_no_pool_before_there_is_a_task(monkeypatch):
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    monkeypatch.setattr("unspool.engine.ProcessPoolExecutor", lambda *_, **__: pytest.fail("a pool was made"))
    with workers(2) as pool:
        assert list(pool.run(abs, [-3])) == [3]
        assert os.environ["POLARS_MAX_THREADS"] == "7"
        with pytest.raises(pytest.fail.Exception):
            list(pool.run(abs, [-3, 1]))


def test_the_threads_of_polars_are_as_before_afterwards(monkeypatch):
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    with workers(2) as pool:
        assert sorted(pool.run(os.getenv, ["POLARS_MAX_THREADS"] * 2)) == ["1", "1"]
    assert os.environ["POLARS_MAX_THREADS"] == "7"


def test_of_workers_that_others_have_too_no_more_are_taken_than_asked_for(tmp_path):
    with workers(3), workers(2) as two:
        seen = list(two.run(_alive, [tmp_path / str(number) for number in range(7)]))
    assert max(seen) <= 2


def _alive(mine):
    """How many tasks are at work while this one is."""
    mine.touch()
    time.sleep(0.2)
    n = len(list(mine.parent.iterdir()))
    mine.unlink()
    return n
