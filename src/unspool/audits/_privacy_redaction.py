"""Texts without what points at people: each find is replaced by what it was."""

from collections.abc import Iterable

import polars as pl

from unspool.audits._privacy_names import artists
from unspool.models.names import names
from unspool.syntax.identifiers import PHONE, SNOWFLAKE, UUID, phones
from unspool.syntax.scrub import EMAIL, scrub


def redacted(texts: pl.Series, public: pl.Series | None = None) -> pl.Series:
    """The texts with <link>, <email>, <phone>, <user>, <id> and <person> in place of what was there; null stays null.

    Names of persons are those of two or more capitalised words that the recogniser finds, but for artists of the
    project's list and for `public` (in lower case). Each distinct text is worked once.
    """
    distinct = texts.drop_nulls().unique()
    frame = pl.DataFrame({"text": distinct, "left": distinct})
    plain = pl.col("left").str.replace_all(EMAIL, "<email>").str.replace_all(rf"{UUID}|{SNOWFLAKE}", "<id>")
    frame = frame.with_columns(left=scrub(plain)).with_columns(dial=pl.col("left").str.contains(PHONE))
    left = [
        _without(text, phones(text), "<phone>") if dial else text for text, dial in frame.select("left", "dial").rows()
    ]
    known = artists() | set(public.to_list() if public is not None else ())
    left = _without_names(left, known)
    return texts.replace_strict(distinct, pl.Series(left, dtype=pl.String), default=None, return_dtype=pl.String)


def _without(text: str, spans: Iterable[tuple[int, int]], what: str) -> str:
    for start, end in sorted(set(spans), reverse=True):
        text = f"{text[:start]}{what}{text[end:]}"
    return text


def _without_names(texts: list[str], known: frozenset[str] | set[str]) -> list[str]:
    found = names(texts).filter(~pl.col("name").str.to_lowercase().is_in(pl.Series(sorted(known)).implode()))
    out = list(texts)
    for (place,), part in found.group_by("text"):
        spans = [(int(start), int(end)) for start, end in part.select("start", "end").iter_rows()]
        out[int(str(place))] = _without(out[int(str(place))], spans, "<person>")
    return out
