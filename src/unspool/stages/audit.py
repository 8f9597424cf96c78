"""Stage `audit`: whether a measured study may be reused for training, and a weight for each of its prompts."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

import unspool
from unspool import analyses, tables
from unspool.audits import Audited, Settings, audit, in_order
from unspool.audits.weights import Weights, fitted
from unspool.engine import workers
from unspool.features import Settings as Measures
from unspool.features.dialect import reference
from unspool.labels import PSEUDONYMS, labelled
from unspool.stages.analyze import beside, measured
from unspool.stages.at_once import at_once
from unspool.stages.read import Progress, silent
from unspool.study import AUDIT, Study, fingerprint, read_parquet, sweep, write_parquet

WEIGHTS = "weights"


@dataclass(frozen=True)
class Task:
    """An audit of a study, and the file for its rows."""

    study: Path
    settings: Settings
    name: str
    out: Path


def audit_one(task: Task) -> str:
    """Write the rows of an audit, and with `weights` those of the prompts; return its name."""
    if not task.out.exists():
        study = Study(task.study)
        log = audited(study, task.settings)
        found = audit(task.name).audit(log)
        if task.name == WEIGHTS:
            _weigh(study, fitted(log))
        write_parquet(tables.check(found, tables.RESULTS, f"audit {task.name}"), task.out)
    return task.name


def audit_study(
    study: Study,
    settings: Settings | None = None,
    names: Sequence[str] | None = None,
    *,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Study:
    """Write the rows of all audits, or of those named, to STUDY/audit.parquet; with `weights`, STUDY/weights too.

    An error if the study has not been threaded or measured, or if the reference file cannot be used.
    """
    settings = _with_reference(study, settings or Settings())
    study.columns()
    for name in names or ():
        audit(name)
    asked = sorted(set(names), key=in_order().index) if names else in_order()
    rule = str(study.manifest["rule"])
    with study.locked():
        stages = study.manifest["stages"]
        before = [study.manifest["features"], stages.get("read"), stages.get(f"thread {rule}")]
        mark = fingerprint(before, asdict(settings), _contents(settings), asked, unspool.__version__)
        if study.stage_done("audit", mark) and (study.path / AUDIT).exists():
            study.finish("audit")
            return study
        study.mark("audit", mark, "running")
        work = study.work("audit", mark)
        tasks = [Task(study.path, settings, name, work / f"{name}.parquet") for name in asked]
        write_parquet(_all(study, tasks, jobs, progress), study.path / AUDIT)
        study.manifest["audits"] = {"settings": asdict(settings), "names": asked}
        study.mark("audit", mark, "done")
        study.finish("audit")
    return study


def _all(study: Study, tasks: Sequence[Task], jobs: int | None, progress: Progress) -> pl.DataFrame:
    """The rows of all audits in order."""
    progress("auditing", 0, len(tasks))
    with workers(at_once(study, jobs, texts=True)) as runner:
        for done, _ in enumerate(runner.run(audit_one, tasks), 1):
            progress("auditing", done, len(tasks))
    return pl.concat([read_parquet(task.out) for task in tasks])


def audited(study: Study, settings: Settings) -> Audited:
    """The study as audits take it."""
    rule = str(study.manifest["rule"])
    log = measured(study, rule, analyses.Settings(level=settings.level, seed=settings.seed))
    aliases = study.path / "aliases.parquet"
    return Audited(
        log,
        study.manifest,
        settings,
        reference(Measures(reference=settings.reference)) if settings.reference else None,
        study.scan("rejects"),
        study.pseudonyms() if study.key_path.exists() else None,
        read_parquet(aliases) if aliases.exists() else None,
    )


def _with_reference(study: Study, settings: Settings) -> Settings:
    """The settings; a reference file that is named is told by its whole path."""
    if settings.reference is None:
        return settings
    return Settings(**{**asdict(settings), "reference": str(Path(settings.reference).resolve())})


def _contents(settings: Settings) -> str | None:
    """A fingerprint of the reference file, so that another text under the same name is noticed."""
    return fingerprint(reference(Measures(reference=settings.reference)).to_list()) if settings.reference else None


def _weigh(study: Study, weights: Weights) -> None:
    """Write a weight for each prompt: STUDY/weights, a file for each file of prompts."""
    folder = study.path / WEIGHTS
    folder.mkdir(exist_ok=True)
    sweep(folder)
    files = sorted((study.path / "prompts").glob("*.parquet"))
    for file in files:
        rows = labelled(beside(study.path, str(study.manifest["rule"]), file).collect())
        found = weights.of(rows).with_columns(prompt_id=rows[PSEUDONYMS["prompt_id"]])
        write_parquet(tables.check(found, tables.WEIGHTS, "audit weights"), folder / file.name)
    for old in set(folder.glob("*.parquet")) - {folder / file.name for file in files}:
        old.unlink()
