import numpy as np
import polars as pl
import pytest

from unspool import tables
from unspool.analyses import Measured, Settings, predict
from unspool.analyses import _predict_models as models
from unspool.analyses._predict_accuracy import SEEDS, split
from unspool.analyses._predict_areas import METHODS
from unspool.analyses._predict_sample import draw, elsewhere
from unspool.features import Column, Context, length
from unspool.stats.auc import areas

WORDS = [f"word{number}" for number in range(300)]
GOOD = set(WORDS[:30])
SCHEMA = {
    "prompt_id": pl.String,
    "user_id": pl.String,
    "thread_id": pl.String,
    "step": pl.UInt32,
    "text": pl.String,
    "upscaled": pl.Boolean,
}


def prompts(kind, seed, users=150):
    """About 8 prompts per user. "none": upscales are coin tosses. "user": users differ in their rate and have words of
    their own, and a prompt's own text does not matter. "text": some words raise the odds."""
    generator = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        rate = generator.beta(0.6, 1.2) if kind == "user" else 0.3
        own = [f"own{user}x{number}" for number in range(5)]
        thread = step = 0
        for number in range(1 + generator.poisson(7)):
            thread, step = (thread + 1, 1) if step == 0 or generator.random() < 0.5 else (thread, step + 1)
            words = [*generator.choice(WORDS, 12), *(generator.choice(own, 2) if kind == "user" else [])]
            if kind == "text":
                rate = 1 / (1 + np.exp(2.0 - 1.2 * len(GOOD.intersection(words))))
            upscaled = bool(generator.random() < rate)
            rows.append((f"u{user}p{number:02}", f"u{user}", f"u{user}t{thread}", step, " ".join(words), upscaled))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def log(frame, columns=(), **settings):
    frame = frame.hstack(length.measure(frame, Context()))
    known = {column.name: column for column in (*length.COLUMNS, *columns)}
    return Measured(frame.lazy(), "iou", known, Settings(draws=300, **settings))


def results(kind, seed, **more):
    return predict.analyse(log(prompts(kind, seed, **more)))


def of(rows, estimand):
    return rows.filter(pl.col("group").is_null(), estimand=estimand).row(0, named=True)


@pytest.fixture(scope="module")
def simulated():
    return {kind: results(kind, 1) for kind in ("none", "user", "text")}


def test_coin_tosses_cannot_be_told(simulated):
    accuracy = of(simulated["none"], "accuracy_paper")
    # Three tests of a fifth of the prompts each overlap; a band for one of them is wide enough for their mean.
    tested = simulated["none"].filter(group="seed 1")["n_prompts"].item() / 5
    assert abs(accuracy["estimate"] - 50) < 3 * 50 / np.sqrt(tested)
    assert of(simulated["none"], "auc_text")["estimate"] == pytest.approx(0.5, abs=0.06)
    assert of(simulated["none"], "gain")["ci_low"] < 0


def test_a_split_by_row_recognises_users_and_a_split_by_user_does_not(simulated):
    rows = simulated["user"]
    assert of(rows, "accuracy_paper")["estimate"] > 53
    assert of(rows, "auc_row_split")["ci_low"] > 0.5
    assert of(rows, "leakage")["ci_low"] > 0
    assert of(rows, "auc_text")["estimate"] == pytest.approx(0.5, abs=0.06)
    assert of(rows, "auc_base")["ci_low"] > 0.7
    assert of(rows, "gain")["estimate"] == pytest.approx(0, abs=0.01)


def test_noise_does_not_mend_the_users_rates():
    """A rate that leaves out each prompt's own thread sets upscaled prompts a little lower: noise gained .004 then."""
    gains = []
    for seed in range(10):
        sample = draw(log(prompts("user", seed)))
        odds = sample.base(np.ones(len(sample.labels), dtype=bool))[:, 0]
        noise = 0.03 * odds.std() * np.random.default_rng(seed).normal(size=len(odds))
        fold = np.zeros(len(odds), dtype=int)
        plain, noisy = areas([odds, odds + noise], sample.labels, sample.users, [fold, fold]).areas
        gains.append(noisy - plain)
    assert abs(np.mean(gains)) < 0.001


def test_a_text_that_matters_is_a_gain(simulated):
    rows = simulated["text"]
    assert of(rows, "gain")["ci_low"] > 0
    assert of(rows, "auc_text")["ci_low"] > 0.55
    assert of(rows, "auc_within_user")["ci_low"] > 0.5
    assert of(rows, "accuracy_paper")["estimate"] > 53
    assert abs(of(rows, "leakage")["estimate"]) < 0.05


def test_rows_are_of_the_table_and_add_up(simulated):
    rows = simulated["user"]
    tables.check(rows, tables.RESULTS, "predict")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert set(rows["estimand"]) == {"accuracy_paper", *METHODS}
    assert rows.filter(pl.col("estimate").is_null()).is_empty()
    assert rows["estimate"].is_nan().sum() == 0
    seeds = rows.filter(pl.col("group").str.starts_with("seed"))["estimate"]
    accuracy = of(rows, "accuracy_paper")
    assert len(seeds) == SEEDS
    assert accuracy["estimate"] == pytest.approx(seeds.mean())
    assert accuracy["standard_error"] == pytest.approx(seeds.std())
    area = {name: of(rows, name)["estimate"] for name in METHODS}
    assert area["gain"] == pytest.approx(area["auc_both"] - area["auc_base"])
    assert area["leakage"] == pytest.approx(area["auc_row_split"] - area["auc_text"])
    frame = prompts("user", 1)
    assert of(rows, "gain")["n_prompts"] == frame.height
    assert of(rows, "gain")["n_threads"] == frame["thread_id"].n_unique()


def test_same_seed_same_numbers_in_any_order():
    frame = prompts("text", 2, users=60)
    first, second = predict.analyse(log(frame)), predict.analyse(log(frame.sample(fraction=1, shuffle=True, seed=3)))
    assert first.equals(second)
    assert not first.equals(predict.analyse(log(frame, seed=1)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frame: frame.clear(), "does not tell which prompts were upscaled"),
        (lambda frame: frame.with_columns(upscaled=pl.lit(None, dtype=pl.Boolean)), "does not tell"),
        (lambda frame: frame.head(1), "at least 50 of each"),
        (lambda frame: frame.with_columns(upscaled=pl.lit(True)), "0 others"),
        (lambda frame: frame.filter(pl.col("upscaled") | (pl.int_range(pl.len()) < 40)), "at least 50 of each"),
    ],
)
def test_too_little_is_null_with_the_reason(change, reason):
    rows = predict.analyse(log(change(prompts("none", 3, users=40))))
    assert rows["estimate"].null_count() == rows.height == 1 + len(METHODS)
    assert rows["note"].str.contains(reason, literal=True).all()
    assert predict.findings(rows) == [f"Not estimated: {rows['note'][0]}."]


def test_few_users_have_an_accuracy_and_no_areas():
    frame = prompts("none", 3, users=60).with_columns(user_id="u" + (pl.int_range(pl.len()) % 9).cast(pl.String))
    rows = predict.analyse(log(frame))
    assert of(rows, "accuracy_paper")["estimate"] is not None
    assert of(rows, "gain")["estimate"] is None
    assert "9 users" in of(rows, "gain")["note"]


def test_upscales_of_one_user_alone_cannot_be_split_by_user():
    frame = prompts("none", 3, users=60)
    user = "u" + (pl.int_range(pl.len()) % 20).cast(pl.String)
    frame = frame.with_columns(user_id=pl.when("upscaled").then(pl.lit("u0")).otherwise(user))
    rows = predict.analyse(log(frame))
    assert "too few users" in of(rows, "auc_text")["note"]


def test_a_log_without_names_has_an_accuracy():
    rows = predict.analyse(log(prompts("text", 1).with_columns(user_id=pl.lit(None, dtype=pl.String))))
    assert of(rows, "accuracy_paper")["n_users"] is None
    assert of(rows, "accuracy_paper")["estimate"] > 53
    assert "does not name" in of(rows, "gain")["note"]


def test_unknown_values_and_hostile_texts():
    frame = prompts("none", 4, users=60)
    texts = pl.Series(["", None, "<b>x</b>", "\x00\u200f=cmd", "🔥" * 50, "long " * 2000])
    place = pl.int_range(pl.len())
    frame = frame.with_columns(
        text=pl.when(place % 3 == 0).then(texts.gather(frame.select(place % 6).to_series())).otherwise("text"),
        half=pl.when(place % 2 == 0).then(place * 1.0),
        void=pl.lit(None, dtype=pl.Float64),
        same=pl.lit(1.0),
        step=pl.lit(None, dtype=pl.UInt32),
        thread_id=pl.lit(None, dtype=pl.String),
    )
    columns = [Column(name, name, "x", "x") for name in ("half", "void", "same", "absent")]
    rows = predict.analyse(log(frame, columns))
    assert rows["estimate"].null_count() == 0
    assert rows["estimate"].is_nan().sum() == 0


def test_identical_prompts_tie():
    rows = predict.analyse(log(prompts("none", 5, users=60).with_columns(text=pl.lit("a cat"))))
    # Nothing tells the prompts apart, and a tie counts half.
    assert of(rows, "auc_text")["estimate"] == of(rows, "auc_row_split")["estimate"] == 0.5


def test_a_large_log_is_sampled_by_whole_users():
    frame = prompts("none", 6, users=40)
    sample = draw(log(frame), cap=100)
    sizes = frame["user_id"].value_counts()["count"]
    assert 100 - sizes.max() <= len(sample.labels) <= 100
    kept = frame.filter(pl.col("text").is_in(sample.texts.to_list()))["user_id"].unique()
    assert frame.filter(pl.col("user_id").is_in(kept.to_list())).height == len(sample.labels)
    assert sample.note() == f"on {len(sample.labels)} of {frame.height} prompts, those of users drawn at random"


def test_no_label_of_the_own_thread_is_used():
    labels = np.array([True, False, True, True, False])
    users, threads = np.array([0, 0, 0, 0, 1]), np.array([0, 0, 1, 2, 3])
    # Thread 0 has one of two upscaled, threads 1 and 2 one of one; user 1 has no other thread.
    assert elsewhere(labels, users, threads).tolist() == [[2, 2], [2, 2], [2, 3], [2, 3], [0, 0]]
    turned = labels ^ (threads == 0)
    own = threads == 0
    assert (elsewhere(turned, users, threads)[own] == elsewhere(labels, users, threads)[own]).all()


def test_split_is_balanced_and_disjoint():
    labels = np.arange(100) < 30
    fitted, tested = split(labels, 0)
    # 30 of either label, 80 to 20: 48 and 12.
    assert (len(fitted), len(tested)) == (48, 12)
    both = np.concatenate([fitted, tested])
    assert len(np.unique(both)) == 60
    assert labels[both].sum() == 30
    assert not np.array_equal(split(labels, 1)[0], fitted)


def test_folds_hold_whole_users_and_are_even():
    generator = np.random.default_rng(0)
    users = generator.integers(0, 80, 1000)
    labels = generator.random(1000) < 0.3
    folds = models.by_user(users, labels, 0)
    assert all(len(np.unique(folds[users == user])) == 1 for user in range(80))
    assert np.bincount(folds).min() > 150
    rows = models.by_row(labels, 0)
    assert np.ptp(np.bincount(rows)) <= 2
    assert np.ptp(np.bincount(rows[labels])) <= 1


def test_standardised_by_what_is_fitted_on():
    columns = np.array([[1.0, np.nan, 5.0], [3.0, np.nan, 5.0], [np.nan, 7.0, 5.0], [2.0, 1.0, 9.0]])
    fitted = np.array([True, True, True, False])
    # Known 1 and 3: the median 2 stands in, mean 2, SD sqrt(2/3). Column 2 has one value and so none to tell by but
    # where it is unknown; column 3 is constant where it is fitted.
    found = models.standardised(columns, fitted)
    spread = np.sqrt(2 / 3)
    assert found[:, 0] == pytest.approx([-1 / spread, 1 / spread, 0, 0])
    assert found.shape[1] == 3
    assert found[:3].mean(axis=0) == pytest.approx(0)
    assert models.standardised(np.zeros((4, 0)), fitted).shape == (4, 0)


def test_fine_tuning_is_asked_for_each_seed(monkeypatch):
    from unspool.models import classifier

    asked = []

    def tuned(texts, labels, others, answers, *, model, seed):
        asked.append((len(texts), len(labels), len(others), len(answers), model, seed))
        return classifier.Classified(0.5 + seed / 100, np.zeros(len(others)))

    monkeypatch.setattr(classifier, "fine_tune_accuracy", tuned)
    rows = predict.analyse(log(prompts("none", 1, users=40), classifier="tiny"))
    one = rows.filter(estimand="accuracy_paper", group="tiny").row(0, named=True)
    # 50, 51 and 52 percent.
    assert (one["estimate"], one["standard_error"]) == (pytest.approx(51), pytest.approx(1))
    assert [call[4:] for call in asked] == [("tiny", seed) for seed in range(3)]
    assert all(
        call[0] == call[1] and call[2] == call[3] and call[0] == pytest.approx(4 * call[2], abs=3) for call in asked
    )
    assert any(sentence.startswith("In the paper's way, tiny tells 51.0% right") for sentence in predict.findings(rows))


def test_findings_say_what_the_intervals_bear(simulated):
    told = {kind: " ".join(predict.findings(rows)) for kind, rows in simulated.items()}
    assert "it recognises people" in told["user"]
    assert "the text adds nothing" in told["user"]
    assert "the text adds to it" in told["text"]
    assert "GPT-2 58.2%" in told["none"]
