"""One row per message: in-place edits of a bot message, and records that came twice, are merged by message id."""

import polars as pl

FINISHED = ("grid", "remix", "variation", "region", "zoom", "pan", "video", "upscale")


def merge_edits(events: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the messages, and the merged records as input, category ("edit" or "duplicate").

    The last finished state of a message counts, else its last state; its time is the first one, its user and reference
    the first that are known. A record equal to another in content and time of edit is a duplicate, the rest are edits.
    """
    if events["message_id"].is_unique().all():
        return events, pl.DataFrame(schema={"input": pl.UInt16, "category": pl.String})
    twice = ~pl.struct("message_id", "kind", "echo", "edited").is_first_distinct()
    events = events.with_columns(
        twice=twice, finished=pl.col("kind").is_in(FINISHED), seen=pl.coalesce("edited", "time")
    )
    order = pl.struct("finished", pl.col("kind") != "other", "seen", ~pl.col("twice"), "seq")
    last = order.rank("ordinal", descending=True).over("message_id") == 1
    events = events.with_columns(
        last=last,
        time=pl.col("time").min().over("message_id"),
        **{
            name: pl.col(name).drop_nulls().first().over("message_id").fill_null(pl.col(name))
            for name in ("user_id", "reference_id", "channel_id")
        },
    )
    gone = events.filter(~pl.col("last")).select(
        "input", category=pl.when("twice").then(pl.lit("duplicate")).otherwise(pl.lit("edit"))
    )
    return events.filter("last").drop("twice", "finished", "seen", "last"), gone
