"""Seconds and peak memory of the stage `edit` and of every analysis of mode "corrected", on a measured study.

    python benchmarks/corrected_speed.py STUDY [--workers 2] [--analysis NAME ...]

STUDY: a study that has been read, threaded and measured (`unspool read`, `thread`, `measure --feature length --feature
style`); threads by the paper's rule are made if they are not there. The stage `edit` is timed first, from nothing; then
the analyses in fresh processes, as many at once as there are workers, in the order and with the threads in which
`analyze` has them. `processor, s` is what the processes used, which a busy machine does not change much. Rows of mode
"paper" that an analysis gives beside are in its time. The table goes to stdout; its last row has the time from start to
end, and the two largest peaks together.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from unspool import tables
from unspool.analyses import Settings, analysis, in_order
from unspool.stages.analyze import both, paper_rule
from unspool.stages.edit import edit
from unspool.stages.thread import thread
from unspool.study import Study

SKIPPED = ("predict", "across", "log")
"""Analyses without a corrected row of their own cost."""


@dataclass(frozen=True)
class Cost:
    """What an analysis, or all of them, took."""

    seconds: float
    processor: float
    peak: float
    rows: int

    def line(self, name: str) -> str:
        """A row of the table."""
        return f"| {name} | {self.seconds:.1f} | {self.processor:.1f} | {self.peak:.2f} | {self.rows or ''} |"


def one(path: Path, name: str) -> Cost:
    study = Study(path)
    log = both(study, paper_rule(study), study.manifest["rule"], Settings())
    begun = time.perf_counter()
    rows = analysis(name).analyse(replace(log, before=tables.empty(tables.RESULTS)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Cost(time.perf_counter() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20, rows.height)


def timed(path: Path, names: list[str], workers: int) -> list[Cost]:
    """The cost of each analysis, in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, max_tasks_per_child=1) as pool:
        found = []
        for name, cost in zip(names, pool.map(one, [path] * len(names), names), strict=True):
            print(cost.line(name), flush=True)
            found.append(cost)
    return found


def timed_edit(path: Path, workers: int) -> Cost:
    study = Study(path)
    shutil.rmtree(path / "edits", ignore_errors=True)
    study.manifest.pop("edits", None)
    for stage in [name for name in study.manifest["stages"] if name.startswith("edit")]:
        del study.manifest["stages"][stage]
    study.save_manifest()
    begun = time.perf_counter()
    edit(study, jobs=workers)
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(used.ru_utime + used.ru_stime for used in both)
    cost = Cost(time.perf_counter() - begun, processor, max(used.ru_maxrss for used in both) / 2**20, 0)
    print(cost.line("edit"), flush=True)
    return cost


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--analysis", action="append")
    asked = parser.parse_args()
    names = asked.analysis or [name for name in in_order() if name not in SKIPPED]
    print(f"load before: {os.getloadavg()[0]:.1f}\n")
    print("| part | seconds | processor, s | peak GiB | rows |\n|---|---|---|---|---|")
    study = Study(asked.study)
    if not (study.path / "threads" / paper_rule(study)).is_dir():
        thread(study, paper_rule(study), choose=False)
    begun = time.perf_counter()
    costs = [timed_edit(asked.study, asked.workers)]
    os.environ["POLARS_MAX_THREADS"] = "1"  # what the worker processes of `analyze` have
    costs += timed(asked.study, names, asked.workers)
    peaks = sorted(cost.peak for cost in costs)
    rows = sum(cost.rows for cost in costs)
    print(Cost(time.perf_counter() - begun, sum(cost.processor for cost in costs), sum(peaks[-2:]), rows).line("all"))


if __name__ == "__main__":
    main()
