"""Stage `analyze`: prompts, threads and features to rows of results, several analyses at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import polars as pl

import unspool
from unspool import tables
from unspool.analyses import SAMPLED, Measured, Settings, analysis, in_order
from unspool.analyses._family import adjusted
from unspool.engine import workers
from unspool.features import feature
from unspool.labels import PSEUDONYMS, labelled
from unspool.models import told
from unspool.stages.at_once import at_once
from unspool.stages.edit import edit
from unspool.stages.read import Progress, silent
from unspool.stages.thread import default_rule, thread
from unspool.study import RESULTS, Study, fingerprint, read_parquet, write_parquet

_OF_THREADS = ("thread_id", "step", "steps_left")


@dataclass(frozen=True)
class Task:
    """An analysis of a study, and the file for its rows; rules as in `both`."""

    study: Path
    rule: str
    own: str
    settings: Settings
    name: str
    out: Path


def analyze_one(task: Task) -> str:
    """Write the rows of an analysis that needs no others; return its name."""
    if not task.out.exists():
        log = both(Study(task.study), task.rule, task.own, task.settings)
        _write(task.name, log, task.out)
    return task.name


def _write(name: str, log: Measured, out: Path) -> None:
    found = analysis(name).analyse(log)
    write_parquet(tables.check(found, tables.RESULTS, f"analyze {name}"), out)


def analyze(
    study: Study,
    settings: Settings | None = None,
    names: Sequence[str] | None = None,
    *,
    jobs: int | None = None,
    progress: Progress = silent,
) -> Study:
    """Answer the questions of all analyses, or of those named, and write the study's results.

    In mode "paper" the threads are those of the paper's procedure, whatever rule the study shows: the log's own where
    it has them, else the rule `iou`, which is computed if the study lacks it. In mode "corrected" they are those of the
    study's own rule, whose edits are computed where an analysis needs them.
    """
    settings = settings or Settings()
    study.columns()
    rule = paper_rule(study)
    if study.manifest["stages"].get(f"thread {rule}", {}).get("state") != "done":
        thread(study, rule, choose=study.manifest.get("rule") is None, jobs=jobs, progress=progress)
    for name in names or ():
        analysis(name)
    asked = sorted(set(names), key=in_order().index) if names else in_order()
    own = str(study.manifest["rule"])
    if any("edits" in getattr(analysis(name), "NEEDS", ()) for name in asked):
        edit(study, own, jobs=jobs, progress=progress)
    with study.locked():
        stages = {rule: study.manifest["stages"].get(f"thread {rule}") for rule in (rule, own)}
        mark = fingerprint(study.manifest["features"], stages, asdict(settings), asked, unspool.__version__)
        if study.stage_done("analyze", mark) and (study.path / RESULTS).exists():
            study.finish("analyze")
            return study
        study.mark("analyze", mark, "running")
        work = study.work("analyze", mark)
        tasks = [Task(study.path, rule, own, settings, name, work / f"{name}.parquet") for name in asked]
        write_parquet(adjusted(_all(study, tasks, jobs, progress)), study.path / RESULTS)
        shown = asdict(settings) | {"classifier": told(settings.classifier) if settings.classifier else None}
        study.manifest["analyses"] = {"settings": shown, "rule": rule, "own_rule": own, "names": asked}
        study.mark("analyze", mark, "done")
        study.finish("analyze")
    return study


def _all(study: Study, tasks: Sequence[Task], jobs: int | None, progress: Progress) -> pl.DataFrame:
    """The rows of all analyses in order: those of its own log at once, then those that need the rows before theirs."""
    alone = [task for task in tasks if "before" not in getattr(analysis(task.name), "NEEDS", ())]
    progress("analysing", 0, len(tasks))
    with workers(at_once(study, jobs)) as runner:
        # The last question asks others again under many rules: on a small log it takes longest, so it begins first.
        for done, _ in enumerate(runner.run(analyze_one, [*alone[-1:], *alone[:-1]]), 1):
            progress("analysing", done, len(tasks))
    before = tables.empty(tables.RESULTS)
    for done, task in enumerate(tasks, 1):
        if not task.out.exists():
            log = both(study, task.rule, task.own, task.settings)
            _write(task.name, replace(log, before=before), task.out)
            progress("analysing", done, len(tasks))
        before = pl.concat([before, read_parquet(task.out)])
    progress("analysing", len(tasks), len(tasks))
    return before


def paper_rule(study: Study) -> str:
    """The rule of the paper's procedure: the log's own threads where it has any, else `iou`."""
    return default_rule(study, "iou")


def both(study: Study, rule: str, own: str, settings: Settings) -> Measured:
    """The study by the paper's rule, and as `corrected` by its own, with the edits where they were made."""
    log = measured(study, own, settings)
    edited = study.manifest.get("edits", {}).get("rule") == own
    corrected = replace(log, edits=_labelled_edits(study.scan("edits"), log.prompts) if edited else None)
    return corrected if own == rule else replace(measured(study, rule, settings), corrected=corrected)


def _labelled_edits(edits: pl.LazyFrame, prompts: pl.LazyFrame) -> pl.LazyFrame:
    """The edits with the labels of their users; their prompts keep their ids."""
    users = prompts.select("user_id", pseudonym=PSEUDONYMS["user_id"]).unique().drop_nulls()
    named = edits.rename({"user_id": "pseudonym"}).join(users, on="pseudonym", how="left", maintain_order="left")
    return named.drop("pseudonym")


def measured(study: Study, rule: str, settings: Settings) -> Measured:
    """The study as analyses take it: prompts, the threads of a rule, and features, beside each other file by file.

    Users and prompts are labelled.
    """
    files = sorted((study.path / "prompts").glob("*.parquet"))
    frames = [labelled(beside(study.path, rule, file)) for file in files]
    empty = labelled(tables.empty(tables.PROMPTS).lazy())
    prompts = pl.concat(frames, how="diagonal") if frames else empty
    return Measured(prompts, rule, study.columns(), settings, notes(study), study.manifest["counts"])


def beside(study: Path, rule: str, file: Path) -> pl.LazyFrame:
    """One file of prompts with its threads and features, whose rows are in the same order."""
    threads = pl.scan_parquet(study / "threads" / rule / file.name, glob=False).select(_OF_THREADS)
    features = pl.scan_parquet(study / "features" / file.name, glob=False).drop("prompt_id")
    counted_in_both = set(features.collect_schema()) & set(tables.PROMPTS.columns)
    prompts = pl.scan_parquet(file, glob=False).drop(*_OF_THREADS, *counted_in_both)
    return pl.concat([prompts, threads, features], how="horizontal")


def notes(study: Study) -> dict[str, str]:
    """What is to be said of a column: why it is void; on which sample, from whom and by which model it was measured."""
    found: dict[str, str] = {}
    for name, entry in study.manifest["features"].items():
        said = []
        if entry["n_scored"] < entry["of"]:
            said.append(f"{SAMPLED} {entry['n_scored']:,} of {entry['of']:,} prompts, whole users, by activity")
        said += [fact for fact in (entry["estimated_from"], entry["model"]) if fact]
        for column in feature(name).COLUMNS:
            note = entry["missing"].get(column.name) or "; ".join(said)
            if note:
                found |= {column.name: note, f"caption_{column.name}": note}
    return found
