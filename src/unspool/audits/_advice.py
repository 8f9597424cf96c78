"""What the audits come to: what a log may be used for, in which form, and what speaks against it."""

from dataclasses import dataclass

import polars as pl

from unspool.analyses import _words as words
from unspool.audits._advice_language import all_prompts, intent
from unspool.audits._advice_weights import people, weighted
from unspool.audits.privacy import blocking

MIN_PAIRS = 1000
"""Pairs below which a preference model needs others beside: that of Wu et al. 2023 (HPSv2) learnt from 430,060."""


@dataclass(frozen=True)
class Advice:
    """A use of a log, whether it is advised, and why. `verdict`: yes, no, with care, no need or not known."""

    use: str
    verdict: str
    why: str


def advice(rows: pl.DataFrame) -> list[Advice]:
    """A line per use, from the rows of the audits; of an audit that was not made nothing is said."""
    asked = set(rows["analysis"].unique())
    return [Advice(use, *part(rows)) for name, use, part in PARTS if name in asked]


def _passing_on(rows: pl.DataFrame) -> tuple[str, str]:
    found = blocking(rows.filter(analysis="privacy"))
    if found:
        return "no", f"it holds {found[0].told}" + (" and more" if len(found) > 1 else "")
    return "with care", "no id, address or handle was found; names and consent are yours to check"


def _preference(rows: pl.DataFrame) -> tuple[str, str]:
    same = {"analysis": "selection", "feature": "pairs", "estimand": "n_left"}
    held, every = (words.row(rows, **same, group=one) for one in ("prompt held fixed", "all pairs"))
    if held is None or every is None:
        return "no", "the log does not tell what was upscaled"
    n, lost = int(held["estimate"]), int(every["estimate"] - held["estimate"])
    if not n:
        return "no", "no pair holds the prompt fixed"
    left = f"{words.number_of(n, 'pair')} {'hold' if n > 1 else 'holds'} the prompt fixed"
    more = f"; {lost:,} more do not and are left out" if lost else ""
    if n < MIN_PAIRS:
        return "with care", f"{left}, too few to train on alone{more}"
    return "yes", f"{left}{more}"


PARTS = (
    ("privacy", "pass it on", _passing_on),
    ("model_language", "train on all prompts as natural language", all_prompts),
    ("intent", "train on first prompts and what was accepted for them (--to intent)", intent),
    ("selection", "train a preference model (--to preference)", _preference),
    ("weights", "weigh it towards natural expression (STUDY/weights)", weighted),
    ("concentration", "count each prompt alike", people),
)
"""Audit, use, and what tells the verdict and the reason from the rows of all audits."""
