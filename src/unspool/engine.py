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
    """A runner of tasks; with more than one worker, in fresh processes that end with this one.

    They start with the first tasks that need them. Within another such block its processes are used again.
    """
    outer = _OPEN.get()
    if count <= 1:
        yield Runner(None, 1)
        return
    if outer is not None:
        yield Runner(outer, min(count, outer.count))
        return
    processes = _Processes(count)
    token = _OPEN.set(processes)
    try:
        yield Runner(processes, count)
    finally:
        _OPEN.reset(token)
        processes.end()


class _Processes:
    """A pool of processes with one thread each, made when it is first asked for."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPoolExecutor | None = None
        self._kept: str | None = None

    def pool(self) -> ProcessPoolExecutor:
        """The pool, whose workers find POLARS_MAX_THREADS=1 when they start."""
        if self._pool is None:
            self._kept = os.environ.get("POLARS_MAX_THREADS")
            os.environ["POLARS_MAX_THREADS"] = "1"
            self._pool = ProcessPoolExecutor(
                self.count, mp_context=get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)
            )
        return self._pool

    def end(self) -> None:
        """Wait for the workers' tasks to end, and for them."""
        if self._pool is None:
            return
        self._pool.shutdown(wait=True, cancel_futures=True)
        if self._kept is None:
            del os.environ["POLARS_MAX_THREADS"]
        else:
            os.environ["POLARS_MAX_THREADS"] = self._kept


_OPEN: ContextVar[_Processes | None] = ContextVar("open", default=None)


class Runner:
    """Runs a function over tasks and yields the results as they come, in any order."""

    def __init__(self, processes: _Processes | None, count: int) -> None:
        self.processes, self.count = processes, count

    def run(self, function: Callable[[Task], Result], tasks: Sequence[Task]) -> Iterator[Result]:
        """Yield one result a task. A task that fails stops the rest; its error is raised here."""
        if self.processes is None or len(tasks) < 2:
            yield from map(function, tasks)
            return
        pool = self.processes.pool()
        # One task more than there are workers waits for the first that is free; of the workers of others none is taken.
        most = self.count + 1 if self.count == self.processes.count else self.count
        waiting = list(reversed(tasks))
        running: set[Future[Any]] = set()
        try:
            while waiting or running:
                while waiting and len(running) < most:
                    running.add(_submitted(pool, function, waiting.pop()))
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BrokenProcessPool:
            raise UnspoolError(
                "A worker process was ended from outside.",
                "The system may have run out of memory.",
                "Run the same command again with --workers 1; it goes on where it was.",
            ) from None


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
