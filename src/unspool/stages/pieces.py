"""Pieces of a log for the measuring: some rows of one file of prompts, and the features of one back end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from unspool.features import Column, Context, Settings, completed, estimated, feature
from unspool.labels import labelled
from unspool.study import read_parquet, write_parquet

_ROWS = {"": 200_000, "parse": 2_000, "model": 1_000}
"""Rows of a piece by back end: what a cut run loses at most, and what a worker holds at a time."""


@dataclass(frozen=True)
class Piece:
    """Rows `start` to `stop` of those of a file that are scored; `users`: a file with the sampled ones, if any."""

    path: Path
    start: int
    stop: int
    users: Path | None
    out: Path
    features: tuple[str, ...]
    settings: Settings
    log: tuple[int, int, int]
    fitted: Path

    @property
    def target(self) -> Path:
        """Where the piece's columns go."""
        return self.out / f"{self.path.stem}-{self.start:09d}.parquet"

    def rows(self) -> pl.DataFrame:
        """The prompts of the piece, labelled, with their row in the file."""
        return labelled(scored(self.path, self.users).slice(self.start, self.stop - self.start))

    def context(self, *, fitted: bool) -> Context:
        """The context of its features, with or without what was fitted on the whole log."""
        return Context(self.settings, _fitted(self.fitted) if fitted else {}, *self.log)


@lru_cache(maxsize=2)
def scored(path: Path, users: Path | None) -> pl.DataFrame:
    """The prompts of a file that are scored, with their row in the file; without the echo, which no feature reads."""
    prompts = pl.scan_parquet(path, glob=False).drop("text_raw").collect().with_row_index("row")
    if users is None:
        return prompts
    wanted = read_parquet(users)["owner"]
    return prompts.filter(pl.coalesce("user_id", "prompt_id").is_in(wanted.implode()))


@lru_cache(maxsize=1)
def _fitted(folder: Path) -> Mapping[str, Mapping[str, pl.DataFrame]]:
    """What was fitted on the whole log, by feature and table; the same objects for all pieces of a process."""
    return {
        place.name: {file.stem: read_parquet(file) for file in sorted(place.glob("*.parquet"))}
        for place in sorted(folder.glob("*"))
    }


def cut(path: Path, users: Path | None, back_end: str) -> Iterator[tuple[int, int]]:
    """Starts and stops of the pieces of a file; a user's prompts stay together in the pieces without a back end."""
    rows = scored(path, users)
    if not rows.height:
        return
    size = _ROWS[back_end]
    edges = list(range(size, rows.height, size))
    if back_end == "":
        first = rows["row"].is_not_null() & rows["user_id"].ne_missing(rows["user_id"].shift())
        borders = first.arg_true()
        edges = sorted({int(borders[int(borders.search_sorted(edge))]) for edge in edges if edge <= borders[-1]})
    yield from zip([0, *edges], [*edges, rows.height], strict=True)


def collect_piece(piece: Piece) -> None:
    """Sums of a piece for the features that are fitted on the whole log."""
    for name in piece.features:
        module, folder = estimated(name), piece.out / name
        if module and not (done := folder / f"{piece.target.stem}.done").exists():
            for table, frame in module.collect(piece.rows(), piece.context(fitted=False)).items():
                place = folder / table
                place.mkdir(parents=True, exist_ok=True)
                write_parquet(frame, place / piece.target.name)
            folder.mkdir(parents=True, exist_ok=True)
            done.touch()


def measure_piece(piece: Piece) -> int:
    """Measure a piece; return its number of rows. Columns of captions are means over the captions of a prompt."""
    if not piece.target.exists():
        rows, context = piece.rows(), piece.context(fitted=True)
        columns = [_with_spare(name, rows, context) for name in piece.features]
        if context.n_caption_words:
            columns += [_of_captions(name, rows, context) for name in piece.features if feature(name).CAPTIONS]
        write_parquet(pl.concat([rows.select("row"), *columns], how="horizontal"), piece.target)
    return piece.stop - piece.start


def measured(name: str, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The columns of a feature in their types, one row per row; null for what is not a number."""
    found = feature(name).measure(rows, context)
    return found.select(_typed(column) for column in feature(name).COLUMNS)


def _with_spare(name: str, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The same with what the feature needs to be completed, under names of its own."""
    module = completed(name)
    if module is None:
        return measured(name, rows, context)
    found = module.measure(rows, context)
    spare = [pl.col(one).alias(spare_name(name, one)) for one in module.SPARE]
    return found.select(*(_typed(column) for column in module.COLUMNS), *spare)


def spare_name(name: str, column: str) -> str:
    """What a spare column of a feature is called in the pieces."""
    return f".{name}.{column}"


def complete_pieces(name: str, files: Sequence[Path]) -> None:
    """Complete a feature in the pieces that hold its columns: one pass for the sums, one for the columns."""
    module = completed(name)
    if module is None or not files:
        return
    names = {spare_name(name, column): column for column in module.SPARE}
    of_all = pl.concat([module.sums(read_parquet(file).rename(names)) for file in files])
    for file in files:
        found = module.complete(read_parquet(file).rename(names), of_all)
        write_parquet(found.rename({column: spare for spare, column in names.items()}), file)


def _typed(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    return value.cast(column.kind) if column.integer else value.cast(column.kind).fill_nan(None)


def _of_captions(name: str, rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Means over the captions of each prompt; null without captions, and where no caption has a value."""
    numbered = rows.select(place=pl.int_range(pl.len()), user_id="user_id", text="captions")
    captions = numbered.explode("text", empty_as_null=False, keep_nulls=False).filter(pl.col("text").is_not_null())
    names = [column.name for column in feature(name).COLUMNS]
    found = pl.concat([captions.select("place"), measured(name, captions, context)], how="horizontal")
    means = found.group_by("place").agg(pl.col(names).mean().cast(pl.Float64))
    return (
        numbered.select("place")
        .join(means, on="place", how="left", maintain_order="left")
        .select(pl.col(name).alias(f"caption_{name}") for name in names)
    )
