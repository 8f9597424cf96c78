"""Whether a log gains by weights: so that nobody counts too much."""

import polars as pl

from unspool.analyses import _words as words
from unspool.audits.concentration import so_many

EVEN = 0.5
"""Effective people by people below which a log is uneven: it is 1 / (2 - p), more than half, where everybody goes on
after each prompt with the same chance 1 - p, so that nobody is more active than others but by luck."""
MOST = 0.5
"""Share of the prompts above which most of a log is one person's."""
Verdict = tuple[str, str]


def people(rows: pl.DataFrame) -> Verdict:
    """Yes where prompts are spread over people as evenly as luck spreads them."""
    same = {"analysis": "concentration", "feature": "users"}
    most = words.row(rows, **same, estimand="share_top", group="most active person")
    effective = words.row(rows, **same, estimand="effective")
    if most is None or effective is None:
        return "not known", "the log names no users"
    n = effective["n_users"]
    if n == 1:
        return "with care", "one person wrote all of it, and no weight changes that"
    few, one = effective["estimate"] < EVEN * n, most["estimate"] > MOST
    told = (
        f"it is as if {so_many(effective['estimate'])} of its {n:,} people{', fewer than half,' if few else ''} had "
        f"written the same number each; the most active one wrote {words.percent(most['estimate'])}"
        f"{', most of it' if one else ''}"
    )
    if not few and not one:
        return "yes", told
    if words.row(rows, **same, estimand="cap") is not None:
        return "no", f"{told}: use user_cap"
    return "no", f"{told}: take as many prompts of each person, since {n:,} people are too few for a cap"
