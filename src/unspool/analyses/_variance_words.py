"""Shares of the variance and who drives a result, in plain sentences."""

import polars as pl

from unspool.analyses import _words as words
from unspool.stats.nested import COMPONENTS


def of_shares(rows: pl.DataFrame) -> str:
    of = {
        name: rows.row(by_predicate=pl.col("estimand") == name, named=True) for name in (*COMPONENTS, "design_effect")
    }
    user, effect = of["user"], of["design_effect"]
    parts = ", ".join(
        f"{words.percent(of[name]['estimate'])} {where}"
        for name, where in (("thread", "between threads of a person"), ("prompt", "within threads"))
        if of[name]["estimate"] is not None
    )
    counts = f"; a mean over prompts varies {words.number(effect['estimate'], 1)} times as much as of unrelated ones"
    return (
        f"{words.title(user['feature'])}: {words.percent(user['estimate'])} of the variance lies between people "
        f"({words.percent_interval(user)}, {words.number_of(user['n_users'], 'user')}), {parts}"
        f"{counts if effect['estimate'] is not None else ''}."
    )


def of_influence(rows: pl.DataFrame) -> str | None:
    """The most that one person moves any feature's change; None if unknown."""
    found = rows.filter(pl.col("estimand") == "largest_influence", pl.col("estimate").is_not_null())
    if found.is_empty():
        return None
    most = found.sort("estimate", descending=True).row(0, named=True)
    return (
        "Leaving out one person moves the mean change per transition by at most "
        f"{words.number(most['estimate'], 2)} standard errors ({words.title(most['feature'])}, of "
        f"{words.number_of(found.height, 'feature')})."
    )


def of_activity(rows: pl.DataFrame) -> str | None:
    """How unequally prompts are spread over people; None if unknown."""
    top, spread = (words.row(rows, feature="-", estimand=name) for name in ("top_share", "gini"))
    if top is None or spread is None:
        return None
    whole = words.number_of(top["n_users"], "user")
    who = f"The most active 1% of {whole}" if (top["n_users"] or 0) > 100 else f"The most active of {whole}"
    return (
        f"{who} wrote {words.percent(top['estimate'])} of "
        f"the prompts (Gini {words.number(spread['estimate'], 2)}): what is told per prompt is told of them above all."
    )
