"""The books of a reading: every record read became a prompt, was merged, or is a reject with its reason."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from unspool.errors import UnspoolError
from unspool.study import read_parquet


def totals(parts: Path) -> list[dict[str, int]]:
    """Per part of an input: input, records, messages by bots, and those of them that are blank."""
    return [orjson.loads(file.read_bytes()) for file in sorted(parts.glob("[0-9]*/totals.json"))]


def check_blank(parts: Path) -> None:
    """An error if every message of the bot is blank: the export lacked a permission."""
    found = totals(parts)
    by_bot, blank = sum(t["by_bot"] for t in found), sum(t["blank"] for t in found)
    if by_bot and blank == by_bot:
        raise UnspoolError(
            "Every message of the bot is blank.",
            f"{by_bot:,} were found, none with content.",
            "Export again by an account that sees the messages: a bot needs the Message Content Intent, "
            "set in the Discord developer portal.",
        )


def balance(parts: Path, counts: Path, inputs: Iterable[int]) -> dict[str, Any]:
    """Counts in total and per input; records read = prompts + merged + rejects for each, else the run fails."""
    books = {number: Books() for number in inputs}
    for total in totals(parts):
        books[total["input"]].records += total["records"]
    for file in sorted(parts.glob("[0-9]*/rejects-*.parquet")):
        for number, reason, n in read_parquet(file).group_by("input", "reason").len().iter_rows():
            books[number].rejects[reason] += n
            books[number].kinds["other" if reason == "chatter" else reason] += n
    for file in sorted(counts.glob("*.json")):
        for name, rows in orjson.loads(file.read_bytes()).items():
            for number, what, n in rows:
                books[number].add(name, what, n)
    return _balanced(list(books.values()))


def dropped_records(counts: Path) -> int:
    """Records of people who were left out: in the second pass nothing else is excluded."""
    rows = [row for file in counts.glob("*.json") for row in orjson.loads(file.read_bytes())["rejects"]]
    return sum(n for _, reason, n in rows if reason == "excluded")


class Books:
    """Counts of one input: records read, prompts, merged by category, rejects by reason, messages by kind."""

    def __init__(self) -> None:
        self.records = self.prompts = 0
        self.merged: Counter[str] = Counter()
        self.rejects: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()

    def add(self, name: str, what: str, n: int) -> None:
        """Add a count of "prompts", "merged", "rejects" or "kinds"."""
        if name == "prompts":
            self.prompts += n
        else:
            getattr(self, name)[what] += n

    def as_dict(self) -> dict[str, Any]:
        """The counts as the manifest holds them."""
        return {
            "records": self.records,
            "prompts": self.prompts,
            "merged": dict(sorted(self.merged.items())),
            "rejects": dict(sorted(self.rejects.items())),
            "kinds": dict(sorted(self.kinds.items())),
        }


def _balanced(books: list[Books]) -> dict[str, Any]:
    total = Books()
    for number, book in enumerate(books, 1):
        found = book.prompts + book.merged.total() + book.rejects.total()
        if found != book.records:
            raise UnspoolError(
                f"The books of input {number} do not balance.",
                f"{book.records:,} records were read, {found:,} are accounted for.",
                "This is a fault of unspool: please report it with the counts.",
            )
        total.records += book.records
        total.prompts += book.prompts
        for name in ("merged", "rejects", "kinds"):
            getattr(total, name).update(getattr(book, name))
    return {"total": total.as_dict(), "inputs": [book.as_dict() for book in books]}
