"""The truth of a simulated log: its books, its order, and the numbers that the model promises."""

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from unspool import registry
from unspool.errors import UnspoolError
from unspool.simulate import Log, Parameters, play, read_truth, simulate
from unspool.simulate._styles import phrases
from unspool.tables import DERIVED_KINDS, KINDS, PROMPT_KINDS


@pytest.fixture(scope="module")
def log() -> Log:
    return simulate("newcomers", seed=7)


@pytest.fixture(scope="module")
def prompts(log: Log) -> pl.DataFrame:
    return log.truth["prompts"]


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return simulate("newcomers", seed=11, users=3000).truth["prompts"]


@pytest.fixture(scope="module")
def messages(log: Log) -> pl.DataFrame:
    return log.truth["messages"]


def _value(frame: pl.DataFrame, expression: pl.Expr) -> float:
    return float(frame.select(expression).item())


def test_a_seed_gives_one_log_and_another_seed_another() -> None:
    first, again, other = (simulate("newcomers", seed=seed, users=20) for seed in (1, 1, 2))
    assert list(first.messages) == list(again.messages)
    assert first.truth["prompts"].equals(again.truth["prompts"])
    assert list(first.messages) != list(other.messages)
    assert set(first.truth["prompts"]["user_id"]).isdisjoint(other.truth["prompts"]["user_id"])


def test_a_user_writes_the_same_prompts_however_many_others_there_are() -> None:
    few, many = (simulate("newcomers", seed=3, users=users).truth["prompts"] for users in (5, 50))
    columns = ["user_id", "time", "echo", "thread", "step", "edits", "upscaled"]
    assert few.select(columns).equals(many.filter(pl.col("user_id").is_in(few["user_id"].implode())).select(columns))


def test_size_of_the_demo(messages: pl.DataFrame, prompts: pl.DataFrame) -> None:
    assert 3_000 <= len(messages) <= 4_500
    assert prompts["user_id"].n_unique() == 400


def test_every_message_has_a_kind_and_every_prompt_one_message(messages: pl.DataFrame, prompts: pl.DataFrame) -> None:
    assert set(messages["kind"]) == {*KINDS, "chatter"}
    assert messages["message_id"].is_unique().all()
    of_prompts = messages.filter(pl.col("kind").is_in(PROMPT_KINDS))
    assert set(of_prompts["message_id"]) == set(prompts["message_id"])
    assert len(of_prompts) == len(prompts)


def test_roots_are_prompts_and_only_some_may_be_missing(messages: pl.DataFrame, prompts: pl.DataFrame) -> None:
    rooted = messages.drop_nulls("root_id")
    assert rooted["root_id"].is_in(prompts["message_id"].implode()).all()
    # A root comes before what is made of it; only lines of the running job come before the grid.
    made = rooted.filter(pl.col("kind").is_in([*DERIVED_KINDS, "upscale"]))
    assert (made["message_id"].cast(pl.UInt64) > made["root_id"].cast(pl.UInt64)).all()
    rootless = messages.filter(pl.col("root_id").is_null()).group_by("kind").len()
    counts = dict(rootless.iter_rows())
    assert set(counts) == {"grid", "remix", "chatter", "other", "progress", "upscale", "variation"}
    assert 0 < counts["upscale"] < 60
    assert 0 < counts["variation"] < 30


def test_upscales_counted_are_the_messages_that_reach_the_root(messages: pl.DataFrame, prompts: pl.DataFrame) -> None:
    reached = messages.filter(kind="upscale").drop_nulls("root_id")
    assert prompts["n_upscales"].sum() == len(reached)
    assert (prompts["upscaled"] == (prompts["n_upscales"] > 0)).all()
    assert _value(prompts, pl.col("n_upscales").max()) > 2


def test_threads_are_runs_of_a_user_in_time_order_with_steps_from_one(prompts: pl.DataFrame) -> None:
    gap = pl.col("time").diff().dt.total_milliseconds().over("user_id")
    assert _value(prompts, gap.min()) >= 20_000
    assert prompts.group_by("thread").agg(pl.col("user_id").n_unique())["user_id"].eq(1).all()
    assert prompts["thread"].rle_id().cast(pl.Int64).equals(prompts["thread"])
    assert prompts.select(pl.col("step") == pl.int_range(1, pl.len() + 1).over("thread")).to_series().all()


def test_kept_is_what_a_compiler_should_keep(prompts: pl.DataFrame) -> None:
    assert prompts.filter(pl.col("kept") != pl.col("reason").is_null()).is_empty()
    assert set(prompts["reason"].drop_nulls()) == {"language", "empty", "link_only"}
    assert prompts.filter(pl.col("language") != "en")["reason"].eq("language").all()
    assert _value(prompts.filter(reason="language"), pl.col("text").str.split(" ").list.len().min()) >= 4
    assert prompts.filter(reason="empty")["echo"].eq("").all()
    links = prompts.filter(reason="link_only")
    assert links["echo"].str.contains(r"^<https://s\.mj\.run/\w{11}> <https://s\.mj\.run/\w{11}>$").all()
    assert _value(prompts.filter("kept"), pl.col("text").str.len_chars().min()) > 0


def test_a_reroll_is_a_grid_with_the_echo_of_the_prompt_before(prompts: pl.DataFrame) -> None:
    before = prompts.with_columns(before=pl.col("echo").shift(1).over("user_id"))
    assert before.filter(action="reroll").select(pl.col("echo") == pl.col("before")).to_series().all()
    assert before.filter(pl.col("edits").list.len() == 1, edit="reroll")["action"].eq("reroll").all()
    assert set(prompts["action"]) == {"grid", "remix", "reroll"}


def test_names_stay_out_of_the_text_except_those_planted(prompts: pl.DataFrame) -> None:
    for column in ("text", "echo"):
        words = " ".join(prompts[column])
        assert [handle for handle in prompts["user_name"].unique() if handle in words] == []
        assert (
            prompts.select((pl.col("trap") == "mention").fill_null(False) == pl.col(column).str.contains("@"))
            .to_series()
            .all()
        )


@pytest.mark.parametrize(
    ("trap", "pattern"),
    [
        ("link", r"^<https://s\.mj\.run/\w{11}> "),
        ("weight", "::2"),
        ("mode", r" \(fast\)( --|$)"),
        ("dash", " - no creatures"),
        ("mention", " by @"),
        ("prose", "slowly--almost"),
        ("stars", r"^\*\*"),
    ],
)
def test_a_trap_stands_in_the_echo(prompts: pl.DataFrame, trap: str, pattern: str) -> None:
    caught = prompts.filter(trap=trap)
    assert len(caught) > 3
    assert caught["echo"].str.contains(pattern).all()
    assert not prompts.filter(pl.col("trap") != trap)["echo"].str.contains(pattern).any()


def test_a_series_keeps_all_but_the_entity_and_a_paste_adds_a_block() -> None:
    parameters = Parameters(users=60, series_rate=1.0, foreign_users=0.0, blend_rate=0.0, empty_rate=0.0)
    prompts = play(parameters, seed=2).truth["prompts"]
    firsts = prompts.with_columns(before=pl.col("text").shift(1).over("user_id")).filter(pl.col("step") == 1)
    firsts = firsts.drop_nulls("before")
    assert firsts["series"].all()
    shared = pl.col("text").str.split(" ").list.set_intersection(pl.col("before").str.split(" ")).list.len()
    changed = pl.col("text").str.split(" ").list.unique().list.len() - shared
    assert firsts.select(changed.max()).item() <= 4  # an entity of three words, and its article

    pasted = play(replace(parameters, series_rate=0.0, pasters=1.0, paste_rate=1.0), seed=2).truth["prompts"]
    assert pasted["pasted"].all()
    assert _value(pasted.filter(pl.col("step") == 1), pl.col("text").str.count_matches(", ").min()) >= 4


@pytest.mark.parametrize(("retention", "low", "high"), [(1.0, 1.0, 1.0), (0.0, 0.0, 0.1)])
def test_style_passes_to_the_next_thread_at_the_rate_of_retention(retention: float, low: float, high: float) -> None:
    parameters = Parameters(
        users=150,
        retention=retention,
        style_first=2.0,
        exploration=1.0,
        edits={"reroll": 1.0},
        series_rate=0.0,
        pasters=0.0,
        foreign_users=0.0,
        blend_rate=0.0,
        empty_rate=0.0,
        trap_rate=0.0,
    )
    styles = set(phrases("en"))
    passed = total = 0
    threads = play(parameters, seed=3).truth["prompts"].filter(pl.col("step") == 1).partition_by("user_id")
    for texts in (frame["text"].to_list() for frame in threads):
        for last, text in pairwise([set(text.split(", ")) & styles for text in texts]):
            passed, total = passed + len(last & text), total + len(last)
    assert total > 500
    assert low <= passed / total <= high


def test_upscale_rate_is_the_model_rate(many: pl.DataFrame) -> None:
    # A user's rate is p = logistic(N(-1.45, 1.3)): E p = .2484, Var p = .0404, E p(1 - p) = .1463 (quadrature).
    # Over users with n_u many, Var(sum) = .0404 * sum n_u^2 + .1463 * sum n_u.
    n = pl.col("len").cast(pl.Float64)
    sd = _value(many.group_by("user_id").len(), (0.0404 * (n**2).sum() + 0.1463 * n.sum()).sqrt() / n.sum())
    assert sd < 0.008
    assert abs(_value(many, pl.col("upscaled").mean()) - 0.2484) < 3 * sd


def test_upscale_gain_favours_prompts_that_state_more() -> None:
    gained = play(replace(Parameters(), upscale_gain=6.0, edits={"add_detail": 1.0}), seed=5).truth["prompts"]
    by_step = dict(gained.filter("kept").group_by("step").agg(pl.col("upscaled").mean()).iter_rows())
    assert by_step[3] > by_step[1]


def test_thread_lengths_are_beta_geometric(many: pl.DataFrame) -> None:
    # Hazard Beta(a = 2.91, b = 1.12): E L = E 1/h = (a+b-1)/(a-1) = 3.03/1.91 = 1.586;
    # E L^2 = 2 E 1/h^2 - E 1/h with E 1/h^2 = 3.03 * 2.03 / (1.91 * .91) = 3.539,
    # so Var L = 7.077 - 1.586 - 2.517 = 2.975.
    # P(L >= 2) = E (1 - h) = b/(a+b) = .278.
    threads = many.filter(~pl.col("reason").is_in(["empty", "link_only"]).fill_null(False)).group_by("thread").len()
    length, count = pl.col("len"), len(threads)
    assert abs(_value(threads, length.mean()) - 1.586) < 3 * math.sqrt(2.975 / count)
    assert abs(_value(threads, (length >= 2).mean()) - 0.278) < 3 * math.sqrt(0.278 * 0.722 / count)
    # Threads of a user: geometric, mean 1 + m with m gamma of mean 2.53 and shape .8, so
    # Var = E m(1 + m) + Var m = 2.53 + 2.53^2 + 2 * 2.53^2 / .8 = 24.9.
    per_user = many.join(threads, on="thread").group_by("user_id").agg(pl.col("thread").n_unique())
    assert abs(_value(per_user, pl.col("thread").mean()) - 3.53) < 3 * math.sqrt(24.9 / 3000)


def test_written_truth_is_read_back(tmp_path: Path) -> None:
    log = simulate("newcomers", seed=4, users=8)
    log.write(tmp_path / "log.json")
    truth = read_truth(tmp_path / "log.json")
    assert set(truth) == {"prompts", "messages"}
    assert all(truth[name].equals(log.truth[name]) and truth[name].schema == log.truth[name].schema for name in truth)


def test_a_missing_truth_an_unknown_scenario_and_an_empty_channel_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UnspoolError, match=r"no prompts and no messages Parquet"):
        read_truth(tmp_path / "log.json")
    with pytest.raises(UnspoolError, match="newcomers"):
        simulate("nowhere", seed=1)
    with pytest.raises(UnspoolError, match="0 users"):
        simulate("newcomers", seed=1, users=0)


def test_one_user_alone_is_a_log() -> None:
    alone = play(replace(Parameters(), users=1, stranger_rate=1.0), seed=1)
    assert alone.truth["prompts"]["user_id"].n_unique() == 1


def test_scenarios_describe_themselves() -> None:
    for name in registry.names("simulate"):
        scenario = registry.load("simulate", name)
        assert isinstance(scenario.TITLE, str)
        assert isinstance(scenario.PARAMETERS, Parameters)
    assert "newcomers" in registry.names("simulate")
