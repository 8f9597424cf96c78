"""Values from outside as text of a Markdown file that show as they are and do nothing."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

_HIDDEN = ("Cc", "Cf", "Cn", "Cs", "Zl", "Zp")
"""Unicode categories of what is not seen: control characters, marks of writing direction, what is no character."""


def plain(value: object) -> str:
    """A value as one line without hidden characters."""
    seen = "".join(" " if unicodedata.category(one) in _HIDDEN else one for one in str(value))
    return re.sub(r"\s+", " ", seen).strip()


def escaped(value: object) -> str:
    """A value as one line in which no mark of Markdown or HTML has a meaning; it reads as it was written."""
    text = plain(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_\[\]|~$#])", r"\\\1", text)
    return re.sub(r"^([-+=]|\d+(?=[.)](?:\s|$)))", _inert, text)


def _inert(found: re.Match[str]) -> str:
    """The beginning of a list or a rule, so that it begins none."""
    return f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; numbers with commas, text as it is given."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else re.sub(r"(?<!\\)\|", r"\|", str(value))
