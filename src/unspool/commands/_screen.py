"""What the terminal shows: results on stdout, progress and notices on stderr."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import polars as pl
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from unspool import registry
from unspool.audits._advice import Advice
from unspool.compiling.wording import KIND_NOTES, MERGED_NOTES, REASON_NOTES

COLUMNS_NOTE = "If columns of the table tell them, name these: --columns user_id=COLUMN,time=COLUMN,text=COLUMN."


class _Screen(Console):
    """A console that leaves a closed pipe to the command line."""

    def on_broken_pipe(self) -> None:
        """Raise what rich would turn into an exit."""
        raise BrokenPipeError


out = _Screen(highlight=False)
err = _Screen(stderr=True, highlight=False)


def plain(value: Any, width: int | None = None) -> Text:
    """Text of a log for the terminal: control characters and direction marks made visible, cut to a width."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))
    return Text(text if width is None or len(text) <= width else text[: width - 1] + "…")


def indented(text: str) -> Padding:
    """A paragraph two columns in, on all of its lines."""
    return Padding(plain(text), (0, 0, 0, 2), expand=False)


def print_json(value: Any) -> None:
    """Print a value as JSON; times in ISO form, control characters and direction marks escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain_value)
    print("".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text))


def _plain_value(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def modules(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the analyses or audits of these names: question, what it does not show, where it comes from."""
    if as_json:
        fields = ("TITLE", "QUESTION", "LIMITS", "CITATION")
        print_json(
            [{"name": name, **{field.lower(): getattr(m, field) for field in fields}} for name, m in found.items()]
        )
        return
    for name, module in found.items():
        out.print(f"[bold]{name}[/bold]")
        for line in (module.QUESTION, module.LIMITS):
            out.print(indented(line))
        out.print(indented(module.CITATION), style="dim")


def questions(names: Sequence[str], rows: pl.DataFrame, package: str, most: int | None = None) -> None:
    """Print what was found, in sentences, question by question; at most so many of each."""
    for name in names:
        module = registry.load(package, name)
        out.print(Text(module.QUESTION, style="bold"))
        for sentence in module.findings(rows.filter(analysis=name))[:most]:
            out.print(indented(sentence))


def advice(listed: Sequence[Advice]) -> None:
    """Print what a log may be used for: use, verdict, and why."""
    out.print(Text("May I ...", style="bold"))
    for one in listed:
        use = Text.assemble(plain(f"{one.use}: "), (one.verdict, "bold"))
        out.print(Padding(use, (0, 0, 0, 2), expand=False))
        out.print(Padding(plain(one.why), (0, 0, 0, 4), expand=False), style="dim")


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar per step on stderr, where that is a terminal."""
    columns = (TextColumn("{task.description:<18}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal, transient=True) as bars:
        known: dict[str, TaskID] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in known:
                one_part = of == 1  # no share of it is known: only show that it is at work
                known[what] = bars.add_task(what, total=None if one_part else of)
            bars.update(known[what], completed=done, total=of)

        yield show


def rows(title: str, pairs: list[tuple[str, Any, str]]) -> Table:
    """A table of name, number and note."""
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False)
    table.add_column(min_width=26, no_wrap=True)
    table.add_column(justify="right", min_width=10, no_wrap=True)
    table.add_column(style="dim")
    for name, number, note in pairs:
        table.add_row(f"  {name}", f"{number:,}" if isinstance(number, int) else str(number), note)
    return table


def left_out(
    rejects: dict[str, int], details: dict[str, dict[str, int]], before: str = ""
) -> list[tuple[str, Any, str]]:
    """Lines of `rows`: each reason with its number of records, below it what was wrong with how many of them."""
    lines: list[tuple[str, Any, str]] = []
    for reason, n in rejects.items():
        lines.append((before + reason, n, REASON_NOTES.get(reason, "")))
        lines += [("", of_them, f"  {detail}") for detail, of_them in details.get(reason, {}).items()]
    return lines


def summary(found: dict[str, Any]) -> None:
    """Print what a study holds."""
    books = found["books"]
    out.print(
        rows(f"Records read: {books['records']:,}", [(k, n, KIND_NOTES.get(k, "")) for k, n in books["kinds"].items()])
    )
    share = found["share_upscaled"]
    main = [
        ("prompts", found["n_prompts"], ", ".join(f"{n:,} {a}" for a, n in found["actions"].items())),
        ("users", found["n_users"], ""),
        (
            "upscaled",
            ("unknown" if found["n_prompts"] else "-") if share is None else f"{share:.1%}",
            "this log cannot know" if share is None and found["n_prompts"] else "",
        ),
    ]
    if found["first"]:
        main.append(("time", f"{found['first']:%Y-%m-%d}", f"to {found['last']:%Y-%m-%d}"))
    out.print(rows("Prompts", main))
    for rule, threads in found["rules"].items():
        _threads(found, rule, threads)
    if not found["rules"] or not found["n_timed"] or not found["n_users"]:
        _why_no_threads(found)
    out.print(
        rows("Merged", [(k, n, MERGED_NOTES.get(k, "")) for k, n in books["merged"].items()] or [("nothing", 0, "")])
    )
    out.print(rows("Left out", left_out(books["rejects"], books["details"]) or [("nothing", 0, "")]))


def dropped(people: list[str] | None, records: int, missed: list[int]) -> None:
    """Say how many records went with the people who were left out; above all of whom there were none."""
    if people and records and missed:
        numbers = ", ".join(map(str, missed))
        err.print(
            f"Not all were left out: no record of this log is by number {numbers} of the {len(people)} people named "
            "with --drop-user. Check the spelling.",
            style="bold",
        )
    if people and not records:
        err.print("Nobody was left out: no record of this log is by the people named with --drop-user.", style="bold")
    elif people:
        err.print(f"Left out with the people named: {records:,} records.", style="dim")


def _threads(found: dict[str, Any], rule: str, threads: dict[str, Any]) -> None:
    chosen = "the chosen rule" if rule == found["rule"] and len(found["rules"]) > 1 else ""
    pairs = [("threads", threads["n_threads"], chosen)]
    pairs += [(f"  of {n} prompts or more", threads[f"n_threads_{n}"], "") for n in (2, 4, 10)]
    out.print(rows(f"Threads by the rule {rule}", pairs))


def _why_no_threads(found: dict[str, Any]) -> None:
    where = " " + COLUMNS_NOTE if "prompt" in found["books"]["kinds"] else ""
    if not found["n_prompts"]:
        err.print("No prompts: nothing to thread.")
    elif not found["n_users"]:
        err.print(f"The log names no users, so there are prompts but no threads.{where}")
    elif not found["n_timed"] and found["rules"] and not any(r["n_threads"] for r in found["rules"].values()):
        err.print(f"The log has neither times nor an order, so there are prompts but no threads.{where}")
