"""Stage `figures`: the charts of a study's results as files for a paper."""

import os
import re
from collections.abc import Sequence
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
) -> tuple[list[tuple[Path, str, str]], list[str]]:
    """Write the figures as svg, pdf or png into a folder (STUDY/figures); return path, title and n of each.

    `only`: names of figure modules, or of single figures. What is wrong with those that nothing has is returned too; it
    is an error if all are such.
    """
    with _render.unchecked():
        found, lacking = _figures(study, only or ())
    folder = out or study.path / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, figure in enumerate(found, 1):
        path = folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', figure.name)}.{form}"
        _write(path, FORMATS[form](figure.chart))
        written.append((path, figure.title, figure.n))
        progress("drawing", number, len(found))
    return written, lacking


def _figures(study: Study, only: Sequence[str]) -> tuple[list[Figure], list[str]]:
    """The figures that are asked for, and a sentence on each name that none has."""
    columns = study.columns()
    every = [
        (module, figure)
        for question in questions(rows(study))
        for module in question.module.FIGURES
        if _wanted(module, only)
        for figure in drawing(module).draw(question.rows, columns, PAPER)
    ]
    chosen = [figure for module, figure in every if not only or module in only or figure.name in only]
    missing = [name for name in only if not any(name in (module, figure.name) for module, figure in every)]
    told = [f"There is nothing to draw for {name!r}. {_instead(name, every)}" for name in missing]
    if only and len(missing) == len(only):
        do = "Name one of them, and see by `unspool results STUDY` that it has estimates."
        raise UnspoolError("\n".join(told), do=do, exit_code=2)
    return chosen, told


def _instead(name: str, every: Sequence[tuple[str, Figure]]) -> str:
    """What could have been named: the figures of the same kind, else the kinds."""
    alike = [figure.name for module, figure in every if name.startswith(f"{module}-")]
    if alike:
        return f"Of that kind there are {', '.join(alike)}."
    return f"Kinds of figures are {', '.join(registry.names('figures'))}; single ones are named as their files."


def _wanted(module: str, only: Sequence[str]) -> bool:
    """Whether a kind of figures is asked for: by its name or by that of one of its figures."""
    return not only or any(name == module or name.startswith(f"{module}-") for name in only)


def _write(path: Path, content: bytes) -> None:
    """Write whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_bytes(content)
    temporary.replace(path)
