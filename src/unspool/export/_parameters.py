"""Prose that people typed behind a parameter, cleaned as texts are; settings stay."""

from collections.abc import Callable

import polars as pl

from unspool.syntax.parameters import Parameter, parameter
from unspool.syntax.prose import KNOWN, line, prose, settings
from unspool.tables import PARAMETERS

Clean = Callable[[pl.Series], pl.Series]


def with_prose(frame: pl.DataFrame) -> pl.DataFrame:
    """The texts of prompts and, in rows of their own, the prose of their parameters: user_id, text."""
    person = pl.coalesce("user_id", pl.format("row {}", pl.int_range(pl.len())))
    said = frame.select(user_id=person, text=pl.concat_list(pl.col("text").fill_null(""), prose(pl.col("params"))))
    return said.explode("text", empty_as_null=False)


def cleaned(params: pl.Series, clean: Clean, whole: Clean) -> pl.Series:
    """The parameters with cleaned prose; values of which nothing is left are gone, and so are names that were words.

    `whole` cleans a line with its settings too: a telephone number may begin among them.
    """
    lists = params.to_frame("params").with_row_index("row")
    each = lists.explode("params", empty_as_null=False, keep_nulls=False)
    each = each.with_columns(name=pl.col("params").struct.field("name"), line=line(pl.col("params")))
    changed = _changed(each.select("name", "line").unique(), clean, whole)
    if not changed.height:
        return params
    each = each.join(changed, on=["name", "line"], how="left", maintain_order="left")
    kept = each.filter(pl.col("is_changed").is_null() | pl.col("left").is_not_null())
    both = kept.select("row", left=pl.when("is_changed").then("left").otherwise("params"))
    grouped = both.group_by("row", maintain_order=True).agg("left")
    found = lists.join(grouped, on="row", how="left", maintain_order="left")
    left = pl.when(pl.col("params").is_not_null()).then(pl.col("left").fill_null([]))
    return found.select(left.alias(params.name)).to_series()


def _changed(known: pl.DataFrame, clean: Clean, whole: Clean) -> pl.DataFrame:
    """The parameters (name, line) that cleaning changes, with what is `left` of them; null where nothing is."""
    told = known.with_columns(whole(known["line"]).alias("clean"))
    told = told.with_columns(head=settings(pl.col("name"), pl.col("clean")))
    words = clean(told.select(pl.col("clean").str.strip_prefix(pl.col("head"))).to_series())
    told = told.select("name", "line", clean=pl.concat_str("head", words).str.strip_chars())
    told = told.filter(pl.col("clean") != pl.col("line"))
    left = [_left(*row) for row in told.iter_rows()]
    made = pl.Series(left, dtype=PARAMETERS.inner)
    return told.select("name", "line", left=made, is_changed=pl.lit(True))


def _left(name: str, before: str, after: str) -> Parameter | None:
    """The parameter of a cleaned line; None where its name was a word, and is gone."""
    if name in KNOWN:
        return parameter(name, after)
    rest = after.removeprefix(name)
    is_whole = after.startswith(name) and (not rest[:1].isalnum() or before.startswith(name + rest[:1]))
    return parameter(name, rest) if is_whole else None
