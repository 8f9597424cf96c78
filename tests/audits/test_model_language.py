"""How far groups of prompts are from each other: estimators against others', size without a difference, recovery."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.spatial.distance import jensenshannon
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from tests.analyses.measured import one
from tests.audits.language_logs import audited, paired, prompts, simulated, styled, thread

from unspool import tables
from unspool.audits import _language_areas as areas
from unspool.audits import _language_divergence as divergences
from unspool.audits import _language_diversity as diversity
from unspool.audits import model_language
from unspool.audits._groups import NO_REFERENCE, NO_THREADS, PROMPTS, REFERENCE
from unspool.audits._language_adjusted import difference
from unspool.audits._language_pairs import (
    ALONE,
    IN_BOTH,
    Pair,
    at_equal_length,
    share_as_large,
    studentised,
)
from unspool.audits._language_pairs import pair as paired_groups
from unspool.audits._two_sample import matrix
from unspool.stats.jackknife import ALIKE

PAIRS = [":".join(names) for names in combinations((*PROMPTS, REFERENCE), 2)]
OF_GROUPS = (("dialect", "mean"), ("style", "share"), ("text", "similarity_between_users"), ("text", "type_token"))
OF_PAIRS = (
    *(("dialect", "difference"), ("style", "difference"), ("text", "auc")),
    *(("pos", "jensen_shannon"), ("function_words", "jensen_shannon")),
)
KEYS = {(feature, name, group) for feature, name in OF_GROUPS for group in (*PROMPTS, REFERENCE)}
KEYS |= {(feature, name, group) for feature, name in OF_PAIRS for group in PAIRS}


def audit(frame, reference=None, notes=None, **settings):
    return sound(model_language.audit(audited(frame, reference, notes, **settings)))


def sound(rows):
    tables.check(rows, tables.RESULTS, "test")
    assert set(rows.select("feature", "estimand", "group").rows()) == KEYS and rows.height == len(KEYS)
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert rows.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert not any(rows[name].is_nan().any() for name in rows.select(pl.selectors.float()).columns)
    assert set(rows["mode"]) == {"audit"} and rows["n_prompts"].null_count() == 0
    return rows


def of(rows, feature, estimand, group):
    return one(rows, feature=feature, estimand=estimand, group=group)


def texts_of(listed, users=None, n_words=None):
    """A pair of groups side by side: the first half are the earlier texts."""
    half = len(listed) // 2
    users = np.arange(half) if users is None else np.asarray(users)
    frame = pl.DataFrame(
        {
            "user_id": [f"u{n}" for n in users] * 2,
            "thread_id": [f"t{n}" for n in range(half)] * 2,
            "text": listed,
            "n_words": [len(text.split()) for text in listed] if n_words is None else n_words,
        }
    )
    return Pair(("first", "last"), frame, True, np.tile(users, 2), len(set(users)), ())


def audited_nothing():
    return audited(prompts([]))


# --- groups side by side


def test_prompts_of_both_groups_are_left_out():
    frame = prompts([thread("a", ["x", "y"], upscaled=(1, 2)), thread("b", ["x", "y", "z"], upscaled=(2,))])
    log = audited(frame)
    found = paired_groups(model_language._with_values(log), "first", "upscaled", 0)
    # thread 0: its first prompt is upscaled; thread 1: prompt 0 against prompt 1
    assert found.texts["prompt_id"].to_list() == ["1-0", "1-1"] and IN_BOTH in found.notes
    only = audited(prompts([thread("a", ["x", "y"], upscaled=(2,))]))
    assert paired_groups(model_language._with_values(only), "last", "upscaled", 0) == ALONE


def test_from_each_thread_one_text_of_either_group():
    frame = prompts([thread(f"u{n}", ["x", *"abcdefg", "z"]) for n in range(4)] + [thread("u9", ["x", "z"])])
    found = paired_groups(model_language._with_values(audited(frame)), "first", "middle", 0)
    assert found.texts.height == 8 and found.n_prompts == 8 and found.n_users == 4
    assert found.texts["thread_id"][:4].to_list() == found.texts["thread_id"][4:].to_list()
    assert len(set(found.texts["text"][4:])) > 1  # drawn, not the first of each


def test_a_prompt_is_compared_with_its_own_caption():
    listed = [thread(f"u{n}", ["x", "y"], captions=[f"before {n}", f"after {n}"]) for n in range(5)]
    found = paired_groups(model_language._with_values(audited(prompts(listed))), "last", "reference", 0)
    assert found.texts["text"][5:].to_list() == [f"after {n}" for n in range(5)] and found.n_prompts == 5


def test_labels_exchange_the_groups_of_a_whole_person():
    found = texts_of(["x"] * 12, users=[0, 0, 0, 1, 1, 2])
    labels = found.labels(50, 0)
    assert labels[:, 0].tolist() == [0.0] * 6 + [1.0] * 6
    assert (labels[:6] + labels[6:] == 1).all()
    assert (labels[0] == labels[1]).all() and (labels[1] == labels[2]).all() and (labels[0] != labels[3]).any()


def test_a_cut_keeps_users_whole():
    found = texts_of(["x"] * 40, users=[n // 4 for n in range(20)]).at_most(17)
    assert found.texts.height == 16 and found.n_users == 2
    assert found.notes == ("on a random sample of 2 of 5 users",)
    assert found.texts["user_id"].unique().sort().to_list() == ["u0", "u1"]


# Bin 0: earlier 1, later 3, so each later text weighs 1/3; bin 1: one of each; bin 2: a later text alone.
def test_weights_of_equal_length_by_hand():
    bins, labels = np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0.0, 1, 1, 1, 0, 1, 1])[:, None]
    assert at_equal_length(labels, bins)[:, 0] == pytest.approx([1, 1 / 3, 1 / 3, 1 / 3, 1, 1, 0])


def test_p_values_by_hand():
    assert share_as_large(np.array([3.0, 1, 3, 2])) == 0.5  # itself and one other of four
    # mean 1 of 0, 1, 2: without each 1.5, 1, .5; error sqrt(2/3 * .5) = .577
    assert studentised(1.0, np.array([1.5, 1.0, 0.5]), 0.0) == pytest.approx(3**0.5)
    assert studentised(0.5, np.array([0.5, 0.5]), 0.5) == 0


# --- the area


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_area_is_that_of_sklearn(seed):
    rng = np.random.default_rng(seed)
    scores, later, weights = rng.integers(0, 8, 60).astype(float), rng.random(60) < 0.4, rng.random(60)
    won, every = areas.pairs(scores, later, weights, np.zeros(60, dtype=np.int64)).sum(axis=0)
    assert won / every == pytest.approx(roc_auc_score(later, scores, sample_weight=weights))


def test_the_area_of_several_folds_by_hand():
    """Fold 0: .9 of a later text beats .1 (1 of 1). Fold 1: .5 ties with .5 and loses to .7 (.5 of 2): 1.5 of 3."""
    scores, later = np.array([0.9, 0.1, 0.5, 0.5, 0.7]), np.array([True, False, True, False, False])
    found = areas.pairs(scores, later, np.ones(5), np.array([7, 7, 2, 2, 2]))
    assert (found.sum(axis=0) / 2).tolist() == [1.5, 3]
    assert found.tolist() == [[1, 1], [1, 1], [0.5, 2], [0.5, 1], [0, 1]]


def test_the_interval_of_the_area_leaves_out_each_user_in_turn():
    rng = np.random.default_rng(5)
    users = rng.integers(0, 8, 40)
    users[:8] = np.arange(8)
    pair = texts_of(["x"] * 80, users=users)
    scores, weights = rng.normal(size=80), rng.random(80)
    fold = np.asarray(pair.users % 2)
    sums = areas._Sums.of(pair, scores, pair.later, weights, fold)
    for user, left in enumerate(sums.areas(sums.per_user.sum(axis=0) - sums.per_user)[:, 0]):
        kept = pair.users != user
        won, every = areas.pairs(scores[kept], pair.later[kept], weights[kept], fold[kept]).sum(axis=0)
        assert left == pytest.approx(won / every)


def test_the_classifier_is_that_of_a_ridge_regression():
    rng = np.random.default_rng(0)
    texts = [" ".join(rng.choice([f"w{n}" for n in range(20)], 6)) for _ in range(60)]
    labels, fold = (rng.random((60, 3)) < 0.5).astype(float), np.arange(60) % 3
    rows, bins = matrix(pl.Series(texts)), np.zeros(60, dtype=np.int64)
    found = areas.cross_fitted(rows, labels, fold, bins)
    for place in range(3):
        out = fold != place
        centred = labels[out] - labels[out].mean(axis=0)
        model = Ridge(alpha=areas.RIDGE, fit_intercept=False, solver="cholesky").fit(rows[out].toarray(), centred)
        assert found[~out] == pytest.approx(model.predict(rows[~out].toarray()), abs=1e-8)


def test_groups_that_one_word_tells_apart():
    rng = np.random.default_rng(2)
    listed = [" ".join(rng.choice(["cat", "dog", "fox", "owl"], 5)) for _ in range(60)]
    found = areas.area(
        texts_of([f"plain {text}" for text in listed] + [f"epic {text}" for text in listed]), audited_nothing()
    )
    assert found["estimate"] > 0.99 and found["p_value"] == 0.05  # 1 of 20 permutations
    same = areas.area(texts_of(listed * 2), audited_nothing())
    assert same["estimate"] == 0.5 and same["p_value"] == 1.0


# --- the divergence


@pytest.mark.parametrize("seed", [1, 2])
def test_the_divergence_is_that_of_scipy(seed):
    rng = np.random.default_rng(seed)
    p, q = rng.integers(0, 9, (2, 30)).astype(float)
    p[:3], q[2:5] = 0, 0
    found = divergences.jensen_shannon(p, q)
    assert found == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    assert divergences.jensen_shannon(np.array([1.0, 0]), np.array([0.0, 3])) == 1
    assert np.isnan(divergences.jensen_shannon(np.zeros(2), np.ones(2)))


def test_function_words_by_hand():
    found = divergences.function_words(pl.Series(["The cat and THE dog", "don’t", "", None])).toarray()
    # the 2, and 1, other words 2; don't is one of them
    assert sorted(found[0].tolist()) == [0, 1, 2, 2] and sorted(found[1].tolist()) == [0, 0, 0, 1]
    assert found[2:].sum() == 0


def test_parts_of_speech_are_pairs_of_neighbours():
    one_, two = divergences.parts_of_speech([pl.Series(["a red fox", ""]), pl.Series(["a red fox", "fox"])])
    assert one_.shape[0] == 2 and one_.toarray().sum(axis=1).tolist() == [2, 0]
    assert (one_.toarray()[0] == two.toarray()[0]).all() and two.toarray()[1].sum() == 0


def test_the_noise_is_what_alike_groups_show():
    """Groups of one vocabulary: the mean of the divergence less its noise is within 4 Monte Carlo errors of 0."""
    rng = np.random.default_rng(3)
    words = np.array(["the", "of", "with", "in", "cat"])
    found = []
    for _ in range(60):
        listed = [" ".join(rng.choice(words, 9)) for _ in range(60)]
        pair = texts_of(listed, users=np.arange(30) // 2)
        found.append(divergences.divergence(pair, divergences.function_words(pair.texts["text"]), audited_nothing()))
    values = np.array([row["estimate"] for row in found])
    raw = np.array([row["effect"] for row in found])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(60)
    assert raw.mean() > 8 * raw.std() / np.sqrt(60)


# --- the difference at equal length


def regression(rng, half=40):
    pair = texts_of(["x"] * (2 * half), users=np.arange(half) // 2, n_words=rng.integers(3, 40, 2 * half))
    style = 0.2 + 0.1 * pair.later + 0.05 * np.log(pair.texts["n_words"]) + rng.normal(0, 0.1, 2 * half)
    return replace(pair, texts=pair.texts.with_columns(style=pl.Series(style)))


def test_the_difference_is_the_coefficient_of_statsmodels():
    pair = regression(np.random.default_rng(1))
    found = difference(pair, "style", audited_nothing())
    design = np.column_stack([np.ones(80), pair.later, np.log(pair.texts["n_words"].to_numpy())])
    values = pair.texts["style"].to_numpy()
    fitted = sm.OLS(values, design).fit()
    assert found["estimate"] == pytest.approx(fitted.params[1])
    without = [
        sm.OLS(values[kept], design[kept]).fit().params[1] for kept in (pair.users != user for user in range(20))
    ]
    assert found["standard_error"] == pytest.approx(np.sqrt(19 / 20 * ((without - fitted.params[1]) ** 2).sum()))
    assert found["effect"] == pytest.approx(values[40:].mean() - values[:40].mean())
    assert (found["n_prompts"], found["n_threads"], found["n_users"]) == (80, 40, 20)


def test_texts_of_one_length_have_the_plain_difference():
    pair = texts_of(["x y"] * 8)
    pair = replace(pair, texts=pair.texts.with_columns(style=pl.Series([0.0, 0, 0, 1, 1, 1, 1, 0])))
    assert difference(pair, "style", audited_nothing())["estimate"] == pytest.approx(0.5)


# --- diversity


# a: two texts, {cat, dog} and {cat}; b: {cat, bird}. Of a, cat is drawn with (1/2 + 1) / 2 = 3/4; of b with 1/2.
# Chance that the two words are the same: 3/4 * 1/2 = 3/8. Function words and case do not count.
def test_similarity_by_hand():
    texts = pl.DataFrame({"user_id": ["a", "a", "b"], "text": ["the Cat and the dog", "a cat", "cat, bird of"]})
    assert diversity.similarity(texts, 0.95).estimate == pytest.approx(3 / 8)
    alone = diversity.similarity(texts.filter(user_id="a"), 0.95)
    assert alone.estimate is None and alone.note == diversity.ONE_PERSON


def test_similarity_leaves_out_each_user_in_turn():
    rng = np.random.default_rng(0)
    words = [f"w{n}" for n in range(15)]
    texts = pl.DataFrame(
        {
            "user_id": [f"u{n % 6}" for n in range(20)],
            "text": [" ".join(rng.choice(words, rng.integers(1, 8))) for _ in range(20)],
        }
    )
    found = diversity.similarity(texts, 0.95)
    without = [diversity.similarity(texts.filter(pl.col("user_id") != f"u{n}"), 0.95).estimate for n in range(6)]
    error = np.sqrt(5 / 6 * ((np.array(without) - found.estimate) ** 2).sum())
    assert found.standard_error == pytest.approx(error)


# Of 2, 1 and 1 uses two are drawn: they are one word with 2/4 * 1/3 = 1/6, so 2 - 1/6 different words.
def test_expected_types_by_hand(monkeypatch):
    monkeypatch.setattr(diversity, "DRAWN", 2)
    assert diversity.expected_types(np.array([2.0, 1, 1])).tolist() == pytest.approx([11 / 6])
    assert np.isnan(diversity.expected_types(np.array([1.0, 0]))).all()


def test_types_are_those_of_draws(monkeypatch):
    monkeypatch.setattr(diversity, "DRAWN", 20)
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 6, 30)
    pool = np.repeat(np.arange(30), counts)
    drawn = np.array([len(set(rng.choice(pool, 20, replace=False))) for _ in range(2000)])
    assert abs(diversity.expected_types(counts.astype(float))[0] - drawn.mean()) < 4 * drawn.std() / np.sqrt(2000)


def test_few_words_have_no_types():
    found = audit(prompts([thread(f"u{n}", ["a cat", "a dog"]) for n in range(5)]))
    row = of(found, "text", "type_token", "first")
    assert row["estimate"] is None and "fewer than 500 words" in row["note"] and row["n_prompts"] == 5


# --- the whole audit


def test_means_by_hand():
    frame = prompts([thread("a", ["x", "x y"]), thread("b", ["x", "x"]), thread("c", ["x", "x"])])
    frame = frame.with_columns(n_style_words=pl.Series([0, 1, 1, 0, 0, 1], dtype=pl.UInt32))
    found = audit(frame)
    assert of(found, "style", "share", "first")["estimate"] == pytest.approx(1 / 3)
    assert of(found, "style", "share", "last")["estimate"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert of(found, "style", "share", "last")["p_value"] is None


def test_the_dialect_of_captions_is_that_of_the_column():
    rng = np.random.default_rng(0)
    listed = [thread(f"u{n}", ["a cat", "a red cat"], captions=["a cat", "a cat sits"]) for n in range(12)]
    frame = prompts(listed).with_columns(
        dialect=pl.Series(rng.normal(1, 0.1, 24)), caption_dialect=pl.Series(rng.normal(-1, 0.1, 24))
    )
    found = audit(frame)
    assert of(found, "dialect", "mean", "first")["estimate"] == pytest.approx(frame["dialect"][::2].mean())
    assert of(found, "dialect", "mean", "reference")["estimate"] == pytest.approx(frame["caption_dialect"].mean())
    row = of(found, "dialect", "difference", "last:reference")
    assert row["ci_high"] < -1.5 and row["p_value"] == 0.05


def test_a_file_is_nobodys():
    lines = [f"the quiet fox {n} sat on a hill" for n in range(60)]
    listed = [thread(f"u{n}", ["epic fox 8k", "epic fox octane render 8k trending art style"]) for n in range(30)]
    found = audit(prompts(listed), reference=lines)
    area = of(found, "text", "auc", "last:reference")
    assert "names nobody" in area["note"] and "permutations" not in area["method"]
    dialect = of(found, "dialect", "mean", "reference")
    assert dialect["estimate"] is None and dialect["note"] == model_language.OF_A_FILE
    style = of(found, "style", "share", "reference")
    assert style["ci_low"] is None and style["note"] == model_language.LINES
    short, equal = (of(found, "pos", "jensen_shannon", f"{name}:reference") for name in ("first", "last"))
    assert short["estimate"] is None and short["note"] == divergences.NOTHING and short["n_prompts"] == 30
    assert equal["estimate"] > 0.1 and divergences.FREELY in equal["note"] and ALIKE in equal["note"]


def test_a_file_that_a_word_tells_from_prompts():
    rng = np.random.default_rng(1)
    vocabulary = [f"w{n}" for n in range(30)]
    listed = [thread(f"u{n}", [" ".join(["epic", *rng.choice(vocabulary, 7)]) for _ in range(2)]) for n in range(40)]
    lines = [" ".join(["plain", *rng.choice(vocabulary, 7)]) for _ in range(80)]
    row = of(audit(prompts(listed), reference=lines), "text", "auc", "first:reference")
    assert row["estimate"] > 0.95 and row["note"].endswith(ALIKE) and (row["n_prompts"], row["n_users"]) == (40, 40)


def test_why_dialect_is_not_known():
    listed = [thread(f"u{n}", ["a cat", "a red cat"]) for n in range(4)]
    assert of(audit(prompts(listed)), "dialect", "mean", "first")["note"] == model_language.NO_DIALECT
    frame = prompts(listed).with_columns(dialect=pl.lit(None, dtype=pl.Float64))
    noted = audit(frame, notes={"dialect": "too few words."})
    assert of(noted, "dialect", "difference", "first:last")["note"] == "too few words"
    unmeasured = audit(prompts(listed).drop("n_style_words"))
    assert of(unmeasured, "style", "share", "last")["note"] == model_language.NO_STYLE.rstrip(".")


@pytest.mark.parametrize(
    ("threads", "reason"),
    [
        ([], NO_THREADS),
        ([thread("a", ["alone"])], NO_THREADS),
        ([thread(None, ["no", "user"])], NO_THREADS),
        ([thread("a", ["", ""])], None),
        ([thread("a", ["same cat", "same cat"])], None),
        ([thread(f"u{n}", ["same cat"] * 3, upscaled=(2,)) for n in range(25)], None),
        ([thread(f"u{n}", ["same cat"] * 3, upscaled=(1, 2, 3), captions=["same cat"] * 3) for n in range(25)], None),
        ([thread(f"u{n}", ["a cat", "a dog"], upscaled=None) for n in range(25)], None),
        ([thread(f"u{n}", ["a cat", "a dog"], captions=["", ""]) for n in range(25)], None),
    ],
)
@pytest.mark.parametrize("lines", [None, [], ["one line of text"]])
def test_small_logs_have_rows_and_reasons(threads, reason, lines):
    found = audit(prompts(threads), reference=lines)
    assert all(isinstance(sentence, str) and sentence for sentence in model_language.findings(found))
    if reason:
        assert found["estimate"].null_count() == found.height and set(found["note"]) == {reason}
        assert model_language.findings(found) == [f"Not estimated: {reason}."]
    elif lines is None and not threads[0]["captions"]:
        assert of(found, "text", "auc", "first:reference")["note"] == NO_REFERENCE


def test_identical_prompts_do_not_differ():
    found = audit(prompts([thread(f"u{n}", ["the same cat"] * 2) for n in range(25)]))
    assert of(found, "text", "auc", "first:last")["estimate"] == 0.5
    assert of(found, "style", "difference", "first:last")["estimate"] == 0
    assert of(found, "pos", "jensen_shannon", "first:last")["estimate"] == 0


def test_hostile_texts():
    hostile = [
        "<script>alert(1)</script> <b>fox</b>",
        "=cmd|' /C calc'!A0",
        "\u202efox\u2066 \x00\x07 null",
        "!" * 10_000,
        "a" * 10_000,
        "日本語の狐 🦊 ２０",
    ]
    listed = [thread(f"u{n}", [hostile[n % 6], hostile[(n + 1) % 6]], captions=hostile[:2]) for n in range(24)]
    found = audit(prompts(listed))
    told = " ".join([*found["note"].drop_nulls(), *found["group"], *model_language.findings(found)])
    assert "script" not in told and "cmd" not in told and "\u202e" not in told


def test_the_order_of_rows_changes_nothing():
    frame = styled(prompts(paired(np.random.default_rng(6), 30)).drop("n_style_words"))
    columns = ["feature", "estimand", "group", "estimate", "ci_low", "p_value", "effect"]
    found, turned = audit(frame).select(columns), audit(frame.reverse()).select(columns)
    for name in columns[3:]:
        assert turned[name].to_list() == pytest.approx(found[name].to_list(), abs=1e-9, nan_ok=True), name


# --- without a difference, and with one


def alike(rng, n_users=30):
    """Texts of one bag of words per person; the second is longer in most threads, and that is all."""
    function = ["the", "a", "of", "in", "on", "with", "and", "at"]
    listed = []
    for user in range(n_users):
        own = [*(f"w{n}" for n in rng.integers(0, 60, 12)), *rng.choice(function, 4)]
        for _ in range(int(rng.integers(1, 4))):
            first = list(rng.choice(own, int(rng.integers(6, 12))))
            last = [word if rng.random() > 0.3 else str(rng.choice(own)) for word in first]
            if rng.random() < 0.7:
                last += list(rng.choice(own, int(rng.integers(1, 8))))
            listed.append((user, " ".join(first), " ".join(last)))
    users, before, after = zip(*listed, strict=True)
    pair = texts_of([*before, *after], users=users)
    style = [
        sum(word in ("w1", "the", "of") for word in text.split()) / len(text.split()) for text in (*before, *after)
    ]
    return replace(pair, texts=pair.texts.with_columns(style=pl.Series(style)))


# With 19 permutations p is 1/20 or more, and 1/20 in 5% of logs without a difference. Of 120 logs, 5% and three
# binomial errors are .05 + 3 * sqrt(.05 * .95 / 120) = .11. Plain permutations, without a jackknife error below, reject
# in 75% of these logs by function words and in 36% by a regression like the one of style.
def test_what_only_grows_is_rarely_taken_for_another_language():
    rng, log = np.random.default_rng(11), audited_nothing()
    found = {"area": [], "function words": [], "style": []}
    for _ in range(120):
        pair = alike(rng)
        found["area"].append(areas.area(pair, log)["p_value"])
        counts = divergences.function_words(pair.texts["text"])
        found["function words"].append(divergences.divergence(pair, counts, log)["p_value"])
        found["style"].append(difference(pair, "style", log)["p_value"])
    shares = {name: float(np.mean(np.array(values) <= 0.05 + 1e-9)) for name, values in found.items()}
    assert max(shares.values()) < 0.11, shares


# The same texts, but every tenth word of a last prompt is "epic": seen in nearly all logs.
def test_a_word_that_comes_in_is_seen():
    rng = np.random.default_rng(12)
    values = []
    for _ in range(10):
        frame = prompts(paired(rng, 60, shift=0.1))
        log = audited(frame)
        pair = model_language._pair(model_language._with_values(log), "first", "last", log)
        values.append(areas.area(pair, log)["p_value"])
    assert np.mean(np.array(values) <= 0.05 + 1e-9) >= 0.8


@pytest.fixture(scope="module")
def adapted():
    return audit(simulated("adaptation-only", 1, 120))


def test_adaptation_is_seen_in_its_order(adapted):
    early, late, whole = (
        of(adapted, "style", "difference", name) for name in ("first:middle", "middle:last", "first:last")
    )
    assert early["estimate"] > 0 and late["estimate"] > 0
    assert whole["ci_low"] > 0 and whole["p_value"] == 0.05
    area = of(adapted, "text", "auc", "first:last")
    assert area["ci_low"] > 0.5 and area["p_value"] == 0.05
    assert of(adapted, "style", "share", "first")["estimate"] < of(adapted, "style", "share", "last")["estimate"]
    first, last = (of(adapted, "text", "auc", f"{name}:reference")["estimate"] for name in ("first", "last"))
    assert 0.6 < first < last
    assert of(adapted, "pos", "jensen_shannon", "last:reference")["p_value"] == 0.05


def test_what_is_said_of_it(adapted):
    found = model_language.findings(adapted)
    assert 3 <= len(found) <= 6
    assert found[0].startswith("At equal length, style words make up more of last prompts than of first ones (+")
    assert "ranks a last prompt above a first one" in found[1]
    assert "tells a prompt from a caption" in found[2]
    assert any(sentence.startswith("A model trained on last") for sentence in found)
    assert found[-1].startswith("Captions have a genre of their own")


def test_nothing_is_said_where_nothing_changes():
    found = audit(simulated("nothing-changes", 0, 80))
    told = model_language.findings(found)
    assert "do not clearly differ" in told[0]
    assert f"How far prompts are from natural expression is not known: {NO_REFERENCE}." in told
    assert told[-1].startswith("At equal length this log does not show that first prompts would be more natural")
