"""Threads by a pause: the session rule of search logs, the baseline that looks at no words."""

import polars as pl

from unspool.errors import UnspoolError
from unspool.threads._tokens import first_of_user

NEEDS = ("time",)
TITLE = "Pause of more than 30 minutes"
CITATION = "Catledge & Pitkow 1995 (25.5 minutes; 30 by custom); for its limits Jones & Klinkner 2008 (CIKM)"


def starts(prompts: pl.DataFrame, *, minutes: float = 30) -> pl.Series:
    """Whether each prompt starts a thread: more than `minutes` since the user's prompt before it.

    `prompts` has user_id and time, sorted by both; the result is Boolean, one value per row, none for an empty
    frame. A pause of exactly `minutes` continues the thread. Where either time is unknown the pause is unknown, and
    the prompt starts a thread: none is joined without evidence. UnspoolError for minutes below 0.
    """
    if not minutes >= 0:
        raise UnspoolError(
            "The pause of the rule gap is out of range.",
            f"It is {minutes} minutes.",
            "Give 0 or more; 30 is the custom.",
            exit_code=2,
        )
    pause = prompts["time"].diff().dt.total_milliseconds()
    long = (pause > minutes * 60_000).fill_null(value=True)
    return (first_of_user(prompts) | long).alias("starts")
