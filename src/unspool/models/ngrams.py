"""Trigram models of words with interpolated Kneser-Ney smoothing, and the contrast of two of them, in arrays.

A word is predicted from the two before it, u v, in its text; before the first stand marks of the start. The end of a
text is not predicted. With c a count, N1+ a number of different n-grams and a dot for any word,

    p(w | u v) = max(c(u v w) - D3, 0) / c(u v .)     + D3 N1+(u v .) / c(u v .) * p(w | v)
    p(w | v)   = max(N1+(. v w) - D2, 0) / N1+(. v .) + D2 N1+(v .) / N1+(. v .) * p(w)
    p(w)       = max(N1+(. w) - D1, 0) / N1+(. .)     + D1 N1+(.) / N1+(. .) / V

(Kneser & Ney 1995; interpolated as in Chen & Goodman 1999, Comput. Speech Lang. 13, Sec. 3), where V words can be
predicted, and an unseen history leaves the line below it. D = n1 / (n1 + 2 n2) of each line, n1 and n2 being how many
of its numerators are 1 and 2 (Ney, Essen & Kneser 1994); where none is 1, D = 0.5, so that no word is impossible.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

START, UNKNOWN = 0, 1
"""Codes of the mark before a text and of a word out of the vocabulary; those of words are from 2 on."""
BITS = np.uint64(21)
MOST_CODES = 2 ** int(BITS)
LAST = np.uint64(MOST_CODES - 1)
LAST_TWO = np.uint64(MOST_CODES**2 - 1)
END = np.uint64(2**64 - 1)
AT_ONCE = 1_000_000
"""N-grams whose probabilities are computed at a time, to save memory."""

Keys = NDArray[np.uint64]
Codes = NDArray[np.uint32]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Number = TypeVar("Number", np.uint64, np.float64)


def keys(codes: Codes, lengths: Counts) -> Keys:
    """Each word with the two before it as one number, 21 bits for each: u v w.

    `codes`: those of all texts, one after the other; `lengths`: how many each text has.
    """
    w, first = codes.astype(np.uint64), _first(lengths)
    v = _before(w, first)
    found = _before(v, first)
    for code in (v, w):  # in place: a training text has tens of millions of words
        found <<= BITS
        found |= code
    return found


def _first(lengths: Counts) -> Counts:
    """Where the texts that have words begin."""
    return (np.cumsum(lengths) - lengths)[lengths > 0]


def _before(codes: Keys, first: Counts) -> Keys:
    shifted = np.roll(codes, 1)
    shifted[first] = START
    return shifted


def discount(counts: Counts) -> float:
    """D of the n-grams that have these counts."""
    once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
    return once / (once + 2 * twice) if once else 0.5


@dataclass(frozen=True)
class Level:
    """The n-grams of one length: probabilities of those seen, and what their histories leave to shorter ones."""

    keys: Keys
    probabilities: Floats
    histories: Keys
    weights: Floats
    discount: float

    def weight(self, histories: Keys) -> Floats:
        """The factor of the shorter history; 1 for a history that was not seen."""
        return _looked_up(self.histories, self.weights, histories, np.ones(len(histories)))


@dataclass(frozen=True)
class NGrams:
    """A trained model. `words` has a probability per code (1 for START, which is never predicted)."""

    words: Floats
    pairs: Level
    triples: Level
    discounts: tuple[float, float, float]

    def after_one(self, pairs: Keys) -> Floats:
        """p(w | v) of keys v w."""
        shorter = self.pairs.weight(pairs >> BITS) * self.words[pairs & LAST]
        return _looked_up(self.pairs.keys, self.pairs.probabilities, pairs, shorter)

    def after_two(self, triples: Keys) -> Floats:
        """p(w | u v) of keys u v w."""
        shorter = self.triples.weight(triples >> BITS) * self.after_one(triples & LAST_TWO)
        return _looked_up(self.triples.keys, self.triples.probabilities, triples, shorter)


def train(codes: Codes, lengths: Counts, n_codes: int) -> NGrams:
    """The model of these texts, in which the codes 1 to n_codes - 1 can be predicted."""
    triples, counts = np.unique(keys(codes, lengths), return_counts=True)
    pairs, continuations = np.unique(triples & LAST_TWO, return_counts=True)
    words, d1 = _words(np.bincount((pairs & LAST).astype(np.int64), minlength=n_codes))
    after_one = _level(pairs, continuations, words[pairs & LAST])
    shorter = after_one.probabilities[np.searchsorted(pairs, triples & LAST_TWO)]
    after_two = _level(triples, counts, shorter)
    return NGrams(words, after_one, after_two, (d1, after_one.discount, after_two.discount))


def _words(continuations: Counts) -> tuple[Floats, float]:
    counts = continuations[UNKNOWN:]
    d, total = discount(counts), counts.sum()
    uniform = d * np.count_nonzero(counts) / total if total else 1.0
    seen = np.maximum(counts - d, 0) / max(total, 1)
    return np.concatenate([np.ones(1), seen + uniform / len(counts)]), d


def _level(ngrams: Keys, counts: Counts, shorter: Floats) -> Level:
    """`ngrams` in order; `shorter`: the probability of each one's word after the history without its first word."""
    history = ngrams >> BITS
    starts = np.flatnonzero(_changes(history))
    followers = np.diff(starts, append=len(ngrams))
    totals = np.add.reduceat(counts, starts) if len(starts) else starts
    d = discount(counts)
    weights = d * followers / totals
    probabilities = (counts - d) / np.repeat(totals, followers) + np.repeat(weights, followers) * shorter
    return Level(ngrams, probabilities, history[starts], weights, d)


def _changes(values: Keys) -> Flags:
    return np.asarray(np.diff(values, prepend=~values[:1]) != 0)


def _looked_up(ordered: Keys, values: Floats, wanted: Keys, otherwise: Floats) -> Floats:
    if not len(ordered):
        return otherwise
    place = np.minimum(np.searchsorted(ordered, wanted), len(ordered) - 1)
    return np.where(ordered[place] == wanted, values[place], otherwise)


@dataclass(frozen=True)
class Hashed:
    """Keys to be found among millions: in order of their hash, with the first place of each range of hashes.

    A binary search among so many waits for memory at every step, which takes many times as long.
    """

    hashes: Keys
    starts: NDArray[np.uint32]

    @classmethod
    def of(cls, hashes: Keys) -> "Hashed":
        """Of hashes in order, those of `mixed`, with a larger one at the end than any that is looked for."""
        bits = max(len(hashes), 2).bit_length()
        counts = np.bincount((hashes >> np.uint64(64 - bits)).astype(np.int64), minlength=2**bits)
        starts = (np.cumsum(counts) - counts).astype(np.uint32)
        return cls(hashes, starts)

    def find(self, wanted: Keys) -> tuple[Counts, Flags]:
        """The place of each key, and whether it is there."""
        hashes = mixed(wanted)
        bits = len(self.starts).bit_length() - 1
        place = self.starts[hashes >> np.uint64(64 - bits)].astype(np.int64)
        behind = np.flatnonzero(self.hashes[place] < hashes)
        while len(behind):
            place[behind] += 1
            behind = behind[self.hashes[place[behind]] < hashes[behind]]
        return place, self.hashes[place] == hashes


def mixed(values: Keys) -> Keys:
    """A one-to-one hash of 64-bit numbers: the finaliser of splitmix64 (Steele, Lea & Flood 2014)."""
    found = values.copy()
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        found ^= found >> np.uint64(shift)
        found *= np.uint64(factor)
    return found


@dataclass(frozen=True)
class Contrast:
    """log p(w | u v) of one model less that of another with the same codes, in nats.

    `ratio`: of n-grams that one of the two has seen; `weight`: the log ratio of what a history leaves to shorter ones.
    """

    word_ratio: Floats
    word_weight: Floats
    pairs: Hashed
    pair_ratio: Floats
    pair_weight: Floats
    triples: Hashed
    triple_ratio: Floats

    def means(self, codes: Codes, lengths: Counts) -> Floats:
        """The mean over the words of each text, NaN for a text without words; arguments as those of `keys`."""
        text = np.repeat(np.arange(len(lengths)), lengths)
        sums = np.bincount(text, weights=self.of_words(codes, lengths), minlength=len(lengths))
        return np.where(lengths > 0, sums / np.maximum(lengths, 1), np.nan)

    def of_words(self, codes: Codes, lengths: Counts) -> Floats:
        """The difference of each word."""
        wanted, first = keys(codes, lengths), _first(lengths)
        pair, pair_seen = self.pairs.find(wanted & LAST_TWO)
        start, start_seen = self.pairs.find(np.zeros(1, dtype=np.uint64))
        history, history_seen = np.roll(pair, 1), np.roll(pair_seen, 1)
        history[first], history_seen[first] = start, start_seen
        before = (wanted >> BITS & LAST).astype(np.int64)
        shorter = np.where(pair_seen, self.pair_ratio[pair], self.word_weight[before] + self.word_ratio[codes])
        found = np.where(history_seen, self.pair_weight[history], 0) + shorter
        possible = np.flatnonzero(pair_seen & history_seen)
        triple, triple_seen = self.triples.find(wanted[possible])
        found[possible[triple_seen]] = self.triple_ratio[triple[triple_seen]]
        return found

    @classmethod
    def of(cls, tables: Mapping[str, pl.DataFrame]) -> "Contrast":
        """From the tables that `contrast` makes."""
        words, pairs, triples = tables["words"], tables["pairs"], tables["triples"]
        return cls(
            words["ratio"].to_numpy(),
            words["weight"].to_numpy(),
            Hashed.of(pairs["hash"].to_numpy()),
            pairs["ratio"].to_numpy(),
            pairs["weight"].to_numpy(),
            Hashed.of(triples["hash"].to_numpy()),
            triples["ratio"].to_numpy(),
        )


def contrast(of: NGrams, against: NGrams) -> dict[str, pl.DataFrame]:
    """The tables of a Contrast: `words`, a row per code, `pairs` and `triples`, a row per n-gram of either model.

    The last row of pairs and triples is no n-gram but the end of the hashes.
    """
    codes = np.arange(len(of.words), dtype=np.uint64)
    words = {
        "ratio": np.log(of.words) - np.log(against.words),
        "weight": _log_ratio(codes, of.pairs.weight, against.pairs.weight),
    }
    return {"words": pl.DataFrame(words), "pairs": _pairs(of, against), "triples": _triples(of, against)}


def _pairs(of: NGrams, against: NGrams) -> pl.DataFrame:
    start = np.zeros(1, dtype=np.uint64)  # the history of first words: two marks of the start
    pairs = _either(start, of.pairs.keys, against.pairs.keys)
    ratio = _log_ratio(pairs, of.after_one, against.after_one)
    weight = _log_ratio(pairs, of.triples.weight, against.triples.weight)
    return _by_hash(pairs, {"ratio": ratio, "weight": weight})


def _triples(of: NGrams, against: NGrams) -> pl.DataFrame:
    triples = _either(of.triples.keys, against.triples.keys)
    return _by_hash(triples, {"ratio": _log_ratio(triples, of.after_two, against.after_two)})


def _either(*parts: Keys) -> Keys:
    together = np.concatenate(parts)
    together.sort()
    return together[_changes(together)]


def _log_ratio(wanted: Keys, of: Callable[[Keys], Floats], against: Callable[[Keys], Floats]) -> Floats:
    found = np.empty(len(wanted))
    for start in range(0, len(wanted), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        found[part] = np.log(of(wanted[part])) - np.log(against(wanted[part]))
    return found


def _by_hash(ngrams: Keys, values: Mapping[str, Floats]) -> pl.DataFrame:
    hashes = mixed(ngrams)
    order = np.argsort(hashes)
    columns = {name: _ordered(column, order, np.float64(0)) for name, column in values.items()}
    return pl.DataFrame({"hash": _ordered(hashes, order, END), **columns})


def _ordered(values: NDArray[Number], order: Counts, end: Number) -> NDArray[Number]:
    found = np.empty(len(values) + 1, dtype=values.dtype)
    np.take(values, order, out=found[:-1], mode="clip")
    found[-1] = end
    return found
