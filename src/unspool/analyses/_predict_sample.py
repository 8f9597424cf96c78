"""What the predictions are made from: texts, feature columns, labels, and what else is known of each prompt."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.analyses import Measured
from unspool.analyses._predict_models import counts
from unspool.features import Column

CAP = 100_000
LEAST = 50
PRIOR = 4.0

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """Prompts whose upscales are known, in the order of their ids.

    `columns`: the measured features, shape (prompts, columns), NaN where unknown. `elsewhere`: upscaled prompts and all
    prompts in the user's other threads. `place`: step and log number of words. `users`, `threads`: numbers from 0; a
    prompt without a user has a number to itself, and then `named` is false. `n_known`: prompts that it was drawn from.
    """

    texts: pl.Series
    columns: Floats
    elsewhere: Floats
    place: Floats
    labels: Bools
    users: Ints
    threads: Ints
    named: bool
    n_known: int

    @cached_property
    def terms(self) -> Any:
        """Counted words and pairs of words, one sparse row per prompt."""
        return counts(self.texts.to_list())

    def base(self, fitted: Bools) -> Floats:
        """Log odds of an upscale in the user's other threads, step and log number of words, shape (prompts, 3).

        No label of a prompt's own thread is in its odds. PRIOR prompts are added to the user's others, at the rate of
        the rows fitted on: one that left out each prompt's own thread would set upscaled prompts a little below others.
        """
        rate, (k, n) = self.labels[fitted].mean(), self.elsewhere.T
        odds = (k + PRIOR * rate) / (n - k + PRIOR * (1 - rate))
        return np.column_stack([np.log(odds), self.place])

    def sizes(self, rows: Ints) -> dict[str, int | None]:
        """How many prompts, threads and users some rows are of; None users where a prompt has none."""
        n_users = len(np.unique(self.users[rows])) if self.named else None
        return {"n_prompts": len(rows), "n_threads": len(np.unique(self.threads[rows])), "n_users": n_users}

    def lacking(self) -> str | None:
        """Why there are too few prompts to learn from, None if there are enough."""
        if not self.n_known:
            return "the log does not tell which prompts were upscaled"
        upscaled, n = int(self.labels.sum()), len(self.labels)
        if min(upscaled, n - upscaled) < LEAST:
            return f"{upscaled} upscaled prompts and {n - upscaled} others: at least {LEAST} of each are needed"
        return None

    def note(self) -> str | None:
        """What the sample was drawn from, None if it is all there is."""
        if len(self.labels) == self.n_known:
            return None
        return f"on {len(self.labels):,} of {self.n_known:,} prompts, those of users drawn at random"


def draw(log: Measured, cap: int = CAP) -> Sample:
    """At most `cap` prompts whose upscales are known, of whole users drawn at random.

    Users with more than `cap` prompts cannot be in the sample.
    """
    known = log.prompts.filter(pl.col("upscaled").is_not_null()).with_columns(
        unit=pl.coalesce("user_id", "prompt_id"), text=pl.col("text").fill_null("")
    )
    sizes = known.group_by("unit").len().sort("unit").collect()
    chosen = known.join(_whole(sizes, cap, log.settings.seed).lazy(), on="unit", how="semi")
    schema = known.collect_schema()
    features = [column for column in _features(log) if column.name in schema]
    names = ("prompt_id", "user_id", "unit", "thread_id", "step", "text", "upscaled")
    rows = chosen.select(*names, *(column.name for column in features)).sort("prompt_id").collect()
    return _sample(rows, features, int(sizes["len"].sum()))


def _whole(sizes: pl.DataFrame, cap: int, seed: int) -> pl.DataFrame:
    if sizes["len"].sum() <= cap:
        return sizes
    order = np.random.default_rng(seed).permutation(len(sizes))
    return sizes[order].filter(pl.col("len") <= cap).filter(pl.col("len").cum_sum() <= cap)


def _features(log: Measured) -> list[Column]:
    """Those of the text: what is measured on captions is of the images."""
    return [column for name, column in log.columns.items() if not name.startswith("caption_")]


def _sample(rows: pl.DataFrame, features: list[Column], n_known: int) -> Sample:
    users = _numbers(rows["unit"])
    # A thread is one user's, whatever ids the log came with.
    thread = pl.concat_str("unit", pl.coalesce("thread_id", "prompt_id"), separator=" ")
    threads = _numbers(rows.select(thread).to_series())
    labels = rows["upscaled"].to_numpy().astype(np.bool_)
    length = np.log1p(rows["text"].str.count_matches(r"\S+").to_numpy())
    step = rows["step"].cast(pl.Float64).to_numpy()
    return Sample(
        texts=rows["text"],
        columns=_matrix([_values(rows[column.name], column) for column in features], len(rows)),
        elsewhere=elsewhere(labels, users, threads),
        place=np.stack([step, length], axis=1),
        labels=labels,
        users=users,
        threads=threads,
        named=not rows["user_id"].has_nulls(),
        n_known=n_known,
    )


def _numbers(names: pl.Series) -> Ints:
    return names.rank("dense").to_numpy().astype(np.int64) - 1


def _values(values: pl.Series, column: Column) -> Floats:
    numbers: Floats = values.cast(pl.Float64).to_numpy()
    return np.log1p(numbers) if column.log else numbers


def _matrix(columns: list[Floats], n_rows: int) -> Floats:
    return np.stack(columns, axis=1) if columns else np.zeros((n_rows, 0))


def elsewhere(labels: Bools, users: Ints, threads: Ints) -> Floats:
    """Upscaled prompts and all prompts in the other threads of each prompt's user, shape (prompts, 2)."""
    n_thread, k_thread = np.bincount(threads), np.bincount(threads, weights=labels)
    n_user, k_user = np.bincount(users), np.bincount(users, weights=labels)
    return np.stack([k_user[users] - k_thread[threads], n_user[users] - n_thread[threads]], axis=1)
