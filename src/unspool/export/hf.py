"""A folder that `datasets.load_dataset` opens: configurations prompts and threads, splits by user, and a card.

`data/prompts/SPLIT-NNNNN.parquet` and `data/threads/SPLIT-NNNNN.parquet` for the splits train, validation and test: all
prompts of a person are in one split, so that nobody is learned from and tested on. Prompts without a person are in
train; a split without rows is left out. `README.md` is the dataset card with its YAML head, and a datasheet.
"""

from pathlib import Path

import polars as pl

from unspool.export import SPLITS, Exported, split_of
from unspool.export._card import card
from unspool.export._threads import threads

TITLE = "Hugging Face: a folder for datasets.load_dataset, split by user, with a dataset card"
PLACE, SUFFIX = "folder", ""
CITATION = "Hugging Face, dataset cards; Gebru et al. 2021, Datasheets for Datasets"


def write(data: Exported, out: Path) -> None:
    """Write the folder."""
    folders = {name: out / "data" / name for name in ("prompts", "threads")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    numbers = dict.fromkeys(SPLITS, 0)
    for frame in data.frames():
        for split, part in _split(frame, data) or [(SPLITS[0], frame)]:
            name = f"{split}-{numbers[split]:05d}.parquet"
            part.write_parquet(folders["prompts"] / name, compression="zstd")
            threads(part).write_parquet(folders["threads"] / name, compression="zstd")
            numbers[split] += 1
    (out / "README.md").write_text(card(data, "hf", [split for split in SPLITS if numbers[split]]), encoding="utf-8")


def _split(frame: pl.DataFrame, data: Exported) -> list[tuple[str, pl.DataFrame]]:
    """The parts of a frame by split, those that have rows: `datasets` opens no split without."""
    split = split_of(frame["user_id"], data.settings)
    parts = [(name, frame.filter(split == name)) for name in SPLITS]
    return [(name, part) for name, part in parts if part.height]
