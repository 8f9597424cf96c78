"""Each scenario has the truth that it states, and each mechanism moves what it should and nothing else."""

import math
from dataclasses import replace
from functools import cache
from hashlib import sha256
from itertools import pairwise

import numpy as np
import orjson
import polars as pl
import pytest

from unspool import registry
from unspool.errors import UnspoolError
from unspool.features.style import FAMILIES, kinds
from unspool.simulate import Log, Parameters, play, simulate
from unspool.simulate._clean import quiet

OWN = [name for name in registry.names("simulate") if name not in ("newcomers", "hard_boundaries")]
STOPPED = ("stopping_only", "growth_overstated", "growth_hidden")
BALANCED = ("nothing_changes", "confounded_users", "upscaled_longer")


@cache
def log(name: str, users: int = 250) -> Log:
    return simulate(name, seed=3, users=users)


def prompts(name: str, users: int = 250) -> pl.DataFrame:
    return measured(log(name, users))


def measured(log: Log) -> pl.DataFrame:
    words = pl.col("n_content").cast(pl.Float64) + pl.col("n_style")
    return log.truth["prompts"].with_columns(log_words=words.log(), length=pl.len().over("thread"))


def change(frame: pl.DataFrame, column: str) -> tuple[float, float]:
    """Mean change per step within threads, and its standard error over users, each mean weighted by its steps."""
    steps = frame.select("user_id", d=pl.col(column).cast(pl.Float64).diff().over("thread")).drop_nulls()
    mean = float(steps.select(pl.col("d").mean()).item())
    sums = steps.group_by("user_id").agg((pl.col("d") - mean).sum())["d"].to_numpy()
    return mean, float(np.sqrt((sums**2).sum()) / len(steps))


@pytest.mark.parametrize("name", registry.names("simulate"))
def test_a_scenario_says_what_is_true_and_makes_one_log_per_seed(name: str) -> None:
    scenario = registry.load("simulate", name)
    assert scenario.TRUE
    assert all(sentence.endswith(".") for sentence in scenario.TRUE)
    first, again = (simulate(name.replace("_", "-"), seed=4, users=6) for _ in range(2))
    assert list(first.messages) == list(again.messages)
    assert first.quantities() == again.quantities()


def test_newcomers_are_the_same_messages_as_ever() -> None:
    # Numbers in the documentation rest on this log: a mechanism that is off draws no random number.
    digest = sha256()
    for message in simulate("newcomers", seed=3, users=5).messages:
        digest.update(orjson.dumps(message))
    assert digest.hexdigest().startswith("69b037c7cc0d6df0c2e640e1")


def test_an_unknown_scenario_is_answered_with_all_of_them_and_their_titles() -> None:
    with pytest.raises(UnspoolError, match=r"nothing-changes \(Nothing changes: .*wandering \(Wandering: "):
        simulate("nowhere", seed=1)


@pytest.mark.parametrize("name", OWN)
def test_words_are_of_the_kind_that_the_truth_says(name: str) -> None:
    truth = log(name, 150).truth["prompts"]
    is_style = pl.col("kind").cast(pl.String).is_in(FAMILIES["n_style_words"])
    found = kinds(truth["text"]).group_by("row").agg(style=is_style.sum(), n=pl.len()).sort("row")
    assert found["n"].equals(truth["n_content"] + truth["n_style"], check_names=False)
    wrong = (found["style"].cast(pl.Int64) - truth["n_style"].cast(pl.Int64)).abs().sum()
    assert wrong / found["n"].sum() < 0.005


@pytest.mark.parametrize("name", OWN)
def test_thread_lengths_are_the_published_ones_unless_stopping_depends_on_the_prompt(name: str) -> None:
    # Hazard Beta(2.91, 1.12): P(L >= 2) = E (1 - h) = 1.12/4.03 = .278; in details_noticed Beta(2, 2), so one half. The
    # hazards of threads are independent draws.
    lengths = prompts(name).filter(pl.col("step") == 1)["length"]
    share = 0.5 if name == "details_noticed" else 0.278
    band = 3.5 * math.sqrt(share * (1 - share) / len(lengths))
    assert (abs(float((lengths >= 2).mean()) - share) < band) or name in STOPPED
    reasons = set(prompts(name).filter(pl.col("step") == pl.col("length"))["stop_reason"])
    assert reasons == ({"chance", "length"} if name in STOPPED else {"chance"})
    assert prompts(name).filter(pl.col("step") < pl.col("length"))["stop_reason"].is_null().all()


@pytest.mark.parametrize("name", BALANCED)
@pytest.mark.parametrize("column", ["log_words", "n_style", "n_content"])
def test_what_is_in_balance_does_not_change(name: str, column: str) -> None:
    mean, error = change(prompts(name), column)
    assert abs(mean) < 3.5 * error


def test_stopping_on_length_makes_raw_changes_rise_though_nothing_changes() -> None:
    frame = prompts("stopping_only", 400)
    mean, error = change(frame, "log_words")
    assert mean > 2.5 * error
    # Those who go on after a prompt wrote a shorter one: the hazard rises by b = .5 per SD of log length.
    firsts = frame.filter(pl.col("step") == 1)
    on, off = (firsts.filter((pl.col("length") > 1) == goes_on)["log_words"].mean() for goes_on in (True, False))
    assert float(on) < float(off) - 0.1  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "side"), [("growth_overstated", 1), ("growth_hidden", -1)])
def test_who_stops_adds_to_growth_or_takes_it_away(name: str, side: int) -> None:
    raw, error = change(prompts(name, 400), "log_words")
    true = log(name, 400).quantities()["drift_log_n_words"]
    assert side * (raw - true) > 2.5 * error
    # Half of .25 in the first step, a quarter of it in the second, ...: weighted by S(t) of the log, which is told here.
    # The shadow's changes have an SD of about .35: a standard error of about .005 as in the test below.
    reached = prompts(name, 400).filter(pl.col("step") > 1).group_by("step").len()
    steps, weights = reached["step"].to_numpy().astype(float), reached["len"].to_numpy()
    assert true == pytest.approx(float(weights @ (0.25 / 2 ** (steps - 1)) / weights.sum()), abs=0.0175)


def test_the_shadow_shows_no_drift_where_only_stopping_selects() -> None:
    found = log("stopping_only", 400).quantities()
    # A chain in balance: over 2,100 threads the mean change of log words (SD .36 a step, steps t weighted by S(t), whose
    # squared weights sum to about .4) has a standard error of about .36 * sqrt(.4 / 2100) = .005.
    assert abs(found["drift_log_n_words"]) < 0.0175
    raw, _ = change(prompts("stopping_only", 400), "log_words")
    assert raw > abs(found["drift_log_n_words"])


def test_the_shadow_is_the_raw_change_where_everybody_goes_on_alike() -> None:
    parameters = quiet(users=300, pi_style=1.0, exploration=1.0, standing_style=1.0)
    found = play(parameters, seed=2)
    # One phrase is added at each step and none dropped, so the log and its continuation differ by chance alone.
    mean, error = change(measured(found), "n_style")
    assert abs(found.quantities()["drift_n_style_words"] - mean) < 4 * error


def test_details_are_all_that_grows_until_none_is_missing() -> None:
    found = log("details_only").quantities()
    assert found["style_growth"] == 0
    assert found["share_content"] == 1
    assert found["content_growth"] > 0.5 * found["n_transitions"]
    assert found["drift_n_style_words"] == 0 < found["drift_n_content_words"]
    assert set(prompts("details_only")["edit"]) == {"first", "add_detail", "reroll"}


def _sequels(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Gain of each thread, and the change from its first prompt to the next thread's."""
    value = pl.col(column).cast(pl.Int64)
    threads = frame.group_by("user_id", "thread", maintain_order=True).agg(first=value.first(), last=value.last())
    step = pl.col("first").shift(-1).over("user_id") - pl.col("first")
    return threads.select("user_id", gain=pl.col("last") - pl.col("first"), carried=step).drop_nulls()


@pytest.mark.parametrize(
    ("name", "column", "kappa"),
    [("adaptation_only", "n_style", 0.5), ("both", "n_style", 0.5), ("both", "n_content", 0.0)],
)
def test_the_retention_of_gains_is_the_one_that_was_set(name: str, column: str, kappa: float) -> None:
    pairs = _sequels(prompts(name, 400), column)
    gain = int(pairs["gain"].sum())
    ratio = pairs["carried"].sum() / gain
    residuals = pairs.group_by("user_id").agg((pl.col("carried") - kappa * pl.col("gain")).sum())["carried"].to_numpy()
    error = float(np.sqrt((residuals**2).sum())) / gain
    assert error < 0.12
    assert abs(ratio - kappa) < 3.5 * error


def test_style_that_others_used_within_the_hour_is_copied_and_nothing_else_is_theirs() -> None:
    frame = log("social_copying").truth["prompts"]
    copied = frame.drop_nulls("copied_from").join(frame, left_on="copied_from", right_on="message_id", suffix="_source")
    assert len(copied) > 0.3 * len(frame)
    assert (copied["user_id"] != copied["user_id_source"]).all()
    hours = (copied["time"] - copied["time_source"]).dt.total_milliseconds() / 3_600_000
    assert 0 <= float(hours.min()) <= float(hours.max()) <= 1  # type: ignore[arg-type]
    assert log("nothing_changes").truth["prompts"]["copied_from"].is_null().all()


def _upscale_slope(name: str) -> tuple[float, float]:
    """Slope of upscaled on log words within users, and its standard error over users."""
    own = [
        (pl.col(c).cast(pl.Float64) - pl.col(c).cast(pl.Float64).mean().over("user_id"))
        for c in ("log_words", "upscaled")
    ]
    frame = prompts(name, 400).select("user_id", *own)
    x, y = pl.col("log_words"), pl.col("upscaled")
    slope = float(frame.select((x * y).sum() / (x * x).sum()).item())
    sums = frame.group_by("user_id").agg((x * (y - slope * x)).sum())["log_words"].to_numpy()
    return slope, float(np.sqrt((sums**2).sum()) / frame.select((x * x).sum()).item())


def test_only_the_true_effect_shows_within_users() -> None:
    for name in ("nothing_changes", "confounded_users"):
        slope, error = _upscale_slope(name)
        assert abs(slope) < 3.5 * error
    slope, error = _upscale_slope("upscaled_longer")
    assert slope > 5 * error


def test_confounded_users_differ_in_length_and_upscales_together() -> None:
    def gap(name: str) -> float:
        by = prompts(name, 400).group_by("upscaled").agg(pl.col("log_words").mean()).sort("upscaled")["log_words"]
        return float(by[1] - by[0])

    assert gap("confounded_users") > 0.15 > 0.1 > abs(gap("nothing_changes"))


def _asymmetry(name: str) -> tuple[float, float]:
    """Slope of x1 + x2 on x1 - x2, and its standard error over threads."""
    pairs = prompts(name, 400).filter((pl.col("length") > 1) & (pl.col("step") < 3))
    x1, x2 = (pairs.filter(step=step)["log_words"].to_numpy() for step in (1, 2))
    x1, x2 = x1 - x1.mean(), x2 - x2.mean()
    total, down = x1 + x2, x1 - x2
    slope = (total @ down) / (down @ down)
    return float(slope), float(np.sqrt(((down * (total - slope * down)) ** 2).sum()) / (down @ down))


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("nothing_changes", 0.0),
        ("regression_to_the_mean", 0.0),
        ("wandering", -1.0),
        # V1 = .25, r = .1, s^2 = .0121: A = (V1 (1 - r^2) - s^2) / (V1 (1 - r)^2 + s^2) = .2354 / .2146 = 1.097
        ("true_convergence", 1.097),
    ],
)
def test_asymmetry_of_the_first_two_prompts(name: str, truth: float) -> None:
    slope, error = _asymmetry(name)
    assert error < 0.3
    # Words are whole numbers: rounding adds about 1/12 of a word squared, under .02 of the variances.
    assert abs(slope - truth) < 3.5 * error + 0.02


def test_images_show_stated_details_with_the_recall_and_others_by_false_alarm() -> None:
    parameters = quiet(users=400, stated_first=0.5, captions=True, recall=0.8, false_alarm=0.1, invention=0.0)
    simulated = play(parameters, seed=6)
    hits = np.zeros((2, 2))
    for _, _, turn in simulated._prompts:
        for slot, word in turn.draft.scene.details:
            shown = sum(f" {word} " in f" {caption} " for caption in turn.captions)
            hits[int(slot in turn.draft.stated)] += (shown, len(turn.captions))
    for stated, rate in ((1, 0.8), (0, 0.1)):
        n = hits[stated, 1]
        # A word may also stand inside another detail ("wet" never does; "paper" does, in "under a paper lantern").
        assert abs(hits[stated, 0] / n - rate) < 4 * math.sqrt(rate * (1 - rate) / n) + 0.005
    assert {len(turn.captions) for _, _, turn in simulated._prompts} == {4}


def test_captions_change_nothing_else() -> None:
    with_captions, without = (play(quiet(users=40, pi_detail=0.5, captions=on), seed=2) for on in (True, False))
    assert with_captions.truth["prompts"].equals(without.truth["prompts"])


def test_what_drifting_users_add_stood_in_a_caption_before() -> None:
    simulated = log("drifting_intent", 150)
    turns = [turn for _, _, turn in simulated._prompts]
    added = 0
    for before, after in pairwise(turns):
        if after.step > 1:
            new = set(after.draft.details().values()) - set(before.draft.details().values())
            added += len(new)
            assert all(any(word in caption for caption in before.captions) for word in new)
    assert added > 30


def test_satisfaction_makes_upscales_and_stops_likelier() -> None:
    parameters = quiet(users=800, stated_first=0.5, satisfaction_gain=6.0, stop_on="satisfaction", stop_slope=4.0)
    frame = measured(play(parameters, seed=1)).filter(pl.col("step") == 1)
    by = frame.group_by("upscaled").agg(pl.col("log_words").mean()).sort("upscaled")["log_words"]
    assert by[1] > by[0] + 0.1
    ends = frame.group_by(pl.col("length") == 1).agg(pl.col("log_words").mean()).sort("length")["log_words"]
    assert ends[1] > ends[0] + 0.05
    assert "satisfaction" in set(frame["stop_reason"])


@pytest.mark.parametrize("shift", [0.0, 1.0, 2.0])
def test_phrases_are_kept_rather_after_an_upscale_and_as_often_on_average(shift: float) -> None:
    from unspool.simulate._composition import expit, logit
    from unspool.simulate._drafting import Drafter

    parameters = replace(Parameters(room=False), retention=0.5, kept_after_upscale=shift)
    hand = Drafter(0, parameters, np.random.default_rng(1))
    no, yes = hand.keeps
    upscaled = expit(hand.rate)
    assert logit(yes) - logit(no) == pytest.approx(shift)
    assert (1 - upscaled) * no + upscaled * yes == pytest.approx(0.5, abs=1e-9)


def test_pasted_blocks_come_word_for_word() -> None:
    frame = prompts("editing_economy", 150)
    pasted = frame.filter(pl.col("edits").list.contains("paste"))
    assert len(pasted) > 20
    blocks = frame.filter(pl.col("n_style") > 0).select("user_id", pl.col("text").str.extract(r"^[^,]*, (.*)$"))
    assert blocks.group_by("user_id").n_unique()["text"].max() == 1


def test_interleaved_threads_are_left_and_taken_up_again() -> None:
    frame = log("hard_boundaries", 150).truth["prompts"]
    runs = frame.select(pl.col("thread").rle_id()).to_series().n_unique()
    assert runs > frame["thread"].n_unique() + 20
    assert frame.select(pl.col("time").diff().dt.total_milliseconds().over("user_id").min()).item() >= 20_000
    assert frame.select((pl.col("step") == pl.int_range(1, pl.len() + 1).over("thread")).all()).item()


def test_one_user_is_a_log_in_every_scenario() -> None:
    for name in registry.names("simulate"):
        alone = simulate(name, seed=2, users=1)
        assert alone.truth["prompts"]["user_id"].n_unique() == 1
        assert alone.quantities()["users"] == 1
