"""What runs come to, claim by claim, in sums that can be added: runs of several days or machines are one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from unspool.validation.claims import PLACE, Claim

ALPHA = 0.05
TALLY = PLACE | {
    "n_seeds": pl.Int64,
    "n": pl.Int64,
    "mean": pl.Float64,
    "squares": pl.Float64,
    "n_truth": pl.Int64,
    "truth": pl.Float64,
    "n_intervals": pl.Int64,
    "covered": pl.Int64,
    "rejected": pl.Int64,
}
"""One row per claim. `n_seeds` were asked, `n` gave an estimate. `squares`: sum of squared distances from `mean`.
`truth`: mean over the `n_truth` seeds that know it. `covered`: intervals, of `n_intervals`, that hold that mean.
`rejected`: estimates with a p-value of at most .05 (that of 39 permutations is one of 40 values, .05 among them), or
without one, with an interval that leaves out 0."""


def tally(runs: pl.DataFrame, claims: Sequence[Claim]) -> pl.DataFrame:
    """The tally of some runs, in the order of the claims."""
    return pl.DataFrame([_one(claim, runs) for claim in claims], schema=TALLY, orient="row")


def _one(claim: Claim, runs: pl.DataFrame) -> dict[str, Any]:
    place = _place(claim)
    here = runs.filter(pl.col(name).eq_missing(pl.lit(value)) for name, value in place.items())
    known = here.filter(pl.col("estimate").is_not_null())
    truths, estimates = here["truth"].drop_nulls().to_numpy(), known["estimate"].to_numpy()
    low, high = (known[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("ci_low", "ci_high"))
    outside = pl.Series((low > 0) | (high < 0))
    rejected = pl.select(pl.coalesce(known["p_value"] <= ALPHA, outside)).to_series() if known.height else outside
    truth = float(truths.mean()) if len(truths) else None
    covered = 0 if truth is None else int(((low <= truth) & (truth <= high)).sum())
    mean = float(estimates.mean()) if len(estimates) else None
    return place | {
        "n_seeds": here.height,
        "n": len(estimates),
        "mean": mean,
        "squares": 0.0 if mean is None else float(((estimates - mean) ** 2).sum()),
        "n_truth": len(truths),
        "truth": truth,
        "n_intervals": int((~np.isnan(low)).sum()),
        "covered": covered,
        "rejected": int(rejected.sum()),
    }


def nothing(claim: Claim) -> dict[str, Any]:
    """The row of a claim that no seed was asked."""
    return dict.fromkeys(TALLY, 0) | _place(claim) | {"mean": None, "truth": None}


def _place(claim: Claim) -> dict[str, Any]:
    return {"scenario": claim.scenario, **dict(zip(tuple(PLACE)[1:], claim.key, strict=True))}


def added(tallies: pl.DataFrame) -> pl.DataFrame:
    """The tally of all runs from tallies of parts of them, rows in the order in which claims first stand.

    Variances are put together as Chan, Golub & LeVeque 1983 (Am. Stat. 37) do.
    """
    parts = tallies.group_by(*PLACE, maintain_order=True)
    return pl.DataFrame([_together(part) for _, part in parts], schema=TALLY, orient="row")


def _together(part: pl.DataFrame) -> dict[str, Any]:
    first = part.row(0, named=True)
    mean, truth = _mean(part, "mean", "n"), _mean(part, "truth", "n_truth")
    gaps = pl.lit(0.0) if mean is None else pl.col("n") * (pl.col("mean") - mean) ** 2
    sums = part.select(
        pl.col("n_seeds", "n", "n_truth", "n_intervals", "covered", "rejected").sum(),
        squares=pl.col("squares").sum() + gaps.sum(),
    )
    return first | sums.row(0, named=True) | {"mean": mean, "truth": truth}


def _mean(part: pl.DataFrame, column: str, count: str) -> float | None:
    n = sum(part[count])
    return float((part[column] * part[count]).sum()) / n if n else None
