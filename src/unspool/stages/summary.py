"""What a study holds, in numbers: the end of `run`."""

from typing import Any

import polars as pl

from unspool.stages.reasons import details
from unspool.study import Study

LENGTHS = (2, 4, 10)


def summarise(study: Study) -> dict[str, Any]:
    """Counts of the books, of prompts, users and upscales, and per rule of threads and of those of 2, 4, 10 prompts.

    The books say in `details` what was wrong with records. `mean_length` and `longest` of threads are in
    prompts, null where there are none. `share_upscaled` is of the prompts of which the log can know it, null if there
    are none; null where unknown.
    """
    found = (
        study.scan("prompts")
        .select(
            n_prompts=pl.len(),
            n_users=pl.col("user_id").drop_nulls().n_unique(),
            n_channels=pl.col("channel_id").drop_nulls().n_unique(),
            n_upscaled=pl.col("upscaled").sum(),
            n_upscale_known=pl.col("upscaled").count(),
            first=pl.col("time").min(),
            last=pl.col("time").max(),
            n_timed=pl.col("time").count(),
        )
        .collect()
        .row(0, named=True)
    )
    known = found.pop("n_upscale_known")
    actions = study.scan("prompts").group_by("action").len().sort("action").collect()
    return {
        **found,
        "share_upscaled": found["n_upscaled"] / known if known else None,
        "n_upscaled": found["n_upscaled"] if known else None,
        "actions": dict(actions.iter_rows()),
        "books": {**study.manifest["counts"]["total"], "details": details(study.scan("rejects"))},
        "rule": study.manifest.get("rule"),
        "rules": {rule: _threads(study, rule) for rule in study.rules},
    }


def _threads(study: Study, rule: str) -> dict[str, Any]:
    length = pl.col("steps_left") + 1
    table = study.scan(f"threads/{rule}").filter(pl.col("step") == 1)
    return (
        table.select(
            n_threads=pl.len(),
            **{f"n_threads_{n}": (length >= n).sum() for n in LENGTHS},
            mean_length=length.mean(),
            longest=length.max(),
        )
        .collect()
        .row(0, named=True)
    )
