"""How much of a simulated log's truth a study recovered."""

from pathlib import Path
from typing import Any

import polars as pl

from unspool.simulate import read_truth
from unspool.study import Study
from unspool.syntax.scrub import scrub


def recovery(study: Study, log: Path) -> list[dict[str, Any]]:
    """Rows of what, true, recovered and right: counts in the truth, counts in the study, and how many of these agree.

    A prompt is right if it is in both, a text if equal once links and mentions are scrubbed, an upscale if credited to
    the prompt that it was of, a boundary if both start a thread there.
    """
    truth = read_truth(log)["prompts"]
    names = study.pseudonyms()
    truth = truth.with_columns(
        prompt_id=names.ids(truth["message_id"], "message"),
        user_id=names.ids(truth["user_id"], "user"),
        text=scrub(pl.col("text")),
    )
    kept, prompts = truth.filter("kept"), study.prompts()
    both = kept.join(prompts, on="prompt_id", suffix="_found")
    upscales = both.select(pl.min_horizontal("n_upscales", "n_upscales_found").sum()).item()
    dropped = truth.filter(~pl.col("kept"))
    gone = dropped.join(prompts, on="prompt_id", how="anti")
    rows = [
        _row("prompts kept", kept.height, prompts.height, both.height),
        _row("prompts left out", dropped.height, truth.height - both.height, gone.height),
        _row(
            "users",
            kept["user_id"].n_unique(),
            prompts["user_id"].n_unique(),
            len(set(kept["user_id"]) & set(prompts["user_id"])),
        ),
        _row("texts", kept.height, prompts.height, both.filter(pl.col("text") == pl.col("text_found")).height),
        _row("upscales credited", int(kept["n_upscales"].sum()), int(prompts["n_upscales"].sum()), upscales),
        _row(
            "prompts upscaled",
            int(kept["upscaled"].sum()),
            int(prompts["upscaled"].sum()),
            both.filter(pl.col("upscaled") & pl.col("upscaled_found")).height,
        ),
    ]
    return rows + [_boundaries(kept, study, rule) for rule in study.rules]


def _row(what: str, true: int, recovered: int, right: int) -> dict[str, Any]:
    return {"what": what, "true": true, "recovered": recovered, "right": right}


def _boundaries(kept: pl.DataFrame, study: Study, rule: str) -> dict[str, Any]:
    """Threads begun after a user's first prompt; where a prompt was left out, its neighbours are adjacent."""
    found = study.threads(rule).select("prompt_id", starts=pl.col("step") == 1)
    both = kept.sort("user_id", "time", "message_id").join(found, on="prompt_id", maintain_order="left")
    later = both["user_id"] == both["user_id"].shift()
    true = (both["thread"] != both["thread"].shift()) & later
    predicted = both["starts"] & later
    return _row(f"thread boundaries, {rule}", int(true.sum()), int(predicted.sum()), int((true & predicted).sum()))
