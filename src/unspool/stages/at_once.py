"""How many analyses, audits or sections of the page are worked on at once, each in a process of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

import polars as pl

from unspool.engine import worker_count, workers
from unspool.study import Study

FEW = 500
"""Up to so many prompts all is done before worker processes have started."""
SOME = 200_000
"""Up to so many there are none unless they are asked for: a script without a main guard cannot start them."""
MOST = 4
"""Each holds columns of the whole log."""


def at_once(study: Study, jobs: int | None, *, texts: bool = False) -> int:
    """Workers for a study's questions, `jobs` at most; `texts`: each may hold all texts, so of large logs one at once.

    With `jobs` None a log of up to SOME prompts is worked on in this process.
    """
    n_prompts = _prompts(study)
    if n_prompts <= (SOME if jobs is None else FEW) or (texts and n_prompts > SOME):
        return 1
    return min(worker_count(jobs), MOST)


@contextmanager
def together(study: Study, jobs: int | None) -> Iterator[int]:
    """Where stages share their processes; those of large logs have their own, and give memory back. Yields the workers.

    They are `jobs`, or one per core.
    """
    count = worker_count(jobs)
    with workers(1 if _prompts(study) > SOME else min(count, MOST)):
        yield count


def _prompts(study: Study) -> int:
    return int(study.scan("prompts").select(pl.len()).collect().item())
