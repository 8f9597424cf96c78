"""Kneser-Ney trigram models: by hand, against a plain reading of the formulas and against nltk; and their contrast."""

from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.lm import KneserNeyInterpolated
from nltk.util import everygrams

from unspool.models import ngrams
from unspool.models.ngrams import END, START, UNKNOWN, Contrast, Hashed, contrast, discount, keys, mixed, train

A, B, C = 2, 3, 4
TOY = [[A, B], [A, B], [C, A, B], [B]]
texts = st.lists(st.lists(st.integers(UNKNOWN, 6), max_size=7), max_size=12)


def flat(listed):
    codes = np.array([code for text in listed for code in text], dtype=np.uint32)
    return codes, np.array([len(text) for text in listed], dtype=np.int64)


def key(*codes):
    found = 0
    for code in codes:
        found = found << 21 | code
    return np.array([found], dtype=np.uint64)


def trained(listed, n_codes):
    return train(*flat(listed), n_codes)


class Plain:
    """The formulas of the module, read one by one, with dictionaries."""

    def __init__(self, listed, n_codes):
        self.n_words = n_codes - 1
        triples = Counter()
        for text in listed:
            padded = [START, START, *text]
            triples.update(zip(padded, padded[1:], padded[2:], strict=False))
        pairs = Counter((v, w) for _, v, w in triples)
        words = Counter((w,) for _, w in pairs)
        self.counts = {3: triples, 2: pairs, 1: words}
        self.followers = {n: defaultdict(list) for n in (1, 2, 3)}
        for n, counted in self.counts.items():
            for gram in counted:
                self.followers[n][gram[:-1]].append(gram)

    def discount(self, n):
        values = list(self.counts[n].values())
        once, twice = values.count(1), values.count(2)
        return once / (once + 2 * twice) if once else 0.5

    def p(self, word, *history):
        n = len(history) + 1
        grams = self.followers[n][history]
        shorter = self.p(word, *history[1:]) if history else 1 / self.n_words
        if not grams:
            return shorter
        total = sum(self.counts[n][gram] for gram in grams)
        own = max(self.counts[n][(*history, word)] - self.discount(n), 0) / total
        return own + self.discount(n) * len(grams) / total * shorter


def test_keys_hold_a_word_and_the_two_before_it_in_its_text():
    found = keys(*flat([[A, B, C], [], [B]]))
    wanted = [(START, START, A), (START, A, B), (A, B, C), (START, START, B)]
    assert found.tolist() == [int(key(*three)[0]) for three in wanted]


def test_the_largest_code_fits():
    most = ngrams.MOST_CODES - 1
    assert keys(*flat([[most, most, most]]))[2] == 2**63 - 1


@pytest.mark.parametrize(("counts", "wanted"), [([1, 1, 2, 5], 0.5), ([1, 3], 1.0), ([2, 2], 0.5), ([], 0.5)])
def test_the_discount_is_from_those_seen_once_and_twice(counts, wanted):
    # 2 / (2 + 2 * 1); 1 / (1 + 0); none seen once, twice: 0.5
    assert discount(np.array(counts, dtype=np.int64)) == wanted


def test_probabilities_by_hand():
    # Triples: ..A 2, .AB 2, ..C 1, .CA 1, CAB 1, ..B 1. n1 = 4, n2 = 2: D3 = 4 / 8 = 1/2
    # Words before pairs: .A 1, AB 2 (. and C), .C 1, CA 1, .B 1. n1 = 4, n2 = 1: D2 = 4 / 6 = 2/3
    # Words before words: A 2 (. and C), B 2 (. and A), C 1. n1 = 1, n2 = 2: D1 = 1 / 5; of 5 pairs
    # 1/5 * 3 types / 5 = 0.12 is left, 0.03 for each of UNKNOWN, A, B, C
    model = trained(TOY, 5)
    assert model.discounts == pytest.approx((1 / 5, 2 / 3, 1 / 2), abs=1e-15)
    assert model.words[UNKNOWN:] == pytest.approx([0.03, 1.8 / 5 + 0.03, 1.8 / 5 + 0.03, 0.8 / 5 + 0.03], abs=1e-15)
    # After A only B was seen, with 2 words before: (2 - 2/3) / 2, and 2/3 * 1 / 2 is left
    b_after_a = 2 / 3 + 1 / 3 * 0.39
    assert model.after_one(key(A, B)) == pytest.approx(b_after_a, abs=1e-15)
    assert model.after_one(key(A, UNKNOWN)) == pytest.approx(1 / 3 * 0.03, abs=1e-15)
    # .AB 2 of 2: (2 - 1/2) / 2, and 1/2 * 1 / 2 is left
    assert model.after_two(key(START, A, B)) == pytest.approx(0.75 + 0.25 * b_after_a, abs=1e-15)
    # BA was never a history, A was; C C: neither was (no word followed C C, A followed C)
    assert model.after_two(key(B, A, B)) == pytest.approx(b_after_a, abs=1e-15)
    assert model.after_two(key(C, B, A)) == pytest.approx(0.39, abs=1e-15)


def test_a_model_without_any_words_finds_all_equally_likely():
    model = trained([[], []], 5)
    assert model.words[UNKNOWN:].tolist() == [0.25] * 4
    assert model.after_two(key(A, B, C)) == 0.25


@given(texts)
def test_it_is_the_plain_reading_and_sums_to_one(listed):
    model, plain = trained(listed, 7), Plain(listed, 7)
    codes = range(UNKNOWN, 7)
    for history in [(START, START), (START, 3), *product(codes, codes)]:
        found = np.concatenate([model.after_two(key(*history, word)) for word in codes])
        assert found == pytest.approx([plain.p(word, *history) for word in codes], abs=1e-12)
        assert found.sum() == pytest.approx(1, abs=1e-12)
        assert (found > 0).all()


def test_it_is_the_plain_reading_on_a_longer_text():
    generator = np.random.default_rng(3)
    listed = [list(generator.zipf(1.5, size=9).clip(1, 59)) for _ in range(300)]
    model, plain = trained(listed, 60), Plain(listed, 60)
    for history in [(START, START), (1, 1), (1, 2), (2, 1), (40, 1), (7, 59)]:
        found = np.concatenate([model.after_two(key(*history, word)) for word in range(1, 60)])
        assert found == pytest.approx([plain.p(word, *history) for word in range(1, 60)], abs=1e-12)
        assert found.sum() == pytest.approx(1, abs=1e-12)


def test_it_is_nltks_model_but_for_single_words(monkeypatch):
    # nltk's discount is fixed, its mark of the start is predicted like a word, and its single words are neither
    # discounted nor mixed with the uniform: so the start is left out of the histories, and the difference of the two
    # probabilities must be that of single words by what the two histories leave to them.
    generator = np.random.default_rng(1)
    listed = [list(generator.zipf(1.4, size=7).clip(2, 9)) for _ in range(200)]
    theirs = KneserNeyInterpolated(3, discount=0.4)
    padded = [["<s>", "<s>", *map(str, text)] for text in listed]
    theirs.fit([everygrams(text, max_len=3) for text in padded], vocabulary_text=map(str, range(2, 10)))
    monkeypatch.setattr(ngrams, "discount", lambda _: 0.4)
    ours = trained(listed, 10)
    for u, v, word in product(range(2, 10), repeat=3):
        left = ours.triples.weight(key(u, v)) * ours.pairs.weight(key(v))
        words = theirs.score(str(word)) - ours.words[word]
        difference = theirs.score(str(word), [str(u), str(v)]) - ours.after_two(key(u, v, word))
        assert difference == pytest.approx(left * words, abs=1e-12)


def test_the_hash_is_splitmix64s():
    # the first number of the generator with seed 0 is the hash of its increment
    assert mixed(np.array([0x9E3779B97F4A7C15], dtype=np.uint64))[0] == 0xE220A8397B1DCDAF
    assert len(np.unique(mixed(np.arange(100_000, dtype=np.uint64)))) == 100_000


@given(st.sets(st.integers(0, 2**63 - 1)), st.lists(st.integers(0, 2**63 - 1)))
def test_keys_are_found_where_they_are_and_nowhere_else(there, others):
    ordered = np.sort(mixed(np.array(sorted(there), dtype=np.uint64)))
    place, seen = Hashed.of(np.append(ordered, END)).find(np.array([*there, *others], dtype=np.uint64))
    assert seen.tolist() == [value in there for value in [*there, *others]]
    wanted = mixed(np.array([*there], dtype=np.uint64))
    assert ordered[place[: len(there)]].tolist() == wanted.tolist()


def test_many_keys_are_found():
    values = np.random.default_rng(0).integers(2**63, size=20_000, dtype=np.uint64)
    index = Hashed.of(np.append(np.sort(mixed(values[:10_000])), END))
    _, seen = index.find(values)
    assert seen.sum() == 10_000
    assert seen[:10_000].all()


@given(texts, texts, texts)
def test_a_contrast_is_the_difference_of_two_logarithms(one, other, scored):
    models = trained(one, 7), trained(other, 7)
    codes, lengths = flat(scored)
    found = Contrast.of(contrast(*models)).of_words(codes, lengths)
    first, second = (model.after_two(keys(codes, lengths)) for model in models)
    assert found == pytest.approx(np.log(first) - np.log(second), abs=1e-12)


def test_parts_of_the_ngrams_change_nothing(monkeypatch):
    generator = np.random.default_rng(2)
    first, second = (trained([list(generator.integers(1, 30, 9)) for _ in range(40)], 30) for _ in range(2))
    whole = contrast(first, second)
    monkeypatch.setattr(ngrams, "AT_ONCE", 7)
    assert all(table.equals(whole[name]) for name, table in contrast(first, second).items())


def test_means_by_hand():
    # Model 1 has A B, model 2 has B A, codes UNKNOWN, A, B. Each: all counts 1, so D = 1 at every length and all
    # probability goes down to the uniform, 1/3: no difference at all
    against = Contrast.of(contrast(trained([[A, B]], 4), trained([[B, A]], 4)))
    assert against.means(*flat([[A, B], [], [B]])) == pytest.approx([0, np.nan, 0], abs=1e-12, nan_ok=True)
    # TOY against a model without words, which has 1/4 for each: after the start, A (2 of 4 texts, and D3 = 1/2,
    # 3 types) has (2 - 1/2) / 4 + 1/2 * 3 / 4 * p(A | .); after one mark .A .C .B have 1 each, so D2 = 2/3 leaves
    # (1 - 2/3) / 3 + 2/3 * 3 / 3 * 0.39; then B as above
    a = 1.5 / 4 + 1.5 / 4 * (1 / 9 + 2 / 3 * 0.39)
    b = 0.75 + 0.25 * (2 / 3 + 1 / 3 * 0.39)
    against = Contrast.of(contrast(trained(TOY, 5), trained([], 5)))
    assert against.means(*flat([[A, B]])) == pytest.approx([(np.log(4 * a) + np.log(4 * b)) / 2], abs=1e-12)


def test_a_model_against_itself_is_zero():
    model = trained(TOY, 5)
    assert Contrast.of(contrast(model, model)).of_words(*flat([[A, B, C, UNKNOWN]])).tolist() == [0.0] * 4
