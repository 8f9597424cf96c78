"""A simulated log as a table of prompts, whose columns are roles of the source `table`."""

from pathlib import Path

import polars as pl

TABLES = (".parquet", ".jsonl", ".ndjson", ".csv")
"""Endings of files that are written as a table."""


def table(prompts: pl.DataFrame, captions: list[tuple[str, ...]], channel_id: str, *, threads: bool) -> pl.DataFrame:
    """One row per prompt: prompt_id, channel_id, user_id, time, text, upscaled, caption_0 to caption_3, thread_id.

    `text` has the parameters as typed. Captions only where the log has any, thread_id only if asked for.
    """
    shown = pl.Series("captions", [list(four) for four in captions], dtype=pl.List(pl.String))
    frame = prompts.select(
        pl.col("message_id").alias("prompt_id"),
        pl.lit(channel_id).alias("channel_id"),
        "user_id",
        "time",
        pl.col("echo").alias("text"),
        "upscaled",
        *([pl.col("thread").cast(pl.String).alias("thread_id")] if threads else []),
    )
    if not any(captions):
        return frame
    return frame.with_columns(shown.list.get(place, null_on_oob=True).alias(f"caption_{place}") for place in range(4))


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table in the form that the ending of the file names; times as ISO 8601 in text forms."""
    if path.suffix == ".parquet":
        frame.write_parquet(path)
        return
    texts = frame.with_columns(pl.col("time").dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00"))
    texts.write_csv(path) if path.suffix == ".csv" else texts.write_ndjson(path)
