"""Perplexity, log perplexity, surprisal of the first tokens and SLOR: by hand, and with a network."""

import math

import numpy as np
import polars as pl
import pytest
from tests import tiny_gpt2

from unspool.errors import UnspoolError
from unspool.features import Context, Settings, perplexity
from unspool.features._halves import half

NAMES = ["perplexity_paper", "log_perplexity", "first_surprisal", "slor"]
HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "\u202eright to left\u0007\u0000",
    "🙂🙂",
    "x" * 10_000,
    "   ",
    "<|endoftext|>",
]


class Digits:
    """A model whose tokens are digits: the token d costs d nats, and one more if the text begins without a start token."""

    window = 1024
    unigrams = np.array([np.inf, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, np.inf])

    def tokens(self, texts):
        return [[int(digit) for digit in text or ""] for text in texts]

    def surprisals(self, texts, *, start=True):
        listed = self.tokens(texts)
        return [np.array(tokens if start else [token + 1 for token in tokens[1:]], dtype=float) for tokens in listed]


def measured(texts, model=None, users=None):
    return whole(texts, model, users).select(NAMES)


def whole(texts, model=None, users=None):
    """With what the feature needs to be completed."""
    context = Context(Settings(language_model="digits"))
    context.__dict__["language_model"] = model or Digits()
    users = users or [None] * len(texts)
    rows = pl.DataFrame({"text": texts, "user_id": users}, schema={"text": pl.String, "user_id": pl.String})
    return perplexity.measure(rows, context)


# 123: tokens 2 and 3 cost 3 and 4 without a start token, mean 3.5; with one 1, 2, 3, mean 2; rarities 10, 20, 30 less
# 1, 2, 3 are 9, 18, 27, mean 18. Three tokens are fewer than eight.
def test_three_tokens_by_hand():
    assert measured(["123"]).row(0) == pytest.approx((math.exp(3.5), 2.0, None, 18.0))


# Of 111111118 the first eight tokens cost 1 each, the ninth 8: mean 16/9. Without a start token 7 times 2, then 9: 23/8.
# Rarity less surprisal is 9 eight times and 72 once: 144/9 = 16.
def test_nine_tokens_by_hand():
    assert measured(["111111118"]).row(0) == pytest.approx((math.exp(23 / 8), 16 / 9, 1.0, 16.0))


def test_first_tokens_need_eight():
    assert measured(["1" * 7, "1" * 8, "1" * 9])["first_surprisal"].to_list() == [None, 1.0, 1.0]


def test_first_tokens_do_not_see_the_rest():
    assert measured(["12345678", "123456789999"])["first_surprisal"].to_list() == [4.5, 4.5]


# Tokens 0 and 9 have no known rarity: 9-2-0 is 20 - 2 = 18 over one token.
def test_slor_leaves_out_tokens_of_unknown_rarity():
    assert measured(["920", "99"])["slor"].to_list() == [18.0, None]


def test_the_papers_windows_by_hand():
    # Window 4. Tokens 2..4 (the first window): 1, 2, 3, mean 2; tokens 5, 6: 4, 5.
    # (mean 2 * window 4 + 4 + 5) / 6 tokens = 17/6. Within one window: the mean.
    assert perplexity.of_paper(np.array([1.0, 2, 3, 4, 5]), 4) == pytest.approx(np.exp(17 / 6))
    assert perplexity.of_paper(np.array([1.0, 2, 3]), 4) == pytest.approx(np.exp(2))
    assert perplexity.of_paper(np.array([1.0, 3]), 4) == pytest.approx(np.exp(2))
    assert perplexity.of_paper(np.array([]), 4) is None


def authors_loop(sums_and_counts, length):
    """The arithmetic of the authors' loop: each window's mean loss times its new tokens, by the tokens of the text."""
    return np.exp(sum(total / scored * new for total, scored, new in sums_and_counts) / length)


def test_the_papers_windows_are_those_of_the_authors_loop():
    # 10 tokens, window 4, stride 2: windows 0-4 (3 losses, 4 new tokens), 2-6, 4-8, 6-10 (2 losses, 2 new each).
    s = np.random.default_rng(1).exponential(size=9)
    listed = [(s[:3].sum(), 3, 4), (s[3:5].sum(), 2, 2), (s[5:7].sum(), 2, 2), (s[7:9].sum(), 2, 2)]
    assert perplexity.of_paper(s, 4) == pytest.approx(authors_loop(listed, 10))


def test_one_token_has_no_paper_perplexity():
    assert measured(["4"]).row(0) == (None, 4.0, None, 36.0)


def test_no_text_has_nothing():
    assert measured(["", None]).rows() == [(None,) * 4] * 2


def test_columns_of_an_empty_frame():
    found = measured([])
    assert found.schema == dict.fromkeys(NAMES, pl.Float64())
    assert found.height == 0


def test_rows_keep_their_order_and_equal_texts_their_values():
    found = measured(["123", "", "123", "4"])
    assert found.row(0) == found.row(2)
    assert found["log_perplexity"].to_list() == [2.0, None, 2.0, 4.0]


def users_of(half_of, n):
    """Names of so many users of a half."""
    names = pl.Series([f"user {number}" for number in range(20 * n)])
    return names.filter(half(names) == half_of)[:n].to_list()


def completed(texts, users, parts=1):
    """Standardised surprisals of texts that were measured in so many parts."""
    found = whole(texts, users=users)
    size = -(-len(texts) // parts)
    pieces = [found.slice(start, size) for start in range(0, len(texts), size)]
    of_all = pl.concat([perplexity.sums(piece) for piece in pieces])
    return pl.concat([perplexity.complete(piece, of_all) for piece in pieces])["surprisal_standardised"]


# Twenty users of half 1 write 35: their tokens cost 3 in the first place and 5 in the second. A user of half 0 who
# writes 46 pays 4 - 3 = 1 and 6 - 5 = 1, mean 1; one who writes 9 pays 6; of 4699 the places 3 and 4 are unknown.
@pytest.mark.parametrize("parts", [1, 3])
def test_surprisal_for_its_place_by_hand(parts):
    mine, others = users_of(0, 4), users_of(1, perplexity.LEAST)
    texts = ["46", "9", "4699", "", *["35"] * len(others)]
    found = completed(texts, [*mine, *others], parts)
    assert found[:4].to_list() == pytest.approx([1.0, 6.0, 1.0, None])
    assert found[4:].null_count() == len(others), "four users are too few to compare the others with"


def test_a_place_that_too_few_reach_is_no_comparison():
    others = users_of(1, perplexity.LEAST - 1)
    assert completed(["46", *["35"] * len(others)], [*users_of(0, 1), *others]).null_count() == len(others) + 1


def test_prompts_of_nobody_are_compared_with_nobody():
    assert completed(["35"] * 60, [None] * 60).null_count() == 60


# Surprisal falls with the place, the same for all: perplexity falls with length, and what is freed of place does not.
def test_position_alone_leaves_nothing():
    ladder = "987654321"
    users = [*users_of(0, 40), *users_of(1, 40)]
    texts = [ladder[: 2 + number % 8] for number in range(80)]
    means = whole(texts, users=users)["log_perplexity"]
    assert means[0] == 8.5 and means[7] == 5.0
    assert completed(texts, users).drop_nulls().to_list() == pytest.approx([0.0] * 80)


def test_what_the_columns_say():
    assert [column.name for column in perplexity.COLUMNS] == [*NAMES, "surprisal_standardised"]
    paper, log, first, slor, place = perplexity.COLUMNS
    assert (paper.mode, paper.log, paper.low) == ("paper", True, 1.0)
    assert not any(column.log for column in (log, first, slor, place))
    assert slor.low is None and place.low is None
    assert all(column.empty is None for column in perplexity.COLUMNS)
    assert perplexity.CAPTIONS
    assert perplexity.USES == "model"


def test_missing_without_a_model():
    assert "No language model is named" in perplexity.missing(Context())


def test_missing_without_libraries(monkeypatch):
    from unspool.models import _libraries

    monkeypatch.setattr(_libraries, "find_spec", lambda name: None)
    told = perplexity.missing(Context(Settings(language_model="gpt2")))
    assert told == 'torch and transformers are not installed; install: pip install "unspool[lm]".'


def test_a_model_that_cannot_be_loaded_is_an_error(tmp_path):
    tiny_gpt2.libraries()
    context = Context(Settings(language_model=str(tmp_path / "gone")))
    with pytest.raises(UnspoolError, match="There is no model at"):
        perplexity.measure(pl.DataFrame({"text": ["a"]}).with_columns(user_id=pl.lit(None, dtype=pl.String)), context)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    tiny_gpt2.libraries()
    folder = tiny_gpt2.write(tmp_path_factory.mktemp("tiny"))
    patch = pytest.MonkeyPatch()
    import wordfreq

    patch.setattr(wordfreq, "get_frequency_dict", lambda *asked: {"a": 0.5, "cat": 0.25, "portrait": 0.25})
    made = Context(Settings(language_model=str(folder)))
    assert made.language_model.unigrams.size
    yield made
    patch.undo()


def test_nothing_is_missing(context):
    assert perplexity.missing(context) is None


def test_the_paper_quantity_is_exp_of_the_loss_of_the_network(context):
    import torch

    model = context.language_model
    texts = ["a cat on a mat", "portrait of a samurai"]
    found = perplexity.measure(
        pl.DataFrame({"text": texts}).with_columns(user_id=pl.lit(None, dtype=pl.String)), context
    )["perplexity_paper"]
    for text, value in zip(texts, found, strict=True):
        asked = torch.tensor(model.tokens([text]))
        with torch.no_grad():
            loss = model.network(asked, labels=asked).loss
        rel = 0.1 if model.dtype == "bfloat16" else 1e-4
        assert value == pytest.approx(float(loss.exp()), rel=rel)


def test_hostile_texts_have_finite_values(context):
    found = perplexity.measure(
        pl.DataFrame({"text": HOSTILE}).with_columns(user_id=pl.lit(None, dtype=pl.String)), context
    ).select(NAMES)
    assert found.null_count()["log_perplexity"].item() == 0
    assert found.select(pl.all().is_nan().any() | pl.all().is_infinite().any()).row(0) == (False,) * 4


def test_captions_have_only_text(context):
    rows = pl.DataFrame({"text": ["a cat"], "user_id": ["u"]})
    assert perplexity.measure(rows, context).row(0)[1] > 0
