"""A folder that `datasets.load_dataset` opens: configurations prompts and threads, splits by user, and a card.

`data/prompts/SPLIT-NNNNN.parquet` and `data/threads/SPLIT-NNNNN.parquet` for the splits train, validation and test: all
prompts of a person are in one split, so that nobody is learned from and tested on. Prompts without a person are in
train; a split without rows is left out. `README.md` is the dataset card with its YAML head, and a datasheet.
"""

from pathlib import Path

import polars as pl

from unspool.export import SPLITS, Exported
from unspool.export._card import card
from unspool.export._threads import threads

TITLE = "Hugging Face: a folder for datasets.load_dataset, split by user, with a dataset card"
PLACE, SUFFIX = "folder", ""
CITATION = "Hugging Face, dataset cards; Gebru et al. 2021, Datasheets for Datasets"


class Configuration:
    """A configuration of the folder: files by split, and how many rows a split has."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.files: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def add(self, split: str, rows: pl.DataFrame) -> None:
        """Write some rows of a split to a file of their own."""
        number = self.files.get(split, 0)
        rows.write_parquet(self.folder / f"{split}-{number:05d}.parquet", compression="zstd")
        self.files[split] = number + 1
        self.rows[split] = self.rows.get(split, 0) + rows.height

    def splits(self) -> dict[str, int]:
        """Rows of the splits that have any, or of the first."""
        return {split: self.rows[split] for split in SPLITS if split in self.rows} or {SPLITS[0]: 0}


def write(data: Exported, out: Path) -> None:
    """Write the folder. Where there are no rows at all, the first split has a file of none, for its columns."""
    prompts, of_threads = Configuration(out / "data" / "prompts"), Configuration(out / "data" / "threads")
    frame = pl.DataFrame()
    for frame in data.frames():
        split = data.split(frame["user_id"])
        for name in SPLITS:
            part = frame.filter(split == name)
            for one, rows in (prompts, part), (of_threads, threads(part)):
                if rows.height:
                    one.add(name, rows)
    for one, rows in (prompts, frame.clear()), (of_threads, threads(frame.clear()) if frame.width else frame):
        if not one.rows and rows.width:
            one.add(SPLITS[0], rows)
    rows_of = {"prompts": prompts.splits(), "threads": of_threads.splits()}
    (out / "README.md").write_text(card(data, "hf", rows_of), encoding="utf-8")
