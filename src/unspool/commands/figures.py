"""unspool figures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from unspool.commands import _options as o


class Format(StrEnum):
    """Kinds of files."""

    svg = "svg"
    pdf = "pdf"
    png = "png"


def command(
    study: o.StudyPath,
    form: Annotated[Format, typer.Option("--format", help="Kind of file.")] = Format.pdf,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for the files; STUDY/figures by default.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Only these: a kind of figure (drift) or one figure (drift-n_words); repeatable."),
    ] = None,
    as_json: o.Json = False,
) -> None:
    """Draw the figures of an analysed study into files for a paper, in colours that the colour-blind tell apart.

    Example: [bold]unspool figures study --format pdf --only drift --only convergence[/bold]
    """
    from unspool.commands import _screen
    from unspool.stages.drawing import draw
    from unspool.study import Study

    with _screen.progress() as progress:
        files, lacking = draw(Study(study), form.value, out, only, progress=progress)
    for told in lacking:
        _screen.err.print(_screen.plain(told), style="bold", soft_wrap=True)
    if as_json:
        _screen.print_json([{"file": str(path), "title": title, "n": n} for path, title, n in files])
        return
    for path, title, _ in files:
        _screen.out.print(_screen.plain(f"{path}  {title}"), soft_wrap=True)
