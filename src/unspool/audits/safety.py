"""Prompts that ask for what many refuse: by the scores of the source where it has any, and by a list of words."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import polars as pl

from unspool.analyses import _words as words
from unspool.audits import Audited, rows
from unspool.audits._shares import Row, share_row

TITLE = "Safety"
QUESTION = "How many prompts ask for nudity, violence, self-harm or hate?"
CITATION = (
    "Scores: Wang et al. 2023 (DiffusionDB, ACL): Detoxify for prompts, LAION's classifier for images; words: own list"
)
LIMITS = (
    "Words are not pictures: blood oranges are flagged, and what is asked for in other words is not. The counts say "
    "where to look, and nothing of single prompts."
)
ORDER = 60
FIGURES: tuple[str, ...] = ()
SCORES = {"prompt_nsfw": "score of the prompt", "image_nsfw": "score of the image"}
LIMIT = 0.5
"""Score from which on a prompt or an image counts."""
WITH_YOUNG = "nudity_young"
NOBODY = "the log names no users"


@dataclass(frozen=True)
class Category:
    """What a list of words is about, and a pattern that finds one of them as whole words."""

    title: str
    pattern: str


@cache
def categories() -> dict[str, Category]:
    """The lists of lexicons/safety.toml."""
    text = files("unspool.lexicons").joinpath("safety.toml").read_text(encoding="utf-8")
    return {name: Category(entry["title"], _pattern(entry["words"])) for name, entry in tomllib.loads(text).items()}


def _pattern(listed: list[str]) -> str:
    spelled = (r"[\s\-]+".join(word.replace("-", " ").split()) for word in sorted(listed, key=len, reverse=True))
    return rf"(?i)(?:^|[^\p{{L}}\p{{M}}\p{{N}}])(?:{'|'.join(spelled)})(?:[^\p{{L}}\p{{M}}\p{{N}}]|$)"


def flags() -> dict[str, pl.Expr]:
    """Whether a prompt's text holds a word, by category; nudity_young: one of nudity and one of young people."""
    found = {name: pl.col("text").str.contains(one.pattern) for name, one in categories().items()}
    found[WITH_YOUNG] = found["nudity"] & found.pop("young")
    return found


def audit(log: Audited) -> pl.DataFrame:
    """Rows `share` (of prompts) and `n_prompts` per kind of flag, and `share_users` who have any; counts only."""
    return rows(log, "safety", [*_scores(log), *_listed(log)])


def _scores(log: Audited) -> Iterator[Row]:
    schema = log.prompts.collect_schema()
    known = [name for name in SCORES if name in schema and schema[name].is_numeric()]
    yield from (
        row for name in known for row in _flag(log, name, pl.col(name) >= LIMIT, f"score of the source from {LIMIT}")
    )
    if not known:
        yield {"feature": "prompt_nsfw", "estimand": "share", "note": "the source has no scores"}


def _listed(log: Audited) -> Iterator[Row]:
    for name, test in flags().items():
        yield from _flag(log, name, test, "a word of the list lexicons/safety.toml")


def _flag(log: Audited, name: str, test: pl.Expr, method: str) -> Iterator[Row]:
    person = pl.coalesce("user_id", pl.format("row {}", pl.int_range(pl.len())))
    held = log.prompts.select(person=person, hit=test.cast(pl.Float64)).drop_nulls("hit")
    per_user = held.group_by("person").agg(pl.col("hit").sum(), n=pl.len()).collect().sort("person")
    known = log.prompts.select(pl.col("user_id").count() > 0).collect().item()
    numbers = {"n_prompts": int(per_user["n"].sum()), "n_users": per_user.height if known else None}
    if not per_user.height:
        yield {
            "feature": name,
            "estimand": "share",
            "note": "no prompt has a score" if name in SCORES else "there are no prompts",
        }
        return
    hits, n = per_user["hit"].to_numpy(), per_user["n"].to_numpy()
    note = None if known else NOBODY
    yield {**share_row(hits, n, log, feature=name, estimand="share", note=note, **numbers), "method": method}
    yield {"feature": name, "estimand": "n_prompts", "estimate": float(hits.sum()), "method": method, **numbers}
    if known:
        yield {
            "feature": name,
            "estimand": "share_users",
            "estimate": float((hits > 0).mean()),
            "method": method,
            **numbers,
        }


def findings(found: pl.DataFrame) -> list[str]:
    """The share of prompts by kind of flag."""
    told = []
    for name, title in SCORES.items():
        row = words.row(found, feature=name, estimand="share")
        if row:
            told.append(
                f"{words.percent(row['estimate'])} of prompts have a {title} of {LIMIT} or more "
                f"({words.percent_interval(row)})."
            )
    listed = [(one, words.row(found, feature=name, estimand="n_prompts")) for name, one in _named().items()]
    counts = [f"{title} {int(row['estimate']):,}" for title, row in listed if row]
    if not counts:
        return told or words.reasons(found)
    total = next(row["n_prompts"] for _, row in listed if row)
    return [
        *told,
        f"Prompts of {total:,} with a word of the list: {', '.join(counts)}. Many are harmless; read them before you "
        "act.",
    ]


def _named() -> dict[str, str]:
    titles = {name: one.title for name, one in categories().items() if name != "young"}
    return {**titles, WITH_YOUNG: "nudity together with young people"}
