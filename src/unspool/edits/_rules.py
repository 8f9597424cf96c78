"""The kind of an edit of the text: ordered rules, the first that holds."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool import tables
from unspool.edits._align import Alignment
from unspool.edits._spans import Changed
from unspool.edits._texts import Flags, Ints, Texts, same_word
from unspool.edits._typos import is_typo
from unspool.features.length import WORD
from unspool.features.repetition import stop_words

REPETITION = tables.WORD_KINDS.index("repetition")
MOST_SIMILAR = 0.2
HUNK_BITS = 32
FAMILY_BITS = np.array(
    [1 if k in tables.CONTENT_KINDS else 2 if k in tables.STYLE_KINDS else 4 for k in tables.WORD_KINDS]
)
"""What is depicted, how it is depicted, what is said again: finer kinds are told apart too often wrongly."""
ARTICLES = ("a", "the")
SIGNS = r"[()\[\]{}]|::"
WEIGHT = r"::\s*-?\d*\.?\d*|:\s*\d*\.?\d+\s*\)"
"""`::2` as Midjourney has it, and `(word:1.2)` as Stable Diffusion has it."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Pairs of different texts, aligned: what the rules look at, one value per pair unless a docstring says so."""

    texts: pl.Series
    cut: Texts
    before: Ints
    after: Ints
    found: Alignment
    removed: Changed
    added: Changed
    n_kept: Ints
    n_moved: Ints
    similarity: NDArray[np.float64]

    def per_pair(self, pairs: Ints) -> Ints:
        """How often each pair is among these."""
        return np.bincount(pairs, minlength=len(self.before))


def kinds(edited: Edited) -> pl.Series:
    """The kind of each edit, one of EDIT_KINDS; reroll and parameters are told before any text is aligned."""
    n_added, n_removed = edited.per_pair(edited.added.pair), edited.per_pair(edited.removed.pair)
    small = _only_articles(edited)
    ordered = {
        "format": _format(edited, small, n_added, n_removed),
        "reorder": small & (edited.n_moved > 0),
        "emphasis": _emphasis(edited),
        "new_scene": _new_scene(edited, n_added, n_removed),
        "deletion": n_added == 0,
        "addition": n_removed == 0,
        "substitution": _substitution(edited),
    }
    chosen = np.select(list(ordered.values()), list(ordered), default="mixed")
    return pl.Series(chosen, dtype=pl.String)


def _only_articles(edited: Edited) -> Flags:
    """Whether nothing but articles is added or removed."""
    article = edited.cut.words.is_in(ARTICLES).to_numpy()
    others = [words.pair[~article[words.side.word[words.place]]] for words in (edited.added, edited.removed)]
    only: Flags = edited.per_pair(np.concatenate(others)) == 0
    return only


def _format(edited: Edited, small: Flags, n_added: Ints, n_removed: Ints) -> Flags:
    """The same letters and digits; or nothing but articles or the spelling of one word changed; all in place."""
    found: Flags = small & (edited.n_moved == 0)
    one = (n_added == 1) & (n_removed == 1) & (edited.n_moved == 0)
    found |= _typo(edited, one)
    maybe = np.flatnonzero(_letters(edited, edited.before) == _letters(edited, edited.after))
    same = _equal(edited, maybe, pl.col("text").str.to_lowercase().str.replace_all(r"[^\p{L}\p{M}\p{N}]+", ""))
    found[maybe[same]] = True
    at = np.flatnonzero(found)
    found[at] = _equal(edited, at, pl.col("text").str.extract_all(SIGNS).list.sort().list.join(" "))
    return found


def _letters(edited: Edited, codes: Ints) -> Ints:
    """How many letters and digits each text has."""
    per_token = edited.cut.tokens.str.replace_all(r"['’\-]", "").str.to_lowercase().str.len_chars().to_numpy()
    ends = np.cumsum(edited.cut.sizes)
    total = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(per_token[edited.cut.token].astype(np.int64))])
    per_text: Ints = total[ends] - total[ends - edited.cut.sizes]
    return per_text[codes]


def _equal(edited: Edited, pairs: Ints, form: pl.Expr) -> Flags:
    """Whether both texts of these pairs have the same form."""
    forms = [edited.texts.gather(codes[pairs]).to_frame("text").select(form) for codes in (edited.before, edited.after)]
    return (forms[0].to_series() == forms[1].to_series()).to_numpy()


def _typo(edited: Edited, one: Flags) -> Flags:
    """Whether the one word that is replaced, in place, is another spelling of the same."""
    old, new = (words.place[one[words.pair]] for words in (edited.removed, edited.added))
    same_hunk = edited.removed.hunk[one[edited.removed.pair]] == edited.added.hunk[one[edited.added.pair]]
    words = edited.cut.words
    before = words.gather(edited.removed.side.word[old]).to_list()
    after = words.gather(edited.added.side.word[new]).to_list()
    found = np.zeros(len(one), dtype=np.bool_)
    found[one] = same_hunk & np.fromiter(map(is_typo, before, after), np.bool_, len(before))
    return found


def _emphasis(edited: Edited) -> Flags:
    """The same words but for weights; or repetitions alone are added or removed; or nothing, so brackets differ."""
    others = [words.pair[~_again(words)] for words in (edited.added, edited.removed)]
    repeats = edited.per_pair(np.concatenate([edited.added.pair, edited.removed.pair])) > 0
    found: Flags = (edited.per_pair(np.concatenate(others)) == 0) & (repeats | (edited.n_moved == 0))
    weighted = edited.texts.str.contains(WEIGHT).to_numpy()
    maybe = np.flatnonzero((weighted[edited.before] | weighted[edited.after]) & ~found)
    found[maybe[_equal(edited, maybe, _words(pl.col("text").str.replace_all(WEIGHT, " ")))]] = True
    return found


def _again(words: Changed) -> Flags:
    """Whether each word is of the kind repetition, or its segment stands before in the same text."""
    side = words.side
    order = np.lexsort((side.segment_hash, side.segment_pair))
    said = np.zeros(len(order), dtype=np.bool_)
    same = [np.diff(values[order]) == 0 for values in (side.segment_pair, side.segment_hash)]
    said[order[1:]] = same[0] & same[1]
    again: Flags = (words.kind == REPETITION) | said[side.segment_of[words.place]]
    return again


def _words(text: pl.Expr) -> pl.Expr:
    """The distinct words of texts, in one string."""
    words = text.str.to_lowercase().str.extract_all(WORD)
    return words.list.eval(same_word(pl.element()).unique().sort()).list.join(" ")


def _new_scene(edited: Edited, n_added: Ints, n_removed: Ints) -> Flags:
    """Words on both sides, hardly one in common, and none that says what is depicted."""
    new = edited.found.new
    content = np.array([kind in tables.CONTENT_KINDS for kind in tables.WORD_KINDS])[edited.cut.kind[new.at]]
    spoken = ~edited.cut.words.is_in(list(stop_words())).to_numpy()
    in_common = edited.per_pair(new.pair[content & spoken[new.word] & ~new.left])
    new_scene: Flags = (edited.similarity < MOST_SIMILAR) & (in_common == 0) & (n_added > 0) & (n_removed > 0)
    return new_scene


def _substitution(edited: Edited) -> Flags:
    """In each place where words changed, some are removed and some added, of the same families; nothing is moved."""
    found: Flags = edited.n_moved == 0
    (old, of_old), (new, of_new) = (_per_place(words) for words in (edited.removed, edited.added))
    _, at_old, at_new = np.intersect1d(old, new, assume_unique=True, return_indices=True)
    other = [np.setxor1d(old, new, assume_unique=True), old[at_old[of_old[at_old] != of_new[at_new]]]]
    found[np.concatenate(other) >> HUNK_BITS] = False
    return found


def _per_place(words: Changed) -> tuple[Ints, Ints]:
    """The places where words changed, and which families of words in each, a bit for each."""
    keys = (words.pair << HUNK_BITS) | words.hunk
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    if not len(first):
        return keys, keys
    return keys[first], np.bitwise_or.reduceat(FAMILY_BITS[words.kind], first)
