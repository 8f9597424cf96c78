"""What appending does to the dialect score: against as many words that other people appended to prompts of theirs.

The score is made anew on a sample of whole users, since new texts have to be scored. Users of one half are scored by
models of the other half, and words are exchanged inside a half only: neither side's words were learned from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses import Measured
from unspool.analyses._draws import joined
from unspool.analyses._people import Ints
from unspool.analyses._steps import Row, told
from unspool.analyses._surprisal_donors import DRAWS, last_words, of_firsts, of_pieces
from unspool.features import Context, Settings, dialect
from unspool.features._halves import half
from unspool.features.length import WORD
from unspool.stats.bootstrap import by_user
from unspool.stats.jackknife import Floats, jackknife

METHODS = {
    "append_observed": "mean change of the score where words were only appended",
    "append_null": "mean change with as many words that another user appended",
    "beyond_append": "mean change less the one with words that another user appended",
    "first_words_null": "mean change with as many words from the end of another user's first prompt of a thread",
    "beyond_first_words": "mean change less the one with words of another user's first prompt",
}
MOST_PROMPTS = 200_000
USERS_A_GROUP, LEAST_GROUPS, MOST_GROUPS = 25, 6, 400
LEAST_USERS = 60


@dataclass(frozen=True)
class _Found:
    """Appended pieces that could be exchanged; `values` (pieces, 3): change observed, by either null; their groups."""

    pieces: pl.DataFrame
    values: Floats
    groups: Ints
    note: str


def appends(log: Measured, reason: str | None) -> Iterator[Row]:
    """Three rows of the feature dialect; null with the reason where the score cannot be made anew."""
    found = reason or _found(log)
    if isinstance(found, str):
        yield from (nothing("dialect", estimand, found) for estimand in METHODS)
        return
    n = len(found.pieces)
    columns = np.column_stack([np.ones(n), found.values])
    sums = by_user(columns, found.groups, int(found.groups.max(initial=0)) + 1)
    numbers = {
        "n_prompts": n,
        "n_threads": found.pieces["thread_id"].n_unique(),
        "n_users": found.pieces["user_id"].n_unique(),
    }
    over = f"jackknife over {len(sums):,} random groups of users, inside which words are exchanged, Student's t"
    found_each = jackknife(sums, _means, level=log.settings.level)
    for (estimand, what), one in zip(METHODS.items(), found_each, strict=True):
        row = told(one, log.settings, found.note, feature="dialect", estimand=estimand, method=f"{what}; {over}")
        yield row | numbers


def nothing(feature: str, estimand: str, reason: str) -> Row:
    """A row without an estimate, and why."""
    same = {"n_prompts": 0, "n_threads": 0, "n_users": 0}
    return {"feature": feature, "estimand": estimand, "note": reason, **same}


def _means(sums: Floats) -> Floats:
    """Observed change, then each null and what the observed one is more."""
    with np.errstate(invalid="ignore", divide="ignore"):
        observed, others, firsts = np.moveaxis(sums[..., 1:] / sums[..., :1], -1, 0)
    return np.stack([observed, others, observed - others, firsts, observed - firsts], axis=-1)


def _found(log: Measured) -> _Found | str:
    """The pieces with their scores, or why there are none."""
    prompts, note = _sample(log)
    context = _context(prompts, log.settings.seed)
    if context.missing:
        return context.missing
    pieces = _appended(prompts, log.settings.seed)
    n_users = pieces["user_id"].n_unique()
    if n_users < LEAST_USERS:
        return f"{n_users} user(s) append words to a prompt: at least {LEAST_USERS} are needed to exchange theirs"
    generator = np.random.default_rng(log.settings.seed)
    pieces, firsts = _grouped(pieces, _firsts(prompts), generator)
    (others, has), (starts, has_start) = of_pieces(pieces, generator), of_firsts(pieces, firsts, generator)
    pieces = pieces.with_columns(exchanged=pl.Series(has & has_start))
    texts = [pieces["piece"].gather(places) for places in others.T]
    texts += [last_words(firsts["text"].gather(places), pieces["n"]) for places in starts.T]
    values = _changes(pieces, texts, context.fitted)
    known = pieces["exchanged"].to_numpy() & ~np.isnan(values).any(axis=1)
    about = f"{known.sum():,} of {len(pieces):,} pieces that were appended, those with as many words by another user"
    chosen = pieces.filter(known)
    return _Found(chosen, values[known], chosen["group"].to_numpy(), str(joined(note, about)))


def _sample(log: Measured) -> tuple[pl.DataFrame, str]:
    """Prompts of whole users drawn at random, as they stand in the log, and what they are."""
    counts = log.prompts.group_by("user_id").len().filter(pl.col("user_id").is_not_null()).collect().sort("user_id")
    drawn = counts.sample(fraction=1, shuffle=True, seed=log.settings.seed)
    users = drawn.filter((pl.col("len").cum_sum() <= MOST_PROMPTS) | (pl.int_range(pl.len()) == 0))
    columns = ("user_id", "thread_id", "step", "text", "upscaled", "captions")
    rows = log.prompts.select(columns).filter(pl.col("user_id").is_in(users["user_id"].implode())).collect()
    told = f"score made anew on {len(rows):,} prompts of {len(users):,} users"
    return rows, told + (" drawn at random" if len(users) < len(counts) else "")


@dataclass(frozen=True)
class _Context:
    fitted: Context
    missing: str | None


def _context(prompts: pl.DataFrame, seed: int) -> _Context:
    """The dialect's models on these prompts, or why there are none."""
    n_words = prompts.select(pl.col("captions").list.join(" ", ignore_nulls=True).str.count_matches(r"\S+").sum())
    context = Context(Settings(seed=seed), {}, len(prompts), prompts["user_id"].n_unique(), int(n_words.item() or 0))
    if context.n_caption_words < dialect.LEAST_REFERENCE:
        why = f"the score is made anew against captions of {dialect.LEAST_REFERENCE:,} words or more"
        return _Context(context, f"{why}; these have {context.n_caption_words:,}")
    parts = {name: part.lazy() for name, part in dialect.collect(prompts, context).items()}
    tables = dialect.fit(parts, context)
    if "note" in tables:
        return _Context(context, str(tables["note"]["note"][0]))
    context.fitted = {"dialect": tables}
    return _Context(context, None)


def _appended(prompts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """Pairs whose later text is the earlier one and more: `before`, the `piece` that was appended, its words."""
    own = prompts.filter(pl.col("thread_id").is_not_null()).sort("thread_id", "step")
    follows = (pl.col("thread_id") == pl.col("thread_id").shift()) & (pl.col("step") == pl.col("step").shift() + 1)
    pairs = own.with_columns(before=pl.col("text").shift(), follows=follows).filter("follows")
    longer = pairs.filter(pl.col("text").str.starts_with(pl.col("before")))
    piece = pl.col("text").str.slice(pl.col("before").str.len_chars())
    counted = longer.with_columns(
        piece=piece,
        n=piece.str.count_matches(WORD),
        n_before=pl.col("before").str.count_matches(WORD),
        half=half(longer["user_id"], seed),
    )
    whole = pl.col("text").str.count_matches(WORD) == pl.col("n_before") + pl.col("n")
    return counted.filter((pl.col("n") > 0) & (pl.col("n_before") > 0) & whole)


def _firsts(prompts: pl.DataFrame) -> pl.DataFrame:
    """The first prompts of threads, with their numbers of words."""
    n_words = pl.col("text").str.count_matches(WORD)
    return prompts.filter(step=1).select("user_id", "text", n_words=n_words).filter(pl.col("n_words") > 0)


def _grouped(
    pieces: pl.DataFrame, firsts: pl.DataFrame, generator: np.random.Generator
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Users who append, dealt to groups of their half at random, with their pieces and first prompts.

    Pieces are sorted by group, number of words and user, first prompts by group, the longest first.
    """
    users = pieces.select("user_id", "half").unique().sort("user_id")
    order = generator.permutation(len(users))
    n_groups = max(LEAST_GROUPS, min(MOST_GROUPS, len(users) // USERS_A_GROUP)) // 2
    group = 2 * (pl.int_range(pl.len()).over("half") % n_groups) + pl.col("half")
    dealt = users[order].select("user_id", group=group.cast(pl.Int64))
    pieces, firsts = (rows.join(dealt, on="user_id", maintain_order="left") for rows in (pieces, firsts))
    return (
        pieces.sort("group", "n", "user_id", maintain_order=True),
        firsts.sort("group", "n_words", "user_id", descending=[False, True, False], maintain_order=True),
    )


def _changes(pieces: pl.DataFrame, texts: Sequence[pl.Series], context: Context) -> Floats:
    """Change of the score observed, with others' pieces, with others' first words, shape (pieces, 3).

    `texts`: what is put in the place of the pieces, DRAWS times others' pieces, then DRAWS times first words.
    """
    before, users = pieces["before"], pieces["user_id"]
    level = _scores(before, users, context)
    observed = _scores(pieces["text"], users, context)
    drawn = np.stack([_scores(before + " " + text, users, context) for text in texts])
    return np.column_stack([observed, drawn[:DRAWS].mean(axis=0), drawn[DRAWS:].mean(axis=0)]) - level[:, None]


def _scores(texts: pl.Series, users: pl.Series, context: Context) -> Floats:
    rows = pl.DataFrame({"text": texts, "user_id": users})
    return dialect.measure(rows, context)["dialect"].to_numpy()
