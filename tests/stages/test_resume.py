"""A run that is killed is taken up where it was, and ends as if nothing had happened."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import polars as pl
import pytest

from unspool.compiling.pseudonyms import make_key
from unspool.simulate import simulate

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, str(Path(__file__).with_name("cut_run.py"))]


def digests(study):
    return {
        str(path.relative_to(study)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(study.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Logs of both passes (Parquet, and JSON whose replies must be gathered), a key, and the uninterrupted study."""
    folder = tmp_path_factory.mktemp("resume")
    logs = folder / "logs"
    logs.mkdir()
    export = simulate("newcomers", seed=3, users=80)
    export.write(logs / "export.json")
    for path in (logs / "export.truth").iterdir():
        path.unlink()
    (logs / "export.truth").rmdir()
    rows = [
        (
            str(10**18 + n),
            "9",
            f"**fox number {n // 3} --v 4** - {'Image #1 ' if n % 4 == 0 else ''}<@{n % 97}> (fast)",
            n * 60_000,
        )
        for n in range(6_000)
    ]
    frame = pl.DataFrame(rows, schema=["id", "channel_id", "content", "timestamp"], orient="row")
    frame.with_columns(pl.col("timestamp").cast(pl.Datetime("ms", "UTC"))).write_parquet(logs / "messages.parquet")
    make_key(folder / "study.key")
    began = time.monotonic()
    subprocess.run([*RUN, str(logs), str(folder / "whole"), str(folder / "study.key")], check=True, cwd=ROOT)
    return folder, logs, digests(folder / "whole"), time.monotonic() - began


@pytest.mark.parametrize("seed", range(5))
def test_kill_9_and_take_up(whole, seed):
    folder, logs, expected, seconds = whole
    study = folder / f"cut-{seed}"
    command = [*RUN, str(logs), str(study), str(folder / "study.key")]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        process.wait(timeout=random.Random(seed).uniform(0.05, 1.0) * seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    subprocess.run(command, check=True, cwd=ROOT)
    assert digests(study) == expected
    assert len(expected) > 20
