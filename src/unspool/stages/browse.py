"""Looking into a study: which threads there are, and the prompts of one."""

import polars as pl

from unspool.edits.ledger import ledger
from unspool.errors import UnspoolError
from unspool.study import Study

LATEST = 20


def _threaded(study: Study, rule: str | None) -> pl.LazyFrame:
    prompts = study.scan("prompts")
    if rule in (None, study.manifest.get("rule")):
        return prompts
    study.threads(rule)
    others = prompts.drop("thread_id", "step", "steps_left")
    return others.join(study.scan(f"threads/{rule}"), on="prompt_id", how="left")


def list_threads(
    study: Study, *, rule: str | None = None, user: str | None = None, longest: int | None = None
) -> pl.DataFrame:
    """One row per thread: thread_id, began, n_prompts, n_upscaled (null: unknown), text of the first prompt.

    The latest 20, or the `longest` N, longest first; of one `user` (a pseudonym) all of them, latest first.
    """
    rows = _threaded(study, rule).filter(pl.col("thread_id").is_not_null())
    if user is not None:
        rows = rows.filter(pl.col("user_id") == user)
    starts = rows.filter(pl.col("step") == 1).select(
        "thread_id", began="time", n_prompts=pl.col("steps_left") + 1, text="text"
    )
    if longest is not None:
        chosen = starts.sort("n_prompts", "began", "thread_id", descending=[True, False, False]).head(longest)
    else:
        chosen = starts.sort("began", "thread_id", descending=[True, False], nulls_last=True)
        chosen = chosen if user is not None else chosen.head(LATEST)
    table = chosen.collect()
    known = pl.col("upscaled").sum().cast(pl.Int64)
    upscaled = (
        rows.filter(pl.col("thread_id").is_in(table["thread_id"].implode()))
        .group_by("thread_id")
        .agg(n_upscaled=pl.when(pl.col("upscaled").count() > 0).then(known))
        .collect()
    )
    return table.join(upscaled, on="thread_id", how="left", maintain_order="left").select(
        "thread_id", "began", "n_prompts", "n_upscaled", "text"
    )


def one_thread(study: Study, thread_id: str, rule: str | None = None) -> pl.DataFrame:
    """The prompts of a thread by step; the first digits of the id will do where they are enough."""
    rows = _threaded(study, rule).filter(pl.col("thread_id").str.starts_with(thread_id.lower())).collect()
    found = rows["thread_id"].unique().to_list()
    if len(found) != 1:
        raise UnspoolError(
            "The thread was not found." if not found else "Several threads begin so.",
            f"{len(found)} threads have an id that begins with {thread_id[:16]!r}.",
            "List ids with `unspool threads STUDY`.",
            exit_code=2,
        )
    return rows.sort("step")


def with_edits(rows: pl.DataFrame) -> pl.DataFrame:
    """The prompts of a thread with the columns edit, added, removed, n_moved, worked out here.

    `edit`: a kind of EDIT_KINDS, null for the first prompt. `added`, `removed`: lists of {kind, text, n_words}, empty
    for the first prompt and where no word changed.
    """
    parts = [
        pl.col("spans")
        .list.filter(pl.element().struct.field("what") == what)
        .list.eval(pl.struct(pl.element().struct.field("kind", "text", "n_words")))
        .alias(what)
        for what in ("added", "removed")
    ]
    found = ledger(rows).select("prompt_id", *parts, "n_moved", edit="kind")
    joined = rows.join(found, on="prompt_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("added", "removed").fill_null([]), pl.col("n_moved").fill_null(0))


def gap(seconds: float) -> str:
    """A span of time in its largest whole unit: `43 s`, `5 min`, `3 h`, `2 d`."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
