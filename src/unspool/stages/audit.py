"""Stage `audit`: whether a measured study may be reused for training, and a weight for each of its prompts."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import polars as pl

import unspool
from unspool import analyses, tables
from unspool.audits import Audited, Settings, audit, in_order
from unspool.audits.weights import Weights, fitted
from unspool.features import Settings as Measures
from unspool.features.dialect import reference
from unspool.labels import PSEUDONYMS, labelled
from unspool.stages.analyze import beside, measured
from unspool.stages.read import Progress, silent
from unspool.study import AUDIT, Study, fingerprint, read_parquet, sweep, write_parquet

WEIGHTS = "weights"


def audit_study(
    study: Study,
    settings: Settings | None = None,
    names: Sequence[str] | None = None,
    *,
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
        log, work = audited(study, settings), study.work("audit", mark)
        rows = [_one(log, name, work / f"{name}.parquet") for name in _told(asked, progress)]
        if WEIGHTS in asked:
            _weigh(study, fitted(log))
        write_parquet(pl.concat(rows), study.path / AUDIT)
        study.manifest["audits"] = {"settings": asdict(settings), "names": asked}
        study.mark("audit", mark, "done")
        study.finish("audit")
    return study


def _told(names: Sequence[str], progress: Progress) -> Iterator[str]:
    for done, name in enumerate(names):
        progress("auditing", done, len(names))
        yield name
    progress("auditing", len(names), len(names))


def _one(log: Audited, name: str, out: Path) -> pl.DataFrame:
    if not out.exists():
        write_parquet(tables.check(audit(name).audit(log), tables.RESULTS, f"audit {name}"), out)
    return read_parquet(out)


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
