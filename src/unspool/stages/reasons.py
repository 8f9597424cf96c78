"""Why records were left out: what was wrong with them, in words and counts, and an error where no prompt is left."""

import polars as pl

from unspool.compiling.wording import ADVICE, REASON_NOTES
from unspool.errors import UnspoolError
from unspool.study import Study

MOST = 8
OTHER = "other faults"
_LINE = r"^line \d+: "


def details(rejects: pl.LazyFrame) -> dict[str, dict[str, int]]:
    """By reason, what was wrong with how many records, the most frequent first; beyond the eighth put together.

    Only records that could not be read have such a detail.
    """
    known = rejects.filter(pl.col("detail").is_not_null())
    counted = known.group_by("reason", pl.col("detail").str.replace(_LINE, "")).len("n")
    found: dict[str, dict[str, int]] = {}
    for reason, detail, n in counted.sort("n", "detail", descending=[True, False]).collect().iter_rows():
        of_reason = found.setdefault(reason, {})
        name = detail if len(of_reason) < MOST else OTHER
        of_reason[name] = of_reason.get(name, 0) + n
    return found


def check_kept(study: Study) -> None:
    """An error if records were left out and no prompt is kept; a log of nothing but chat is none."""
    counts = study.manifest["counts"]["total"]
    lost = {reason: n for reason, n in counts["rejects"].items() if reason != "chatter"}
    if counts["prompts"] or not lost:
        return
    reason, n = max(lost.items(), key=lambda item: item[1])
    detail = next(iter(details(study.scan("rejects")).get(reason, {})), "")
    raise UnspoolError(
        "No prompt is left of the log.",
        f"Of {counts['records']:,} records, {n:,} {'was' if n == 1 else 'were'} left out as {reason}: "
        f"{detail or REASON_NOTES[reason]}.",
        ADVICE.get(detail) or ADVICE[reason],
    )
