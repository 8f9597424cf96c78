"""Draw docs/picture.svg: one thread of a simulated log as `unspool show` prints it."""

import re
import sys
import tempfile
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from unspool.commands import _screen, show
from unspool.simulate import simulate
from unspool.stages.read import read
from unspool.stages.thread import thread
from unspool.study import Study

PICTURE = Path(__file__).parents[1] / "docs" / "picture.svg"
SEED, USERS, RULE = 47, 120, "iou"
BEGINS = "a victorian cabin with smoke rings"
WIDTH = 92
THEME = TerminalTheme(
    (252, 252, 250),
    (36, 41, 47),
    [
        (36, 41, 47),
        (180, 20, 40),
        (22, 110, 50),
        (150, 90, 0),
        (9, 90, 190),
        (120, 60, 170),
        (0, 110, 120),
        (90, 98, 106),
    ],
)
FORMAT = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
{styles}
</style>
<defs>
{lines}
</defs>
{chrome}
<g class="{unique_id}-matrix" transform="translate({terminal_x}, {terminal_y})">
{matrix}
</g>
</svg>
"""


def study(folder: Path) -> Study:
    """The study of a small simulated log, its key fixed so that the same ids come out every time."""
    log, key = folder / "export.json", folder / "study.key"
    simulate("newcomers", seed=SEED, users=USERS).write(log)
    key.write_text("00" * 32 + "\n", encoding="ascii")
    return thread(read([str(log)], folder / "study", key=key), RULE)


def picture() -> str:
    """The SVG: lines of a fixed width, a light ground of its own, no fonts from elsewhere."""
    recorder = Console(record=True, width=WIDTH, file=Path("/dev/null").open("w"), force_terminal=True, highlight=False)  # noqa: SIM115
    with tempfile.TemporaryDirectory() as folder:
        found = study(Path(folder))
        first = pl.col("text").str.starts_with(BEGINS) & (pl.col("step") == 1)
        thread_id = found.prompts().filter(first)["thread_id"][0]
        kept, _screen.out = _screen.out, recorder
        try:
            recorder.print(f"[bold]$[/bold] unspool show study {thread_id[:8]}\n")
            show.command(found.path, thread_id)
        finally:
            _screen.out = kept
    drawn = recorder.export_svg(title="", theme=THEME, code_format=FORMAT, unique_id="unspool")
    drawn = drawn.replace("rgba(255,255,255,0.35)", "#8c959f").replace("</text><text", "</text>\n<text")
    return re.sub(r"[ \t]+\n", "\n", drawn)


def main() -> int:
    """Write the picture."""
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
