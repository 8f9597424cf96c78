"""Scenarios in which an estimate misleads, beside the one to take, as a table of what both come to."""

from typing import Any

import polars as pl

from unspool.audits import MODE as AUDIT
from unspool.validation.claims import FOUND

CONTRASTS = (
    (
        ("people stop once a prompt is long enough, and nothing changes", "stopping_only"),
        ("drift/raw_transition", "prompts grow by {:z.3f} a step in natural log"),
        ("drift/ipcw", "by {:z.3f}"),
    ),
    (
        ("prompts grow by {:z.3f} a step in natural log, and people of short ones stop", "growth_hidden"),
        ("drift/raw_transition", "prompts grow by {:z.3f} a step in natural log"),
        ("drift/ipcw", "by {:z.3f}"),
    ),
    (
        ("who writes more upscales more, and no prompt matters", "confounded_users"),
        ("upscaled/cliffs_delta", "upscaled prompts are longer: Cliff's delta {:z.2f}"),
        ("upscaled/within_user", "within a person: {:+z.3f} in natural log"),
    ),
    (
        ("lengths only vary about their level", "regression_to_the_mean"),
        ("convergence/gap_closed", "{:.0%} of the gap between high and low threads closes"),
        ("convergence/A_step", "A = {:z.2f}: nothing converges"),
    ),
    (
        ("people of two versions of the model differ in taste", "model_by_taste"),
        ("model_specific/own_model", "style follows the model: {:z.2f}"),
        ("model_specific/own_model_within", "within people who used both: {:+z.2f}"),
    ),
)
"""Scenarios, an estimate that misleads in each and the one to take, with the words for their means."""


def contrasts(tallied: pl.DataFrame) -> str:
    """A Markdown table of CONTRASTS by a tally of their claims, and a bracket, left open, on how many logs it rests.

    Each estimate is the mean over the logs, with the share of logs in which its interval or test leaves out 0.
    """
    found = tallied.filter(pl.col("mode") != AUDIT)
    heads = ("in logs where", "the paper's way, or the naive one, says", "the corrected estimate says")
    table = "\n".join([f"| {' | '.join(heads)} |", "|---|---|---|", *(_line(found, *row) for row in CONTRASTS)])
    seeds = [row["n"] for scenario in CONTRASTS for row in _rows(found, scenario)]
    logs = f"{min(seeds):,} to {max(seeds):,} logs of 300 people each"
    return f"{table}\n\n(Means over {logs}; in brackets: in how many of them the\nestimate is clearly not 0."


def _rows(found: pl.DataFrame, cells: tuple[tuple[str, str], ...]) -> list[dict[str, Any]]:
    """The tally of both estimates of one of CONTRASTS."""
    (_, scenario), *estimates = cells
    here = found.filter(pl.col("scenario") == scenario, pl.col("rule") == FOUND)
    key = pl.concat_str("analysis", "estimand", separator="/")
    return [here.filter(key == name).row(0, named=True) for name, _ in estimates]


def _line(found: pl.DataFrame, *cells: tuple[str, str]) -> str:
    (told, _), *estimates = cells
    rows = _rows(found, cells)
    shares = [row["rejected"] / row["n"] for row in rows]
    said = [
        f"{words.format(row['mean'])} ({share:.0%})"
        for row, share, (_, words) in zip(rows, shares, estimates, strict=True)
    ]
    return f"| {' | '.join([told.format(rows[0]['truth']), *said])} |"
