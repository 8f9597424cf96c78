"""Every estimator against simulated truth, end to end from rendered text: what `unspool validate` does.

`claims` says what must hold in which scenario, `runs` simulates logs and sends them through the pipeline, `marks`
judges the claims by the runs, and `wording` puts the judgements in a table.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from unspool.errors import UnspoolError
from unspool.stages.read import Progress, silent


def validate(
    scenarios: Sequence[str] | None = None,
    *,
    seeds: range = range(1, 9),
    users: int = 300,
    out: Path,
    jobs: int | None = None,
    progress: Progress = silent,
) -> pl.DataFrame:
    """Judge all claims, or those about some scenarios, by one simulated log per seed: one row per claim and check.

    Columns: marks.JUDGED. `out` keeps the rows of every run; those that are there are not simulated again.
    """
    from unspool.validation import claims, marks, runs

    known = claims.scenarios()
    asked = [name.replace("-", "_") for name in scenarios or known]
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise UnspoolError(
            f"There are no claims about the scenario {unknown[0]!r}.",
            f"Scenarios with claims are: {', '.join(name.replace('_', '-') for name in known)}.",
            "Name one of these, or none for all.",
            exit_code=2,
        )
    found = runs.all_runs(asked, seeds, users, out, jobs=jobs, progress=progress)
    return marks.judge(found, [claim for claim in claims.CLAIMS if claim.scenario in asked])
