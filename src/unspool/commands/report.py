"""unspool report."""

from pathlib import Path
from typing import Annotated

import typer

from unspool.commands import _options as o


def command(
    study: o.StudyPath,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; STUDY/report.html by default.")
    ] = None,
    no_prompts: o.NoPrompts = False,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Write the report of an analysed study: one HTML page that opens offline, on any screen and on paper.

    Example: [bold]unspool report study[/bold]

    Example: [bold]unspool report study --no-prompts -o report.html[/bold]
    """
    from unspool.commands import _screen
    from unspool.engine import worker_count
    from unspool.stages.report import report
    from unspool.study import Study

    place = report(Study(study), out, quote=not no_prompts, jobs=worker_count(workers))
    size = place.stat().st_size
    if as_json:
        _screen.print_json({"report": str(place), "bytes": size, "prompts_quoted": not no_prompts})
        return
    _screen.out.print(str(place), markup=False, soft_wrap=True)
    quotes = "It quotes no prompt." if no_prompts else "It quotes prompts: see it before you pass it on."
    _screen.err.print(f"{size / 1e6:.1f} MB, one file, nothing is fetched. {quotes}", style="dim", markup=False)
