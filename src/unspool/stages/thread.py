"""Stage `thread`: prompts to threads by one rule, file by file, since a user's prompts all lie in one file."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

import unspool
from unspool import tables
from unspool import threads as rules
from unspool.engine import worker_count, workers
from unspool.errors import UnspoolError
from unspool.stages.read import Progress, silent
from unspool.stages.reasons import check_kept
from unspool.study import Study, fingerprint, read_parquet, sweep, write_parquet
from unspool.threads._assign import assign, label

SMALL_BYTES = 8 * 2**20
_COLUMNS = ("thread_id", "step", "steps_left")


@dataclass(frozen=True)
class File:
    """One file of prompts, its rule, and where its threads go; `chosen`: the prompts take over the rule's columns."""

    path: Path
    rule: str
    options: dict[str, Any]
    out: Path
    work: Path
    chosen: bool


def thread_file(file: File) -> tuple[int, int]:
    """Thread one file of prompts; return its numbers of prompts and of threads."""
    done = file.work / file.path.name
    target = file.out / file.path.name
    if not done.exists():
        prompts = read_parquet(file.path)
        found = assign(prompts, file.rule, **file.options)
        write_parquet(found, target)
        if file.chosen:
            write_parquet(prompts.with_columns(found.select(_COLUMNS)), file.path)
        done.touch()
    table = pl.scan_parquet(target, glob=False).select(n=pl.len(), threads=(pl.col("step") == 1).sum()).collect()
    return table["n"].item(), table["threads"].item()


def default_rule(study: Study, otherwise: str = rules.DEFAULT) -> str:
    """The rule where none is named: the log's own threads where it has any, else `otherwise`."""
    given = study.scan("prompts").select(pl.col("given_thread_id").is_not_null().any()).collect().item()
    return "given" if given else otherwise


def thread(
    study: Study,
    rule: str = rules.DEFAULT,
    *,
    choose: bool = True,
    jobs: int | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Study:
    """Add the threads of a rule to the study; `choose` makes it the one whose columns the prompts table has.

    An error if the study was not read to its end, or if no prompt is left of its log.
    """
    options = check_options(rule, options)
    read_mark = study.manifest["stages"].get("read", {})
    if read_mark.get("state") != "done":
        raise UnspoolError(
            "The study has not been read to its end.",
            "Its prompts are not complete.",
            "Run `unspool read` with the same inputs; it goes on where it was.",
        )
    check_kept(study)
    rules.check_needs(rule, study.scan("prompts"))
    name = label(rule, options)
    mark = fingerprint(read_mark["fingerprint"], rule, options, choose, unspool.__version__)
    with study.locked():
        if study.stage_done(f"thread {name}", mark) and (not choose or study.manifest["rule"] == name):
            study.finish("thread")
            return study
        if choose and study.manifest["rule"] != name:
            study.manifest["rule"] = None  # until all files have the columns of one rule
        study.mark(f"thread {name}", mark, "running")
        files = sorted((study.path / "prompts").glob("*.parquet"))
        out = study.path / "threads" / name
        out.mkdir(parents=True, exist_ok=True)
        work = study.work("thread", mark)
        tasks = [File(path, rule, options, out, work, choose) for path in files]
        small = sum(path.stat().st_size for path in files) <= SMALL_BYTES and jobs is None
        totals = []
        with workers(1 if small else worker_count(jobs)) as runner:
            progress(f"threading by {name}", 0, len(tasks))
            for done, total in enumerate(runner.run(thread_file, tasks), 1):
                totals.append(total)
                progress(f"threading by {name}", done, len(tasks))
        for folder in (study.path / "prompts", out):
            sweep(folder)
        study.manifest["rules"][name] = {
            "rule": rule,
            "options": options,
            "prompts": sum(t[0] for t in totals),
            "threads": sum(t[1] for t in totals),
        }
        if choose:
            study.manifest["rule"] = name
        study.mark(f"thread {name}", mark, "done")
        study.finish("thread")
    return study


def check_options(rule: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that differ from the rule's defaults; one that the rule does not have or cannot take is an error."""
    known = dict(list(inspect.signature(rules.rule(rule).starts).parameters.items())[1:])
    for name in options:
        if name not in known:
            raise UnspoolError(
                f"The rule {rule} has no option {name!r}.",
                f"It has {', '.join(known) or 'none'}.",
                "See `unspool rules`.",
                exit_code=2,
            )
    rules.rule(rule).starts(tables.empty(tables.PROMPTS), **options)  # a value out of range is told before any work
    return {name: value for name, value in options.items() if value != known[name].default}
