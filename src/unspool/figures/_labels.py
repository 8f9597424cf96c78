"""What stands in and under a chart: names of features, numbers in words, and how many prompts, threads and users."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from unspool.analyses import SAMPLED
from unspool.analyses import _words as words
from unspool.features import Column

Row = Mapping[str, Any]

DRAWN = (
    *("feature", "estimand", "group", "model", "step", "estimate", "ci_low", "ci_high", "ci_level"),
    *("n_prompts", "n_threads", "n_users"),
)
"""The columns of the results that a chart takes along."""
LONGEST = 60


def title(name: str, columns: Mapping[str, Column]) -> str:
    """What a feature is called; its name where nobody knows it."""
    return columns[name].title if name in columns else words.title(name)


def unit(name: str, columns: Mapping[str, Column]) -> str:
    """The unit of a feature, "" where nobody knows it."""
    return columns[name].unit if name in columns else ""


def on_log(name: str, columns: Mapping[str, Column]) -> bool:
    """Whether a feature is looked at on the natural log in mode "corrected"."""
    return name in columns and columns[name].log


def scale(name: str, columns: Mapping[str, Column]) -> str:
    """What a difference of a feature is in, in mode "corrected": its unit, or that it is one of logs."""
    return "log scale" if on_log(name, columns) else unit(name, columns)


def axis(what: str, unit: str) -> str:
    """The title of an axis: `mean, words`."""
    return f"{what}, {unit}" if unit else what


def plain(text: str) -> str:
    """A name from a log as a label: what cannot be seen made visible, cut to a length."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def value(row: Row, what: str) -> str:
    """`step 3: 12.4, 95% interval 11.0 to 13.9`, where `what` is `step 3`."""
    told = words.number(row["estimate"], words.of(row))
    interval = "" if row["ci_low"] is None else f", {words.interval(row)}"
    return f"{what}: {told}{interval}"


def drawn(rows: pl.DataFrame, what: Iterable[str]) -> pl.DataFrame:
    """The rows as a chart takes them, with what to say of each in `told`."""
    told = [value(row, name) for row, name in zip(rows.iter_rows(named=True), what, strict=True)]
    return rows.select(DRAWN).with_columns(told=pl.Series(told, dtype=pl.String))


def lines(rows: pl.DataFrame, names: Mapping[str, str], step: str) -> pl.DataFrame:
    """The rows of the groups in `names`, in their order, as lines along the steps: `line` is what each is called."""
    place = {name: number for number, name in enumerate(names)}
    found = rows.filter(pl.col("group").is_in(list(names)))
    found = found.sort(pl.col("group").replace_strict(place, return_dtype=pl.Int64), "step")
    called = [names[group] for group in found["group"]]
    told = [f"{name}, {step} {number}" for name, number in zip(called, found["step"], strict=True)]
    return drawn(found, told).with_columns(line=pl.Series(called, dtype=pl.String))


def ends(data: pl.DataFrame) -> str:
    """What is said of the last point of each line."""
    return "; ".join(line["told"][-1] for line in data.partition_by("line", maintain_order=True))


def number_of(rows: pl.DataFrame, *nouns: str) -> str:
    """`645 threads, 310 users`: the largest numbers among the rows; a range where the rows differ."""
    parts = [_counted(rows[f"n_{noun}"].drop_nulls(), noun) for noun in nouns]
    return ", ".join(part for part in parts if part)


def _counted(found: pl.Series, noun: str) -> str:
    numbers = [int(n) for n in found.unique().sort().to_list()]
    if not numbers:
        return ""
    low, high = numbers[0], numbers[-1]
    if low == high:
        return words.number_of(low, noun.removesuffix("s"))
    return f"{low:,} to {high:,} {noun}"


def n(rows: pl.DataFrame, *nouns: str) -> str:
    """The sentence of how many, with the interval that is drawn."""
    return n_of(number_of(rows, *nouns), rows)


def n_of(counted: str, rows: pl.DataFrame) -> str:
    """The same of numbers in words."""
    levels = rows["ci_level"].drop_nulls().unique().to_list()
    interval = f"{100 * levels[0]:g}% intervals over users" if levels else "no intervals"
    return f"n = {counted or 'unknown'}; {interval}{_sampled(rows)}."


def _sampled(rows: pl.DataFrame) -> str:
    """On which sample of the log the features were measured, if on one; as the notes of the rows tell it."""
    parts = {part for note in rows["note"].drop_nulls() for part in note.split("; ") if part.startswith(SAMPLED)}
    whole = rows["note"].str.contains(SAMPLED, literal=True).fill_null(False).all()
    return "".join(f"; {'' if whole else 'some features '}{part}" for part in sorted(parts))
