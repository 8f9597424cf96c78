"""One run: a simulated log, rendered as text, through reading, threading, measuring and analysing."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

import unspool
from unspool import registry
from unspool.analyses import Measured, Settings, analysis
from unspool.audits import MODE as AUDIT
from unspool.audits import Settings as Audits
from unspool.audits import audit
from unspool.compiling.settings import ReadSettings
from unspool.engine import worker_count, workers
from unspool.simulate import Log, simulate
from unspool.stages.analyze import both, paper_rule
from unspool.stages.audit import audited
from unspool.stages.edit import edit
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread
from unspool.study import Study, fingerprint, read_parquet, write_parquet
from unspool.validation.claims import PLACE, TRUE, Claim, in_scenario

FEATURES = ("length", "style")
COLUMNS = ("n_words", "word_len_paper", "n_style_words", "n_content_words")
DRAWS, PERMUTATIONS = 400, 39
"""Of the bootstrap in mode "paper", where the corrected estimates need none; and of the groups in audits."""
AUDITED = 4
"""Audits are asked about every fourth log: they take longer than all the rest."""
EVERY = 8
"""Threads that are continued for the true drift: every eighth, as their mean over the logs is what counts."""
RUNS = PLACE | {
    "seed": pl.Int64,
    "estimate": pl.Float64,
    "ci_low": pl.Float64,
    "ci_high": pl.Float64,
    "p_value": pl.Float64,
    "truth": pl.Float64,
    "note": pl.String,
}
"""One row per claim and seed; `truth` is that of this log where the claim names a quantity."""


@dataclass(frozen=True)
class Run:
    """A log to simulate, and where its rows go."""

    scenario: str
    seed: int
    users: int
    out: Path


def run(one: Run) -> None:
    """Simulate, analyse and write the rows of the claims; what is there already stands."""
    if not one.out.exists():
        log = simulate(one.scenario, seed=one.seed, users=one.users) if _asked(one) else None
        write_parquet(rows(log, one) if log else pl.DataFrame(schema=RUNS), one.out)


def _asked(one: Run) -> list[Claim]:
    return [claim for claim in in_scenario(one.scenario) if claim.mode != AUDIT or one.seed % AUDITED == 0]


def rows(log: Log, one: Run) -> pl.DataFrame:
    """The claims' rows of one simulated log."""
    claims = _asked(one)
    quantities = _truths(log, {claim.truth for claim in claims if isinstance(claim.truth, str)})
    found = list[tuple[object, ...]]()
    for rule in dict.fromkeys(claim.rule for claim in claims):
        asked = [claim for claim in claims if claim.rule == rule]
        with tempfile.TemporaryDirectory() as folder:
            study = compiled(log, Path(folder), rule)
            done = results(study, list(dict.fromkeys(claim.analysis for claim in asked)), seed=one.seed)
        found += [_row(claim, done, quantities, one) for claim in asked]
    return pl.DataFrame(found, schema=RUNS, orient="row")


def _truths(log: Log, names: set[str]) -> dict[str, float]:
    """Quantities of the log; what nobody asks for is left out if it takes long."""
    return log.quantities(EVERY if any(name.startswith("drift") for name in names) else 0) if names else {}


def compiled(log: Log, folder: Path, rule: str) -> Study:
    """The study of a log by a rule: from the text of its messages to its edits.

    A log with captions, and one whose true threads are asked for, is a table; any other is a Discord export.
    """
    table = log.table(threads=rule == TRUE)
    path, settings = folder / "log.json", ReadSettings()
    if rule == TRUE or "caption_0" in table.columns:
        path = folder / "log.parquet"
        settings = ReadSettings(source="table", columns=tuple((name, name) for name in table.columns))
        table.write_parquet(path)
    else:
        log.write_log(path)
    study = read([str(path)], folder / "study", settings, jobs=1)
    thread(study, rule, choose=True, jobs=1)
    thread(study, paper_rule(study), choose=rule == TRUE, jobs=1)
    measure(study, None, FEATURES, jobs=1)
    return edit(study, rule, jobs=1)


def results(study: Study, names: Sequence[str], *, seed: int) -> pl.DataFrame:
    """The results of some analyses, of the features that claims are about, and of some audits."""
    log = both(study, paper_rule(study), study.manifest["rule"], Settings(seed=seed, draws=DRAWS))
    log = replace(_only(log), corrected=_only(log.own))
    done = list[pl.DataFrame]()
    for name in (name for name in names if name not in registry.names("audits")):
        done.append(analysis(name).analyse(replace(log, before=pl.concat(done) if done else None)))
    reuse = audited(study, Audits(seed=seed, permutations=PERMUTATIONS))
    done += [audit(name).audit(reuse) for name in names if name in registry.names("audits")]
    return pl.concat(done)


def _only(log: Measured) -> Measured:
    return replace(log, columns={name: column for name, column in log.columns.items() if name in COLUMNS})


def _row(claim: Claim, found: pl.DataFrame, quantities: dict[str, float], one: Run) -> tuple[object, ...]:
    _, analysis_, feature, estimand, mode, group = claim.key
    truth = quantities.get(claim.truth) if isinstance(claim.truth, str) else claim.truth
    same = {"analysis": analysis_, "feature": feature, "estimand": estimand, "mode": mode, "group": group, "step": None}
    here = found.filter(pl.col(name).eq_missing(pl.lit(value)) for name, value in same.items())
    row = here.row(0, named=True) if here.height == 1 else {"note": f"{here.height} rows in the results"}
    told = [row.get(name) for name in ("estimate", "ci_low", "ci_high", "p_value")]
    return one.scenario, *claim.key, one.seed, *told, truth, row.get("note")


Progress = Callable[[str, int, int], None]


def all_runs(
    names: Sequence[str], seeds: range, users: int, out: Path, *, jobs: int | None, progress: Progress
) -> pl.DataFrame:
    """Do the runs of these scenarios and seeds that are not in `out` yet; return the rows of all of them."""
    todo = list(_runs(names, seeds, users, out))
    for name in names:
        (out / name).mkdir(parents=True, exist_ok=True)
    progress("validating", 0, len(todo))
    with workers(worker_count(jobs)) as runner:
        for done, _ in enumerate(runner.run(run, todo), 1):
            progress("validating", done, len(todo))
    return pl.concat([read_parquet(one.out) for one in todo])


def _runs(names: Sequence[str], seeds: range, users: int, out: Path) -> Iterator[Run]:
    """Seed by seed, so that a run that is cut has as many seeds of every scenario."""
    marks = {
        name: fingerprint(unspool.__version__, users, [claim.key for claim in in_scenario(name)]) for name in names
    }
    for seed in seeds:
        for name in names:
            yield Run(name, seed, users, out / name / f"{marks[name]}-{seed:05d}.parquet")
