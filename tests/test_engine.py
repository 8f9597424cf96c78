"""Where tasks run."""

import os

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
            assert (inner.pool, inner.count) == (outer.pool, 2)
            assert alone.pool is None
        assert sorted(outer.run(abs, [-3, 1, -2])) == [1, 2, 3]
    with workers(2) as after:
        assert after.pool is not outer.pool
        assert sorted(after.run(abs, [-3, 1, -2])) == [1, 2, 3]
