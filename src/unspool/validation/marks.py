"""Judging claims by runs: bias in standard errors, coverage, size and power, with the marks of docs/validation.md.

Bias: |mean estimate - truth| at most .1 SD of the estimate over the seeds, and the 99% Monte Carlo interval of the bias
inside +-.15 SD. Coverage of a 95% interval and size of a 5% test: exact binomial test against the nominal rate, with
Holm's correction over all of them in a run. Power: at least .8. An estimate that is expected to mislead has no mark.
With few seeds the bias mark is failed only where the bias is clearly beyond .15 SD: the quick run finds gross faults.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl

from unspool.stats.multiplicity import holm
from unspool.validation.claims import PLACE, Claim

NOMINAL, ALPHA = 0.95, 0.05
MOST_BIAS, WIDEST = 0.1, 0.15
LEAST_POWER = 0.8
KEY = tuple(PLACE)[1:]
FULL = 2000
"""Seeds from which on the mark of bias is that of the full run."""
JUDGED = PLACE | {
    "check": pl.String,
    "n_seeds": pl.Int64,
    "n_unknown": pl.Int64,
    "truth": pl.Float64,
    "mean": pl.Float64,
    "sd": pl.Float64,
    "bias_in_sd": pl.Float64,
    "bias_error": pl.Float64,
    "coverage": pl.Float64,
    "rejected": pl.Float64,
    "p_value": pl.Float64,
    "p_adjusted": pl.Float64,
    "passed": pl.Boolean,
    "why": pl.String,
}
"""One row per claim and check. `n_unknown`: seeds without an estimate. `bias_error`: Monte Carlo standard error of
`bias_in_sd`. `p_value`: of the exact binomial test of coverage or size. `passed` null: there is no mark, or no seed asked."""


@dataclass(frozen=True)
class _Sample:
    """The estimates of one claim over the seeds."""

    estimates: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rejected: np.ndarray
    truth: float | None
    n_unknown: int

    @property
    def n(self) -> int:
        return len(self.estimates)

    def covered(self) -> np.ndarray:
        known = ~np.isnan(self.low)
        held = (self.low <= self.truth) & (self.truth <= self.high)
        return np.asarray(held[known])


def judge(runs: pl.DataFrame, claims: Sequence[Claim]) -> pl.DataFrame:
    """The judgement of each claim and check, in the order of the claims."""
    rows = [row for claim in claims for row in _claim(claim, runs)]
    tested = [row for row in rows if row["p_value"] is not None]
    for row, adjusted in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
        row["p_adjusted"] = float(adjusted)
        row["passed"] = bool(adjusted >= ALPHA)
    return pl.DataFrame(rows, schema=JUDGED, orient="row")


def _claim(claim: Claim, runs: pl.DataFrame) -> Iterator[dict[str, Any]]:
    sample = _sample(claim, runs)
    same: dict[str, Any] = {"scenario": claim.scenario, **dict(zip(KEY, claim.key, strict=True))}
    same |= {"n_seeds": sample.n + sample.n_unknown, "n_unknown": sample.n_unknown}
    same |= {"truth": sample.truth, "why": claim.why, "p_value": None}
    if sample.n:
        same |= {"mean": float(sample.estimates.mean()), "sd": _sd(sample.estimates)}
    for check in claim.checks:
        failed = None if check == "misleads" or not same["n_seeds"] else False
        yield {**same, "check": check, "passed": failed, **_check(check, sample)}


def _sample(claim: Claim, runs: pl.DataFrame) -> _Sample:
    here = runs.filter(
        pl.col("scenario") == claim.scenario,
        *(pl.col(name).eq_missing(value) for name, value in zip(KEY, claim.key, strict=True)),
    )
    known = here.filter(pl.col("estimate").is_not_null())
    low, high = (known[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("ci_low", "ci_high"))
    outside = pl.Series((low > 0) | (high < 0))
    rejected = pl.select(pl.coalesce(known["p_value"] < ALPHA, outside)).to_series() if known.height else outside
    truth = here["truth"].drop_nulls()
    value = float(np.mean(truth.to_numpy())) if len(truth) else None
    return _Sample(known["estimate"].to_numpy(), low, high, rejected.to_numpy(), value, here.height - known.height)


def _check(check: str, sample: _Sample) -> dict[str, Any]:
    """What one check finds; nothing if no seed has an estimate."""
    if not sample.n:
        return {}
    if check == "bias":
        return _bias(sample)
    if check == "coverage":
        return _coverage(sample)
    rate = float(sample.rejected.mean())
    if check == "size":
        return {"rejected": rate, "p_value": _binomial(int(sample.rejected.sum()), sample.n, ALPHA)}
    if check == "power":
        return {"rejected": rate, "passed": rate >= LEAST_POWER}
    known = {} if sample.truth is None else _bias(sample) | _coverage(sample)
    return {"rejected": rate, **known, "p_value": None, "passed": None}


def _bias(sample: _Sample) -> dict[str, Any]:
    spread = _sd(sample.estimates)
    if spread is None or sample.truth is None:
        return {}
    gap = float(sample.estimates.mean()) - sample.truth
    if spread == 0:
        return {"bias_in_sd": 0.0 if gap == 0 else float("inf"), "bias_error": 0.0, "passed": gap == 0}
    bias, error = gap / spread, 1 / sqrt(sample.n)
    reach = NormalDist().inv_cdf(0.995) * error
    full = abs(bias) <= MOST_BIAS and abs(bias) + reach <= WIDEST
    gross = abs(bias) - reach > WIDEST
    return {"bias_in_sd": bias, "bias_error": error, "passed": full if sample.n >= FULL else not gross}


def _coverage(sample: _Sample) -> dict[str, Any]:
    covered = sample.covered()
    if not len(covered):
        return {}
    return {"coverage": float(covered.mean()), "p_value": _binomial(int(covered.sum()), len(covered), NOMINAL)}


def _binomial(successes: int, n: int, rate: float) -> float:
    from scipy.stats import binomtest

    return float(binomtest(successes, n, rate).pvalue)


def _sd(values: np.ndarray) -> float | None:
    return float(values.std(ddof=1)) if len(values) > 1 else None
