"""Stage `measure`: prompts to features, in pieces, with a pass before it for what is estimated from the whole log."""

import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import polars as pl

import unspool
from unspool import registry
from unspool.engine import Runner, worker_count, workers
from unspool.errors import UnspoolError
from unspool.features import Context, Feature, Settings, estimated, feature
from unspool.models import told
from unspool.sources._inputs import sha256
from unspool.stages.columns import Group, kept, metadata, nulls, ordered
from unspool.stages.pieces import Piece, collect_piece, complete_pieces, cut, measure_piece, scored
from unspool.stages.read import Progress, silent
from unspool.stages.reasons import check_kept
from unspool.stages.sampling import sampled_users
from unspool.study import Study, fingerprint, read_parquet, sweep, write_parquet

SAMPLES = {"parse": 200_000, "model": 20_000}
"""Prompts that a feature with a back end scores at most, unless a number is asked for."""
_BACK_END_SETTINGS = {"": (), "parse": ("sample", "seed"), "model": ("sample", "seed", "language_model")}
_NAMES = {"": "measuring words", "parse": "parsing", "model": "language model"}
SMALL_ROWS = {"": 100_000, "parse": 3_000}
"""Where there are no more rows than this, starting worker processes takes longer than the work."""


def measure(
    study: Study,
    settings: Settings | None = None,
    names: Sequence[str] | None = None,
    *,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Study:
    """Add features to the study: all, or those named. What was measured with the same settings is kept.

    A feature that is void here (no model, no users, no reference) has null columns, and the manifest its reason.
    An error if no prompt is left of the log.
    """
    settings = settings or Settings()
    asked = list(names) if names else registry.names("features")
    for name in asked:
        feature(name)
    if study.manifest["stages"].get("read", {}).get("state") != "done":
        raise UnspoolError(
            "The study has not been read to its end.",
            "Its prompts are not complete.",
            "Run `unspool read` with the same inputs; it goes on where it was.",
        )
    check_kept(study)
    with study.locked(), ExitStack() as pools:
        _Measuring(study, settings, asked, jobs, progress, pools).all()
    return study


class _Measuring:
    """The steps of one measuring."""

    def __init__(
        self,
        study: Study,
        settings: Settings,
        asked: Sequence[str],
        jobs: int | None,
        progress: Progress,
        pools: ExitStack,
    ) -> None:
        self.study, self.settings, self.jobs, self.progress, self.pools = study, settings, jobs, progress, pools
        self.runners: dict[int, Runner] = {}
        self.files = sorted((study.path / "prompts").glob("*.parquet"))
        self.context = Context(settings, {}, *_sizes(study))
        self.void = {name: _reasons(feature(name), self.context) for name in asked}
        self.marks = {name: self._mark(name) for name in asked}
        known = study.manifest.get("features", {})
        self.stale = [name for name in asked if known.get(name, {}).get("fingerprint") != self.marks[name]]

    def _mark(self, name: str) -> str:
        module = feature(name)
        values: dict[str, Any] = self._settings_of(name)
        if "reference" in values and Path(values["reference"]).is_file():
            values["reference"] = sha256(Path(values["reference"]))
        read = self.study.manifest["stages"]["read"]["fingerprint"]
        return fingerprint(read, name, values, self.void[name], [c.name for c in module.COLUMNS], unspool.__version__)

    def _settings_of(self, name: str) -> dict[str, Any]:
        """The settings that a feature depends on; what was not asked for is left out."""
        module = feature(name)
        used = (*_BACK_END_SETTINGS[module.USES], *getattr(module, "SETTINGS", ()))
        values = {key: getattr(self.settings, key) for key in sorted(used)}
        return {key: value for key, value in values.items() if value not in (None, False)}

    def all(self) -> None:
        if not self.stale:
            self.study.finish("measure")
            return
        self.work = self.study.work("measure", fingerprint({name: self.marks[name] for name in self.stale}))
        wanted = [name for name in self.stale if not self._wholly_void(name)]
        self.notes: dict[str, str | None] = dict.fromkeys(self.stale)
        fitted = self._fit([name for name in wanted if estimated(name)])
        parts = [
            self._measure(back_end, group, fitted)
            for back_end in _NAMES
            if (group := [name for name in wanted if back_end == feature(name).USES and not self.notes[name]])
        ]
        counts = self._assemble(parts)
        self._keep(fitted)
        self._note(counts)
        self.study.finish("measure")

    def _wholly_void(self, name: str) -> bool:
        return set(self.void[name]) == {column.name for column in feature(name).COLUMNS}

    def _fit(self, names: Sequence[str]) -> Path:
        """Two passes over the log for the features that are estimated from all of it; return where they lie."""
        place, sums = self.work / "fitted", self.work / "sums"
        if names and not (self.work / "fitted.done").exists():
            self._run("counting words", "", names, None, sums, place, collect_piece)
            shutil.rmtree(place, ignore_errors=True)
            for number, name in enumerate(names):
                self.progress("estimating", number, len(names))
                _write_fitted(name, sums / name, self.context, place / name)
            self.progress("estimating", len(names), len(names))
            (self.work / "fitted.done").touch()
        for name in names:
            note = place / name / "note.parquet"
            if note.exists() and (found := read_parquet(note)).height:
                self.notes[name] = found["note"][0]
        return place

    def _measure(self, back_end: str, names: Sequence[str], fitted: Path) -> Group:
        users = self._sample(back_end)
        out = self.work / f"columns-{back_end or 'words'}"
        scored.cache_clear()
        self._run(_NAMES[back_end], back_end, names, users, out, fitted, measure_piece)
        for name in names:
            complete_pieces(name, sorted(out.glob("*.parquet")))
        return Group(names, out, users)

    def _sample(self, back_end: str) -> Path | None:
        """The file of the sampled users, None where all prompts are scored."""
        if back_end not in SAMPLES:
            return None
        most = self.settings.sample or SAMPLES[back_end]
        place = self.work / f"sample-{most}.parquet"
        if not place.exists():
            found = sampled_users(self.study.scan("prompts"), most, self.settings.seed)
            if found is None:
                return None
            write_parquet(found.to_frame(), place)
        return place

    def _run(
        self,
        what: str,
        back_end: str,
        names: Sequence[str],
        users: Path | None,
        out: Path,
        fitted: Path,
        function: Callable[[Piece], Any],
    ) -> None:
        out.mkdir(parents=True, exist_ok=True)
        log = (self.context.n_prompts, self.context.n_users, self.context.n_caption_words)
        pieces = [
            Piece(path, start, stop, users, out, tuple(names), self.settings, log, fitted)
            for path in self.files
            for start, stop in cut(path, users, back_end)
        ]
        count = worker_count(self.jobs)
        small = self.jobs is None and sum(p.stop - p.start for p in pieces) <= SMALL_ROWS.get(back_end, 0)
        if back_end == "model" or small:  # a model uses all cores, or a GPU, by itself
            count = 1
        self.progress(what, 0, len(pieces))
        for done, _ in enumerate(self._runner(count).run(function, pieces), 1):
            self.progress(what, done, len(pieces))

    def _runner(self, count: int) -> Runner:
        """The pool of so many workers, one for all passes."""
        if count not in self.runners:
            self.runners[count] = self.pools.enter_context(workers(count))
        return self.runners[count]

    def _assemble(self, groups: list[Group]) -> dict[str, int]:
        """Put the columns of all groups together with those that stand, file by file; count what was scored."""
        folder = self.study.path / "features"
        folder.mkdir(exist_ok=True)
        standing = self._standing()
        listed = [name for name in registry.names("features") if name in {*standing, *self.stale}]
        captions = self.context.n_caption_words > 0
        void = [name for name in self.stale if not any(name in group.names for group in groups)]
        counts = dict.fromkeys(self.stale, 0)
        for path in self.files:
            ids = read_parquet(path).select("prompt_id")
            frames = [ids, kept(folder / path.name, standing), *(group.columns(path, ids.height) for group in groups)]
            whole = pl.concat(frames, how="horizontal").with_columns(nulls(void, captions))
            for group in groups:
                for name in group.names:
                    counts[name] += group.n_scored(path)
            write_parquet(whole.select("prompt_id", *ordered(listed, captions)), folder / path.name, metadata(listed))
        for other in set(folder.glob("*.parquet")) - {folder / path.name for path in self.files}:
            other.unlink()
        sweep(folder)
        return counts

    def _note(self, counts: dict[str, int]) -> None:
        entries = {name: self._entry(name, counts[name]) for name in self.stale}
        before = {name: self.study.manifest["features"][name] for name in self._standing()}
        self.study.manifest["features"] = dict(sorted({**before, **entries}.items()))
        self.study.save_manifest()

    def _standing(self) -> list[str]:
        """Features that were measured before and are not measured anew."""
        known = self.study.manifest.get("features", {})
        return [name for name in registry.names("features") if name in known and name not in self.stale]

    def _entry(self, name: str, n_scored: int) -> dict[str, Any]:
        module = feature(name)
        reasons = {**self.void[name]}
        if note := self.notes[name]:
            reasons = {column.name: note for column in module.COLUMNS}
        model = self.context.language_model if module.USES == "model" and n_scored else None
        return {
            "fingerprint": self.marks[name],
            "settings": {
                key: told(value) if isinstance(value, str) else value for key, value in self._settings_of(name).items()
            },
            "columns": [column.name for column in module.COLUMNS],
            "captions": bool(self.context.n_caption_words and module.CAPTIONS),
            "missing": reasons,
            "n_scored": n_scored,
            "of": self.context.n_prompts,
            "estimated_from": getattr(module, "ESTIMATED_FROM", None),
            "model": f"{told(model.name)}, {model.dtype} on {model.device}" if model else None,
        }

    def _keep(self, fitted: Path) -> None:
        """Copy the tables that the study keeps into their place; done again after a cut, it ends the same."""
        for name in self.stale:
            place = self.study.path / "features" / name
            shutil.rmtree(place, ignore_errors=True)
            for table in getattr(feature(name), "PUBLISHED", ()):
                made = fitted / name / f"{table}.parquet"
                if made.exists():
                    place.mkdir(exist_ok=True)
                    shutil.copyfile(made, place / made.name)


def _sizes(study: Study) -> tuple[int, int, int]:
    """Prompts, users, and words of captions in the log."""
    words = pl.col("captions").list.join(" ", ignore_nulls=True).str.count_matches(r"\S+").sum().fill_null(0)
    found = study.scan("prompts").select(pl.len(), pl.col("user_id").drop_nulls().n_unique(), words).collect()
    n_prompts, n_users, n_words = found.row(0)
    return int(n_prompts), int(n_users), int(n_words)


def _reasons(module: Feature, context: Context) -> dict[str, str]:
    """Why columns of a feature are void, by column."""
    asked: Callable[[Context], str | dict[str, str] | None] = getattr(module, "missing", lambda _: None)
    found = asked(context)
    if found is None or isinstance(found, dict):
        return found or {}
    return {column.name: found for column in module.COLUMNS}


def _write_fitted(name: str, sums: Path, context: Context, place: Path) -> None:
    """Fit a feature from the sums of all pieces, and write its tables."""
    module = estimated(name)
    assert module is not None
    parts = {
        folder.name: pl.scan_parquet(sorted(folder.glob("*.parquet")), glob=False)
        for folder in sorted(sums.glob("*/"))
        if any(folder.glob("*.parquet"))
    }
    place.mkdir(parents=True, exist_ok=True)
    for table, frame in module.fit(parts, context).items():
        write_parquet(frame, place / f"{table}.parquet")
