"""The paper's Figure 5 and beyond: the same curves per model, per version of it, and per source of the log."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured, convergence, drift, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._draws import Request, Row, joined, together, unknown
from unspool.analyses._models import version
from unspool.analyses._panel import Cells, Panel, cells, panel
from unspool.stats.bootstrap import Interval

TITLE = "The same across models and sources"
QUESTION = "Do prompts change in the same way with every model, version and source?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Figure 5 (a second log)"
LIMITS = (
    "People were not assigned to models: those who use another one are other people, at another time, with other "
    "tasks, so that a difference is not the model's doing."
)
ORDER = 60
FIGURES: tuple[str, ...] = ("across",)
KINDS = ("model", "version", "source")
ENOUGH = 30
MOST = 8
KEPT = ("mean", "rise", "gap_closed")
NOT_NAMED = "not named"


@dataclass(frozen=True)
class Part:
    """The threads of one value: `label` as in the column `model`, and which threads of the panel they are."""

    label: str
    threads: NDArray[np.bool_]


def analyse(log: Measured) -> pl.DataFrame:
    """Rows as in drift and convergence (`mean`, `rise`, `gap_closed`) for each value of KINDS with 30 long threads.

    `model` is the value: "model midjourney", "version 6.1", "source diffusiondb". A thread belongs to the value of its
    first prompt; a value needs 30 threads of the panel, and at most 8 per kind are shown, those of most threads. What
    is not shown is a row of the feature "-" with the reason.
    """
    found = panel(log)
    parts, left = _parts(log, found)
    rows = together(_requests(log, found, parts), found.people, log.settings)
    method = f"means over threads; {found.people.method(log.settings.draws)}"
    same = {"analysis": "across", "mode": "paper", "rule": log.rule, "method": method, "seed": log.settings.seed}
    return results([*rows, *left], **same)


def _parts(log: Measured, found: Panel) -> tuple[list[Part], list[Row]]:
    """The values that are shown, and a row for each one that is not, or for a kind with nothing to compare."""
    schema = log.prompts.collect_schema()
    first = pl.col("step") == 1
    labels = found.rows.filter(first).select("thread_id", *(_value(kind, schema).alias(kind) for kind in KINDS))
    threads = found.ids.to_frame().join(labels.collect(), on="thread_id", how="left", maintain_order="left")
    parts: list[Part] = []
    left: list[Row] = []
    for kind in KINDS:
        shown, reasons = _of_kind(kind, threads[kind])
        parts += shown
        left += [{"feature": "-", "estimand": "rise", "model": label, **row} for label, row in reasons.items()]
    for row in left:
        row["note"] = joined(found.note, row["note"])
    return parts, left


def _value(kind: str, schema: pl.Schema) -> pl.Expr:
    """The value of a kind at each prompt; null where it is unknown."""
    if kind == "version":
        return version() if "params" in schema else pl.lit(None, dtype=pl.String)
    return pl.col(kind) if kind in schema else pl.lit(None, dtype=pl.String)


def _of_kind(kind: str, values: pl.Series) -> tuple[list[Part], dict[str, Row]]:
    if not values.count():
        return [], {kind: {"note": f"the log does not say the {kind} of any thread that is long enough"}}
    named = values.fill_null(NOT_NAMED)
    counts = named.value_counts(sort=False, name="n").sort("n", named.name, descending=[True, False])
    if counts.height == 1:
        return [], {kind: _few(len(values), f"all threads are of {kind} {counts[named.name][0]}: nothing to compare")}
    shown, reasons = [], {}
    for place, (value, n) in enumerate(counts.iter_rows()):
        if n < ENOUGH:
            reasons[f"{kind} {value}"] = _few(n, f"{words.number_of(n, 'thread')} long enough, and {ENOUGH} are needed")
        elif place < MOST:
            shown.append(Part(f"{kind} {value}", (named == value).to_numpy()))
    others = counts[MOST:]
    if others.height:
        reasons = {
            label: row for label, row in reasons.items() if label.removeprefix(f"{kind} ") not in others[named.name]
        }
        note = f"{others.height} further values of {kind}, of fewer threads, are not shown"
        reasons[f"{kind} others"] = _few(int(others["n"].sum()), note)
    return shown, reasons


def _few(n: int, note: str) -> Row:
    return {"n_threads": n, "note": note}


def _requests(log: Measured, found: Panel, parts: list[Part]) -> Iterator[Request]:
    names, reasons = known(log)
    for name, along in cells(found, names):
        for part in parts:
            chosen = along.only(part.threads[along.threads], int(part.threads.sum()))
            yield from _both(log, found, name, chosen, part.label)
    for name, reason in reasons.items():
        yield unknown({"feature": name, "estimand": "rise", "note": reason})


def _both(log: Measured, found: Panel, name: str, along: Cells, label: str) -> Iterator[Request]:
    """Drift and convergence of one feature in one part."""
    same: dict[str, Any] = {"model": label}
    note = log.notes.get(name)
    yield _kept(drift.request(name, along, found, log.settings, note, **same))
    for group in convergence.readings(found):
        yield _kept(convergence.request(name, along, found, group, log.settings, note, **same))


def _kept(request: Request) -> Request:
    """The request without the estimands that are not shown here."""

    def rows(intervals: list[Interval]) -> Iterator[Row]:
        return (row for row in request.rows(intervals) if row["estimand"] in KEPT)

    return Request(request.sums, request.estimator, rows)


def findings(rows: pl.DataFrame) -> list[str]:
    """The first features of the paper in each value, and which kinds cannot be compared."""
    reasons = rows.filter(pl.col("feature") == "-", pl.col("model").is_in(KINDS))["note"].to_list()
    told = [f"{note[0].upper()}{note[1:]}." for note in (reason.split("; ")[-1] for reason in reasons)]
    known = rows.filter(pl.col("estimate").is_not_null())
    labels = known["model"].unique(maintain_order=True).to_list()
    compared = []
    for kind in KINDS:
        of_kind = [label for label in labels if label.startswith(f"{kind} ")]
        if len(of_kind) == 1:
            told.append(f"Only {of_kind[0]} has {ENOUGH} threads that are long enough: nothing to compare.")
        else:
            compared += of_kind
    room = words.SENTENCES - len(told)
    names = words.lead(rows)[: max(1, room // max(1, len(compared)))]
    curves = [drift.sentence(known.filter(model=label), name, f", {label}") for name in names for label in compared]
    return curves[:room] + told
