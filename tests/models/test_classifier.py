"""Fine-tuning: a rule that can be learned is, labels without one are not, and the seed settles everything."""

import random

import numpy as np
import pytest
from tests import tiny_gpt2

from unspool.errors import UnspoolError
from unspool.models.classifier import fine_tune_accuracy

THINGS = ("cat", "dog", "fox", "mat", "samurai", "portrait", "render")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tiny_gpt2.libraries()
    return str(tiny_gpt2.write(tmp_path_factory.mktemp("tiny")))


def toy(count, seed):
    """Texts of random things; the label is whether it ends with `, 8k`."""
    drawn = random.Random(seed)
    labels = [drawn.randrange(2) for _ in range(count)]
    texts = [f"a {drawn.choice(THINGS)} and a {drawn.choice(THINGS)}{', 8k' if label else ''}" for label in labels]
    return texts, labels


def run(folder, train, test, **options):
    return fine_tune_accuracy(*train, *test, model=folder, **{"learning_rate": 3e-3, "epochs": 2, **options})


def test_a_rule_is_learned(folder):
    found = run(folder, toy(120, 1), toy(60, 2))
    assert found.accuracy > 0.9
    assert found.probabilities.shape == (60,)
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()


def test_accuracy_and_probabilities_go_together_and_mean_label_one(folder):
    texts, labels = toy(60, 2)
    found = run(folder, toy(120, 1), (texts, labels))
    assert found.accuracy == np.mean((found.probabilities > 0.5) == np.array(labels))
    ones, zeros = found.probabilities[np.array(labels) == 1], found.probabilities[np.array(labels) == 0]
    assert ones.mean() > 0.8 > 0.2 > zeros.mean()


# Of 100 texts with labels drawn at will a binomial(100, .5) share is right: .5 with an SD of .05, so three are .15.
def test_labels_without_a_rule_are_not_learned(folder):
    train, test = toy(120, 1)[0], toy(100, 2)[0]
    drawn = random.Random(3)
    labels = [[drawn.randrange(2) for _ in texts] for texts in (train, test)]
    assert abs(run(folder, (train, labels[0]), (test, labels[1])).accuracy - 0.5) <= 0.15


def test_the_seed_settles_the_numbers_and_leaves_the_caller_his_own(folder):
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = run(folder, toy(24, 1), toy(10, 2), seed=1)
    assert torch.equal(torch.rand(3), expected)
    again = run(folder, toy(24, 1), toy(10, 2), seed=1)
    other = run(folder, toy(24, 1), toy(10, 2), seed=2)
    assert np.array_equal(first.probabilities, again.probabilities)
    assert not np.array_equal(first.probabilities, other.probabilities)


def test_a_text_is_classified_the_same_alone_and_among_longer_ones(folder):
    texts, labels = toy(6, 2)
    texts[0] = "a cat"
    alone = run(folder, toy(24, 1), (texts[:1], labels[:1]))
    among = run(folder, toy(24, 1), (texts, labels))
    assert among.probabilities[0] == pytest.approx(alone.probabilities[0], abs=1e-5)


def test_texts_longer_than_the_model_takes_are_cut(folder):
    texts, labels = toy(20, 1)
    long = [f"{text} {'fox ' * 100}" for text in texts]
    assert run(folder, (long, labels), (long, labels), epochs=1).probabilities.shape == (20,)


def test_hostile_texts(folder):
    texts = ["", "<|endoftext|>", "x" * 10_000, "\u202e\u0000<b>", "🙂"]
    found = run(folder, (texts * 2, [0, 1, 0, 1, 0] * 2), (texts, [True, False, True, False, True]), max_tokens=16)
    assert np.isfinite(found.probabilities).all()


def test_texts_are_cut_after_max_tokens(folder):
    train = toy(24, 1)
    long = run(folder, train, (["a cat on a mat and the dog", "a cat on a mat and the fox"], [0, 1]), max_tokens=3)
    assert long.probabilities[0] == pytest.approx(long.probabilities[1], abs=1e-6)


@pytest.mark.parametrize(
    ("train", "test", "told"),
    [
        ((["a", "b"], [1]), (["c"], [0]), "2 texts and 1 labels"),
        ((["a", "b"], [0, 1]), (["c"], []), "1 texts and 0 labels"),
        ((["a", "b"], [0, 2]), (["c"], [0]), r"values \[0, 2\]"),
        ((["a", "b"], [1, 1]), (["c"], [0]), "2 training texts with 1 different labels"),
        (([], []), (["c"], [0]), "0 training texts with 0 different labels"),
        ((["a", "b"], [0, 1]), ([], []), "0 to test"),
    ],
)
def test_wrong_input(train, test, told):
    with pytest.raises(UnspoolError, match=told):
        fine_tune_accuracy(*train, *test, model="none")


def test_a_model_that_is_not_there():
    tiny_gpt2.libraries()
    with pytest.raises(UnspoolError, match="There is no model at /no/model"):
        fine_tune_accuracy(["a", "b"], [0, 1], ["c"], [0], model="/no/model")
