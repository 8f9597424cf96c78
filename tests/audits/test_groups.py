"""The groups of texts, texts matched in length, and the classifier that has not seen a writer."""

import numpy as np
import polars as pl
import pytest
from tests.audits.language_logs import audited, prompts, thread

from unspool.audits import _two_sample as two_sample
from unspool.audits._groups import CAPTIONS, FILE, FIRST, LAST, MIDDLE, REFERENCE, UPSCALED, groups

FOUR = thread("a", ["one", "two words", "and three words", "four"], upscaled=(2, 4), captions=["c1", "c2", "", "c4"])
TWO = thread("b", ["five", "six"], captions=["d1", "d2"])
ALONE = thread("b", ["a thread of one"], captions=["e1"])
BY_HAND = {
    FIRST: {"0-0", "1-0"},
    MIDDLE: {"0-1", "0-2"},
    LAST: {"0-3", "1-1"},
    UPSCALED: {"0-1", "0-3"},
    REFERENCE: {"0-0", "0-1", "0-3", "1-0", "1-1"},  # 0-2 has a caption without words
}


@pytest.mark.parametrize(("group", "expected"), BY_HAND.items())
def test_groups_by_hand(group, expected):
    found = groups(audited(prompts([FOUR, TWO, ALONE])))
    assert set(found.of(group)["prompt_id"]) == expected
    assert (found.reference, found.note) == (CAPTIONS, None)
    assert found.of(group)["user_id"].null_count() == 0


def test_a_caption_is_that_of_its_prompt():
    found = groups(audited(prompts([FOUR, TWO]))).of(REFERENCE)
    assert dict(found.select("prompt_id", "text").rows()) == {
        **{"0-0": "c1", "0-1": "c2", "0-3": "c4"},
        **{"1-0": "d1", "1-1": "d2"},
    }


def test_features_come_along_and_absent_ones_are_null():
    found = groups(audited(prompts([FOUR])), ("n_style_words", "nowhere", "upscaled"))
    first = found.of(FIRST)
    assert first["n_style_words"].null_count() == 0 and first["nowhere"].null_count() == 1
    assert first["n_words"].to_list() == [1]
    assert found.of(MIDDLE)["n_words"].to_list() == [2, 3]


def test_a_file_has_as_many_lines_as_there_are_prompts_and_nobody():
    lines = [f"line {n}" for n in range(50)]
    found = groups(audited(prompts([FOUR, TWO]), reference=lines))
    assert found.reference == FILE and found.of(REFERENCE).height == 6
    assert found.of(REFERENCE)["user_id"].null_count() == 6
    assert set(found.of(REFERENCE)["text"]) < set(lines)


@pytest.mark.parametrize("threads", [[], [ALONE], [thread(None, ["no", "user"])]])
def test_without_threads_there_are_no_prompts(threads):
    found = groups(audited(prompts(threads)))
    assert found.texts.height == 0 and found.reference is None


def test_an_upscale_that_is_not_known_is_none():
    found = groups(audited(prompts([thread("a", ["x", "y"], upscaled=None)])))
    assert found.of(UPSCALED).height == 0 and found.of(FIRST).height == 1


def test_a_sample_holds_whole_users_and_says_so():
    listed = [thread(f"u{n % 10}", ["x", "y", "z"]) for n in range(30)]
    found = groups(audited(prompts(listed), sample=30))
    assert found.texts.filter(pl.col("group") == FIRST).group_by("user_id").len()["len"].to_list() == [3, 3, 3]
    assert found.note == "on a random sample of 3 of the 10 users who have threads of two or more prompts"


# log(9 / 8) / log 1.2 = 0.65, log(10 / 8) / log 1.2 = 1.22, log(80 / 8) / log 1.2 = 12.6
def test_lengths_by_hand():
    assert two_sample.lengths(np.array([1, 8, 9, 10, 80])).tolist() == [1, 8, 9, 10, 21]


def test_matched_texts_have_the_same_lengths():
    rng = np.random.default_rng(0)
    n_words, labels = rng.integers(1, 60, 500), rng.random(500) < 0.3
    kept = two_sample.matched(n_words, labels, 1)
    bins = two_sample.lengths(n_words)
    for one in np.unique(bins):
        here = bins == one
        both = [(here & labels).sum(), (here & ~labels).sum()]
        assert [(kept & here & labels).sum(), (kept & here & ~labels).sum()] == [min(both)] * 2
    assert kept.sum() > 100


def test_rows_of_the_matrix():
    found = two_sample.matrix(pl.Series(["A cat", "a CAT", "cat a", "", None]))
    lengths = np.sqrt(found.multiply(found).sum(axis=1))
    assert np.asarray(lengths).ravel() == pytest.approx([1, 1, 1, 0, 0])
    likeness = (found @ found.T).toarray()
    assert likeness[0, 1] == pytest.approx(1)
    assert likeness[0, 2] == pytest.approx(2 / 3)  # a, cat, and one pair of two: they share two of three


def test_folds_keep_users_whole():
    users = pl.Series(["a", "b", None, "a", None, "c", "b", None])
    found = two_sample.folds(users, 0)
    assert found[0] == found[3] and found[1] == found[6]
    assert len(set(two_sample.folds(pl.Series([None] * 20, dtype=pl.String), 0))) == two_sample.FOLDS


def test_a_classifier_has_not_seen_its_writer():
    """Each person has a word that tells the label of all of their texts, and shares none: nothing can be learned."""
    users = [f"u{n // 4}" for n in range(80)]
    labels = np.arange(80) // 4 % 2 == 0
    rows = two_sample.matrix(pl.Series([f"word{user}" for user in users]))
    fold = two_sample.folds(pl.Series(users), 0)
    odds = two_sample.log_odds(rows, labels, fold)
    for one in np.unique(fold):
        assert np.ptp(odds[fold == one]) < 0.05
    common = two_sample.matrix(pl.Series(["epic cat" if label else "plain cat" for label in labels]))
    known = two_sample.log_odds(common, labels, fold)
    assert (known[labels] > 1).all() and (known[~labels] < -1).all()


def test_one_label_alone_has_no_odds():
    rows = two_sample.matrix(pl.Series(["a", "b", "c"]))
    assert np.isnan(two_sample.log_odds(rows, np.ones(3, dtype=bool), np.arange(3))).all()
