"""Stage `edit`: adjacent prompts of the threads of a rule to the table edits, in pieces of whole users."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import unspool
from unspool import tables
from unspool.edits.ledger import ledger
from unspool.engine import worker_count, workers
from unspool.errors import UnspoolError
from unspool.stages.pieces import cut, scored
from unspool.stages.read import Progress, silent
from unspool.study import Study, fingerprint, read_parquet, sweep, write_parquet

SMALL_ROWS = 50_000
"""Where there are no more prompts than this, starting worker processes takes longer than the work."""
_OF_THREADS = ("thread_id", "step")


@dataclass(frozen=True)
class Piece:
    """Rows `start` to `stop` of a file of prompts, the file with their threads, and where their edits go."""

    path: Path
    threads: Path
    start: int
    stop: int
    out: Path

    @property
    def target(self) -> Path:
        """The piece's own file."""
        return self.out / f"{self.path.stem}-{self.start:09d}.parquet"


def edit_piece(piece: Piece) -> int:
    """Write the edits of a piece; return its number of rows."""
    if not piece.target.exists():
        size = piece.stop - piece.start
        threads = pl.scan_parquet(piece.threads, glob=False).select(_OF_THREADS).slice(piece.start, size).collect()
        prompts = scored(piece.path, None).slice(piece.start, size).with_columns(threads)
        write_parquet(ledger(prompts), piece.target)
    return piece.stop - piece.start


def edit(study: Study, rule: str | None = None, *, jobs: int | None = None, progress: Progress = silent) -> Study:
    """Add the edits of the threads of a rule to the study: STUDY/edits, a file for each file of prompts.

    `rule`: the study's chosen one if none is named; one that was not computed is an error. A study has the edits of one
    rule: those of another are replaced. The manifest says which rule, and how many edits of each kind.
    """
    name = rule or study.manifest.get("rule") or ""
    threaded = study.manifest["stages"].get(f"thread {name}", {})
    if threaded.get("state") != "done":
        raise UnspoolError(
            f"The study has no threads by the rule {name!r}." if name else "The study has no threads.",
            f"It has {', '.join(study.rules) or 'none'}.",
            f"Run `unspool thread STUDY --rule {name or 'iou'}`.",
            exit_code=2,
        )
    mark = fingerprint(threaded["fingerprint"], name, unspool.__version__)
    with study.locked():
        if not study.stage_done("edit", mark):
            study.manifest.pop("edits", None)  # until all files have the edits of one rule
            study.mark("edit", mark, "running")
            study.manifest["edits"] = {"rule": name, "counts": _all(study, name, mark, jobs, progress)}
            study.mark("edit", mark, "done")
        study.finish("edit")
    return study


def _all(study: Study, rule: str, mark: str, jobs: int | None, progress: Progress) -> dict[str, int]:
    """Write all files; return how many edits there are of each kind."""
    work, folder = study.work("edit", mark), study.path / "edits"
    files = sorted((study.path / "prompts").glob("*.parquet"))
    pieces = [
        Piece(path, study.path / "threads" / rule / path.name, start, stop, work)
        for path in files
        for start, stop in cut(path, None, "")
    ]
    scored.cache_clear()
    small = jobs is None and sum(piece.stop - piece.start for piece in pieces) <= SMALL_ROWS
    with workers(1 if small else worker_count(jobs)) as runner:
        progress("comparing prompts", 0, len(pieces))
        for done, _ in enumerate(runner.run(edit_piece, pieces), 1):
            progress("comparing prompts", done, len(pieces))
    scored.cache_clear()
    folder.mkdir(exist_ok=True)
    counts = sum((_together(path, pieces, folder) for path in files), Counter[str]())
    for other in set(folder.glob("*.parquet")) - {folder / path.name for path in files}:
        other.unlink()
    sweep(folder)
    return {kind: counts[kind] for kind in tables.EDIT_KINDS}


def _together(path: Path, pieces: list[Piece], folder: Path) -> Counter[str]:
    """Put the pieces of a file together; return how many edits there are of each kind."""
    frames = [read_parquet(piece.target) for piece in pieces if piece.path == path]
    whole = pl.concat(frames) if frames else tables.empty(tables.EDITS)
    write_parquet(tables.check(whole, tables.EDITS, "edit"), folder / path.name)
    counted: dict[str, Any] = dict(whole["kind"].value_counts().iter_rows())
    return Counter(counted)
