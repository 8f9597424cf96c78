"""Logs for the tests of analyses: threads written as lists of values, one prompt per value."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from unspool import tables
from unspool.analyses import Measured, Settings
from unspool.features import Column

FEW = Settings(least=2, draws=200)


def thread(user: str | None, values: Sequence[float | None], **more: Any) -> dict[str, Any]:
    """A thread of a user with the feature `x`; further columns as a list per prompt or one value for all."""
    return {"user": user, "x": list(values), **more}


def frame(threads: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """The prompts of some threads, with their features; a thread without user has no thread_id."""
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(threads):
        n = len(one["x"])
        for step in range(n):
            own = {
                key: value[step] if isinstance(value, list) and key != "params" else value
                for key, value in one.items()
                if key != "user"
            }
            placed = one["user"] is not None
            rows.append(
                {
                    "prompt_id": f"{number}-{step}",
                    "user_id": one["user"],
                    "thread_id": f"{number:04}" if placed else None,
                    "step": step + 1 if placed else None,
                    "steps_left": n - 1 - step if placed else None,
                    **own,
                }
            )
    kinds = {**tables.PROMPTS.columns, "x": pl.Float64}
    others = sorted({key for row in rows for key in row} - set(kinds))
    whole = pl.DataFrame(rows, schema_overrides=kinds, infer_schema_length=None) if rows else pl.DataFrame({"x": []})
    return tables.conform(whole, tables.PROMPTS).with_columns(pl.col("x", *others).cast(pl.Float64))


def column(name: str) -> Column:
    """A feature column of that name."""
    return Column(name, name.upper(), "words", "For tests.")


def log(prompts: pl.DataFrame | Sequence[Mapping[str, Any]], settings: Settings = FEW, **more: Any) -> Measured:
    """A measured log with the features that the frame has beyond the prompts table."""
    whole = prompts if isinstance(prompts, pl.DataFrame) else frame(prompts)
    names = [name for name in whole.columns if name not in tables.PROMPTS.columns]
    return Measured(whole.lazy(), "iou", {name: column(name) for name in names}, settings, **more)


def one(rows: pl.DataFrame, **same: Any) -> dict[str, Any]:
    """The only row with these values."""
    found = rows.filter(*(pl.col(key).eq_missing(value) for key, value in same.items()))
    assert found.height == 1, found
    return found.row(0, named=True)


def sound(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows, after what holds for the results of every analysis."""
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert set(rows["mode"]) <= {"paper", "corrected"}
    assert set(rows["rule"]) <= {"iou"}
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert rows.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    numbers = rows.select(pl.selectors.float())
    assert not any(numbers[name].is_nan().any() for name in numbers.columns)
    return rows
