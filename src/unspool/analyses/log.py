"""What the log holds, and the paper's Figure 2: how long its threads are."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._draws import Request, Row, estimated, together, unknown
from unspool.analyses._people import People, people
from unspool.stats.bootstrap import Floats

TITLE = "The log"
QUESTION = "How many prompts, people and threads are there, and how long do people go on?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), data section and Figure 2"
LIMITS = (
    "A thread ends where the rule cuts it or the log does: its length says as much of the rule and of the log as of "
    "the person."
)
ORDER = 10
FIGURES: tuple[str, ...] = ("thread_lengths", "parameters")
PUBLISHED: dict[tuple[str, int | None], float] = {
    ("n_records", None): 693_528,
    ("n_prompts", None): 169_620,
    ("n_users", None): 30_394,
    ("n_threads", None): 107_051,
    ("share_upscaled", None): 0.25,
    ("mean_thread_length", None): 1.58,
    ("n_threads_at_least", 4): 6_578,
    ("n_threads_at_least", 6): 2_485,
    ("n_threads_at_least", 8): 1_214,
    ("n_threads_at_least", 10): 645,
}
"""The paper's own figures, by estimand and step. Its share of upscaled prompts is "about 25%"."""
LONGEST = 20
AT_LEAST = (2, 4, 6, 8, 10)
PARAMETERS = 12
ANY = "any parameter"
COUNTED = "count"


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of the feature "-": counts, lengths of threads, and shares of prompts with their intervals over users.

    n_records, n_prompts, n_users, n_threads; n_threads_of_length by step (1 to 20, then the group "more");
    n_threads_at_least by step; mean_thread_length; share_upscaled, share_reroll, share_remix; share_with_parameter by
    group (the 12 parameters of most prompts, and "any parameter"). Shares are of prompts of which the log can know it.
    """
    users = log.prompts.select(pl.col("user_id").unique()).collect()["user_id"]
    found = people(users, log.settings.seed)
    size = _size(log)
    shares = together(_shares(log, found), found, log.settings)
    method = found.method(log.settings.draws)
    rows: list[Row] = [*_counts(log, size), *_lengths(log)]
    rows += [{**row, "method": method} for row in shares]
    same: Row = {"analysis": "log", "feature": "-", "mode": "paper", "rule": log.rule, "seed": log.settings.seed}
    return results([{**size, "method": COUNTED, **row} for row in rows], **same)


def _size(log: Measured) -> Row:
    """Prompts, threads and users of the log."""
    counts = log.prompts.select(
        n_prompts=pl.len(),
        n_threads=(pl.col("step") == 1).sum(),
        n_users=pl.col("user_id").drop_nulls().n_unique(),
    ).collect()
    return counts.row(0, named=True)


def _counts(log: Measured, size: Row) -> Iterator[Row]:
    records = log.counts.get("total", {}).get("records")
    yield {
        "estimand": "n_records",
        "estimate": records,
        "note": "the books of the log are not at hand" if records is None else None,
    }
    yield {"estimand": "n_prompts", "estimate": size["n_prompts"]}
    named = size["n_users"] or not size["n_prompts"]
    for name in ("n_users", "n_threads"):
        yield {
            "estimand": name,
            "estimate": size[name] if named else None,
            "note": None if named else "the log names nobody",
        }


def _lengths(log: Measured) -> Iterator[Row]:
    """The numbers of threads of each length, and of at least so many prompts."""
    length = (pl.col("steps_left") + 1).alias("length")
    table = log.prompts.filter(pl.col("step") == 1).group_by(length).len("n").collect()
    lengths, numbers = table["length"].to_numpy(), table["n"].to_numpy().astype(np.int64)
    bounds: list[tuple[int, int | None, Row]] = [
        *((of, of, {"step": of}) for of in range(1, LONGEST + 1)),
        (LONGEST + 1, None, {"group": "more"}),
    ]
    for low, high, place in bounds:
        yield {"estimand": "n_threads_of_length", **place, **_threads(lengths, numbers, low, high)}
    for low in AT_LEAST:
        yield {"estimand": "n_threads_at_least", "step": low, **_threads(lengths, numbers, low, None)}


def _threads(lengths: Any, numbers: Any, low: int, high: int | None) -> Row:
    """The threads from one length to another: their number and that of their prompts."""
    chosen = (lengths >= low) & (lengths <= (high or lengths.max(initial=0)))
    n = int(numbers[chosen].sum())
    return {"estimate": n, "n_threads": n, "n_prompts": int((numbers * lengths)[chosen].sum()), "n_users": None}


def _shares(log: Measured, found: People) -> Iterator[Request]:
    """Requests for the means and shares: each is a sum by another, per user."""
    schema = log.prompts.collect_schema()
    names = _parameters(log.prompts) if "params" in schema else []
    wanted = _wanted(names, schema)
    sums = [
        each
        for place, (_, part, whole) in enumerate(wanted)
        for each in (part.sum().alias(f"part {place}"), whole.sum().alias(f"whole {place}"))
    ]
    rows = log.prompts if found.ids is None else log.prompts.filter(pl.col("user_id").is_not_null())
    table = rows.group_by(found.code().alias("user")).agg(sums).collect().sort("user")
    users = table["user"].to_numpy().astype(np.int64)
    unnamed = _unnamed(log.prompts) if found.ids is not None else None
    for place, (row, _, _) in enumerate(wanted):
        columns = [table[f"{side} {place}"].to_numpy() for side in ("part", "whole")]
        yield _share(row, columns, found, users, log, unnamed)


Wanted = tuple[Row, pl.Expr, pl.Expr]
UNKNOWN = {
    "share_upscaled": "this log cannot know which prompts were upscaled",
    "share_reroll": "this log cannot know which prompts are rerolls",
    "share_remix": "this log cannot know which prompts are remixes",
    "share_with_parameter": "this log does not hold parameters",
    "mean_thread_length": "no prompt has a thread",
}


def _wanted(parameters: Sequence[str], schema: pl.Schema) -> list[Wanted]:
    """Each mean: its row, and what to sum above and below the line."""

    def column(name: str, kind: type[pl.DataType]) -> pl.Expr:
        return pl.col(name) if name in schema else pl.lit(None, dtype=kind)

    upscaled, action = column("upscaled", pl.Boolean), column("action", pl.String)
    params = pl.col("params") if "params" in schema else pl.lit(None, dtype=pl.List(pl.String))
    first, threaded = pl.col("step") == 1, pl.col("thread_id").is_not_null()
    wanted = [
        ({"estimand": "mean_thread_length"}, threaded, first),
        ({"estimand": "share_upscaled"}, upscaled, upscaled.is_not_null()),
        *(({"estimand": f"share_{name}"}, action == name, action.is_not_null()) for name in ("reroll", "remix")),
        ({"estimand": "share_with_parameter", "group": ANY}, params.list.len() > 0, params.is_not_null()),
    ]
    for name in parameters:
        has = params.list.eval(pl.element().struct.field("name") == name).list.any()
        wanted.append(({"estimand": "share_with_parameter", "group": name}, has, params.is_not_null()))
    return wanted


def _parameters(prompts: pl.LazyFrame) -> list[str]:
    """The parameters of most prompts, those first."""
    name = pl.col("params").list.eval(pl.element().struct.field("name")).list.unique().alias("name")
    counts = prompts.select(name).filter(pl.col("name").list.len() > 0).explode("name").group_by("name").len()
    return counts.sort("len", "name", descending=[True, False]).head(PARAMETERS).collect()["name"].to_list()


def _unnamed(prompts: pl.LazyFrame) -> str | None:
    n = prompts.select(pl.col("user_id").null_count()).collect().item()
    return f"{n:,} prompt(s) without user left out" if n else None


def _share(row: Row, columns: list[Any], found: People, users: Any, log: Measured, note: str | None) -> Request:
    n = int(columns[1].sum())
    if not n:
        return unknown({**row, "n_prompts": 0, "n_threads": None, "n_users": None, "note": UNKNOWN[row["estimand"]]})
    lengths = row["estimand"] == "mean_thread_length"
    more = {
        "n_prompts": int(columns[0].sum()) if lengths else n,
        "n_users": found.count(users[columns[1] > 0]),
        **({"n_threads": n} if lengths else {}),
    }
    sums = found.sums(columns, users)
    return Request(sums, _ratio, lambda found: [estimated(found[0], log.settings, note, **row, **more)])


def _ratio(sums: Floats) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., :1] / sums[..., 1:])


def findings(rows: pl.DataFrame) -> list[str]:
    """The size of the log, its upscales and its threads, beside the paper's."""
    return [
        told for told in (_told_size(rows), _told_upscaled(rows), *_told_threads(rows), _told_parameters(rows)) if told
    ]


def _value(rows: pl.DataFrame, estimand: str, step: int | None = None) -> Row | None:
    return words.row(rows, estimand=estimand, step=step, group=None)


def _beside(estimand: str, step: int | None = None) -> str:
    return f"{PUBLISHED[estimand, step]:,}"


def _told_size(rows: pl.DataFrame) -> str:
    prompts, users, threads = (_value(rows, name) for name in ("n_prompts", "n_users", "n_threads"))
    if prompts is None:
        return ""
    told = words.number_of(int(prompts["estimate"]), "prompt")
    if users is None or threads is None:
        return f"{told}; the log names nobody, so that there are no threads."
    own = f"{words.number_of(int(users['estimate']), 'user')} in {words.number_of(int(threads['estimate']), 'thread')}"
    published = f"{_beside('n_prompts')} of {_beside('n_users')} in {_beside('n_threads')}"
    rule = "the log's own" if prompts["rule"] == "given" else f"by the paper's rule, {prompts['rule']}"
    return f"{told} of {own}, {rule} (the paper: {published})."


def _told_upscaled(rows: pl.DataFrame) -> str:
    share = _value(rows, "share_upscaled")
    if share is None:
        return "This log cannot know which prompts were upscaled."
    told = f"{words.percent(share['estimate'])} of prompts were upscaled"
    return f"{told} ({words.percent_interval(share)}; the paper: about 25%)."


def _told_threads(rows: pl.DataFrame) -> Iterator[str]:
    mean, long, longest = (
        _value(rows, "mean_thread_length"),
        _value(rows, "n_threads_at_least", 4),
        _value(rows, "n_threads_at_least", 10),
    )
    if mean is None or long is None or longest is None:
        return
    yield (
        f"A thread has {words.number(mean['estimate'], 2)} prompts on average "
        f"({words.interval(mean, 2)}; the paper: {_beside('mean_thread_length')})."
    )
    published = [_beside("n_threads_at_least", step) for step in (4, 10)]
    yield (
        f"{words.number_of(int(long['estimate']), 'thread')} of at least 4 prompts and {int(longest['estimate']):,} "
        f"of at least 10 (the paper: {published[0]} and {published[1]})."
    )


def _told_parameters(rows: pl.DataFrame) -> str:
    shares = rows.filter(pl.col("estimand") == "share_with_parameter", pl.col("estimate") > 0)
    named = [
        f"{row['group']} {words.percent(row['estimate'])}"
        for row in shares.iter_rows(named=True)
        if row["group"] != ANY
    ]
    return f"The parameters of most prompts: {', '.join(named[:3])}." if named else ""
