"""Every headline again under every way to cut threads, to see whether it hangs on the rule."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from unspool import tables
from unspool.analyses import Measured, analysis, results
from unspool.analyses import _words as words
from unspool.analyses._draws import joined
from unspool.analyses._specifications import cuts, possible
from unspool.analyses._steps import Row
from unspool.analyses._whole_users import whole_users

TITLE = "Whether the findings hang on how threads are cut"
QUESTION = "Does a result change its sign when threads are cut by another rule or threshold?"
CITATION = "Specification curve: Simonsohn, Simmons & Nelson 2020 (Nature Human Behaviour 4, 1208-1214)"
LIMITS = (
    "All rules may be wrong in the same way, and the rules tried are not a sample of anything: the count of flips is a "
    "description, not a test."
)
ORDER = 190
FIGURES: tuple[str, ...] = ("specification",)
MOST = 25_000
"""Prompts that are looked at at most: of whole users, drawn at random."""


@dataclass(frozen=True)
class Headline:
    """A result to look at under every rule, and the group that its row has."""

    analysis: str
    feature: str
    estimand: str
    group: str | None = None

    @property
    def name(self) -> str:
        """The estimand in the rows of this analysis."""
        return f"{self.analysis}/{self.estimand}"


HEADLINES = (
    *(
        Headline("drift", feature, estimand)
        for feature in ("n_words", "n_style_words")
        for estimand in ("raw_transition", "ipcw", "drop_last")
    ),
    Headline("convergence", "n_words", "A_step"),
    Headline("convergence", "n_words", "A_last"),
    Headline("growth", "n_words", "share_content"),
    Headline("carryover", "n_style_words", "R"),
    Headline("upscaled", "n_words", "within_user", "prompts"),
)
CALLED = {
    "drift/raw_transition": "change per step",
    "drift/ipcw": "change per step weighted for stopping",
    "drift/drop_last": "change per step without the last",
    "convergence/A_step": "asymmetry A",
    "convergence/A_last": "asymmetry A at the last prompt",
    "growth/share_content": "content's share of the growth",
    "carryover/R": "share kept into the next thread",
    "upscaled/within_user": "upscaled less others within a person",
}
"""What the headlines are called."""
CARRIED = (
    *("estimate", "standard_error", "ci_low", "ci_high", "ci_level", "p_value", "effect", "effect_name"),
    *("n_prompts", "n_threads", "n_users", "method", "note"),
)


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected": per headline and rule the estimate, and per headline two counts over the rules.

    `estimand` is "<analysis>/<estimand>" and `rule` the rule with its options. "<analysis>/<estimand> flips": rules
    under which the sign is clear (interval without 0) and opposite to that under the study's rule; "... fades": rules
    under which it is clear and not under the study's, or the reverse. `note` names them. The counts have the study's
    rule, and are null where the study's rule gives no interval.
    """
    own = log.own
    users, sampled = whole_users(own, pl.col("thread_id").is_not_null(), MOST, "of the log")
    features = {one.feature for one in HEADLINES}
    columns = {name: column for name, column in own.columns.items() if name in features}
    # A rule reads a user's prompts in their order.
    chosen = own.prompts.join(users.lazy(), on="user_id", how="semi", nulls_equal=True, maintain_order="left")
    kept = [*tables.PROMPTS.columns, *columns]
    prompts = chosen.select(name for name in chosen.collect_schema() if name in kept).collect()
    specifications, lacking = possible(prompts)
    small = replace(own, columns=columns, settings=replace(own.settings, draws=FEW_DRAWS))
    rows: list[Row] = [row for cut in cuts(small, prompts, specifications) for row in _headlines(cut, sampled)]
    counts = [row for one in HEADLINES for row in _counts(one, rows, own.rule, lacking)]
    return results([*rows, *counts], analysis="specification", mode="corrected", seed=own.settings.seed)


FEW_DRAWS = 2
"""The rows of mode "paper", which are drawn again, are not looked at here."""
WITHOUT, NO_OTHER = "no interval under", "of no other rule"


def _headlines(log: Measured, sampled: str | None) -> Iterator[Row]:
    """The headlines under one rule."""
    for name in dict.fromkeys(one.analysis for one in HEADLINES):
        mine = [one for one in HEADLINES if one.analysis == name]
        features = {one.feature for one in mine}
        columns = {feature: column for feature, column in log.columns.items() if feature in features}
        found = analysis(name).analyse(replace(log, columns=columns)).filter(mode="corrected")
        for one in mine:
            yield {"feature": one.feature, "estimand": one.name, "rule": log.rule, **_carried(found, one, sampled)}


def _carried(found: pl.DataFrame, one: Headline, sampled: str | None) -> Row:
    same = {"feature": one.feature, "estimand": one.estimand, "group": one.group, "step": None}
    row = found.filter(*(pl.col(key).eq_missing(value) for key, value in same.items()))
    if not row.height:
        return {"note": joined(sampled, f"{one.analysis} has no {one.estimand} of {one.feature} here")}
    carried = row.select(CARRIED).row(0, named=True)
    return {**carried, "note": joined(sampled, carried["note"])}


def _counts(one: Headline, rows: Sequence[Row], rule: str, lacking: Sequence[str]) -> Iterator[Row]:
    """How many rules turn the sign of a headline, and how many make it unclear or clear."""
    by_rule = {row["rule"]: row for row in rows if (row["feature"], row["estimand"]) == (one.feature, one.name)}
    own, rest = by_rule[rule], {label: row for label, row in by_rule.items() if label != rule}
    told = {label: words.sign(row) for label, row in rest.items() if row.get("ci_low") is not None}
    same: Row = {"feature": one.feature, "rule": rule, "method": "count of rules, by intervals over users"}
    same |= {name: own.get(name) for name in ("n_prompts", "n_threads", "n_users")}
    if own.get("ci_low") is None:
        why = joined(own.get("note"), f"under {rule} there is no interval to compare with")
        yield from (
            {"estimand": f"{one.name} {what}", "estimate": None, "note": why, **same} for what in ("flips", "fades")
        )
        return
    sign = words.sign(own)
    without = [label for label in rest if label not in told]
    for what, labels in {
        "flips": [label for label, other in told.items() if sign * other < 0],
        "fades": [label for label, other in told.items() if (sign == 0) != (other == 0)],
    }.items():
        named = (f"{what} under", labels), (WITHOUT, without), ("not tried, since columns lack:", lacking)
        note = joined(f"of {len(told)} other rules" if told else NO_OTHER, *(_named(*one) for one in named))
        yield {"estimand": f"{one.name} {what}", "estimate": float(len(labels)), "note": note, **same}


def _named(what: str, labels: Sequence[str]) -> str | None:
    return f"{what} {', '.join(labels)}" if labels else None


def findings(rows: pl.DataFrame) -> list[str]:
    """Which headlines turn their sign, which fade, and which hold under every rule."""
    counts = rows.filter(pl.col("estimate").is_not_null())
    flips, fades = (counts.filter(pl.col("estimand").str.ends_with(end)) for end in (" flips", " fades"))
    if not flips.height:
        return words.reasons(rows)
    if flips["note"].str.starts_with(NO_OTHER).all():
        return ["No headline can be compared: under no other rule any has an interval."]
    turned, fading = (found.filter(pl.col("estimate") > 0) for found in (flips, fades))
    told = [_sentence(rows, one) for one in turned.iter_rows(named=True)][:4]
    told = told or ["No headline turns its sign under another rule."]
    unclear = [_short(one) for one in fading.iter_rows(named=True)]
    told += [f"Clear under some rules and not under others: {'; '.join(unclear)}."] if unclear else []
    differ = {*unclear, *(_short(one) for one in turned.iter_rows(named=True))}
    others = [one for one in flips.iter_rows(named=True) if _short(one) not in differ]
    partly = sum(WITHOUT in one["note"] for one in others)
    more = f" {partly} more do so far as there are intervals, which some rules leave none." if partly else ""
    return [*told, f"{len(others) - partly} of {flips.height} headlines say the same under all rules tried.{more}"]


def _short(one: words.Row) -> str:
    return f"{words.title(one['feature'])}, {_called(one['estimand'].rsplit(' ', 1)[0])}"


def _called(name: str) -> str:
    return CALLED.get(name, name)


def _sentence(rows: pl.DataFrame, one: words.Row) -> str:
    name = one["estimand"].removesuffix(" flips")
    spread = rows.filter(pl.col("estimate").is_not_null(), feature=one["feature"], estimand=name)
    low, high = min(spread["estimate"]), max(spread["estimate"])
    return (
        f"Hangs on the rule: {_short(one)} has the opposite sign under {one['estimate']:.0f} rule(s); it runs from "
        f"{low:.3g} to {high:.3g} over {spread.height} rules."
    )
