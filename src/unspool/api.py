"""The commands as functions. Logs are paths or tables: Polars, pandas, Arrow; what comes back is Polars."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from unspool import analyses, audits, features, threads
from unspool.compiling.settings import ReadSettings
from unspool.errors import UnspoolError
from unspool.export import Settings as Exports
from unspool.stages.analyze import analyze as _analyze
from unspool.stages.at_once import together
from unspool.stages.audit import audit_study
from unspool.stages.export import export as _export
from unspool.stages.measure import measure as _measure
from unspool.stages.read import read as _read
from unspool.stages.report import report as _report
from unspool.stages.thread import check_options, default_rule
from unspool.stages.thread import thread as _thread
from unspool.study import Study
from unspool.threads._assign import assign

Log = str | Path | pl.DataFrame | Any


def read(
    logs: Log | Sequence[Log],
    study: str | Path,
    *,
    columns: Mapping[str, str] | None = None,
    key: str | Path | None = None,
    force: bool = False,
    workers: int | None = None,
    **settings: Any,
) -> Study:
    """Compile logs into the prompts of a study and return it.

    `logs`: one or several paths, folders, globs or tables. `columns` maps the roles of a table (user_id, time, text,
    ...) to its columns; a table whose columns bear the names of the roles needs none. `settings` are the fields of
    ReadSettings: source, language ("en", "any"), timezone, since, until, channels, drop_users, actions.
    """
    listed = list(logs) if isinstance(logs, list | tuple) else [logs]
    frames = [log for log in listed if not isinstance(log, str | Path)]
    if frames and len(frames) < len(listed):
        raise UnspoolError("Paths and tables were given together.", do="Read them into two studies.", exit_code=2)
    if frames:
        columns = columns or {name: name for name in _table(frames[0]).columns if name in _ROLES}
    if columns:
        settings = {"source": "table", **settings, "columns": tuple(columns.items())}
    fixed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    chosen = ReadSettings(**fixed)
    with tempfile.TemporaryDirectory() as folder:
        for number, frame in enumerate(frames):
            _table(frame).write_parquet(Path(folder) / f"{number:04d}.parquet")
        paths = [folder] if frames else [str(log) for log in listed]
        return _read(paths, study, chosen, key=key, force=force, jobs=workers)


_ROLES = (
    *("user_id", "time", "text", "prompt_id", "channel_id", "order", "upscaled", "thread_id", "model", "language"),
    *("params", "caption_0", "caption_1", "caption_2", "caption_3", "upscaled_images"),
)


def run(
    logs: Log | Sequence[Log],
    study: str | Path,
    *,
    rule: str | Sequence[str] | None = None,
    language_model: str | None = None,
    reference: str | Path | None = None,
    sample: int | None = None,
    least: int | None = None,
    quote: bool = True,
    seed: int = 0,
    workers: int | None = None,
    **arguments: Any,
) -> Study:
    """Do the whole study of a log: `read`, threads by one rule or several, `measure`, `analyze`, `audit`, `report`.

    The first rule is the chosen one; None: the log's own threads where it has any, else `scene`. The other arguments
    are those of the six.
    """
    opened = read(logs, study, workers=workers, **arguments)
    chosen = rule or default_rule(opened)
    for number, name in enumerate([chosen] if isinstance(chosen, str) else chosen):
        _thread(opened, name, choose=number == 0, jobs=workers)
    given = str(reference) if reference else None
    measure(opened, language_model=language_model, reference=given, sample=sample, seed=seed, workers=workers)
    with together(opened, workers):
        analyze(opened, least=least, seed=seed, workers=workers)
        audit(opened, reference=given, seed=seed, workers=workers)
        write_report(opened, quote=quote, workers=workers)
    return opened


def measure(
    study: Study | str | Path, names: Sequence[str] | None = None, *, workers: int | None = None, **settings: Any
) -> Study:
    """Add features to a study: all, or those named.

    `settings` are the fields of unspool.features.Settings: language_model, reference, sample, constituency, seed.
    """
    return _measure(_opened(study), features.Settings(**settings), names, jobs=workers)


def analyze(
    study: Study | str | Path, names: Sequence[str] | None = None, *, workers: int | None = None, **settings: Any
) -> Study:
    """Answer the questions of all analyses on a measured study, or of those named.

    `settings` are the fields of unspool.analyses.Settings: least, steps, draws, level, seed, classifier.
    """
    return _analyze(_opened(study), analyses.Settings(**settings), names, jobs=workers)


def audit(
    study: Study | str | Path, names: Sequence[str] | None = None, *, workers: int | None = None, **settings: Any
) -> Study:
    """Audit a measured study for reuse, by all audits or those named; `Study.audit()` gives their rows.

    `settings` are the fields of unspool.audits.Settings: reference, cap, min_users, sample, permutations, rounds,
    level, seed.
    """
    return audit_study(_opened(study), audits.Settings(**settings), names, jobs=workers)


def write_export(
    study: Study | str | Path,
    form: str,
    out: str | Path,
    *,
    key: str | Path | None = None,
    force: bool = False,
    **settings: Any,
) -> Path:
    """Write what of a study may leave it in a form ("hf", "intent", ...) to a file or folder, and return its path.

    `settings` are the fields of unspool.export.Settings: drop_users, min_users, n_gram, images, redact, any_pair,
    allow, shares, seed. UnspoolError with exit_code 3 where what would leave points at people.
    """
    chosen: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    _export(_opened(study), form, Path(out), Exports(**chosen), key=Path(key) if key else None, force=force)
    return Path(out)


def write_report(
    study: Study | str | Path, out: str | Path | None = None, *, quote: bool = True, workers: int | None = None
) -> Path:
    """Write the report of an analysed study, one HTML page, and return its path; without `quote` it holds no prompt."""
    return _report(_opened(study), Path(out) if out else None, quote=quote, jobs=workers)


def _opened(study: Study | str | Path) -> Study:
    return study if isinstance(study, Study) else Study(study)


def thread(prompts: Any, rule: str = threads.DEFAULT, **options: Any) -> pl.DataFrame:
    """Threads of a table of prompts, outside any study: the table with thread_id, step and steps_left, as Polars.

    Needs user_id, time and text; prompt_id is numbered where it is missing. Rows come back by user and time.
    """
    frame = _table(prompts)
    missing = [name for name in ("user_id", "time", "text") if name not in frame.columns]
    if missing:
        raise UnspoolError(
            f"The table lacks {' and '.join(missing)}.", f"It has {', '.join(frame.columns)}.", "Rename its columns."
        )
    if "prompt_id" not in frame.columns:
        frame = frame.with_row_index("prompt_id").with_columns(pl.col("prompt_id").cast(pl.String))
    frame = frame.drop("thread_id", "step", "steps_left", strict=False).sort("user_id", "time", maintain_order=True)
    threads.check_needs(rule, frame.lazy())
    return frame.hstack(assign(frame, rule, **check_options(rule, options)).drop("prompt_id"))


def _table(table: Any) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if hasattr(table, "__arrow_c_stream__"):
        return pl.DataFrame(table)
    if type(table).__module__.startswith("pandas"):
        return pl.from_pandas(table)
    raise UnspoolError(
        "The log is no path and no table.", f"It is a {type(table).__name__}.", "Give Polars, pandas or Arrow."
    )
