"""Pairs of a chosen and a rejected image of one prompt, for preference training, a pair a line of JSON.

`prompt`, `chosen` and `rejected` are the names of TRL; an image is named `<prompt_id>#<number in the grid>`, or
`<prompt_id>` where the log does not tell which image it was. `caption`, `label_0` (1) and `label_1` (0) are those of
Pick-a-Pic and Diffusion-DPO, whose `jpg_0` and `jpg_1` are the chosen and the rejected image. Pairs whose prompts
differ are written only if they are asked for, with `held_fixed` false.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from unspool.audits._pairs import pairs
from unspool.export import Exported
from unspool.export._lines import write_lines

TITLE = "Pairs of a chosen and a rejected image of one prompt, for preference training (TRL, Diffusion-DPO)"
BESIDE = ("kind", "held_fixed", "rejected_prompt", "weight", "user_id", "thread_id")
PLACE, SUFFIX = "file", ".jsonl"
CITATION = "TRL, dataset formats; Wallace et al. 2024 (Diffusion-DPO, CVPR); Kirstain et al. 2023 (Pick-a-Pic)"


def write(data: Exported, out: Path) -> None:
    """Write the file."""
    data.counts["pairs"] = write_lines(_pairs(data), out)


def _pairs(data: Exported) -> Iterator[pl.DataFrame]:
    for frame in data.frames():
        found = pairs(frame, any_pair=data.settings.any_pair)
        weights = frame.select(chosen_prompt_id="prompt_id", weight=_weight(frame))
        yield found.join(weights, on="chosen_prompt_id", how="left", maintain_order="left").select(
            "prompt",
            chosen=reference("chosen_prompt_id", "chosen_image"),
            rejected=reference("rejected_prompt_id", "rejected_image"),
            caption="prompt",
            label_0=pl.lit(1),
            label_1=pl.lit(0),
            **{name: pl.col(name) for name in BESIDE},
        )


def _weight(frame: pl.DataFrame) -> pl.Expr:
    """The cap of the user alone: the pairs hold the prompt fixed, so nothing else is to be weighed."""
    return pl.col("user_cap") if "user_cap" in frame.columns else pl.lit(None, dtype=pl.Float64)


def reference(prompt: str, image: str) -> pl.Expr:
    """The name of an image, or of its grid where the number is not known."""
    return pl.concat_str(pl.col(prompt), pl.concat_str(pl.lit("#"), pl.col(image)).fill_null(""))
