"""Terms of texts: words without case, and phrases of two and three words with nothing but blanks between them."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features.length import WORD
from unspool.syntax.codes import coded, places

LONGEST = 3
TOKEN = rf"{WORD}|[^\s\p{{L}}\p{{M}}\p{{N}}]+"
FIRST_OF_WORD = r"^[\p{L}\p{M}\p{N}]"
END = " ."
"""Put after each text, so that no phrase runs into the next one: a piece that holds no word."""
KEY_BITS = 64
COUNTS = {
    "half": pl.UInt8,
    "term": pl.String,
    "size": pl.UInt8,
    "users": pl.Int64,
    "uses": pl.Int64,
    "spread": pl.Float64,
}

Ints = NDArray[np.int64]
Keys = NDArray[np.uint64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Pieces:
    """What stands between spaces: of each piece the row and the position among the `distinct` ones."""

    row: Ints
    code: Ints
    distinct: pl.Series

    @classmethod
    def of(cls, texts: pl.Series) -> "Pieces":
        """The pieces of texts, a full stop after each; a null text has what an empty one has."""
        split = (texts.fill_null("") + END).str.split(" ")
        code, distinct = coded(split.explode(empty_as_null=False))
        return cls(np.repeat(np.arange(len(texts)), split.list.len().to_numpy()), code, distinct)


@dataclass(frozen=True)
class Tokens:
    """Words and what breaks a phrase, in order: of each the row, and the place in `vocabulary`, 0 for a break.

    The last token of a row is a break.
    """

    row: Ints
    word: Keys
    vocabulary: pl.Series

    @classmethod
    def of(cls, pieces: Pieces) -> "Tokens":
        """The tokens of pieces; the words are those of `n_words`."""
        found = pieces.distinct.str.to_lowercase().str.extract_all(TOKEN)
        numbers, tokens = coded(found.explode(empty_as_null=False))
        is_word = tokens.str.contains(FIRST_OF_WORD)
        place = np.cumsum(is_word.to_numpy()) * is_word.to_numpy()
        per_piece = found.list.len().to_numpy().astype(np.int64)
        at = places(pieces.code, per_piece)
        vocabulary = pl.concat([pl.Series([""]), tokens.filter(is_word).rename("")])
        return cls(np.repeat(pieces.row, per_piece[pieces.code]), place.astype(np.uint64)[numbers[at]], vocabulary)

    def within(self, rows: Flags) -> "Tokens":
        """The tokens with those of other rows as breaks."""
        return replace(self, word=np.where(rows[self.row], self.word, np.uint64(0)))

    def per_row(self, n_rows: int) -> Ints:
        """How many words each row has."""
        return np.bincount(self.row[self.word > 0], minlength=n_rows)


@dataclass(frozen=True)
class Owners:
    """Whose each row is, and of each owner the half and how many words it has."""

    of_row: Ints
    half: NDArray[np.uint8]
    n_words: Ints


def counted(tokens: Tokens, owners: Owners, floor: float) -> pl.DataFrame:
    """How many users of each half use each term, with the columns of COUNTS.

    `spread` is the sum over users of c ln(c / n), c their uses and n their words. Terms of fewer than `floor` users in
    both halves are left out, and so no longer phrase is looked at that holds one.
    """
    word, names, width = tokens.word, pl.Series([""]), _width(len(tokens.vocabulary))
    start, parts = np.zeros(len(word), np.uint64), [pl.DataFrame(schema=COUNTS)]
    for size in range(1, LONGEST + 1):
        last = np.concatenate([word[size - 1 :], np.zeros(min(size - 1, len(word)), np.uint64)])
        at = np.flatnonzero((last > 0) & ((start > 0) | (size == 1)))
        keys = (start[at] << width) | last[at]
        sums = _sums(keys, owners.of_row[tokens.row[at]], owners)
        kept = _kept(sums.filter(pl.col("users") >= floor)["key"], names, tokens.vocabulary, width)
        parts.append(sums.join(kept, on="key").with_columns(size=pl.lit(size, pl.UInt8)).select(*COUNTS))
        if size == LONGEST:
            break
        place = pl.DataFrame({"key": keys}).join(kept, on="key", how="left", maintain_order="left")["place"]
        start = np.zeros(len(word), np.uint64)
        start[at] = place.fill_null(0).to_numpy()
        names = pl.concat([pl.Series([""]), kept["term"].rename("")])
        word = np.where(start > 0, word, np.uint64(0)) if size == 1 else word
    return pl.concat(parts)


def _width(n: int) -> np.uint64:
    """Bits that hold the numbers from 0 to n."""
    return np.uint64(n.bit_length())


def _kept(keys: pl.Series, names: pl.Series, vocabulary: pl.Series, width: np.uint64) -> pl.DataFrame:
    """The terms that go on: key, place (from 1), term."""
    kept = keys.unique(maintain_order=True)
    numbers = kept.to_numpy()
    before, last = names.gather(numbers >> width), vocabulary.gather(numbers & _mask(width))
    order = np.arange(1, len(kept) + 1, dtype=np.uint64)
    return pl.DataFrame({"key": kept, "place": order, "term": (before + " " + last).str.strip_chars_start(" ")})


def _mask(width: np.uint64) -> np.uint64:
    return (np.uint64(1) << width) - np.uint64(1)


def _sums(keys: Keys, owner: Ints, owners: Owners) -> pl.DataFrame:
    """Columns half, key, users, uses, spread, from the key and the owner of each use; by key and half."""
    # Sorted by key and owner, with the owners of a half side by side, all sums are over runs.
    order, width = np.argsort(owners.half, kind="stable"), _width(len(owners.half))
    place = np.argsort(order).astype(np.uint64)
    numbers, distinct = _narrow(keys, KEY_BITS - int(width))
    packed = (numbers << width) | place[owner]
    packed.sort()
    first = np.flatnonzero(np.diff(packed, prepend=~packed[:1]))
    uses, pair = np.diff(first, append=len(packed)), packed[first]
    who, key = order[(pair & _mask(width)).astype(np.int64)], pair >> width
    group = (key << np.uint64(1)) | owners.half[who]
    edge = np.flatnonzero(np.diff(group, prepend=~group[:1]))
    sums = {
        "half": owners.half[who[edge]],
        "key": distinct[key[edge]] if distinct is not None else key[edge],
        "users": np.diff(edge, append=len(pair)),
        "uses": np.add.reduceat(uses, edge),
        "spread": np.add.reduceat(uses * np.log(uses / owners.n_words[who]), edge),
    }
    return pl.DataFrame(sums)


def _narrow(keys: Keys, bits: int) -> tuple[Keys, Keys | None]:
    """The keys, or where they need more bits their places among the distinct ones, and these."""
    if not len(keys) or int(keys.max()).bit_length() < bits:
        return keys, None
    distinct, places = np.unique(keys, return_inverse=True)
    return places.astype(np.uint64), distinct


def covered(tokens: Tokens, terms: pl.Series, among: Flags) -> Flags:
    """Whether each token is one of the terms or a word of a phrase among them; only in the rows of `among`."""
    split = terms.str.split(" ")
    known = split.explode(empty_as_null=False).unique(maintain_order=True)
    numbers = pl.Series(np.arange(1, len(known) + 1))
    vocabulary = tokens.vocabulary.replace_strict(known, numbers, default=0, return_dtype=pl.Int64)
    number = vocabulary.to_numpy()[tokens.within(among).word]
    spelled = split.list.eval(pl.element().replace_strict(known, numbers, return_dtype=pl.Int64)).to_list()
    inside, base = np.zeros(len(number), dtype=bool), len(known) + 1
    at = np.flatnonzero(number)
    keys = number[at]
    for size in range(1, LONGEST + 1):
        wanted = np.array([_number(term, base) for term in spelled if len(term) == size], dtype=np.int64)
        found = at[np.isin(keys, wanted)]
        for place in range(size):
            inside[found + place] = True
        # The last token of a text is a break, so there is always one after a word.
        following = number[at + size] if size < LONGEST else keys
        at, keys = at[following > 0], (keys * base + following)[following > 0]
    return inside


def _number(term: list[int], base: int) -> int:
    return sum(word * base**power for power, word in enumerate(reversed(term)))
