"""What holds within a person, and what only between people, in plain sentences."""

import polars as pl

from unspool.analyses import _words as words

ABOUT = 3
CAUSE = (
    "All of this is observed: it says what the prompts were like whose images people kept, not that writing so makes "
    "them keep more."
)


def own_findings(rows: pl.DataFrame) -> list[str]:
    """A sentence for each of the chief features, of the rows of mode "corrected" of prompts; why not, if none."""
    within = rows.filter(pl.col("estimand") == "within_user")
    names = chief(within)
    if names:
        return [*(_sentence(rows, name) for name in names), CAUSE]
    return [f"Within a person: {one[0].lower()}{one[1:]}" for one in words.reasons(within)[:1]]


def chief(rows: pl.DataFrame) -> list[str]:
    """The features with an estimate of which a sentence is told: length and words of style and content come first."""
    return words.chief(rows)[:ABOUT]


def _sentence(rows: pl.DataFrame, name: str) -> str:
    own = rows.filter(pl.col("feature") == name)
    one = own.row(by_predicate=pl.col("estimand") == "within_user", named=True)
    sides = {
        1: "a person's upscaled prompts are higher than the same person's others",
        -1: "a person's upscaled prompts are lower than the same person's others",
        0: "no clear difference between a person's upscaled prompts and the others",
    }
    scale = " in natural log" if "natural log" in (one["method"] or "") else ""
    size = f"{words.signed(one['estimate'], words.of(one))}{scale}, {words.interval(one)}"
    of = f"{words.number_of(one['n_users'], 'user')}{_between(own)}"
    return f"{words.title(name)}: {words.side(one, sides)} ({size}; {of})."


def _between(rows: pl.DataFrame) -> str:
    one = words.row(rows, estimand="between_user")
    return "" if one is None else f"; between people: {words.signed(one['estimate'], words.of(one))}"
