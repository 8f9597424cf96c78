"""Patterns of what points at a person or an image in a text: ids, digests, addresses, numbers, handles."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import polars as pl

from unspool.syntax.scrub import ANGLE_MENTION, EMAIL, LINK, NAME_MENTION, NUMBERED_NAME, SITE

UUID = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
SNOWFLAKE = r"\b\d{17,20}\b"
DIGEST = r"^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})$"
"""A whole cell that looks like an MD5, SHA-1 or SHA-2 digest in hexadecimal digits."""
URL = rf"{LINK}|{SITE}"
URL_HANDLE = (
    r"(?i)(?:cdn|media)\.discordapp\.\w+/attachments/\S+|"
    r"(?:instagram|twitter|x|tiktok|facebook|linkedin|reddit|github|deviantart|artstation|behance|youtube|patreon|t)"
    r"\.(?:com|me|net)/(?:@|u/|user/|in/)?[\w.\-]{2,}"
)
"""Addresses that hold a handle: profiles, and files of Discord, whose names begin with the handle of who made them."""
HANDLE = rf"{ANGLE_MENTION}|{NAME_MENTION}|{NUMBERED_NAME}"
PHONE = r"\+?\(?\d[\d\s().\-/]{6,18}\d"
"""What may be a telephone number; the library phonenumbers says whether it is one."""
_PARTED = r"^\+|[\s().\-/]"
LEAST_DIGITS = 9

Test = Callable[[pl.Expr], pl.Expr]
TESTS: dict[str, Test] = {
    "raw_ids": lambda text: text.str.contains(rf"{SNOWFLAKE}|{UUID}"),
    "emails": lambda text: text.str.contains(EMAIL),
    "urls": lambda text: text.str.contains(URL),
    "url_handles": lambda text: text.str.contains(URL_HANDLE),
    "handles": lambda text: text.str.contains(HANDLE),
}
"""Whether a text holds one, by kind; telephone numbers are asked of `has_phone`."""


def has_phone(texts: pl.Series) -> pl.Series:
    """Whether each text holds a telephone number; null texts have none."""
    distinct = texts.drop_nulls().unique().to_frame("text").filter(pl.col("text").str.contains(PHONE))["text"]
    holding = [text for text in distinct if next(phones(text), None)]
    return texts.is_in(pl.Series(holding, dtype=pl.String).implode()).fill_null(False)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each telephone number: valid in international form, or in North America with its parts set off.

    Sizes, years, seeds and lenses are digits too, so a number without + and without gaps is none, and one of fewer than
    9 digits neither.
    """
    library = _library()
    for region in (None, "US"):
        for match in library.PhoneNumberMatcher(text, region, leniency=library.Leniency.VALID):
            raw = match.raw_string
            if sum(map(str.isdigit, raw)) >= LEAST_DIGITS and (raw.startswith("+") or _set_off(raw)):
                yield match.start, match.end


def _set_off(raw: str) -> bool:
    """Whether a number is written as telephone numbers are: with at least two gaps, (212) 555-0142."""
    import re

    return len(re.findall(r"[\s().\-/]+", raw.strip())) >= 2


@cache
def _library() -> Any:
    import phonenumbers

    return phonenumbers
