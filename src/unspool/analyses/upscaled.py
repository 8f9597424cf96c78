"""Prompts that were upscaled against those that were not: the paper's Table 1, and what holds within a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._columns import batches, known
from unspool.analyses._draws import Request, Row, estimated, joined, together, unknown
from unspool.analyses._people import Ints, People, people
from unspool.analyses._upscaled_own import own_rows
from unspool.analyses._upscaled_words import own_findings
from unspool.stats.bootstrap import Floats, Interval
from unspool.stats.ranks import MannWhitney, mann_whitney

TITLE = "Upscaled prompts and the others"
QUESTION = "Do the prompts whose images were kept differ from the others?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Table 1"
LIMITS = (
    "Pooled, it mixes who writes with what is written; within a person it does not, but whatever else differs between "
    "a person's prompts stays in it: a log is observational, and an upscale is not always a sign of liking."
)
ORDER = 40
FIGURES: tuple[str, ...] = ("forest", "upscaled")
PUBLISHED: dict[tuple[str, str], float] = {
    ("word_len_paper", "mean_upscaled"): 16.67,
    ("word_len_paper", "mean_not"): 14.78,
    ("magic_ratio_paper", "mean_upscaled"): 0.109,
    ("magic_ratio_paper", "mean_not"): 0.096,
    ("perplexity_paper", "mean_upscaled"): 2173,
    ("perplexity_paper", "mean_not"): 2855,
    ("concreteness_paper", "mean_upscaled"): 3.2628,
    ("concreteness_paper", "mean_not"): 3.2629,
}
"""The paper's own means of prompts, by feature and estimand."""
PUBLISHED_P: dict[str, float] = {"concreteness_paper": 0.123}
"""Its p-values that are known: the others of prompts were called significant."""
PROMPTS, CAPTIONS = "prompts", "captions"
CAPTION = "caption_"
ALPHA = 0.05


@dataclass(frozen=True)
class Sides:
    """A feature of the prompts of which the log knows whether they were upscaled: one value per prompt."""

    values: Floats
    upscaled: NDArray[np.bool_]
    users: Ints
    n_threads: int


def analyse(log: Measured) -> pl.DataFrame:
    """Rows per feature, of the groups "prompts" and "captions": both means, Mann-Whitney's U, Cliff's delta.

    mean_upscaled and mean_not have SD / sqrt(n) over pooled prompts as `standard_error`, as the paper has it, and an
    interval over users. mann_whitney: `estimate` is U of the upscaled prompts; `p_adjusted` is Bonferroni's over the
    features of the group. cliffs_delta has an interval over users, of its linear part (stats/ranks.py).

    Mode "corrected", on each feature's scale, upscaled less not: pooled, between_user, between_minus_within,
    within_user (with the same on ranks as `effect`), within_user_rank, within_user_texts, within_thread_diff; Cliff's
    delta with users that count alike: user_weighted_delta, informative_delta; log odds ratios per standard deviation
    within threads: within_thread, within_thread_unadjusted. n_prompts, n_threads and n_users of what is compared within
    users or threads are those of users or threads with both upscaled prompts and others.
    """
    return pl.concat([_paper(log), _corrected(log.own)])


def _corrected(log: Measured) -> pl.DataFrame:
    rows = [_place(str(row.pop("column"))) | row for row in own_rows(log)]
    same = {"analysis": "upscaled", "mode": "corrected", "rule": log.rule, "seed": log.settings.seed}
    return results(rows, **same)


def _paper(log: Measured) -> pl.DataFrame:
    names, reasons = known(log)
    prompts = _known(log.prompts)
    users = prompts.select(pl.col("user_id").unique()).collect()["user_id"]
    found = people(users, log.settings.seed)
    method = f"pooled prompts; {found.method(log.settings.draws)}"
    if not len(users):
        names, reasons = [], dict.fromkeys(log.columns, "this log cannot know which prompts were upscaled")
    rows = list(together(_requests(log, prompts, names, found), found, log.settings))
    rows += [_void(name, reason) for name, reason in reasons.items()]
    same = {"analysis": "upscaled", "mode": "paper", "rule": log.rule, "method": method, "seed": log.settings.seed}
    return results(_adjusted(rows), **same)


def _known(prompts: pl.LazyFrame) -> pl.LazyFrame:
    """The prompts of which the log knows whether they were upscaled; of a user, unless the log names nobody."""
    if "upscaled" not in prompts.collect_schema():
        return prompts.limit(0)
    told = prompts.filter(pl.col("upscaled").is_not_null())
    named = told.select(pl.col("user_id").count()).collect().item()
    return told.filter(pl.col("user_id").is_not_null()) if named else told


def _place(name: str) -> Row:
    """Feature and group of a column: captions' columns are features of captions."""
    group = CAPTIONS if name.startswith(CAPTION) else PROMPTS
    return {"feature": name.removeprefix(CAPTION), "group": group}


def _void(name: str, reason: str) -> Row:
    return {**_place(name), "estimand": "cliffs_delta", "note": reason}


def _requests(log: Measured, prompts: pl.LazyFrame, names: list[str], found: People) -> Iterator[Request]:
    n_rows, n_all, all_threads = (
        prompts.select(pl.len()).collect().item(),
        log.prompts.select(pl.len()).collect().item(),
        _n_threads(prompts),
    )
    note = f"{n_all - n_rows:,} prompt(s) left out: no upscale known, or no user" if n_all > n_rows else None
    for batch in batches(names, n_rows):
        frame = prompts.select("upscaled", *batch, unspool_user=found.code()).collect()
        for name in batch:
            rows = frame.select("upscaled", "unspool_user", value=pl.col(name).cast(pl.Float64)).drop_nulls("value")
            n_threads = all_threads if rows.height == n_rows else _n_threads(prompts.filter(pl.col(name).is_not_null()))
            values, upscaled, users = (rows[column].to_numpy() for column in ("value", "upscaled", "unspool_user"))
            sides = Sides(values, upscaled, users.astype(np.int64), n_threads)
            yield _request(name, sides, found, log, note)


def _n_threads(prompts: pl.LazyFrame) -> int:
    return int(prompts.select(pl.col("thread_id").drop_nulls().n_unique()).collect().item())


def _request(name: str, sides: Sides, found: People, log: Measured, note: str | None) -> Request:
    test = mann_whitney(sides.values, sides.upscaled)
    notes = (log.notes.get(name), note)
    if test.delta is None:
        which = (
            "no prompt with a value was upscaled" if len(sides.values) else "no prompt with a known upscale has a value"
        )
        which = "every prompt with a value was upscaled" if sides.upscaled.any() else which
        return unknown(_void(name, joined(*notes, which) or which))
    sums = _sums(sides, test, found)
    size = {"n_prompts": len(sides.values), "n_threads": sides.n_threads, "n_users": found.count(sides.users)}

    def rows(intervals: list[Interval]) -> Iterable[Row]:
        up, other, delta = intervals
        for estimand, one, side in (("mean_upscaled", up, sides.upscaled), ("mean_not", other, ~sides.upscaled)):
            more = _mean(sides, side, found)
            yield estimated(one, log.settings, *notes, estimand=estimand, **more, **_place(name))
        yield {**_place(name), **size, **_test(test), "note": joined(*notes)}
        yield estimated(delta, log.settings, *notes, estimand="cliffs_delta", **size, **_place(name))

    return Request(sums, _estimator((test.delta + 1) / 2), rows)


def _sums(sides: Sides, test: MannWhitney, found: People) -> Floats:
    """Per unit: number, sum of values and sum of placements of the upscaled prompts, then of the others."""
    columns = [np.ones(len(sides.values)), sides.values, test.placements]
    return np.concatenate(
        [
            found.sums([column[side] for column in columns], sides.users[side])
            for side in (sides.upscaled, ~sides.upscaled)
        ],
        axis=1,
    )


def _estimator(theta: float) -> Any:
    """Estimates of the two means and of Cliff's delta, by the linear part of theta = P(up > not) + P(equal)/2."""

    def estimates(sums: Floats) -> Floats:
        with np.errstate(invalid="ignore", divide="ignore"):
            up, other = sums[..., 1:3] / sums[..., :1], sums[..., 4:6] / sums[..., 3:4]
        delta = np.clip(2 * (up[..., 1] + other[..., 1] - theta) - 1, -1, 1)
        return np.stack([up[..., 0], other[..., 0], delta], axis=-1)

    return estimates


def _mean(sides: Sides, side: NDArray[np.bool_], found: People) -> Row:
    """What is told of one side's mean beside it."""
    n = int(side.sum())
    error = float(np.std(sides.values[side], ddof=1) / sqrt(n)) if n > 1 else None
    return {"standard_error": error, "n_prompts": n, "n_users": found.count(sides.users[side])}


def _test(test: MannWhitney) -> Row:
    return {
        "estimand": "mann_whitney",
        "estimate": test.u,
        "p_value": test.p_value,
        "effect": test.delta,
        "effect_name": "cliffs_delta",
        "method": "Mann-Whitney U, pooled prompts; normal approximation with ties and continuity; Bonferroni",
    }


def _adjusted(rows: list[Row]) -> list[Row]:
    """The rows with Bonferroni's p-values over the features of each group."""
    tests = [row for row in rows if row.get("p_value") is not None]
    for row in tests:
        n = sum(other["group"] == row["group"] for other in tests)
        row["p_adjusted"] = min(1.0, n * row["p_value"])
    return rows


def findings(rows: pl.DataFrame) -> list[str]:
    """What holds within a person, then the paper's pooled comparison, and what its p-values are worth."""
    own = own_findings(rows.filter(pl.col("mode") == "corrected", pl.col("group") == PROMPTS))
    paper = rows.filter(pl.col("mode") == "paper")
    prompts, captions = (paper.filter(pl.col("group") == group) for group in (PROMPTS, CAPTIONS))
    told = [_sentence(prompts, name) for name in words.lead(prompts)]
    of_captions = [_sentence(captions, name, " of captions") for name in words.lead(captions)]
    if not told:
        return own or words.reasons(rows)
    room = words.SENTENCES - 1 - len(own)
    first = told[: max(1, room - min(2, len(of_captions)))]
    return [*own, *first, *of_captions[: max(0, room - len(first))], _caution(prompts)]


def _sentence(rows: pl.DataFrame, name: str, what: str = "") -> str:
    up, other, delta = (
        words.row(rows, feature=name, estimand=estimand) for estimand in ("mean_upscaled", "mean_not", "cliffs_delta")
    )
    if up is None or other is None or delta is None:
        return f"{words.title(name)}{what}: not estimated."
    told = {1: "higher in upscaled prompts", -1: "lower in upscaled prompts", 0: "no clear difference"}[
        words.sign(delta)
    ]
    decimals = max(words.of(up), words.of(other))
    means = f"mean {words.number(up['estimate'], decimals)} against {words.number(other['estimate'], decimals)}"
    effect = f"Cliff's delta {words.signed(delta['estimate'], 3)}, {words.interval(delta, 3)}"
    published = _published(name) if not what else ""
    return f"{words.title(name)}{what}, all people pooled: {told} ({effect}; {means}{published})."


def _published(name: str) -> str:
    pair = [PUBLISHED.get((name, estimand)) for estimand in ("mean_upscaled", "mean_not")]
    return f"; the paper: {pair[0]:,} against {pair[1]:,}" if None not in pair else ""


def _caution(rows: pl.DataFrame) -> str:
    """From which delta on a pooled test is significant at this number of prompts."""
    tests = rows.filter(pl.col("p_value").is_not_null(), pl.col("mode") == "paper")
    sizes = rows.filter(pl.col("feature") == tests["feature"][0])
    up, other = (sizes.filter(pl.col("estimand") == name)["n_prompts"][0] for name in ("mean_upscaled", "mean_not"))
    z = NormalDist().inv_cdf(1 - ALPHA / tests.height / 2)
    least = z * sqrt((up + other + 1) / (3 * up * other))
    smallest = f"any delta beyond {least:.2g}" if least < 1 else "no delta at all"
    return (
        f"P-values of pooled prompts rank nothing: with {up + other:,} prompts and {tests.height} features {smallest} "
        "is significant (with the paper's 169,620 and 7: 0.009), and prompts of one person count as if of many."
    )
