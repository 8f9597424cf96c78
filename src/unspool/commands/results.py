"""unspool results."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from unspool.commands import _options as o

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    latex = "latex"
    markdown = "markdown"
    json = "json"


def command(
    study: o.StudyPath,
    form: Annotated[
        Format,
        typer.Option("--format", help="csv and json hold every column in full; latex is for the package booktabs."),
    ] = Format.table,
    analysis: o.Analyses = None,
    feature: Annotated[
        list[str] | None, typer.Option("--feature", help="Only this column of the features; repeatable.")
    ] = None,
) -> None:
    """Print the results of an analysed study and of its audits, a row per estimate, for you or for another program.

    Example: [bold]unspool results study --analysis drift --feature n_words[/bold]

    Example: [bold]unspool results study --format csv > results.csv[/bold]
    """
    from unspool.commands import _screen
    from unspool.report import _formats
    from unspool.stages.questions import rows as every
    from unspool.study import Study

    rows = _only(_only(every(Study(study)), "analysis", analysis), "feature", feature)
    if form is Format.json:
        _screen.print_json(rows.to_dicts())
    elif form is Format.table:
        for number, line in enumerate(_lines(rows)):
            _screen.out.print(_screen.plain(line), style="" if number else "dim", soft_wrap=True)
    else:
        write = {Format.csv: _formats.csv, Format.latex: _formats.latex, Format.markdown: _formats.markdown}
        print(write[form](rows), end="")


def _only(rows: "pl.DataFrame", column: str, names: list[str] | None) -> "pl.DataFrame":
    """The rows of these names; one that the study does not have is an error."""
    from unspool.errors import UnspoolError

    known = sorted(rows[column].unique())
    for name in names or []:
        if name not in known:
            raise UnspoolError(
                f"The results hold no {column} named {name!r}.",
                f"They hold {', '.join(known) or 'nothing'}.",
                "Name one of them, or run `unspool analyze STUDY` or `unspool audit STUDY` for more.",
                exit_code=2,
            )
    return rows.filter(rows[column].is_in(names)) if names else rows


def _lines(rows: "pl.DataFrame") -> "Iterator[str]":
    """The rows under their head, in columns as wide as they need to be: a cell that is cut is a wrong number.

    A note that all rows share stands below them once.
    """
    import polars as pl

    from unspool.report import _tables

    notes = rows["note"].unique()
    shared = notes[0] if rows.height > 1 and len(notes) == 1 else None
    if shared:
        rows = rows.with_columns(note=pl.lit(None, dtype=pl.String))
    found = _tables.of_results(rows, "", most=rows.height)
    listed = [[name for name, _ in found.head], *found.rows]
    widths = [max(len(cell) for cell in column) for column in zip(*listed, strict=True)]
    for cells in listed:
        sides = zip(cells, widths, found.head, strict=True)
        yield "  ".join(cell.rjust(w) if numeric else cell.ljust(w) for cell, w, (_, numeric) in sides).rstrip()
    if shared:
        yield f"All of them: {shared}."
