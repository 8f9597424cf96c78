"""Numbers that are true of a simulated log: its settings, and what they came to."""

from collections.abc import Sequence
from dataclasses import fields

import polars as pl

from unspool.simulate._lives import Life
from unspool.simulate._parameters import Parameters
from unspool.simulate._shadow import drifts


def quantities(
    parameters: Parameters, prompts: pl.DataFrame, lives: Sequence[Life], seed: int, every: int
) -> dict[str, float]:
    """Every setting that is a number, by its name, and the log's own numbers; see docs/simulate.md.

    Drifts are those of every n-th thread; of none if `every` is 0.
    """
    named = {field.name: getattr(parameters, field.name) for field in fields(parameters)}
    settings = {name: float(value) for name, value in named.items() if isinstance(value, int | float)}
    return settings | _growth(prompts) | (drifts(lives, seed, every) if lives and every else {})


def _growth(prompts: pl.DataFrame) -> dict[str, float]:
    """Words added less words removed, over all steps within threads."""
    ordered = prompts.filter("kept").sort("thread", "step")
    later = pl.col("thread") == pl.col("thread").shift(1)
    changes = ordered.select(
        later=later.fill_null(False),
        content=pl.col("n_content").cast(pl.Int64).diff(),
        style=pl.col("n_style").cast(pl.Int64).diff(),
    ).filter("later")
    content, style = float(changes["content"].sum()), float(changes["style"].sum())
    found = {"n_transitions": float(changes.height), "content_growth": content, "style_growth": style}
    return found | ({"share_content": content / (content + style)} if content + style else {})
