"""Stage `figures`: the charts of a study's results as files for a paper."""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from unspool import registry
from unspool.errors import UnspoolError
from unspool.figures import PAPER, Figure, _render, drawing
from unspool.stages.questions import questions, rows
from unspool.stages.read import Progress, silent
from unspool.study import Study

FORMATS = {"svg": lambda chart: _render.svg(chart).encode(), "pdf": _render.pdf, "png": _render.png}


def draw(
    study: Study,
    form: str = "pdf",
    out: Path | None = None,
    only: Sequence[str] | None = None,
    *,
    progress: Progress = silent,
) -> list[tuple[Path, str, str]]:
    """Write the figures as svg, pdf or png into a folder (STUDY/figures); return path, title and n of each.

    `only`: names of figure modules, or of single figures. A name that nothing has is an error.
    """
    with _render.unchecked():
        found = list(_figures(study, only or ()))
    folder = out or study.path / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, figure in enumerate(found, 1):
        path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', figure.name)}.{form}"
        _write(path, FORMATS[form](figure.chart))
        written.append((path, figure.title, figure.n))
        progress("drawing", number, len(found))
    return written


def _figures(study: Study, only: Sequence[str]) -> Iterator[Figure]:
    columns = study.columns()
    every = [
        (module, figure)
        for question in questions(rows(study))
        for module in question.module.FIGURES
        if _wanted(module, only)
        for figure in drawing(module).draw(question.rows, columns, PAPER)
    ]
    for name in only:
        if not any(name in (module, figure.name) for module, figure in every):
            raise UnspoolError(
                f"There is nothing to draw for {name!r}.",
                f"Kinds of figures are {', '.join(registry.names('figures'))}; single ones are named as their files.",
                "Name one of them, and see by `unspool results STUDY` that it has estimates.",
                exit_code=2,
            )
    return (figure for module, figure in every if not only or module in only or figure.name in only)


def _wanted(module: str, only: Sequence[str]) -> bool:
    """Whether a kind of figures is asked for: by its name or by that of one of its figures."""
    return not only or any(name == module or name.startswith(f"{module}-") for name in only)


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
