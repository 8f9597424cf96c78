"""What may not stay in a text: links become `<link>`, mentions `<user>`."""

import polars as pl

_HOSTS = r"(?:s\.mj\.run|(?:cdn|media)\.discordapp\.(?:com|net)|discord\.(?:gg|com)|midjourney\.com)/"
LINK = rf"(?i)<?(?:https?:/+|\bwww\.|\b{_HOSTS})(?:[^\s<>*]*[^\s<>*.,;:!?)\]}}'\"])?>?"
EMAIL = r"[\w.+\-]+@[\w\-]+\.\w[\w.\-]*\w"
ANGLE_MENTION = r"<(?:@[!&]?|#)\d+>"
NAME_MENTION = r"(^|[^\w@<])@[\w](?:[\w.\-]*\w)?(?:#\d{4}\b)?"


def scrub(text: pl.Expr) -> pl.Expr:
    """Replace links by `<link>` and mentions, by id, by @name or by e-mail address, by `<user>`."""
    return (
        text.str.replace_all(LINK, "<link>")
        .str.replace_all(ANGLE_MENTION, "<user>")
        .str.replace_all(EMAIL, "<user>")
        .str.replace_all(NAME_MENTION, "${1}<user>")
    )


def scrub_text(text: str) -> str:
    """The same for one string."""
    return str(pl.select(scrub(pl.lit(text))).item())
