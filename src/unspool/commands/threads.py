"""unspool threads."""

from pathlib import Path
from typing import Annotated

import typer

from unspool.commands import _options as o

WIDE = 80
"""Columns of a terminal from which on ids stand in full; `show` takes the first digits too."""


def command(
    study: o.StudyPath,
    longest: Annotated[
        int | None, typer.Option(help="Show the N longest threads instead of the latest 20.", min=1)
    ] = None,
    user: Annotated[str | None, typer.Option(help="Only this person's threads, by the id or name in the log.")] = None,
    rule: Annotated[str | None, typer.Option(help="Threads by this rule; the study's chosen one by default.")] = None,
    key: Annotated[Path | None, typer.Option(help="The study's key file, if it is not beside the study.")] = None,
    as_json: o.Json = False,
) -> None:
    """List threads of a study: when, how many prompts, how many upscaled, and how they begin.

    Example: [bold]unspool threads study --longest 5[/bold]
    """
    from rich.table import Table

    from unspool.commands import _screen
    from unspool.stages.browse import list_threads
    from unspool.study import Study

    opened = Study(study)
    who = opened.user(user, key) if user else None
    found = list_threads(opened, rule=rule, user=who, longest=longest)
    if as_json:
        _screen.print_json(found.to_dicts())
        return
    if not found.height:
        _screen.err.print("No thread of that person." if user else "The study has no threads.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    digits = 16 if _screen.out.width >= WIDE else 8
    table.add_column("thread", no_wrap=True, min_width=digits)
    table.add_column("began (UTC)", no_wrap=True, min_width=16)
    table.add_column("prompts", no_wrap=True, min_width=7, justify="right")
    table.add_column("upscaled", no_wrap=True, min_width=8, justify="right")
    table.add_column("begins with")
    room = max(10, _screen.out.width - digits - 39)
    for row in found.iter_rows(named=True):
        began = f"{row['began']:%Y-%m-%d %H:%M}" if row["began"] else ""
        upscaled = "?" if row["n_upscaled"] is None else str(row["n_upscaled"])
        table.add_row(
            row["thread_id"][:digits], began, str(row["n_prompts"]), upscaled, _screen.plain(row["text"], room)
        )
    _screen.out.print(table)
    _screen.err.print(f"Look at one: unspool show {study} {found['thread_id'][0][:digits]}", style="dim", markup=False)
