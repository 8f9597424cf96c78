"""JSON lines: a prompt a line, with its measures and weights.

Times in ISO form, UTC; what is unknown is null. Marks of writing direction and control characters are escaped by JSON.
"""

from pathlib import Path

from unspool.export import Exported
from unspool.export._lines import write_lines

TITLE = "JSON lines: a prompt a line"
PLACE, SUFFIX = "file", ".jsonl"
CITATION = "https://jsonlines.org"


def write(data: Exported, out: Path) -> None:
    """Write the file."""
    write_lines(data.frames(), out)
