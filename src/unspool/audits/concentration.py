"""How much of a log is by a few people, pasted, or said before: what a model would hear too often."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import _words as words
from unspool.audits import Audited, rows
from unspool.audits._cap import cap_of
from unspool.audits._duplicates import MOST, repeated
from unspool.audits._pasted import LEAST_WORDS, blocks, ends_in
from unspool.audits._shares import Row, share_row

TITLE = "Concentration and repetition"
QUESTION = "Is the log the work of many people, or of a few, and how much of it is pasted or said before?"
CITATION = (
    "Near duplicates: Broder 1997 (MinHash), Lee et al. 2022 (ACL, deduplicating training data); influence of single "
    "users: the vote attack on preference data (LLM Hypnosis, 2025)"
)
LIMITS = (
    "Pseudonyms are taken for people: somebody with two accounts counts twice. Equal prompts need no copying: a short "
    "prompt is soon written twice."
)
ORDER = 40
FIGURES: tuple[str, ...] = ("lorenz",)
NOBODY, NO_PROMPTS = "the log names no users", "the log has no prompts"
PERCENTS = range(0, 101, 5)
Counts = NDArray[np.int64]


def audit(log: Audited) -> pl.DataFrame:
    """Rows of the features users, pasted and duplicates; docs/audits/concentration.md lists the estimands."""
    per_user = log.prompts.filter(pl.col("user_id").is_not_null()).group_by("user_id").agg(n=pl.len()).collect()
    counts = np.sort(per_user["n"].to_numpy().astype(np.int64))
    return rows(log, "concentration", [*_people(log, counts), *_pasted(log), *_duplicates(log)])


def _people(log: Audited, counts: Counts) -> Iterator[Row]:
    same: Row = {"feature": "users", "n_prompts": int(counts.sum()), "n_users": len(counts)}
    if not len(counts):
        yield {**same, "estimand": "share_top", "group": "top 10%", "note": _nobody(log)}
        return
    shares = counts / counts.sum()
    for share in (1, 10):
        most = max(1, int(np.ceil(len(counts) * share / 100)))
        yield {
            **same,
            "estimand": "share_top",
            "group": f"top {share}%",
            "estimate": float(shares[-most:].sum()),
            "method": "share of prompts",
        }
    yield {
        **same,
        "estimand": "share_top",
        "group": "most active person",
        "estimate": float(shares[-1]),
        "method": "share of prompts",
    }
    yield {**same, "estimand": "gini", "estimate": gini(counts), "method": "Gini coefficient of prompts over people"}
    yield {
        **same,
        "estimand": "effective",
        "estimate": float(1 / (shares**2).sum()),
        "method": "1 by the sum of squared shares",
    }
    yield from _lorenz(counts, same)
    yield from _cap(log, counts, same)


def gini(counts: Counts) -> float:
    """Gini coefficient of sorted counts: 0 where all are equal."""
    n = len(counts)
    return float((2 * np.arange(1, n + 1) - n - 1) @ counts / (n * counts.sum()))


def _lorenz(counts: Counts, same: Row) -> Iterator[Row]:
    """Share of prompts of the least active so many percent of people; between two people the line is straight."""
    whole = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
    for percent in PERCENTS:
        value = float(np.interp(percent / 100 * len(counts), np.arange(len(whole)), whole))
        yield {
            **same,
            "estimand": "lorenz",
            "step": percent,
            "estimate": value,
            "method": "share of prompts of the least active people",
        }


def _cap(log: Audited, counts: Counts, same: Row) -> Iterator[Row]:
    share = log.settings.cap
    cap = cap_of(counts, share)
    if cap is None:
        why = f"{len(counts)} people are too few for nobody to have more than {share:.1%}"
        yield from ({**same, "estimand": name, "note": why} for name in ("cap", "kept_under_cap"))
        return
    kept = float(np.minimum(counts, cap).sum() / counts.sum())
    note = f"nobody has more than {share:.1%} of what is left"
    yield {**same, "estimand": "cap", "estimate": cap, "note": note, "method": "largest weight per person, in prompts"}
    yield {
        **same,
        "estimand": "kept_under_cap",
        "estimate": kept,
        "note": note,
        "method": "share of the prompts' weight that is left",
    }


def _nobody(log: Audited) -> str:
    """Why there is nobody to count."""
    return NOBODY if log.prompts.head(1).collect().height else NO_PROMPTS


def _pasted(log: Audited) -> Iterator[Row]:
    found = blocks(log.prompts)
    held = _per_user(log.prompts.with_columns(hit=ends_in(found["block"])))
    numbers = {"n_prompts": int(held["n"].sum()), "n_users": held.height}
    same: Row = {"feature": "pasted", **numbers}
    if not held.height:
        yield {**same, "estimand": "share", "note": _nobody(log)}
        return
    yield share_row(held["hit"].to_numpy(), held["n"].to_numpy(), log, estimand="share", **same)
    yield {
        **same,
        "estimand": "n_blocks",
        "estimate": float(found.height),
        "method": f"different ends of {LEAST_WORDS} words of two people or more",
    }
    most = found.head(1)
    share = float(most["prompts"][0] / numbers["n_prompts"]) if found.height else 0.0
    yield {
        **same,
        "estimand": "share_largest",
        "estimate": share,
        "method": "share of prompts that end in the most used block",
    }


def _per_user(prompts: pl.LazyFrame) -> pl.DataFrame:
    known = prompts.filter(pl.col("user_id").is_not_null())
    return known.group_by("user_id").agg(pl.col("hit").sum().cast(pl.Float64), n=pl.len()).collect().sort("user_id")


def _duplicates(log: Audited) -> Iterator[Row]:
    prompts, note = _sample(log)
    if not prompts.height:
        yield {"feature": "duplicates", "estimand": "exact", "note": _nobody(log)}
        return
    found = repeated(prompts, log.settings.seed)
    columns = {
        "exact": found.exact,
        "exact_between_users": found.exact_between,
        "near": found.near,
        "near_between_users": found.near_between,
    }
    for estimand, hit in columns.items():
        held = _per_user(prompts.lazy().with_columns(hit=hit))
        numbers = {"n_prompts": prompts.height, "n_users": held.height}
        row = share_row(
            held["hit"].to_numpy(),
            held["n"].to_numpy(),
            log,
            feature="duplicates",
            estimand=estimand,
            note=note,
            **numbers,
        )
        yield row


def _sample(log: Audited) -> tuple[pl.DataFrame, str | None]:
    """All prompts of known people, or whole users in random order up to MOST prompts."""
    known = log.prompts.filter(pl.col("user_id").is_not_null())
    sizes = known.group_by("user_id").agg(n=pl.len()).collect().sort("user_id")
    order = sizes.sample(fraction=1.0, shuffle=True, seed=log.settings.seed)
    kept = order.filter((pl.col("n").cum_sum() <= MOST) | (pl.int_range(pl.len()) == 0))
    chosen = known.join(kept.select("user_id").lazy(), on="user_id", how="semi", maintain_order="left").select(
        "user_id", "time", "order", "text"
    )
    note = None
    if kept.height < sizes.height:
        note = (
            f"on a random sample of {kept.height:,} of the {sizes.height:,} users, in which fewer prompts have an equal"
        )
    return chosen.collect().sort("time", "order", maintain_order=True, nulls_last=True).select("user_id", "text"), note


def findings(found: pl.DataFrame) -> list[str]:
    """The share of the most active people, the cap, pasted blocks and duplicates."""
    top = words.row(found, feature="users", estimand="share_top", group="top 10%")
    if top is None:
        return words.reasons(found)
    told = [_active(found, top), _capped(found)]
    pasted = words.row(found, feature="pasted", estimand="share")
    if pasted:
        told.append(
            f"{words.percent(pasted['estimate'])} of prompts end in {LEAST_WORDS} words or more that somebody else "
            f"ends with too ({words.percent_interval(pasted)})."
        )
    same, near, others = (
        words.row(found, feature="duplicates", estimand=one) for one in ("exact", "near", "near_between_users")
    )
    if same and near and others:
        told.append(
            f"{words.percent(same['estimate'])} of prompts repeat an earlier one word for word, "
            f"{words.percent(near['estimate'])} word for word or nearly, {words.percent(others['estimate'])} that of "
            "another person."
        )
    return told


def _active(found: pl.DataFrame, top: words.Row) -> str:
    one = words.row(found, feature="users", estimand="share_top", group="most active person")
    effective = words.row(found, feature="users", estimand="effective")
    assert one is not None and effective is not None
    return (
        f"The most active tenth of {words.number_of(top['n_users'], 'person').replace('persons', 'people')} wrote "
        f"{words.percent(top['estimate'])} of the prompts, the most active one {words.percent(one['estimate'])}: as if "
        f"{so_many(effective['estimate'])} people had written the same number each."
    )


def so_many(people: float) -> str:
    """An effective number of people, with a decimal where there are few."""
    return f"{people:.2g}" if people < 9.95 else f"{people:,.0f}"


def _capped(found: pl.DataFrame) -> str:
    cap, kept = (words.row(found, feature="users", estimand=one) for one in ("cap", "kept_under_cap"))
    if cap is None or kept is None:
        note = found.filter(estimand="cap")["note"].drop_nulls()
        return f"There is no cap per person: {note[0] if len(note) else 'not known'}."
    return (
        f"So that {cap['note']}, no person may weigh more than {cap['estimate']:,.1f} prompts; "
        f"{words.percent(kept['estimate'])} of the log is left then."
    )
