"""Whether style follows the model: scores by hand, against statsmodels, and the parts of a difference in upscales."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from tests.analyses.measured import frame, log, one, sound, thread

from unspool.analyses import Measured, Settings, model_specific
from unspool.analyses import _model_rows as inner
from unspool.analyses._model_scores import FEW, _log_ratio, scores
from unspool.analyses._model_threads import NO_COLUMNS, NOT_TOLD, ONE_MODEL, Threads, threads
from unspool.analyses._steps import steps

A, B = [{"name": "version", "values": ["5"], "number": 5.0}], [{"name": "version", "values": ["6"], "number": 6.0}]
STYLE = ("golden hour", "octane render", "oil painting", "bokeh", "watercolor", "low poly", "wide angle", "8k")
THINGS = ("fox", "castle", "river", "robot", "tree", "dragon", "ship", "wizard")


def told(user, version, *texts, **more):
    return thread(user, [0.0] * len(texts), text=list(texts), params=version, **more)


def split(listed, **more):
    found = threads(steps(log(listed, **more)))
    assert isinstance(found, Threads), found
    return found


def adding(user, version, thing, *terms):
    """A thread that adds terms to a thing."""
    return told(user, version, f"a {thing}", ", ".join([f"a {thing}", *terms]))


def drawn(seed, follow, users=40, per_user=6):
    """People of whom a third use one version, a third the other, a third both; `follow`: how often style goes with it."""
    rng = np.random.default_rng(seed)
    listed = []
    for user in range(users):
        first = user % 3
        for number in range(per_user):
            side = first if first < 2 else int(number >= per_user // 2)
            half = side if rng.random() < follow else int(rng.integers(2))
            term = STYLE[2 * int(rng.integers(4)) + half]
            thing = THINGS[number]
            listed.append(adding(f"u{user:02}", (A, B)[side], thing, term))
    return listed


def test_threads_and_their_models_by_hand():
    found = split(
        [
            *(told(user, A, "fox") for user in "abc"),
            *(told(user, B, "robot") for user in "bcd"),
            thread("d", [0.0, 0.0], text=["ship", "ship"], params=None),
        ]
    )
    assert [found.names[code] for code in found.pair] == ["version 5", "version 6"]
    by_user = {}
    for user, side in zip(found.found.user.tolist(), found.side.tolist(), strict=True):
        by_user.setdefault("abcd"[user], []).append(side)
    assert by_user == {"a": [0], "b": [0, 1], "c": [0, 1], "d": [1, NOT_TOLD]}
    assert found.both.tolist() == [False, True, True, False]
    assert found.alone.tolist() == [True, False, False, True]
    assert list(found.notes()) == ["version 6 against version 5, 2 user(s) of both"]


def test_a_change_inside_a_thread_and_further_models_are_left_out_and_said():
    change = thread("a", [0.0, 0.0], text=["fox", "fox"]) | {"params": None}
    prompts = frame(
        [*(told(u, A, "fox") for u in "abc"), *(told(u, B, "fox") for u in "abc"), change, told("a", None, "x")]
    )
    niji = [{"name": "niji", "values": ["6"], "number": 6.0}]
    number = prompts["thread_id"] == "0006"
    versions = pl.Series([A if step == 1 else B for step in prompts["step"]], dtype=prompts["params"].dtype)
    last = pl.Series([niji] * prompts.height, dtype=prompts["params"].dtype)
    prompts = prompts.with_columns(params=pl.when(number).then(versions).otherwise("params"))
    prompts = prompts.with_columns(params=pl.when(prompts["thread_id"] == "0007").then(last).otherwise("params"))
    found = threads(steps(log(prompts)))
    assert list(found.notes())[1:] == [
        "1 other model(s) or version(s) left out",
        "1 thread(s) in which the model changes left out",
    ]


def test_six_and_six_point_nought_are_one_version_and_one_that_is_told_later_is_no_change():
    nought = [{"name": "version", "values": ["6.0"], "number": 6.0}]
    prompts = frame(
        [*(told(u, A, "fox") for u in "abc"), *(told(u, B, "fox") for u in "abd"), told("c", nought, "x", "y")]
    )
    first = (prompts["thread_id"] == "0006") & (prompts["step"] == 1)
    found = split(prompts.with_columns(params=pl.when(~first).then("params")))
    assert found.names == ("version 5", "version 6")
    assert list(found.notes()) == ["version 6 against version 5, 2 user(s) of both"]


def test_a_model_without_its_version_is_not_known_where_others_name_theirs():
    listed = [
        *(told(u, None, "fox", model="midjourney") for u in "abc"),
        *(told(u, A, "fox", model="midjourney") for u in "abc"),
    ]
    assert threads(steps(log(listed))) == ONE_MODEL
    named = [*listed, *(told(u, None, "fox", model="other") for u in "abc")]
    found = split(named)
    assert {found.names[code] for code in found.pair} == {"midjourney 5", "other"}


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        ([told("a", None, "fox")], NO_COLUMNS),
        ([told("a", A, "fox")], ONE_MODEL),
        ([*(told(u, A, "fox") for u in "abc"), told("a", B, "fox")], "fewer than 3 people used the second model"),
        ([], NO_COLUMNS),
        ([told(None, A, "fox")], NO_COLUMNS),
    ],
)
def test_nothing_to_compare_is_null_with_the_reason(listed, why):
    rows = sound(model_specific.analyse(log(listed or frame([]))))
    assert rows["estimate"].null_count() == rows.height > 0
    if listed and listed[0]["user"]:
        assert set(rows["note"]) == {why}
        assert model_specific.findings(rows)[0].startswith("Not estimated")


def test_columns_that_the_log_lacks_are_said():
    prompts = frame([told("a", A, "fox")]).drop("params")
    assert threads(steps(Measured(prompts.lazy(), "iou", {}))) == NO_COLUMNS


# Three people added term 0 under the earlier model and one under the later; term 1 the other way about, one of them
# twice; term 2 nobody. Two terms are known, so that two pseudo-counts are shared out by 4 : 4. Of term 0: (1 + 1) / (4 + 2)
# by (3 + 1) / (4 + 2) = 1 / 2, of term 1 its inverse.
def test_scores_by_hand():
    user = np.array([0, 1, 2, 3, 3, 4, 5, 5, 6])
    side = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    code = np.array([0, 0, 0, 1, 0, 1, 1, 1, 1])
    assert _log_ratio(user, side, code, 3).tolist() == pytest.approx([-np.log(2), np.log(2), 0.0])


def test_who_is_looked_at_does_not_teach():
    found = split(drawn(1, 0.9))
    every, half = (scores(found, half=flag) for flag in (False, True))
    assert not (every.teaches & found.both).any() and (every.teaches == found.alone).all()
    assert half.teaches.sum() == (found.alone.sum() + 1) // 2 and not (half.teaches & ~found.alone).any()


def test_half_of_all_teach_where_too_few_used_one_model_alone():
    found = split([one for one in drawn(1, 0.9, users=60) if int(one["user"][1:]) % 3 == 2])
    made = scores(found, half=False)
    assert made.teaches.sum() == found.both.sum() // 2 > 0
    few = split([one for one in drawn(1, 0.9, users=12) if int(one["user"][1:]) % 3 == 2])
    assert scores(few, half=False) == FEW


def test_within_is_that_of_statsmodels():
    listed = [one | {"time": None} for one in drawn(3, 0.7)]
    make = inner.Rows(split(listed), ())
    row = make.inside("own_model_within")
    found, learned = make.found, make.of_all
    thread_, code = found.added()
    user = found.found.user[thread_]
    kept = found.both[user]
    y, x, user = learned.of[code[kept]], found.side[thread_[kept]], user[kept]
    dummies = pl.Series(user).to_dummies().to_numpy()
    theirs = sm.OLS(y, np.column_stack([x, dummies])).fit(cov_type="cluster", cov_kwds={"groups": user})
    assert row["estimate"] == pytest.approx(theirs.params[0], abs=1e-9)
    # Effects of users lie inside the clusters and cost no degrees of freedom. The jackknife of so few users is wider than
    # the sandwich, as it is meant to be, and not by much.
    sandwich = theirs.bse[0] * np.sqrt(theirs.df_resid / (len(y) - 1))
    assert 1 - 1e-9 <= row["standard_error"] / sandwich < 1.2


def test_between_is_the_difference_of_the_means_of_people():
    make = inner.Rows(split(drawn(3, 0.7)), ())
    found, learned = make.found, make.of_half
    thread_, code = found.added()
    means = {}
    for t, c in zip(thread_.tolist(), code.tolist(), strict=True):
        user = int(found.found.user[t])
        if found.alone[user] and not learned.teaches[user]:
            means.setdefault((found.side[t], user), []).append(learned.of[c])
    sides = [np.mean([np.mean(v) for (side, _), v in means.items() if side == which]) for which in (0, 1)]
    assert make.between("own_model")["estimate"] == pytest.approx(sides[1] - sides[0])


# 40 people, six threads each with one added term: where style follows the version in 9 of 10, both tests find it.
def test_style_that_follows_the_model_is_found():
    rows = sound(model_specific.analyse(log(drawn(5, 0.9))))
    for estimand in ("own_model", "own_model_within"):
        assert one(rows, feature="style", estimand=estimand)["ci_low"] > 0
    assert model_specific.findings(rows)[0].startswith("People who used both version 5 and version 6 add with each")


# 100 logs in which style follows nothing. Binomial(100, .05): 99.9% of runs reject in 0 to 13.
def test_style_that_follows_nothing_is_not():
    rejected = 0
    for seed in range(100):
        row = inner.Rows(split(drawn(seed, 0.0)), ()).inside("own_model_within")
        rejected += row["p_value"] < 0.05
    assert rejected <= 13


# u keeps its added term where the model stays (fox to castle) and drops it where it changes (castle to river).
def test_what_is_kept_by_hand():
    def of(user):
        return [
            told(user, A, "a tree"),
            told(user, A, "a fox", "a fox, bokeh"),
            told(user, A, "a castle, bokeh", "a castle, bokeh, 8k"),
            told(user, B, "a river"),
        ]

    rows = model_specific.analyse(log([*of("u"), *of("v"), *of("w")]))
    same, switched, less = (one(rows, feature="style", estimand=name)["estimate"] for name in inner.KEPT)
    assert (same, switched, less) == (1, 0, 1)


# Twelve people add a term where the model stays, of whom half keep it; few of them also where it changes, and keep none.
@pytest.mark.parametrize(
    ("few", "of_few", "of_both"), [(2, "2 user(s)", "worth 2"), (4, "the same without any", "of one side: no interval")]
)
def test_a_difference_is_no_surer_than_its_smaller_side(few, of_few, of_both):
    listed = [told("w", B, "a robot")]
    for user in range(12):
        kept = ", bokeh" if user % 2 else ""
        listed += [
            told(f"u{user:02}", A, "a tree"),
            told(f"u{user:02}", A, "a fox", "a fox, bokeh"),
            told(f"u{user:02}", A, f"a castle{kept}", f"a castle{kept}, 8k" if user < few else f"a castle{kept}"),
            told(f"u{user:02}", B if user < few else A, "a river"),
        ]
    rows = model_specific.analyse(log(listed))
    same, switched, less = (one(rows, feature="style", estimand=name) for name in inner.KEPT)
    assert (same["estimate"], switched["estimate"], less["estimate"]) == (0.5, 0, 0.5)
    assert same["ci_low"] is not None and same["n_users"] == 12
    assert switched["ci_low"] is None and of_few in switched["note"]
    assert less["ci_low"] is less["p_value"] is None and of_both in less["note"]


def test_the_parts_of_a_difference_in_upscales_add_up_and_are_those_of_statsmodels():
    rng = np.random.default_rng(4)
    listed = []
    for user in range(30):
        for number in range(6):
            side, n = int(number >= 3), int(rng.integers(3, 9))
            up = bool(rng.random() < 0.2 + 0.1 * side + 0.05 * n)
            listed.append(
                told(f"u{user}", (A, B)[side], " ".join(THINGS[:n]), upscaled=[up], n_words=[float(n + side)])
            )
    rows = model_specific.analyse(log(listed))
    whole, prompts, model = (
        one(rows, feature="upscaled", estimand=f"upscale_{name}") for name in ("difference", "by_prompts", "by_model")
    )
    assert whole["estimate"] == pytest.approx(prompts["estimate"] + model["estimate"], abs=1e-12)
    y = np.array([float(one_["upscaled"][0]) for one_ in listed])
    x = np.array([one_["n_words"][0] for one_ in listed])
    side = np.array([float(number % 6 >= 3) for number in range(len(listed))])
    dummies = np.repeat(np.eye(30), 6, axis=0)
    assert whole["estimate"] == pytest.approx(sm.OLS(y, np.column_stack([side, dummies])).fit().params[0])
    assert model["estimate"] == pytest.approx(sm.OLS(y, np.column_stack([side, x, dummies])).fit().params[0])
    assert "n_words" in whole["method"]


def test_without_upscales_or_features_their_rows_say_why():
    rows = model_specific.analyse(log(drawn(1, 0.5)))
    assert {row["note"].split("; ")[-1] for row in rows.filter(feature="upscaled").to_dicts()} == {
        "the log does not tell which prompts were upscaled"
    }
    known = [one_ | {"upscaled": False} for one_ in drawn(1, 0.5)]
    rows = model_specific.analyse(log(known))
    assert "none of the features that are held was measured" in one(rows, estimand="upscale_by_model")["note"]


def test_without_times_calendar_time_cannot_be_held():
    rows = model_specific.analyse(log(drawn(1, 0.9)))
    assert one(rows, estimand="own_model_weeks")["note"].endswith("the log has no times")


def test_a_switch_by_hand():
    # First prompts 1, 2, 5: +1 where the model stays, +3 where it changes, alike for three people: 2 more.
    def of(user):
        return [
            thread(user, [x], text=[thing], params=version)
            for x, thing, version in ((1.0, "fox", A), (2.0, "castle", A), (5.0, "river", B))
        ]

    row = one(model_specific.analyse(log([*of("u"), *of("v"), *of("w")])), feature="x", estimand="switch")
    assert (row["estimate"], row["n_users"]) == (pytest.approx(2), 3)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([A, B, None]), st.text(max_size=12)), max_size=12))
def test_any_log_gives_sound_rows(listed):
    rows = [told(user, version, text) for user, version, text in listed]
    found = sound(model_specific.analyse(log(frame(rows), Settings())))
    assert model_specific.findings(found)


def test_reasons_that_are_given_are_those_of_style_and_upscales():
    rows = model_specific.analyse(log([told("a", A, "fox")]))
    other = rows.filter(feature="x").with_columns(note=pl.lit("no language model is named"))
    assert not any("language model" in told for told in model_specific.findings(pl.concat([rows, other])))
