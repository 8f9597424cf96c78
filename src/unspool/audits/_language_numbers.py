"""Rows of the audit of model language: numbers of texts, intervals over users, notes."""

from dataclasses import replace
from typing import Any

from unspool.analyses import Settings as Levels
from unspool.analyses._steps import Row, told
from unspool.audits import Audited
from unspool.audits._groups import FILE
from unspool.audits._language_pairs import Pair
from unspool.stats.jackknife import Estimate

JACKKNIFE = "jackknife over users, Student's t"
PERMUTED = "p-value by {n} permutations of the groups within users"
NOBODY = f"{FILE} names nobody: p-value from the interval over the log's users"


def numbers(pair: Pair) -> Row:
    """n_prompts, n_threads and n_users of a pair."""
    threads = pair.texts["thread_id"].drop_nulls().n_unique()
    return {"n_prompts": pair.n_prompts, "n_threads": threads, "n_users": pair.n_users}


def row(pair: Pair, found: Estimate, log: Audited, how: str, p_value: float | None, **more: Any) -> Row:
    """A row of a pair; `p_value` by permutation counts only where groups could be permuted within users."""
    permuted = PERMUTED.format(n=log.settings.permutations)
    tested = {"p_value": p_value, "method": f"{how}; {JACKKNIFE}; {permuted}"} if pair.side_by_side else {}
    notes = (*pair.notes, None if pair.side_by_side else NOBODY)
    levels = Levels(level=log.settings.level)
    return numbers(pair) | told(found, levels, *notes, method=f"{how}; {JACKKNIFE}") | tested | more


def shifted(found: Estimate, by: float) -> Estimate:
    """The estimate and its interval with a number taken off."""
    if found.estimate is None:
        return found
    low, high = (None if end is None else end - by for end in (found.low, found.high))
    return replace(found, estimate=found.estimate - by, low=low, high=high)
