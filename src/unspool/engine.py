"""Where tasks run: in this process when there is little to do, else in local worker processes with one thread each."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing import get_context
from typing import Any, TypeVar

from unspool.errors import UnspoolError

Task = TypeVar("Task")
Result = TypeVar("Result")
_PARENT_CHECK_S = 0.5


def worker_count(asked: int | None = None) -> int:
    """Workers to use: as asked, else one per core this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, asked or cores or 1)


@contextmanager
def workers(count: int) -> Iterator["Runner"]:
    """A runner of tasks; with more than one worker, a pool of fresh processes that end with this one.

    Within another such block its processes are used again. None is started before there is a task for it.
    """
    if count <= 1:
        yield Runner(None, 1)
        return
    if (outer := _OPEN.get()) is not None:
        yield Runner(outer.pool, min(count, outer.count))
        return
    kept = os.environ.get("POLARS_MAX_THREADS")
    os.environ["POLARS_MAX_THREADS"] = "1"
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),))
    runner = Runner(pool, count)
    token = _OPEN.set(runner)
    try:
        yield runner
    finally:
        _OPEN.reset(token)
        pool.shutdown(wait=True, cancel_futures=True)
        if kept is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = kept


class Runner:
    """Runs a function over tasks and yields the results as they come, in any order."""

    def __init__(self, pool: ProcessPoolExecutor | None, count: int) -> None:
        self.pool, self.count = pool, count

    def run(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield one result a task. A task that fails stops the rest; its error is raised here."""
        if self.pool is None or len(tasks) < 2:
            yield from map(function, tasks)
            return
        waiting = list(reversed(tasks))
        running: set[Future[Any]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < self.count + 1:
                    running.add(_submitted(self.pool, function, waiting.pop()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool:
            raise UnspoolError(
                "A worker process was ended from outside.",
                "The system may have run out of memory.",
                "Run the same command again with --workers 1; it goes on where it was.",
            ) from None


_OPEN: ContextVar[Runner | None] = ContextVar("open", default=None)


def _submitted(pool: ProcessPoolExecutor, function: Callable[[Task], Result], task: Task) -> Future[Result]:
    """Submit a task; a worker that is started for it inherits that an interrupt from the keyboard is not for it."""
    if threading.current_thread() is not threading.main_thread():
        return pool.submit(function, task)
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return pool.submit(function, task)
    finally:
        signal.signal(signal.SIGINT, kept)


def _end_with(parent: int) -> None:
    """Leave when the process that started this worker is gone, so that a killed run leaves nothing running."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_S)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run
    threading.Thread(target=watch, daemon=True).start()
