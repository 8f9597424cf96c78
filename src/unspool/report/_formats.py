"""Rows of results for other programs: CSV that a spreadsheet may open, LaTeX and Markdown for a paper."""

import re

import polars as pl

from unspool.report._tables import of_results

_FORMULA = r"^[\t\r]|^\s*[=+\-@]\s*\S"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_LATEX = {
    "\\": r"\textbackslash{}",
    **{c: rf"\{c}" for c in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "–": "--",
    "−": "$-$",
}


def csv(rows: pl.DataFrame) -> str:
    """All columns as CSV with a header, numbers in full; a text that a spreadsheet would compute gets a `'`."""
    text = pl.col(pl.String)
    formula = text.str.contains(_FORMULA) & ~text.str.contains(_NUMBER)
    return rows.with_columns(pl.when(formula).then("'" + text).otherwise(text).name.keep()).write_csv()


def markdown(rows: pl.DataFrame) -> str:
    """A Markdown table of the columns that say something; estimates with four digits."""
    table = of_results(rows, "", rows.height)
    head = [name for name, _ in table.head]
    line = ["---:" if numeric else "---" for _, numeric in table.head]
    return "".join(
        f"| {' | '.join(cells)} |\n" for cells in [head, line, *([_md(c) for c in row] for row in table.rows)]
    )


def _md(cell: str) -> str:
    text = re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", visible(cell))
    return re.sub(r"^([-+#=])", r"\\\1", text)


def latex(rows: pl.DataFrame) -> str:
    """A tabular of the columns that say something, for the package booktabs; numbers on the right."""
    table = of_results(rows, "", rows.height)
    columns = "".join("r" if numeric else "l" for _, numeric in table.head)
    head = [name for name, _ in table.head]
    lines = [" & ".join(_tex(cell) for cell in row) + r" \\" for row in [head, *table.rows]]
    return (
        "\n".join(
            [
                rf"\begin{{tabular}}{{{columns}}}",
                r"\toprule",
                lines[0],
                r"\midrule",
                *lines[1:],
                r"\bottomrule",
                r"\end{tabular}",
            ]
        )
        + "\n"
    )


def _tex(cell: str) -> str:
    return "".join(_LATEX.get(c, c) for c in visible(cell))


def visible(text: str) -> str:
    """A text on one line, what cannot be seen replaced."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
