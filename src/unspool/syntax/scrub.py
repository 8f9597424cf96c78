"""What may not stay in a text: links become `<link>`, mentions `<user>`."""

import polars as pl

_END = r"(?:[^\s<>]*[^\s<>*.,;:!?)\]}'\"])?>?"
LINK = rf"(?i)<?(?:https?:/+|\b[a-z][a-z0-9+.\-]*://|\bwww\.){_END}"
_LONG_SITE = r"\b[a-z0-9\-]+\.[a-z0-9\-]+\.(?:com|net|org|io|gg|me|co|art|app|dev)\b"
SITE = rf"(?i)<?(?:\b(?:[a-z0-9\-]+\.)+[a-z]{{2,}}/|{_LONG_SITE}){_END}"
EMAIL = r"[\w.+\-]+@[\w\-]+\.\w[\w.\-]*\w"
ANGLE_MENTION = r"<(?:@[!&]?|#)\d+>"
_NUMBER = r"#(?:0|\d{4})\b"
"""What stands behind a name in exports: four digits until 2023, since then 0."""
NAME_MENTION = rf"(^|[^\w@＠<])[@＠]+[.\-]?\w(?:[\w.\-]*\w)?(?:{_NUMBER})?"
NUMBERED_NAME = rf"\b\w[\w.]{{1,31}}{_NUMBER}"
BARE_ID = r"\b\d{17,20}\b"


def scrub(text: pl.Expr) -> pl.Expr:
    """Replace links by `<link>`, and by `<user>` mentions by id or @name, e-mail addresses, name#1234 and bare ids."""
    return (
        text.str.replace_all(LINK, "<link>")
        .str.replace_all(EMAIL, "<user>")  # before sites without a scheme: they would leave the name before the @
        .str.replace_all(SITE, "<link>")
        .str.replace_all(ANGLE_MENTION, "<user>")
        .str.replace_all(NAME_MENTION, "${1}<user>")
        .str.replace_all(NUMBERED_NAME, "<user>")
        .str.replace_all(BARE_ID, "<user>")
    )


def scrub_text(text: str) -> str:
    """The same for one string."""
    return str(pl.select(scrub(pl.lit(text))).item())
