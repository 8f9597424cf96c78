"""What prompts grow by: the bookkeeping by hand, against statsmodels, and on logs of known shares."""

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from tests.analyses.measured import log, one

from unspool import tables
from unspool.analyses import Settings, growth, results
from unspool.analyses._growth_sums import confusions
from unspool.analyses.growth import ESTIMANDS, NO_EDITS, NO_TRANSITIONS, UNCLEAR, findings, growth_rows
from unspool.stats.jackknife import Estimate, cut

KINDS = tables.WORD_KINDS


def edit(user, thread, step, kind="mixed", **counts):
    """An edit of a prompt of 100 words: added_<kind> and removed_<kind> words, 0 where they are not given."""
    change = sum(n if name.startswith("added") else -n for name, n in counts.items())
    return {
        "prompt_id": f"{thread}-{step}",
        "user_id": user,
        "thread_id": thread,
        "step": step,
        "kind": kind,
        "n_before": 100,
        "n_after": 100 + change,
        **{f"{what}_{name}": 0 for what in ("added", "removed") for name in KINDS},
        **counts,
    }


def frame(edits):
    whole = pl.DataFrame(edits) if edits else tables.empty(tables.EDITS)
    return tables.conform(whole, tables.EDITS)


def rows(edits, **more):
    return growth.analyse(log([], Settings(**more), edits=frame(edits).lazy()))


def sound(found):
    tables.check(found, tables.RESULTS, "test")
    assert found.select(tables.RESULTS.key).is_unique().all()
    assert set(found["mode"]) == {"corrected"}
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert not any(found[name].is_nan().any() for name in found.select(pl.selectors.float()).columns)
    assert found.filter(pl.col("n_prompts").is_null() | pl.col("n_threads").is_null()).is_empty()
    for name in ESTIMANDS:
        assert found.filter(pl.col("estimand") == name, pl.col("step").is_null(), pl.col("group").is_null()).height == 1
    return found


# Four transitions of three users. Added: 6 + 2 + 3 + 1 = 12 words, removed 4; net 8 words, 2 per transition.
# Content: entity +6 - 2, action +1, so 5 of 8 net words; style: quality +2 + 3 - 2 = 3 of 8. Added content: 7 of 12.
BY_HAND = [
    edit("a", "t1", 2, "addition", added_entity=6),
    edit("a", "t1", 3, "mixed", added_quality=2, removed_entity=2),
    edit("b", "t2", 2, "addition", added_quality=3),
    edit("c", "t3", 2, "mixed", added_action=1, removed_quality=2),
]
EXPECTED = {
    "net": 2.0,
    "added": 3.0,
    "removed": 1.0,
    "net_entity": 1.0,
    "added_entity": 1.5,
    "removed_entity": 0.5,
    "net_action": 0.25,
    "net_quality": 0.75,
    "net_magic": 0.0,
    "net_content": 1.25,
    "net_all_style": 0.75,
    "share_entity": 0.5,
    "share_quality": 0.375,
    "share_magic": 0.0,
    "share_content": 0.625,
    "share_all_style": 0.375,
    "gross_share_content": 7 / 12,
}


@pytest.mark.parametrize(("estimand", "expected"), EXPECTED.items())
def test_by_hand(estimand, expected):
    found = one(sound(rows(BY_HAND)), estimand=estimand, step=None, group=None)
    assert found["estimate"] == pytest.approx(expected)
    assert (found["n_prompts"], found["n_threads"], found["n_users"]) == (4, 3, 3)
    assert found["feature"] == "n_words"


# Net words and transitions of users: 6 of 2, 3 of 1, -1 of 1, each twice; without one 10/6, 13/7, 17/7; net is 2.
# Variance 5/6 * 2 * (1/9 + 1/49 + 9/49).
def test_standard_error_by_hand():
    twice = [*BY_HAND, *({**each, "user_id": each["user_id"].upper()} for each in BY_HAND)]
    found = one(rows(twice), estimand="net", step=None)
    assert found["standard_error"] == pytest.approx(np.sqrt(5 / 3 * (1 / 9 + 10 / 49)))
    # 2, 1 and 1 transitions: worth 16/6 users.
    assert "worth 2.7 users" in one(rows(BY_HAND), estimand="net", step=None)["note"]


# Se = P(found content | content), Sp of the shipped table; (5 - (1 - Sp) * 8) / (Se + Sp - 1) of the 8 net words.
def test_the_corrected_share_by_hand():
    matrix = confusions().sum(axis=0).reshape(2, 2)
    right = matrix.diagonal() / matrix.sum(axis=1)
    assert (right > 0.7).all()
    found = one(rows(BY_HAND), estimand="share_content_corrected")
    assert found["estimate"] == pytest.approx((5 - (1 - right[1]) * 8) / (right.sum() - 1) / 8)


def test_kinds_of_edits_and_steps():
    found = rows(BY_HAND)
    assert one(found, estimand="edit_share", group="addition")["estimate"] == 0.5
    assert one(found, estimand="edit_share", group="reroll")["estimate"] == 0.0
    kinds = found.filter(pl.col("estimand") == "edit_share")
    assert set(kinds["group"]) == set(tables.EDIT_KINDS) and kinds["estimate"].sum() == pytest.approx(1)
    few = one(found, estimand="net_content", step=2)
    assert few["estimate"] is None and "fewer than 20" in few["note"] and few["n_prompts"] == 3


# Step 2: 24 transitions of 12 users, each +2 entity; step 3: 20 of 10 users, +1 quality.
def test_by_step_by_hand():
    edits = [edit(f"u{n % 12}", f"t{n}", 2, added_entity=2) for n in range(24)]
    edits += [edit(f"u{n % 10}", f"t{n}", 3, added_quality=1) for n in range(20)]
    found = rows(edits)
    content, style = (one(found, estimand=name, step=2) for name in ("net_content", "net_all_style"))
    assert (content["estimate"], style["estimate"]) == (2, 0)
    assert (content["n_prompts"], content["n_threads"], content["n_users"]) == (24, 24, 12)
    later = one(found, estimand="net_all_style", step=3)
    assert (later["estimate"], later["n_users"]) == (1, 10)
    assert found.filter(pl.col("step") > 3).is_empty()


def made(rng, n_users=60, content=0.7, spread=0.2):
    """Edits of users who differ in how much they add and how much of it is content, `content` of all on average."""
    edits = []
    for user in range(n_users):
        share = np.clip(content + rng.uniform(-spread, spread), 0, 1)
        for n in range(int(rng.integers(1, 6))):
            added, removed = rng.poisson(4), rng.poisson(1)
            style, less = rng.binomial(added, 1 - share), rng.binomial(removed, 1 - share)
            edits.append(
                edit(
                    f"u{user}",
                    f"t{user}-{n}",
                    2,
                    added_entity=int(added - style),
                    added_quality=int(style),
                    removed_entity=int(removed - less),
                    removed_quality=int(less),
                )
            )
    return edits


def test_kinds_sum_to_the_change_exactly():
    rng = np.random.default_rng(1)
    edits = []
    for n in range(200):
        counts = {f"{what}_{kind}": int(rng.integers(0, 4)) for what in ("added", "removed") for kind in KINDS}
        edits.append(edit(f"u{n % 17}", f"t{n}", 2, **counts))
    found = rows(edits)
    total = {what: one(found, estimand=what, step=None)["estimate"] for what in ("net", "added", "removed")}
    for what, whole in total.items():
        parts = [one(found, estimand=f"{what}_{kind}", step=None)["estimate"] for kind in KINDS]
        assert sum(parts) == pytest.approx(whole, abs=1e-12)
    lengths = frame(edits).select((pl.col("n_after").cast(pl.Int64) - pl.col("n_before")).mean()).item()
    assert total["net"] == pytest.approx(lengths, abs=1e-12)
    shares = [one(found, estimand=f"share_{name}")["estimate"] for name in ("content", "all_style", "repetition")]
    assert sum(shares) == pytest.approx(1)


def test_the_change_is_that_of_statsmodels_without_each_user():
    edits = frame(made(np.random.default_rng(2), 25))
    found = one(results(growth_rows(edits, log([]))), estimand="net", step=None)
    change = (edits["n_after"].cast(pl.Int64) - edits["n_before"]).to_numpy().astype(float)
    user = edits["user_id"].to_numpy()
    whole = sm.OLS(change, np.ones(len(change))).fit(
        cov_type="cluster", cov_kwds={"groups": np.unique(user, return_inverse=True)[1]}
    )
    without = np.array([sm.OLS(change[user != u], np.ones((user != u).sum())).fit().params[0] for u in np.unique(user)])
    n = len(without)
    assert found["estimate"] == pytest.approx(whole.params[0])
    assert found["standard_error"] == pytest.approx(np.sqrt((n - 1) / n * ((without - whole.params[0]) ** 2).sum()))
    # CV3 is a little above the sandwich CV1, and by no more than a tenth at 25 users of like size.
    assert 0.98 < found["standard_error"] / whole.bse[0] < 1.1


# 200 logs of 40 users, .7 of whose words are content on average: the cover of a 95% interval lies within
# 3 * sqrt(.95 * .05 / 200) = .046 of .95, and the mean estimate within 3 Monte Carlo errors of .7.
def test_cover_and_bias_of_the_share():
    rng = np.random.default_rng(3)
    found = [one(results(growth_rows(frame(made(rng, 40)), log([]))), estimand="share_content") for _ in range(200)]
    cover = np.mean([row["ci_low"] <= 0.7 <= row["ci_high"] for row in found])
    estimates = np.array([row["estimate"] for row in found])
    assert abs(cover - 0.95) < 0.046
    assert abs(estimates.mean() - 0.7) < 3 * estimates.std() / np.sqrt(200)


@pytest.mark.parametrize("edits", [None, []])
def test_without_edits_every_estimand_has_a_reason(edits):
    found = growth.analyse(log([])) if edits is None else rows(edits)
    reason = NO_EDITS if edits is None else NO_TRANSITIONS
    sound(found)
    assert set(found["estimand"]) == {*ESTIMANDS, "edit_share"}
    assert set(found["note"]) == {reason} and found["estimate"].null_count() == found.height
    assert findings(found) == [f"Not estimated: {reason}."]


def test_one_user_and_one_edit_have_no_interval():
    found = sound(rows([edit("a", "t", 2, added_entity=2)]))
    net = one(found, estimand="net", step=None)
    assert net["estimate"] == 2 and net["ci_low"] is None and "at least 3" in net["note"]
    assert findings(found)


def test_a_log_that_names_nobody():
    found = sound(rows([edit(None, f"t{n}", 2, added_entity=2) for n in range(30)]))
    net = one(found, estimand="net", step=None)
    assert net["estimate"] == 2 and net["ci_low"] is None and "names nobody" in net["note"] and net["n_users"] is None


def test_edits_that_change_nothing():
    found = sound(rows([edit(f"u{n}", f"t{n}", 2, "reroll") for n in range(10)]))
    assert one(found, estimand="net", step=None)["estimate"] == 0
    assert one(found, estimand="share_content")["estimate"] is None
    assert one(found, estimand="gross_share_content")["estimate"] is None
    assert any("not known" in sentence for sentence in findings(found))


# Half of the users add what the other half removes, but for one: net is 1 word of 41 transitions, and its sign is not clear.
def test_shares_of_an_unclear_growth_are_marked():
    edits = [edit(f"u{n}", f"t{n}", 2, **{f"{'added' if n % 2 else 'removed'}_entity": 5}) for n in range(40)]
    found = sound(rows([*edits, edit("last", "t", 2, added_quality=1)]))
    share = one(found, estimand="share_content")
    assert share["estimate"] == 0 and UNCLEAR in share["note"]
    assert any("not clear that prompts grow" in sentence for sentence in findings(found))


def test_what_cannot_be_negative_is_not_tested():
    found = rows(made(np.random.default_rng(5)))
    tested = set(found.filter(pl.col("p_value").is_not_null())["estimand"])
    assert tested and not any(name.startswith(("added", "removed", "gross", "edit_share")) for name in tested)


def test_findings_say_the_share_with_its_interval():
    found = rows(made(np.random.default_rng(6), 80))
    share = one(found, estimand="share_content")
    sentences = findings(found)
    assert len(sentences) <= 6
    assert "grow by" in sentences[0]
    assert f"{100 * share['estimate']:.0f}% (95% interval" in sentences[1]
    assert "mistaken" in sentences[2]


def test_results_do_not_depend_on_the_order_of_edits():
    edits = frame(made(np.random.default_rng(7), 12))
    found, turned = (results(growth_rows(some, log([]))) for some in (edits, edits.reverse()))
    assert found["estimate"].to_list() == pytest.approx(turned["estimate"].to_list())


def test_the_level_is_that_of_the_settings():
    assert set(rows(made(np.random.default_rng(8)), level=0.9)["ci_level"].drop_nulls()) == {0.9}


def test_a_share_of_edits_stays_within_its_bounds():
    found = cut(Estimate(0.004, 0.004, -0.004, 0.012, 0.3, 40))
    assert (found.estimate, found.low, found.high) == (0.004, 0.0, 0.012)
    assert cut(Estimate(0.5)) == Estimate(0.5)


def test_without_an_interval_of_the_growth_its_shares_are_not_told():
    found = sound(rows([edit("a", "t1", 2, added_entity=2), edit("b", "t2", 2, added_quality=1)]))
    assert UNCLEAR in one(found, estimand="share_content")["note"]
    assert any("not clear that prompts grow" in sentence for sentence in findings(found))


def test_growth_that_all_people_share_is_clear_without_an_interval():
    found = sound(rows([edit(f"u{n}", f"t{n}", 2, added_entity=2) for n in range(8)]))
    assert one(found, estimand="net", step=None)["ci_low"] is None
    assert UNCLEAR not in one(found, estimand="share_content")["note"]
    assert "100% (no interval: the same whoever is left out) is content" in findings(found)[1]


def test_words_said_again_are_told():
    found = rows([edit(f"u{n}", f"t{n}", 2, added_entity=6 + n % 3, added_repetition=2) for n in range(40)])
    assert findings(found)[1].endswith("is style; 22% is words said again.")


@pytest.mark.parametrize(("content", "style", "told"), [("added", "removed", "fewer"), ("removed", "added", "more")])
def test_a_share_above_all_says_which_way_style_went(content, style, told):
    found = rows(
        [edit(f"u{n}", f"t{n}", 2, **{f"{content}_entity": 6 + n % 3, f"{style}_quality": 2}) for n in range(40)]
    )
    assert one(found, estimand="share_content")["estimate"] > 1
    assert f"More than 100%: style words became {told}" in findings(found)[2]
