"""The strings of a study in which something could point at people: columns of the prompts table, and excerpts."""

from collections.abc import Iterator

import polars as pl

from unspool import tables
from unspool.audits import Audited
from unspool.labels import PSEUDONYMS
from unspool.syntax.prose import lines, prose

DIGESTED = ("prompt_id", "user_id", "channel_id", "given_thread_id", "thread_id")
"""Pseudonyms of the study: keyed digests of 16 hexadecimal digits."""
EXCERPTS = "rejects.excerpt"


def strings(log: Audited) -> Iterator[tuple[str, pl.LazyFrame]]:
    """Columns with text by name, each as user_id and value, a row per value; lists have a row per item.

    Those that the source passed on come too, pseudonyms of the study do not. Features hold numbers only.
    """
    for name, kind in log.prompts.collect_schema().items():
        if name in (*DIGESTED, *PSEUDONYMS.values()) or name in log.log.columns:
            continue
        if kind == pl.String:
            yield name, log.prompts.select("user_id", value=name)
        elif kind == pl.List(pl.String):
            yield name, _listed(log.prompts, pl.col(name))
        elif name == "params":
            yield name, _listed(log.prompts, lines(pl.col(name)))
    if log.rejects is not None:
        yield EXCERPTS, log.rejects.select(user_id=pl.lit(None, dtype=pl.String), value="excerpt")


def _listed(prompts: pl.LazyFrame, items: pl.Expr) -> pl.LazyFrame:
    return prompts.select("user_id", value=items).explode("value", empty_as_null=False, keep_nulls=False)


def said(schema: pl.Schema) -> pl.Expr:
    """What the person of a prompt wrote: a list of the text and of the prose behind its parameters."""
    behind = [prose(pl.col("params"))] if "params" in schema else []
    return pl.concat_list(pl.col("text").fill_null(""), *behind)


def passed_on(log: Audited) -> list[str]:
    """Columns of the source that are no part of the prompts table."""
    known = {*tables.PROMPTS.columns, *PSEUDONYMS.values(), *log.log.columns}
    return [name for name in log.prompts.collect_schema() if name not in known]
