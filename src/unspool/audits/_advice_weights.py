"""Whether a log gains by weights: towards natural expression, and so that nobody counts too much."""

import polars as pl

from unspool.analyses import _words as words
from unspool.audits._groups import NO_REFERENCE
from unspool.audits._weights_gain import gain_of
from unspool.audits.concentration import NOBODY, so_many

EVEN = 0.5
"""Effective people by people below which a log is uneven: it is 1 / (2 - p), more than half, where everybody goes on
after each prompt with the same chance 1 - p, so that nobody is more active than others but by luck."""
MOST = 0.5
"""Share of the prompts above which most of a log is one person's."""
Verdict = tuple[str, str]


def weighted(rows: pl.DataFrame) -> Verdict:
    """Yes where the weights bring the log clearly nearer to the reference, and keep half of what it is worth."""
    own = rows.filter(analysis="weights")
    gain = gain_of(own)
    if gain is None:
        return "not known", f"there is nothing to weigh it by{_reason(own)}"
    if gain.of_itself:
        return "not known", f"{NO_REFERENCE}: it could only be told from its own first prompts, with {gain.areas}"
    if not gain.apart:
        return "no need", f"hardly anything tells it from {gain.towards}: {gain.areas}"
    told = f"they {gain.told} {gain.towards}: a classifier tells the two apart with {gain.areas}{gain.fall}"
    if gain.kind != "nearer":
        return ("not known" if gain.kind == "unclear" else "no"), told
    worth = f"{told}; so weighted it is worth {words.percent(gain.worth)} of its prompts"
    return ("with care" if gain.worth < 0.5 else "yes"), worth


def _reason(rows: pl.DataFrame) -> str:
    void = rows.filter(pl.col("feature").is_in(["density_ratio", "auc"]), pl.col("estimate").is_null())
    notes = void["note"].drop_nulls()
    return f": {notes[0].split('; ')[-1]}" if len(notes) else ""


def people(rows: pl.DataFrame) -> Verdict:
    """Yes where prompts are spread over people as evenly as luck spreads them."""
    same = {"analysis": "concentration", "feature": "users"}
    most = words.row(rows, **same, estimand="share_top", group="most active person")
    effective = words.row(rows, **same, estimand="effective")
    if most is None or effective is None:
        notes = rows.filter(**same, estimand="share_top")["note"].drop_nulls()
        return "not known", notes[0] if len(notes) else NOBODY
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
