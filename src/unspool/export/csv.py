"""CSV that is safe to open in a spreadsheet: a prompt a row, with its measures and weights.

A cell that a spreadsheet would take for a formula (it begins with = + - @) has an apostrophe before it; control
characters are gone; lists are written as JSON; UTF-8 with a mark at the beginning, so that Excel reads it.
"""

from pathlib import Path

from unspool.export import Exported
from unspool.export._cells import safe

TITLE = "CSV: a prompt a row, safe to open in a spreadsheet"
PLACE, SUFFIX = "file", ".csv"
CITATION = "RFC 4180; formulas: OWASP, CSV injection"


def write(data: Exported, out: Path) -> None:
    """Write the file."""
    with out.open("wb") as file:
        file.write("\ufeff".encode())
        for number, frame in enumerate(data.frames()):
            safe(frame).write_csv(file, include_header=number == 0, quote_style="non_numeric")
