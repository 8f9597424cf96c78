"""Wall time and peak memory of `unspool read` + `unspool thread --rule iou` against a bare Polars kernel, in turns.

    uv run benchmarks/compile_speed.py KERNEL LOG [LOG ...] [--rounds 2] [--language any --language en]

KERNEL is a script called as `KERNEL LOG OUT`; each LOG a folder of Parquet in the schema of the public
55-million-message set. Every round runs the kernel and unspool one after the other on the same files; the table gives
the medians and their ratio. Memory is the peak of the sum over the process tree of the proportional set size, sampled
ten times a second, so that shared pages count once.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import polars as pl
import psutil

GIB = 2**30


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak GiB of a command and its children."""
    peak, over = 0.0, threading.Event()
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    root = psutil.Process(process.pid)

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):
            peak = max(peak, tree_memory(root))

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, told = process.communicate()
    over.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{command[:3]} failed: {told.decode(errors='replace')[-800:]}")
    return time.monotonic() - began, peak / GIB


def tree_memory(root: psutil.Process) -> float:
    """Proportional set size of a process and all below it, in bytes; 0 once it is gone."""
    total = 0.0
    try:
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    for process in family:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def one_round(kernel: str, log: str, language: str) -> dict[str, float]:
    """Run both on one log and return seconds and GiB of each."""
    with tempfile.TemporaryDirectory() as folder:
        base_s, base_gib = measured([sys.executable, kernel, log, f"{folder}/kernel"])
        shutil.rmtree(f"{folder}/kernel")
        unspool = [sys.executable, "-m", "unspool"]
        read_s, read_gib = measured([*unspool, "read", log, "-o", f"{folder}/study", "--language", language])
        thread_s, thread_gib = measured([*unspool, "thread", f"{folder}/study", "--rule", "iou"])
    return {
        "kernel_s": base_s,
        "read_s": read_s,
        "thread_s": thread_s,
        "kernel_gib": base_gib,
        "unspool_gib": max(read_gib, thread_gib),
        "wall_ratio": (read_s + thread_s) / base_s,
        "memory_ratio": max(read_gib, thread_gib) / base_gib,
    }


def main() -> None:
    """Print one line of a Markdown table per log and language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel")
    parser.add_argument("logs", nargs="+")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--language", action="append", choices=["any", "en"])
    asked = parser.parse_args()
    names = ("kernel_s", "read_s", "thread_s", "wall_ratio", "kernel_gib", "unspool_gib", "memory_ratio")
    print("| messages | language | rounds |", " | ".join(names), "|")
    print("|---" * (3 + len(names)) + "|")
    for log in asked.logs:
        rows = pl.scan_parquet(f"{log}/*.parquet").select(pl.len()).collect().item()

        for language in asked.language or ["any"]:
            rounds = [one_round(asked.kernel, log, language) for _ in range(asked.rounds)]
            middle = [statistics.median(r[name] for r in rounds) for name in names]
            print(f"| {rows:,} | {language} | {len(rounds)} |", " | ".join(f"{m:.2f}" for m in middle), "|", flush=True)


if __name__ == "__main__":
    main()
