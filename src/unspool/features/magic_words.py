"""Magic words: the words that people write for the model and hardly ever elsewhere."""

import re
import string
from collections.abc import Mapping
from math import floor

import numpy as np
import polars as pl

from unspool.features import Column, Context, _keyness
from unspool.features._halves import half
from unspool.features._terms import Pieces, Tokens, covered
from unspool.features.length import PYTHON_PART
from unspool.features.repetition import quotient

TITLE = "Magic words"
CITATION = (
    "Don-Yehiya, Choshen & Abend 2023, Sec. 5; own: Monroe, Colaresi & Quinn 2008, Egbert & Biber 2019, Evert 2022; "
    "reference: wordfreq 3 (Speer 2022)"
)
CAPTIONS = True
USES = ""
SETTINGS = ("seed",)
ESTIMATED_FROM = "the paper's list from all prompts, our own from those of the other half of the users"
PUBLISHED = ("magic_words",)
COLUMNS = (
    Column(
        "magic_ratio_paper",
        "Share of magic words (paper)",
        "share",
        "Words that the log has often, and 100 times as often as general English, by words. Punctuation is deleted "
        "first and case kept: `Detailed` is another word than `detailed`.",
        high=1.0,
        empty=0,
        mode="paper",
    ),
    Column(
        "magic_ratio",
        "Share of magic words",
        "share",
        f"Words on the list of key terms, or in a phrase on it, by words, without case. The list holds what the other "
        f"half of the users write {_keyness.MIN_RATIO:.0f} times as often as general English, counted by users. Null "
        "where the log does not name the user.",
        high=1.0,
    ),
)
PAPER_RATIO = 100.0
PAPER_USES, PAPER_PROMPTS, MIN_USES = 1000, 169_620, 5
"""Uses that make a word a candidate: 1,000 in a log as large as the paper's, and never under 5."""
PUNCTUATION = f"[{re.escape(string.punctuation)}]"
PAPER = {"word": pl.String, "n_uses": pl.Int64, "ratio": pl.Float64}
FITTED = {"word": pl.String, "definition": pl.String} | {
    name: kind for name, kind in _keyness.LIST.items() if name != "word"
}


def missing(context: Context) -> dict[str, str]:
    """Why magic_ratio is void: the log names no users, or too few to estimate on one half what the other is given."""
    if _keyness.possible(context):
        return {}
    found = f"it names {context.n_users:,}" if context.n_users else "it names none"
    return {
        "magic_ratio": "Key words are found by how many users write them, on one half of the users for the other: the "
        f"log must name at least {_keyness.MIN_LOG_USERS} users, and {found}."
    }


def collect(rows: pl.DataFrame, context: Context) -> dict[str, pl.DataFrame]:
    """Sums of a part that holds all prompts of its users: uses of words as the paper cuts them, and those of _keyness.

    paper: word, n_uses, frequent (whether the whole log would list it if all of it were like this part); paper_words:
    n_words of the part, one row.
    """
    pieces = Pieces.of(rows["text"])
    n_uses = np.bincount(pieces.code, minlength=len(pieces.distinct))
    uses = pl.DataFrame({"word": _cleaned(pieces.distinct), "n_uses": n_uses}).explode("word", empty_as_null=False)
    counts = uses.group_by("word").agg(pl.col("n_uses").sum())
    share = floor(least_uses(context) * len(rows) / max(1, context.n_prompts))
    sums = {
        "paper": counts.with_columns(frequent=pl.col("n_uses") >= share),
        "paper_words": counts.select(n_words=pl.col("n_uses").sum()),
    }
    return sums | (_keyness.collect(rows, pieces, context) if _keyness.possible(context) else {})


def least_uses(context: Context) -> float:
    """Uses in the log that make a word one of the paper's candidates."""
    return max(MIN_USES, PAPER_USES * context.n_prompts / PAPER_PROMPTS)


def fit(parts: dict[str, pl.LazyFrame], context: Context) -> dict[str, pl.DataFrame]:
    """Table magic_words, a row per word and definition, of keyness also per half that it was estimated on.

    word: a phrase has blanks. definition: "paper" or "keyness"; half: 0 or 1, null for the paper's; n_uses, n_users: in
    the log, or the half (users null for the paper's). ratio: uses, or by users rate of use, by probability in general
    English. Null for the paper's: log_odds (natural), lower (bound of ratio), dispersion (in [0, 1]), held_out_ratio
    (the ratio in the other half). Best first.
    """
    paper = _paper_set(parts, context).with_columns(definition=pl.lit("paper"))
    own = _keyness.lists(parts, context).with_columns(definition=pl.lit("keyness"))
    found = pl.concat([pl.DataFrame(schema=FITTED), paper, own], how="diagonal")
    order = ["definition", "half", "lower", "ratio", "word"]
    best_first = [True, False, True, True, False]
    return {"magic_words": found.sort(order, descending=best_first, nulls_last=True)}


def _paper_set(parts: Mapping[str, pl.LazyFrame], context: Context) -> pl.DataFrame:
    if "paper" not in parts:
        return pl.DataFrame(schema=PAPER)
    frequent = parts["paper"].filter("frequent").select("word").unique()
    uses = parts["paper"].join(frequent, on="word", how="semi").group_by("word").agg(pl.col("n_uses").sum())
    counts = uses.filter(pl.col("n_uses") >= least_uses(context)).collect(engine="streaming")
    total = parts["paper_words"].select(pl.col("n_words").sum()).collect().item()
    probability = pl.Series([_keyness.reference(word) for word in counts["word"]], dtype=pl.Float64)
    found = counts.select("word", "n_uses", ratio=pl.col("n_uses") / total / probability)
    return found.filter(pl.col("ratio") >= PAPER_RATIO)


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Shares per text, in [0, 1]: magic_ratio_paper, 0 without words, and magic_ratio, null without words or user."""
    fitted, pieces = context.fitted["magic_words"]["magic_words"], Pieces.of(rows["text"])
    paper = _paper_share(pieces, len(rows), fitted.filter(definition="paper")["word"])
    if not _keyness.possible(context):
        return pl.select(magic_ratio_paper=paper, magic_ratio=pl.repeat(None, len(rows), dtype=pl.Float64))
    halves = half(rows["user_id"], context.settings.seed)
    own = _own_share(pieces, halves, fitted.filter(definition="keyness"))
    return pl.select(magic_ratio_paper=paper, magic_ratio=pl.when(halves.is_not_null()).then(own))


def _cleaned(pieces: pl.Series) -> pl.Series:
    """The words of pieces as the paper cuts them: without ASCII punctuation, between blanks, in their own case."""
    return pieces.str.replace_all(PUNCTUATION, "").str.extract_all(PYTHON_PART)


def _paper_share(pieces: Pieces, n_rows: int, magic: pl.Series) -> pl.Series:
    words = _cleaned(pieces.distinct)
    counts = words.list.len().to_numpy()
    is_magic = words.explode(empty_as_null=False).is_in(magic.implode()).to_numpy()
    found = np.bincount(np.repeat(np.arange(len(words)), counts), is_magic, len(words))
    parts = (np.bincount(pieces.row, per_piece[pieces.code], n_rows) for per_piece in (found, counts))
    return quotient(*parts).fill_null(0.0)


def _own_share(pieces: Pieces, halves: pl.Series, terms: pl.DataFrame) -> pl.Series:
    """Shares of each text by the list of the half that its user is not in."""
    tokens = Tokens.of(pieces)
    magic = np.zeros(len(tokens.row), dtype=bool)
    for number in (0, 1):
        others = (halves == 1 - number).fill_null(False).to_numpy()
        magic |= covered(tokens, terms.filter(half=number)["word"], others)
    return quotient(np.bincount(tokens.row, magic, len(halves)), tokens.per_row(len(halves)))
