"""What a person first asked for, and the prompt and image that they accepted: a thread a line of JSON.

A model that is trained on (first prompt, accepted image) learns what people mean by what they say before the model
answers. The accepted prompt is the last upscaled one of the thread; where the log does not know upscales it is the last
prompt, with `accepted` null; threads of a log that does know and in which nothing was upscaled are left out.
`content_prefix` is the accepted prompt without the style words at its end.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from unspool.export import Exported
from unspool.export._lines import write_lines
from unspool.export._rare import pieces
from unspool.export.preference import reference
from unspool.features.style import FAMILIES, kinds

TITLE = "First prompt, accepted prompt and its image: the training form that the study calls for"
PLACE, SUFFIX = "file", ".jsonl"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Sec. 9; main_content: their code"


def write(data: Exported, out: Path) -> None:
    """Write the file."""
    data.counts["accepted"] = write_lines(_intents(data), out)


def _intents(data: Exported) -> Iterator[pl.DataFrame]:
    for frame in data.frames():
        rows = frame.filter(pl.col("thread_id").is_not_null()).sort("thread_id", "step")
        first = rows.filter(pl.col("step") == 1).select("thread_id", first_prompt="text", first_prompt_id="prompt_id")
        size = rows.group_by("thread_id").agg(n_prompts=pl.len())
        accepted = rows.filter(pl.col("upscaled").fill_null(True)).group_by("thread_id").last()
        found = first.join(accepted, on="thread_id", maintain_order="left")
        found = found.join(size, on="thread_id", maintain_order="left")
        known = "upscaled_images" in found.columns
        images = pl.col("upscaled_images") if known else pl.lit([], dtype=pl.List(pl.UInt8))
        found = found.with_columns(image=images.list.first())
        yield found.select(
            "first_prompt",
            accepted_prompt="text",
            content_prefix=content_prefix(found["text"]),
            image=reference("prompt_id", "image"),
            accepted="upscaled",
            weight=pl.col("weight") if "weight" in found.columns else pl.lit(None, dtype=pl.Float64),
            **{name: pl.col(name) for name in ("n_prompts", "user_id", "thread_id", "first_prompt_id", "prompt_id")},
        )


def content_prefix(texts: pl.Series) -> pl.Series:
    """Each text up to the last word of its content: what follows are style words. Null where it has no such word."""
    words = kinds(texts)
    content = words.filter(pl.col("kind").cast(pl.String).is_in(FAMILIES["n_content_words"]))
    last = content.group_by(text=pl.col("row").cast(pl.Int64)).agg(last=pl.col("position").max().cast(pl.Int64))
    parts = pieces(texts).join(last, on="text", maintain_order="left")
    joined = parts.filter(pl.col("place") <= pl.col("last")).group_by("text").agg(pl.col("piece").str.join())
    rows = pl.DataFrame({"text": pl.int_range(len(texts), eager=True)})
    return rows.join(joined, on="text", how="left", maintain_order="left")["piece"]
