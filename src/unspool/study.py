"""A study folder: plain Parquet tables and a manifest. Each output is written under another name and renamed."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import polars as pl
from filelock import FileLock, Timeout

from unspool import tables
from unspool.compiling.pseudonyms import Pseudonyms, make_key, normal, read_key
from unspool.errors import UnspoolError
from unspool.features import Column, feature

FORMAT = 1
MANIFEST = "manifest.json"
RESULTS = "results.parquet"
AUDIT = "audit.parquet"
WORK = ".work"


class Study:
    """A study folder that exists. Tables are read from disk at every call."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()
        self.manifest = _read_manifest(self.path)

    @property
    def key_path(self) -> Path:
        """The key file beside the folder."""
        return key_beside(self.path)

    @property
    def rules(self) -> list[str]:
        """Grouping rules that were computed, the chosen one first."""
        found = list(self.manifest.get("rules", {}))
        return sorted(found, key=lambda name: (name != self.manifest.get("rule"), name))

    def scan(self, table: str) -> pl.LazyFrame:
        """A table as a lazy frame; `threads/RULE` is one too. Empty where it has no rows."""
        files = sorted((self.path / table).glob("*.parquet"))
        kinds = {
            "prompts": tables.PROMPTS,
            "rejects": tables.REJECTS,
            "features": tables.FEATURES,
            "edits": tables.EDITS,
            "weights": tables.WEIGHTS,
        }
        if not files:
            return tables.empty(kinds.get(table, tables.THREADS)).lazy()
        return pl.scan_parquet(files, glob=False, missing_columns="insert", extra_columns="ignore")

    def prompts(self) -> pl.DataFrame:
        """The prompts table: one row per prompt, by user and time, with the thread and step of the chosen rule."""
        files = sorted((self.path / "prompts").glob("*.parquet"))
        frames = [read_parquet(file) for file in files]
        return pl.concat(frames, how="diagonal") if frames else tables.empty(tables.PROMPTS)

    def threads(self, rule: str | None = None) -> pl.DataFrame:
        """The threads table of a rule (the chosen one if none is named): prompt_id, thread_id, step, steps_left."""
        name = rule or self.manifest.get("rule") or ""
        if name not in self.manifest.get("rules", {}):
            raise UnspoolError(
                f"The study has no threads by the rule {name!r}.",
                f"It has {', '.join(self.rules) or 'none'}.",
                f"Run `unspool thread STUDY --rule {name or 'iou'}`.",
                exit_code=2,
            )
        return self.scan(f"threads/{name}").collect()

    def rejects(self) -> pl.DataFrame:
        """The rejects table: one row per input record that became no row, with its reason."""
        return self.scan("rejects").collect()

    def features(self) -> pl.DataFrame:
        """The features table: one row per prompt, in the order of the prompts; an error if nothing is measured."""
        self.columns()
        return self.scan("features").collect()

    def columns(self) -> dict[str, Column]:
        """The feature columns by name, those of captions too; an error if nothing is measured."""
        known = self.manifest.get("features")
        if not known:
            raise UnspoolError(
                "The prompts of the study have not been measured.",
                "It has no features.",
                "Run `unspool measure STUDY`.",
                exit_code=2,
            )
        own = {c.name: c for name in known for c in feature(name).COLUMNS}
        also = [c for name, entry in known.items() if entry["captions"] for c in feature(name).COLUMNS]
        return own | {f"caption_{c.name}": c.of_captions() for c in also}

    def results(self) -> pl.DataFrame:
        """The results table: one row per estimate; an error if nothing is analysed."""
        place = self.path / RESULTS
        if not place.exists():
            raise UnspoolError(
                "The study has not been analysed.",
                "It has no results.",
                "Run `unspool analyze STUDY`.",
                exit_code=2,
            )
        return tables.check(read_parquet(place), tables.RESULTS, "results")

    def audit(self) -> pl.DataFrame:
        """The rows of the audits, in the columns of results; an error if the study has not been audited."""
        place = self.path / AUDIT
        if not place.exists():
            raise UnspoolError(
                "The study has not been audited.",
                "It has no audit.parquet.",
                "Run `unspool audit STUDY`.",
                exit_code=2,
            )
        return tables.check(read_parquet(place), tables.RESULTS, "audit")

    def pseudonyms(self, key: str | Path | None = None) -> Pseudonyms:
        """The study's key, from beside the folder or from another file; one of another study is an error."""
        path = Path(key) if key else self.key_path
        found = read_key(path)
        if found.fingerprint() != self.manifest["key"]:
            raise UnspoolError(
                "The key is not the one of this study.",
                "Names would not be found with it.",
                "Give the key that the study was read with, by --key.",
                exit_code=2,
            )
        return found

    def aliases(self) -> pl.DataFrame:
        """Pseudonyms of handles (alias) and of the people who bear them (user_id), where the log gives both."""
        path = self.path / "aliases.parquet"
        return read_parquet(path) if path.exists() else pl.DataFrame(schema={"alias": pl.String, "user_id": pl.String})

    def user(self, name: str, key: str | Path | None = None) -> str:
        """Pseudonym of a user, from an id or a handle as it stands in the log."""
        pseudonyms = self.pseudonyms(key)
        tried = [name.strip(), normal(name)]
        found = pseudonyms.ids(pl.Series(tried), "user").to_list()
        known = dict(self.aliases().iter_rows())
        here = set(self.scan("prompts").select(pl.col("user_id").unique()).collect()["user_id"])
        tried = [str(known.get(name, name)) for name in found]
        return next((user for user in tried if user in here), tried[0])

    @classmethod
    def open_or_make(cls, path: Path, key: str | Path | None, *, force: bool) -> Self:
        """Open the study at `path`, or make an empty one; its key is written first."""
        if path.exists() and not (path / MANIFEST).exists() and (not path.is_dir() or _foreign(path)):
            if not force:
                raise UnspoolError(
                    "The output is there already and is no study.",
                    "It holds other files.",
                    "Choose another with -o, or add --force to put the study into it.",
                    exit_code=2,
                )
            if not path.is_dir():
                raise UnspoolError(
                    "The output is a file.", "A study is a folder.", "Choose another with -o.", exit_code=2
                )
        key_path = Path(key) if key else key_beside(path)
        key_path.parent.mkdir(parents=True, exist_ok=True)
        pseudonyms = read_key(key_path) if key or key_path.exists() else make_key(key_path)
        path.mkdir(parents=True, exist_ok=True)
        if not (path / MANIFEST).exists() or (force and not _usable(path, pseudonyms)):
            write_json(path / MANIFEST, {"format": FORMAT, "key": pseudonyms.fingerprint(), "stages": {}})
        return cls(path)

    def save_manifest(self) -> None:
        """Write the manifest, whole or not at all."""
        write_json(self.path / MANIFEST, self.manifest)

    def stage_done(self, stage: str, fingerprint: str) -> bool:
        """Whether a stage was finished with these inputs, settings and code."""
        return bool(self.manifest["stages"].get(stage) == {"fingerprint": fingerprint, "state": "done"})

    def mark(self, stage: str, fingerprint: str, state: str) -> None:
        """Note in the manifest that a stage is "running" or "done"."""
        self.manifest["stages"][stage] = {"fingerprint": fingerprint, "state": state}
        self.save_manifest()

    def work(self, stage: str, fingerprint: str) -> Path:
        """Folder for the unfinished parts of a stage; parts of other settings are removed."""
        place = self.path / WORK / f"{stage}-{fingerprint}"
        for other in (self.path / WORK).glob(f"{stage}-*"):
            if other != place:
                shutil.rmtree(other)
        place.mkdir(parents=True, exist_ok=True)
        return place

    def finish(self, stage: str) -> None:
        """Remove the folders of a stage's unfinished parts once its tables stand."""
        for work in (self.path / WORK).glob(f"{stage}-*"):
            shutil.rmtree(work)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the study for this process; a second run on it is an error, not a race."""
        place = self.path / WORK
        place.mkdir(exist_ok=True)
        lock = FileLock(place / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise UnspoolError("Another run is at work on this study.", do="Wait for it to end.") from None
        try:
            yield
        finally:
            lock.release()
            (place / "lock").unlink(missing_ok=True)
            if not any(place.iterdir()):
                place.rmdir()


def key_beside(path: Path) -> Path:
    """The key file beside a study folder."""
    return path.with_name(path.name + ".key")


def _usable(path: Path, pseudonyms: Pseudonyms) -> bool:
    """Whether the manifest can be read and is of this key."""
    try:
        return bool(_read_manifest(path)["key"] == pseudonyms.fingerprint())
    except UnspoolError:
        return False


def _foreign(path: Path) -> bool:
    return any(child.name != WORK for child in path.iterdir())


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnspoolError(
            "There is no study here.",
            "A study is a folder with a manifest.json.",
            "Make one with `unspool run LOG... -o STUDY`.",
            exit_code=2,
        ) from None
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UnspoolError(
            "The manifest of the study cannot be read.",
            f"It is not JSON of format {FORMAT}.",
            "Read the log again with --force.",
            exit_code=2,
        )
    return manifest


def fingerprint(*parts: Any) -> str:
    """Twelve digits that change when inputs, settings or code version change."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]


def read_parquet(path: Path) -> pl.DataFrame:
    """Read a Parquet file, whatever characters its path has."""
    return pl.read_parquet(path, glob=False)


def read_ipc(path: Path) -> pl.DataFrame:
    """Read an Arrow file, whatever characters its path has."""
    return pl.scan_ipc(path, glob=False).collect()


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n", encoding="utf-8")
    temporary.replace(path)


def write_parquet(frame: pl.DataFrame, path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write Parquet whole or not at all; `metadata` goes into the file's own."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    frame.write_parquet(temporary, compression="zstd", compression_level=1, metadata=metadata)
    temporary.replace(path)


def sweep(folder: Path) -> None:
    """Remove files that a killed process left half written under another name."""
    for path in folder.glob(".*"):
        path.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes its name when all is in it; what another process finished first stands."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    yield temporary
    try:
        temporary.rename(path)
    except OSError:
        if not path.is_dir():
            raise
        shutil.rmtree(temporary)


@contextmanager
def whole_place(path: Path) -> Iterator[Path]:
    """A place for a file or a folder, which takes its name when all is in it; what stood there is replaced then."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    _remove(temporary)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield temporary
        _remove(path)
        temporary.rename(path)
    finally:
        _remove(temporary)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
