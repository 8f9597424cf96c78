"""The groups of texts that are compared: first, middle, last and upscaled prompts of threads, and a reference."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses._steps import in_threads
from unspool.analyses._whole_users import whole_users
from unspool.audits import Audited
from unspool.features.length import WORD

FIRST, MIDDLE, LAST, UPSCALED, REFERENCE = "first", "middle", "last", "upscaled", "reference"
PROMPTS = (FIRST, MIDDLE, LAST, UPSCALED)
CAPTIONS, FILE = "the captions of the images", "the reference file"
NO_REFERENCE = "the log has no captions and no reference file was given (--reference FILE)"
NO_THREADS = "no person is known to have a thread of two prompts"


@dataclass(frozen=True)
class Groups:
    """Texts in groups; a prompt may be in two, as the last and as an upscaled one.

    `texts`: group, prompt_id, user_id, thread_id, text and the columns of features of each text, prompts of threads of
    two or more; in the group "reference" prompt_id, user_id and thread_id are of the prompt whose image a caption
    tells, null for lines of a file, and features are null except `n_words`. `reference`: what it is, or None. `note`:
    of which sample the groups are, None for all prompts.
    """

    texts: pl.DataFrame
    reference: str | None
    note: str | None

    def of(self, group: str) -> pl.DataFrame:
        """The texts of one group."""
        return self.texts.filter(group=group)


def groups(log: Audited, features: tuple[str, ...] = ()) -> Groups:
    """The groups of a log, of whole users up to the settings' sample; `features` that the log lacks are null."""
    several = (pl.col("step") > 1) | (pl.col("steps_left") > 0)
    kept, note = whole_users(log.log, several, log.settings.sample, "who have threads of two or more prompts")
    known = log.prompts.collect_schema()
    absent = [pl.lit(None, dtype=pl.Float64).alias(name) for name in features if name not in known]
    named = dict.fromkeys(["prompt_id", "user_id", "thread_id", "text", "n_words", *features])
    rows = in_threads(log.prompts.with_columns(*absent, _words("text"))).filter(several)
    # A filter by value reaches the files of a log, which a join does not: no more than the sample is ever in memory.
    mine = rows.filter(pl.col("user_id").is_in(kept["user_id"].drop_nulls().implode()))
    prompts = (
        mine.select(*named | dict.fromkeys(("captions", "step", "steps_left", "upscaled"))).collect().sort("prompt_id")
    )
    parts = {
        FIRST: pl.col("step") == 1,
        MIDDLE: (pl.col("step") > 1) & (pl.col("steps_left") > 0),
        LAST: pl.col("steps_left") == 0,
        UPSCALED: pl.col("upscaled"),
    }
    found = [prompts.filter(rule).select(pl.lit(name).alias("group"), *named) for name, rule in parts.items()]
    reference, what = _reference(log, prompts)
    return Groups(pl.concat([*found, reference], how="diagonal"), what, note)


def _words(column: str) -> pl.Expr:
    return pl.col(column).str.count_matches(WORD).cast(pl.UInt32).alias("n_words")


def _reference(log: Audited, prompts: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Lines of the file, as many as prompts at most, else one caption of each prompt; drawn at random."""
    if log.reference is not None:
        n = min(len(log.reference), max(prompts.height, 1))
        found = log.reference.sample(n, shuffle=True, seed=log.settings.seed).to_frame("text")
        what = FILE
    else:
        rows = prompts.filter(pl.col("captions").list.len() > 0)
        drawn = np.random.default_rng(log.settings.seed).integers(0, rows["captions"].list.len().to_numpy())
        text = rows["captions"].list.get(pl.Series(drawn)) if rows.height else pl.Series([], dtype=pl.String)
        found = rows.select("prompt_id", "user_id", "thread_id").with_columns(text=text).drop_nulls("text")
        what = CAPTIONS
    words = found.with_columns(_words("text")).filter(pl.col("n_words") > 0)
    return words.select(pl.lit(REFERENCE).alias("group"), pl.all()), what if words.height else None
