"""Judging claims by runs: bias in standard errors, coverage, size and power, with the marks of docs/validation.md.

Bias: |mean estimate - truth| at most .1 SD of the estimate over the seeds, and the 99% Monte Carlo interval of the bias
inside +-.15 SD. Coverage of a 95% interval and size of a 5% test: exact binomial test against the nominal rate, with
Holm's correction over all of them in a run. Power: at least .8. An estimate that is expected to mislead has no mark.
With few seeds the bias mark is failed only where the bias is clearly beyond .15 SD: the quick run finds gross faults.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Any

import polars as pl

from unspool.stats.multiplicity import holm
from unspool.validation.claims import PLACE, Claim
from unspool.validation.tallies import ALPHA, nothing, tally

Counted = Mapping[str, Any]

NOMINAL = 0.95
MOST_BIAS, WIDEST = 0.1, 0.15
LEAST_POWER = 0.8
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
`bias_in_sd`. `p_value`: of the exact binomial test of coverage or size. `passed` null: there is no mark,
or no seed was asked."""


def judge(runs: pl.DataFrame, claims: Sequence[Claim]) -> pl.DataFrame:
    """The judgement of each claim and check by runs, in the order of the claims."""
    return judge_tally(tally(runs, claims), claims)


def judge_tally(tallied: pl.DataFrame, claims: Sequence[Claim]) -> pl.DataFrame:
    """The judgement of each claim and check by a tally; of a claim that is not in it no seed was asked."""
    counted = {tuple(row[name] for name in PLACE): row for row in tallied.iter_rows(named=True)}
    found = [counted.get((claim.scenario, *claim.key), nothing(claim)) for claim in claims]
    rows = [row for claim, one in zip(claims, found, strict=True) for row in _claim(claim, one)]
    tested = [row for row in rows if row["p_value"] is not None]
    for row, adjusted in zip(tested, holm([row["p_value"] for row in tested]), strict=True):
        row["p_adjusted"] = float(adjusted)
        row["passed"] = bool(adjusted >= ALPHA)
    return pl.DataFrame(rows, schema=JUDGED, orient="row")


def _claim(claim: Claim, one: Counted) -> Iterator[dict[str, Any]]:
    same = {name: one[name] for name in (*PLACE, "n_seeds", "truth", "mean")}
    same |= {"n_unknown": one["n_seeds"] - one["n"], "sd": _sd(one), "why": claim.why, "p_value": None}
    for check in claim.checks:
        failed = None if check == "misleads" or not one["n_seeds"] else False
        yield {**same, "check": check, "passed": failed, **_check(check, one)}


def _check(check: str, one: Counted) -> dict[str, Any]:
    """What one check finds; nothing if no seed has an estimate."""
    if not one["n"]:
        return {}
    if check == "bias":
        return _bias(one)
    if check == "coverage":
        return _coverage(one)
    rate = one["rejected"] / one["n"]
    if check == "size":
        return {"rejected": rate, "p_value": _binomial(one["rejected"], one["n"], ALPHA)}
    if check == "power":
        return {"rejected": rate, "passed": rate >= LEAST_POWER}
    known = {} if one["truth"] is None else _bias(one) | _coverage(one)
    return {"rejected": rate, **known, "p_value": None, "passed": None}


def _bias(one: Counted) -> dict[str, Any]:
    spread = _sd(one)
    if spread is None or one["truth"] is None:
        return {}
    gap = one["mean"] - one["truth"]
    if spread == 0:
        return {"bias_in_sd": 0.0 if gap == 0 else float("inf"), "bias_error": 0.0, "passed": gap == 0}
    bias, error = gap / spread, 1 / sqrt(one["n"])
    reach = NormalDist().inv_cdf(0.995) * error
    full = abs(bias) <= MOST_BIAS and abs(bias) + reach <= WIDEST
    gross = abs(bias) - reach > WIDEST
    return {"bias_in_sd": bias, "bias_error": error, "passed": full if one["n"] >= FULL else not gross}


def _coverage(one: Counted) -> dict[str, Any]:
    covered, n = one["covered"], one["n_intervals"]
    return {"coverage": covered / n, "p_value": _binomial(covered, n, NOMINAL)} if n else {}


def _sd(one: Counted) -> float | None:
    return sqrt(one["squares"] / (one["n"] - 1)) if one["n"] > 1 else None


def _binomial(successes: int, n: int, rate: float) -> float:
    from scipy.stats import binomtest

    return float(binomtest(successes, n, rate).pvalue)
