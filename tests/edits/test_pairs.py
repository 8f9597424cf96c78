"""Adjacent prompts of threads: whichever order they lie in, and none that is not there."""

from datetime import UTC, datetime, timedelta

import polars as pl

from unspool import tables
from unspool.edits.pairs import PAIRS, pairs

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)


def frame(*rows):
    """Prompts from (thread, step, text, seconds after noon or None)."""
    listed = [
        {
            "prompt_id": f"{thread}{step}",
            "user_id": "u",
            "thread_id": thread,
            "step": step,
            "text": text,
            "time": None if seconds is None else NOON + timedelta(seconds=seconds),
        }
        for thread, step, text, seconds in rows
    ]
    kinds = {
        name: tables.PROMPTS.columns[name] for name in ("prompt_id", "user_id", "thread_id", "step", "text", "time")
    }
    return tables.conform(pl.DataFrame(listed, schema=kinds), tables.PROMPTS)


def test_threads_may_interleave_and_the_order_is_that_of_the_later_prompts():
    found = pairs(frame(("a", 1, "x", 0), ("b", 1, "y", 1), ("a", 2, "x2", 2.5), ("b", 2, "y2", 3), ("a", 3, "x3", 4)))
    assert found["prompt_id"].to_list() == ["a2", "b2", "a3"]
    assert found["before_id"].to_list() == ["a1", "b1", "a2"]
    assert found["text_before"].to_list() == ["x", "y", "x2"]
    assert found["gap_s"].to_list() == [2.5, 2.0, 1.5]
    assert found["step"].to_list() == [2, 2, 3]


def test_a_gap_without_both_times_is_unknown():
    assert pairs(frame(("a", 1, "x", None), ("a", 2, "y", 5), ("a", 3, "z", 9)))["gap_s"].to_list() == [None, 4.0]


def test_what_is_alone_is_in_no_pair():
    alone = frame((None, None, "x", 0), ("a", 1, "x", 1), ("b", 1, "x", 2), ("c", 2, "x", 3), ("c", 4, "x", 4))
    assert pairs(alone).height == 0
    assert pairs(alone.head(1)).height == pairs(alone.head(0)).height == 0
    assert dict(pairs(alone.head(0)).schema) == PAIRS
