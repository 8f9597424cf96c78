"""What holds within a person, and what only between people, in plain sentences."""

import polars as pl

from unspool.analyses import _words as words
from unspool.analyses._steps import Row

ABOUT = 3
FIRST = ("n_words", "n_style_words", "n_content_words")
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
    names = words.lead(rows)
    return [*(name for name in FIRST if name in names), *(name for name in names if name not in FIRST)][:ABOUT]


def _sentence(rows: pl.DataFrame, name: str) -> str:
    own = rows.filter(pl.col("feature") == name)
    one = own.row(by_predicate=pl.col("estimand") == "within_user", named=True)
    decimals = words.of(one)
    clear = {
        1: "a person's upscaled prompts are higher than that person's others",
        -1: "a person's upscaled prompts are lower than that person's others",
        0: "no clear difference between a person's upscaled prompts and that person's others",
    }[words.sign(one)]
    scale = " in natural log" if "natural log" in one["method"] else ""
    size = f"{words.signed(one['estimate'], decimals)}{scale}, {words.interval(one)}, rank difference"
    told = [f"{size} {words.signed(one['effect'], 3)}, {words.number_of(one['n_users'], 'user')}"]
    told += [sentence for sentence in (_between(own), _odds(own)) if sentence]
    return f"{words.title(name)}: {clear} ({'; '.join(told)})."


def _between(rows: pl.DataFrame) -> str | None:
    one = words.row(rows, estimand="between_user")
    if one is None:
        return None
    decimals = words.of(one)
    return f"people who upscale all against people who upscale none: {words.signed(one['estimate'], decimals)}"


def _odds(rows: pl.DataFrame) -> str | None:
    one: Row | None = words.row(rows, estimand="within_thread")
    if one is None or one["effect"] is None:
        return None
    return f"odds of an upscale within a thread times {words.number(one['effect'], 2)} per standard deviation"
