"""The same log cut into threads by many rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from unspool import threads as rules
from unspool.analyses import Measured
from unspool.edits.ledger import ledger
from unspool.threads._assign import assign, label

THRESHOLDS = (0.2, 0.3, 0.4, 0.5)
MINUTES = (10, 30, 60)
_OF_THREADS = ("thread_id", "step", "steps_left")


@dataclass(frozen=True)
class Specification:
    """A rule with its options."""

    rule: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """The rule's name with what differs from its defaults."""
        return label(self.rule, {k: v for k, v in self.options.items() if (self.rule, v) not in DEFAULTS})


DEFAULTS = {("iou", 0.3), ("overlap", 0.3), ("gap", 30)}
SPECIFICATIONS = (
    *(Specification(rule, {"threshold": value}) for rule in ("iou", "overlap") for value in THRESHOLDS),
    Specification("scene"),
    *(Specification("gap", {"minutes": value}) for value in MINUTES),
    Specification("given"),
)


def possible(prompts: pl.DataFrame) -> tuple[list[Specification], list[str]]:
    """The specifications for which the prompts have what their rule needs, and the labels of the others."""
    lacking = [one for one in SPECIFICATIONS if any(not prompts[need].count() for need in _needs(one.rule))]
    return [one for one in SPECIFICATIONS if one not in lacking], [one.label for one in lacking]


def _needs(rule: str) -> tuple[str, ...]:
    return tuple(getattr(rules.rule(rule), "NEEDS", ()))


def cuts(log: Measured, prompts: pl.DataFrame, chosen: list[Specification]) -> Iterator[Measured]:
    """The log as it stands, then by each specification that is not its rule; with edits, if it has them.

    `prompts` are those to look at: all prompts of their users, each user's in order.
    """
    edits = _adjacent(prompts) if log.edits is not None else None
    yield _cut(log, prompts, log.rule, edits)
    for one in chosen:
        if one.label != log.rule:
            found = prompts.with_columns(assign(prompts, one.rule, **one.options).select(_OF_THREADS))
            yield _cut(log, found, one.label, edits)


def _cut(log: Measured, prompts: pl.DataFrame, rule: str, edits: pl.DataFrame | None) -> Measured:
    found = None if edits is None else _edits(prompts, edits).lazy()
    return replace(log, prompts=prompts.lazy(), rule=rule, edits=found, corrected=None, before=None)


def _adjacent(prompts: pl.DataFrame) -> pl.DataFrame:
    """The edits between all adjacent prompts of users, whatever the thread: each pair is worked once for all rules."""
    ordered = prompts.filter(pl.col("thread_id").is_not_null())
    whole = ordered.with_columns(thread_id=pl.col("user_id"), step=pl.int_range(1, pl.len() + 1).over("user_id"))
    return ledger(whole)


def _edits(prompts: pl.DataFrame, adjacent: pl.DataFrame) -> pl.DataFrame:
    """The edits within the threads of these prompts; those between prompts that are not adjacent are worked anew."""
    ordered = prompts.filter(pl.col("thread_id").is_not_null()).sort("thread_id", "step")
    before = pl.col("prompt_id").shift().over("thread_id")
    pairs = ordered.select("prompt_id", "thread_id", "step", before_id=before).filter(pl.col("step") > 1)
    ready = adjacent.drop("thread_id", "step").join(pairs, on=["prompt_id", "before_id"])
    if ready.height < pairs.height:
        return ledger(prompts)
    return ready.select(adjacent.columns)
