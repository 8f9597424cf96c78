"""Lists of key terms: what a half of the users uses more than general English, and more than the captions, do."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features import Context
from unspool.features._halves import half
from unspool.features._terms import Owners, Pieces, Tokens, counted
from unspool.features.repetition import stop_words
from unspool.stats import keyness
from unspool.syntax.codes import coded

PAPER_MIN_USERS, PAPER_USERS, MIN_USERS = 50, 30_394, 5
"""Users of a half who must use a term: 50 where the half has as many as the paper's log, and never under 5."""
MIN_RATIO = 50.0
"""How many times its reference probability a term must be used. The paper's 100 is by uses; those who use a word use it
again, so that ratios by uses were about twice those by users (median 2.2 in a log of newcomers, 1.7 in simulated ones).
"""
MIN_LOWER = 5.0
"""What the lower bound of that must reach: who happens to be in the log may explain a factor of ten."""
ERROR = 0.05
"""Share of a list, on average over logs, whose terms are used less than MIN_LOWER times: Benjamini & Hochberg 1995."""
MIN_PMI = 3.0
"""Bits of mutual information that hold a phrase together (Church & Hanks 1990)."""
MIN_LOG_USERS = 20
"""Users that a log must have: of halves of some 10, 5 must use a term."""
MIN_CAPTION_WORDS = 10_000
"""Words of captions from which on they are a reference: fewer cannot show that a word is rare in them."""
FLOOR = 1e-8
"""Probability of a word that the reference does not know: the lowest that it knows."""
SLACK = 10
"""A part drops terms with under a tenth of the users that would do if all parts were like it: most terms are rare."""
LONE_MARK = r"^\p{M}+$"
"""What is left of an emoji."""
LIST = {
    "word": pl.String,
    "half": pl.UInt8,
    "n_uses": pl.Int64,
    "n_users": pl.Int64,
    "ratio": pl.Float64,
    "log_odds": pl.Float64,
    "lower": pl.Float64,
    "dispersion": pl.Float64,
    "held_out_ratio": pl.Float64,
}


def least_users(context: Context) -> float:
    """Users of a half who must use a term for it to be listed."""
    return max(MIN_USERS, PAPER_MIN_USERS * context.n_users / (2 * PAPER_USERS))


def possible(context: Context) -> bool:
    """Whether the log has users enough to be halved."""
    return context.n_users >= MIN_LOG_USERS


def collect(rows: pl.DataFrame, pieces: Pieces, context: Context) -> dict[str, pl.DataFrame]:
    """Sums of a part that holds all prompts of its users: terms, sizes, and where they are a reference, captions.

    terms: half, term, size, users, uses, spread (see stats.keyness.dispersion), frequent (whether the whole log would
    list it if all of it were like this part); sizes: half, n_words, n_users who wrote that many.
    """
    known = rows["user_id"].is_not_null().to_numpy()
    of_row, users = coded(rows["user_id"].fill_null(""))
    tokens, halves = Tokens.of(pieces).within(known), half(users, context.settings.seed).to_numpy()
    n_words = np.bincount(of_row, tokens.per_row(len(rows)), len(users)).astype(np.int64)
    share = least_users(context) * rows["user_id"].drop_nulls().n_unique() / context.n_users
    kept = share if len(rows) == context.n_prompts else share / SLACK
    terms = counted(tokens, Owners(of_row.astype(np.int64), halves, n_words), floor(kept))
    wrote = pl.DataFrame({"half": halves, "n_words": n_words}).filter(pl.col("n_words") > 0)
    sums = {
        "terms": terms.with_columns(frequent=pl.col("users") >= floor(share)),
        "sizes": wrote.group_by("half", "n_words").agg(n_users=pl.len().cast(pl.Int64)),
    }
    return sums | (_captions(rows, halves[of_row]) if context.n_caption_words >= MIN_CAPTION_WORDS else {})


def _captions(rows: pl.DataFrame, halves: NDArray[np.uint8]) -> dict[str, pl.DataFrame]:
    """Uses per half, term and size in the captions of the part."""
    known = rows.select("captions", half=pl.Series(halves)).filter(rows["user_id"].is_not_null())
    captions = known.explode("captions", empty_as_null=False, keep_nulls=False)
    two = Owners(captions["half"].to_numpy().astype(np.int64), np.array([0, 1], np.uint8), np.array([1, 1]))
    uses = counted(Tokens.of(Pieces.of(captions["captions"])), two, 0)
    return {"captions": uses.select("half", "term", "size", "uses")}


def lists(parts: Mapping[str, pl.LazyFrame], context: Context) -> pl.DataFrame:
    """The key terms of both halves, one row per half and term, with the columns of LIST."""
    empty = pl.DataFrame(schema=LIST)
    if "terms" not in parts:
        return empty
    frequent = parts["terms"].filter("frequent").select("term").unique()
    sums = _summed(parts["terms"].join(frequent, on="term", how="semi"), "half", "term", "size")
    sizes = _summed(parts["sizes"], "half", "n_words").sort("n_words")
    captions = _caption_shares(parts, frequent)
    halves = [_Half.of(number, sums, sizes) for number in (0, 1)]
    found = [_listed(here, there, captions, least_users(context)) for here, there in (halves, halves[::-1])]
    return pl.concat([empty, *found])


@dataclass(frozen=True)
class _Half:
    """A half of the users: its terms (term, size, users, uses, spread), how much its users write, and in all."""

    number: int
    terms: pl.DataFrame
    users: keyness.Users
    n_words: int

    @classmethod
    def of(cls, number: int, sums: pl.DataFrame, sizes: pl.DataFrame) -> "_Half":
        own = sizes.filter(half=number)
        users = keyness.Users(own["n_words"].to_numpy(), own["n_users"].to_numpy())
        return cls(number, sums.filter(half=number), users, int(users.n_words @ users.n_users))


def _listed(here: _Half, there: _Half, captions: pl.DataFrame, least: float) -> pl.DataFrame:
    """The terms of a half that are key, and how the other half uses them."""
    if not here.users.n:
        return pl.DataFrame(schema=LIST)
    frequent = _phrases_held(here.terms.filter(pl.col("users") >= least), here)
    known = frequent.join(captions.filter(half=here.number), on="term", how="left", maintain_order="left")
    probability = np.fmax(_probability(known["term"]), known["caption_share"].to_numpy())
    used, n = known["users"].to_numpy(), here.users.n
    expected = keyness.expected_share(probability, here.users)
    p_values = keyness.p_values(used, expected, n, keyness.expected_share(probability, here.users, times=MIN_LOWER))
    error = keyness.benjamini_hochberg(p_values, ERROR)
    bound = keyness.lower_share(used, expected, n, error)
    tested = known.with_columns(probability=probability, expected=expected, bound=bound)
    described = _described(tested.filter(p_values <= error), here, there)
    return described.filter(pl.col("ratio") >= MIN_RATIO)


def _described(chosen: pl.DataFrame, here: _Half, there: _Half) -> pl.DataFrame:
    """The columns of LIST for terms of a half with their probability, expected share, and bound of the share."""
    probability, expected, used = (chosen[name].to_numpy() for name in ("probability", "expected", "users"))
    share = keyness.posterior_share(used, expected, here.users.n)
    return chosen.select(
        pl.col("term").alias("word"),
        pl.lit(here.number, pl.UInt8).alias("half"),
        pl.col("uses").alias("n_uses"),
        pl.col("users").alias("n_users"),
        ratio=keyness.rate_ratio(share, probability, here.users),
        log_odds=keyness.log_odds(used, expected, here.users.n),
        lower=keyness.rate_ratio(chosen["bound"], probability, here.users),
        dispersion=keyness.dispersion(chosen["uses"], chosen["spread"], here.n_words),
        held_out_ratio=_held_out(chosen, there),
    )


def _held_out(chosen: pl.DataFrame, there: _Half) -> pl.Series:
    """The ratios of the terms by the users of the other half; null where there are none."""
    if not there.users.n:
        return pl.repeat(None, len(chosen), dtype=pl.Float64, eager=True)
    used = chosen.join(there.terms.select("term", there="users"), on="term", how="left", maintain_order="left")
    probability = chosen["probability"].to_numpy()
    expected = keyness.expected_share(probability, there.users)
    share = keyness.posterior_share(used["there"].fill_null(0).to_numpy(), expected, there.users.n)
    return pl.Series(keyness.rate_ratio(share, probability, there.users))


def _phrases_held(terms: pl.DataFrame, here: _Half) -> pl.DataFrame:
    """The words, and those phrases that begin and end with a content word and whose words attract each other."""
    term, uses = pl.col("term"), dict(zip(terms["term"], terms["uses"], strict=True))
    cut = terms.filter(pl.col("size") > 1).select(
        "term",
        "uses",
        first=term.str.extract(r"^(\S+)"),
        tail=term.str.extract(r" (.+)$"),
        start=term.str.extract(r"^(.+) "),
        last=term.str.extract(r"(\S+)$"),
    )
    part = {name: cut[name].replace_strict(uses, return_dtype=pl.Int64) for name in ("first", "tail", "start", "last")}
    bits = np.minimum(
        keyness.pmi(cut["uses"], part["first"], part["tail"], here.n_words),
        keyness.pmi(cut["uses"], part["start"], part["last"], here.n_words),
    )
    empty = pl.any_horizontal(pl.col("first", "last").is_in(list(stop_words())))
    held = cut.filter(~empty & (pl.Series(bits, dtype=pl.Float64) >= MIN_PMI))["term"]
    word = (pl.col("size") == 1) & ~term.str.contains(LONE_MARK)
    return terms.filter(word | term.is_in(held.implode()))


def _probability(terms: pl.Series) -> NDArray[np.float64]:
    """Probability of terms in general English; of a phrase at most that of its rarest word, and that is taken."""
    words = terms.str.split(" ")
    known = words.explode().unique()
    values = [reference(word) for word in known]
    return words.list.eval(pl.element().replace_strict(known, values, return_dtype=pl.Float64)).list.min().to_numpy()


def reference(word: str) -> float:
    """Probability of a word in general English, wordfreq's, and FLOOR where it has none. Case does not matter to it."""
    from wordfreq import word_frequency

    return max(FLOOR, word_frequency(word, "en", "large"))


def _summed(frame: pl.LazyFrame, *keys: str) -> pl.DataFrame:
    """Sums over parts; sorted before, so that they are the same to the last digit whatever part was read first."""
    rows = frame.select(pl.exclude("frequent")).collect(engine="streaming")
    return rows.sort(rows.columns).group_by(keys, maintain_order=True).agg(pl.exclude(keys).sum())


def _caption_shares(parts: Mapping[str, pl.LazyFrame], terms: pl.LazyFrame) -> pl.DataFrame:
    """Probability of terms in the captions of each half: half, term, caption_share."""
    schema = {"half": pl.UInt8, "term": pl.String, "caption_share": pl.Float64}
    if "captions" not in parts:
        return pl.DataFrame(schema=schema)
    total = parts["captions"].filter(size=1).group_by("half").agg(total=pl.col("uses").sum())
    uses = parts["captions"].join(terms, on="term", how="semi").group_by("half", "term").agg(pl.col("uses").sum())
    share = uses.join(total, on="half").select("half", "term", caption_share=pl.col("uses") / pl.col("total"))
    return share.collect(engine="streaming")
