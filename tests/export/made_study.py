"""A small study to export: three people, threads, upscales with image numbers, and hostile prompts."""

import json

import polars as pl
from tests.logs import grid, upscale, write

from unspool.compiling.settings import ReadSettings
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "  @SUM(1+1), a fox",
    'a "quoted", fox\nin two lines',
    "</script><script>alert(1)</script> fox",
    "\u202egnp.exe\u2066 fox",
    "fox " * 2_500,
    "fox \\ fox; fox | fox",
]
ALICE, BOB, CAROL = "501777888999000111", "502777888999000112", "503777888999000113"
MENTION = f"a red boat with handle_{ALICE} on it"
"""A prompt by Bob that holds Alice's handle."""


def messages(boat="a red boat"):
    """Alice: a thread of three, its last upscaled (image 2), and a reroll of it; Bob: one prompt; Carol: the hostile ones."""
    told = [
        grid(1, "a red fox in snow", user=ALICE),
        grid(2, "a red fox in deep snow", user=ALICE),
        grid(3, "a red fox in deep snow, octane render --ar 3:2", user=ALICE),
        upscale(4, "a red fox in deep snow, octane render --ar 3:2", user=ALICE, image=2, reference=3),
        grid(5, "a red fox in deep snow, octane render --ar 3:2", user=ALICE),
        grid(10, boat, user=BOB),
    ]
    return told + [grid(20 + 200 * n, text, user=CAROL) for n, text in enumerate(HOSTILE)]


def made(folder, listed=None):
    """The study of these messages, measured."""
    log = write(folder / "log.json", messages() if listed is None else listed)
    study = thread(read([log], folder / "study", ReadSettings(language="any")), "scene")
    return measure(study, names=["length", "style"])


def table(folder, frame, **columns):
    """The study of a table."""
    from unspool import api

    return measure(thread(api.read(frame, folder / "study", language="any"), "scene"), names=["length", "style"])


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def whole(folder):
    """All files of an export as text; Parquet by its values."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()] if folder.is_dir() else [folder]
    found = []
    for path in files:
        text = path.read_bytes().decode("latin-1")
        found.append(text + (pl.read_parquet(path, glob=False).write_json() if path.suffix == ".parquet" else ""))
    return "\n".join(found)
