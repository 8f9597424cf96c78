"""Names of people who are left out, taken out of what others wrote."""

import re
from collections.abc import Iterable

import polars as pl

USER = "<user>"


def without_names(texts: pl.Series, names: Iterable[str]) -> pl.Series:
    """The texts with each of these names, where it stands as a word of its own, replaced; case does not count."""
    listed = sorted({name.strip().removeprefix("@") for name in names} - {""}, key=lambda name: (-len(name), name))
    if not listed:
        return texts
    hit = texts.str.contains_any(listed, ascii_case_insensitive=True).fill_null(False)
    if not hit.any():
        return texts
    name = re.compile(rf"(?<!\w)@?(?:{'|'.join(map(re.escape, listed))})(?:#\d{{4}})?(?!\w)", re.IGNORECASE)
    left = [name.sub(USER, text) if there else text for text, there in zip(texts, hit, strict=True)]
    return pl.Series(texts.name, left, dtype=pl.String)
