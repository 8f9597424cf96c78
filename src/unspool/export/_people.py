"""Names of people who are left out, taken out of what others wrote."""

import re
from collections.abc import Iterable

import polars as pl

from unspool.compiling.pseudonyms import Pseudonyms, normal_name

TOKEN = r"[\p{L}\p{M}\p{N}_.\-]{2,40}"
USER = "<user>"


def named_in(texts: pl.Series, people: Iterable[str], pseudonyms: Pseudonyms) -> list[str]:
    """Tokens of the texts that are the name or id of one of these people, by their pseudonyms."""
    tokens = texts.drop_nulls().str.extract_all(TOKEN).explode(empty_as_null=False).unique()
    both = pl.concat([tokens, tokens.str.strip_chars(".-_")]).unique()
    found = pl.DataFrame({"token": both, "name": both.to_frame("name").select(normal_name(pl.col("name")))["name"]})
    ids = pl.Series(list(people), dtype=pl.String)
    known = [pseudonyms.ids(found[column], "user").is_in(ids.implode()) for column in ("token", "name")]
    return found.filter(known[0] | known[1])["token"].sort().to_list()


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
