"""A study with results made by hand: compiled from a small log, so that it has prompts, threads and books."""

import polars as pl

from tests import made_results as made
from tests.logs import grid, message, upscale, write
from unspool.compiling.settings import ReadSettings
from unspool.features import feature
from unspool.features.magic_words import FITTED
from unspool.stages.read import read
from unspool.stages.thread import thread
from unspool.study import write_parquet

TOKEN = "zanzibarquokka"
"""A word of every prompt, and of nothing else."""
SCRIPT = f"<script>document.title='{TOKEN}'</script><img src=x onerror=alert(1)>"
PROMPTS = [
    f"a red fox {TOKEN} in snow {SCRIPT}",
    f"a red fox {TOKEN} in deep snow {SCRIPT}",
    f"a red fox {TOKEN} in deep snow \u202egnp.exe\u2066 {SCRIPT}",
    f"a red fox {TOKEN} in deep snow at night, " + "very " * 2_000,
]
FEATURES = ("length", "concreteness", "magic_words")


def analysed(folder, results=None):
    """Two people with a thread of four prompts each, the second prompt upscaled, and chat."""
    messages = [
        *(grid(10 * user + n, words, user=f"50{user}") for user in (1, 2) for n, words in enumerate(PROMPTS)),
        upscale(18, PROMPTS[1], user="501"),
        message(40, f"hello {TOKEN}", bot=False),
    ]
    log = write(folder / "log.json", messages)
    study = read([log], folder / "study", ReadSettings(language="any"))
    thread(study, "iou")
    study.manifest["features"] = {name: entry(name) for name in FEATURES}
    study.manifest["analyses"] = {"settings": {"seed": 0, "draws": 2000}, "rule": "iou", "names": ["log"]}
    study.save_manifest()
    write_parquet(made.everything() if results is None else results, study.path / "results.parquet")
    write_words(study, [TOKEN, "8k"])
    return study


def write_words(study, words):
    """A list of magic words by the paper's definition."""
    folder = study.path / "features" / "magic_words"
    folder.mkdir(parents=True, exist_ok=True)
    listed = pl.DataFrame({"word": words, "definition": "paper", "n_uses": 8, "ratio": 900.0}, strict=False)
    table = pl.concat([pl.DataFrame(schema=FITTED), listed], how="diagonal_relaxed")
    write_parquet(table, folder / "magic_words.parquet")


def entry(name):
    columns = [column.name for column in feature(name).COLUMNS]
    return {"columns": columns, "captions": False, "missing": {}, "n_scored": 8, "of": 8, "estimated_from": None}
