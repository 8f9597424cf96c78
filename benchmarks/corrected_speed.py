"""Seconds and peak memory of every analysis in mode "corrected" on a measured study, and of its edits.

    python benchmarks/corrected_speed.py STUDY [--workers 2]

STUDY: a study that has been read, threaded and measured (`unspool read`, `thread`, `measure --feature length --feature
style`). The stage `edit` is timed first, from nothing; then each analysis in a process of its own, one after the other,
as `analyze` does them. Rows of mode "paper" that an analysis gives beside are in its time. The table goes to stdout.
"""

import argparse
import multiprocessing
import resource
import shutil
import time
from dataclasses import replace
from pathlib import Path

from unspool.analyses import Settings, analysis, in_order
from unspool.stages.analyze import both, paper_rule
from unspool.stages.edit import edit
from unspool.study import Study

SKIPPED = ("predict", "across", "log")
"""Analyses without a corrected row of their own cost."""


def one(path: Path, name: str, queue: "multiprocessing.Queue[tuple[float, float, int]]") -> None:
    study = Study(path)
    log = both(study, paper_rule(study), study.manifest["rule"], Settings())
    begun = time.perf_counter()
    rows = analysis(name).analyse(replace(log, before=None))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    queue.put((time.perf_counter() - begun, peak, rows.height))


def timed_edit(path: Path, workers: int) -> float:
    study = Study(path)
    shutil.rmtree(path / "edits", ignore_errors=True)
    study.manifest.pop("edits", None)
    for stage in [name for name in study.manifest["stages"] if name.startswith("edit")]:
        del study.manifest["stages"][stage]
    study.save_manifest()
    begun = time.perf_counter()
    edit(study, jobs=workers)
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--analysis", action="append")
    asked = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    print("| part | seconds | peak GiB | rows |\n|---|---|---|---|")
    total = timed_edit(asked.study, asked.workers)
    print(f"| edit | {total:.1f} | | |", flush=True)
    for name in asked.analysis or [name for name in in_order() if name not in SKIPPED]:
        queue = context.Queue()
        process = context.Process(target=one, args=(asked.study, name, queue))
        process.start()
        seconds, peak, rows = queue.get()
        process.join()
        total += seconds
        print(f"| {name} | {seconds:.1f} | {peak:.2f} | {rows} |", flush=True)
    print(f"| all | {total:.1f} | | |")


if __name__ == "__main__":
    main()
