"""Plain Parquet: the prompts with their measures and weights, and the threads, with a card.

`prompts-NNNNN.parquet`, one row per prompt by user and time; `threads-NNNNN.parquet`, one row per thread with its
prompts in order; `README.md`, what it is, where it comes from, and what the audits found.
"""

from pathlib import Path

from unspool.export import Exported
from unspool.export._threads import threads

TITLE = "Parquet: prompts and threads with measures and weights, for any program"
PLACE, SUFFIX = "folder", ""
CITATION = "Apache Parquet"


def write(data: Exported, out: Path) -> None:
    """Write the folder."""
    from unspool.export._card import card

    out.mkdir(parents=True)
    for number, frame in enumerate(data.frames()):
        frame.write_parquet(out / f"prompts-{number:05d}.parquet", compression="zstd")
        threads(frame).write_parquet(out / f"threads-{number:05d}.parquet", compression="zstd")
    (out / "README.md").write_text(card(data, "parquet"), encoding="utf-8")
