"""Who upscales and how many pairs there are: by hand, against loops and simulated truth, and on logs that know little."""

import numpy as np
import polars as pl
import pytest
from tests.audits.grid_logs import frame, prompt

from unspool import simulate, tables
from unspool.analyses import Measured
from unspool.audits import Audited, Settings, _selection_pairs, intent, selection
from unspool.audits._pairs import ACROSS, GRID, REROLL
from unspool.audits._selection_pairs import NO_IMAGES, NO_PEOPLE
from unspool.audits._selection_users import NOT_KNOWN, spread, top_tenth, upscale_rows
from unspool.stages.audit import audited
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread


def audit(prompts, **settings):
    whole = prompts if isinstance(prompts, pl.DataFrame) else frame(*prompts)
    log = Audited(Measured(whole.lazy(), "scene", {}), {}, Settings(**settings))
    found = selection.audit(log)
    tables.check(found, tables.RESULTS, "test")
    assert found.select(tables.RESULTS.key).is_unique().all()
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert found.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert not any(found[name].is_nan().any() for name in found.select(pl.selectors.float()).columns)
    assert set(found["mode"]) == {"audit"} and set(found["analysis"]) == {"selection"}
    assert found.height == 14
    return found


def one(rows, **same):
    found = rows.filter(*(pl.col(key).eq_missing(value) for key, value in same.items()))
    assert found.height == 1, found
    return found.row(0, named=True)


def left(rows):
    found = rows.filter(pl.col("estimand") == "n_left")
    return dict(zip(found["group"], found["estimate"], strict=True))


def pairs(rows):
    found = rows.filter(pl.col("estimand") == "n_pairs")
    return dict(zip(found["group"], found["estimate"], strict=True))


# Person u: a (image 1 of 4: 3 pairs) -> b, another prompt, not upscaled (1 pair across) -> c, b again, upscaled without a
# number (1 reroll: c against b); v: d (images 1 and 2: 4 pairs), e again, not upscaled (1 reroll); w: f, nobody knows.
BY_HAND = [
    prompt("a", "red fox", images=[1]),
    prompt("b", "red fox in snow", False, [], step=2),
    prompt("c", "red fox in snow", True, [], step=3),
    prompt("d", "hen", images=[1, 2], user="v", thread="s"),
    prompt("e", "hen", False, [], user="v", thread="s", step=2),
    prompt("f", "hen", user="w", thread="r"),
]


def test_pairs_by_hand():
    rows = audit(BY_HAND)
    assert pairs(rows) == {GRID: 7, REROLL: 2, ACROSS: 1}
    within, reroll, across = (one(rows, estimand="n_pairs", group=kind) for kind in (GRID, REROLL, ACROSS))
    # Prompts, threads and users of either side: a, d; b, c, d, e; a, b.
    assert [(r["n_prompts"], r["n_threads"], r["n_users"]) for r in (within, reroll, across)] == [
        (2, 2, 2),
        (4, 2, 2),
        (2, 1, 1),
    ]
    assert one(rows, estimand="pairs_per_text")["estimate"] == 1.0
    assert "at most 10" in reroll["method"]


def test_what_is_left_by_hand():
    rows = audit(BY_HAND)
    assert left(rows) == {
        "all prompts": 6,
        "upscale known": 5,
        "upscaled": 3,
        "image known": 2,
        "all pairs": 10,
        "prompt held fixed": 9,
    }
    assert one(rows, estimand="n_left", group="upscaled")["n_users"] == 2
    assert set(rows.filter(pl.col("estimand") == "n_left")["feature"]) == {"prompts", "pairs"}


def test_shares_by_hand():
    rows = audit(BY_HAND)
    # 3 of 5 prompts of 2 people; both have an upscaled one; fewer than 3 people have no interval.
    assert one(rows, estimand="share")["estimate"] == pytest.approx(3 / 5)
    assert one(rows, estimand="share_of_users")["estimate"] == 1.0
    assert "at least 3" in one(rows, estimand="share")["note"]
    # A tenth of two people is a fifth of a person: the one with 2 upscaled prompts has .2 * 2 of 3.
    assert one(rows, estimand="share_top_tenth")["estimate"] == pytest.approx(0.4 / 3)


# Counts 5, 3, 2 of three people: a tenth is .3 of a person, who has .3 * 5 = 1.5 of 10. Without the first one .2 * 3 / 5,
# without the second .2 * 5 / 7, without the third .2 * 5 / 8.
def test_top_tenth_by_hand():
    found = top_tenth(np.array([3.0, 5.0, 2.0]), 0.95)
    assert found.estimate == pytest.approx(0.15)
    without = np.array([0.6 / 5, 1 / 7, 1 / 8])
    assert found.standard_error == pytest.approx(np.sqrt(2 / 3 * ((without - 0.15) ** 2).sum()))


def test_top_tenth_against_leaving_out_by_loops():
    counts = np.random.default_rng(1).geometric(0.2, 47).astype(float)

    def share(values):
        ordered = sorted(values, reverse=True)
        whole, part = divmod(len(ordered) / 10, 1)
        return (sum(ordered[: int(whole)]) + part * ordered[int(whole)]) / sum(ordered)

    without = [share(np.delete(counts, place)) for place in range(47)]
    found = top_tenth(counts, 0.95)
    assert found.estimate == pytest.approx(share(counts))
    expected = np.sqrt(46 / 47 * sum((value - share(counts)) ** 2 for value in without))
    assert found.standard_error == pytest.approx(expected)


def test_equal_people_have_equal_shares():
    assert top_tenth(np.full(40, 3.0), 0.95).estimate == pytest.approx(0.1)


# Rates of 0, 1/2 and 1 in two prompts each: up (up - 1) / (n (n - 1)) is 0, 0, 1, mean 1/3; products of two different
# people: (1.5^2 - 1.25) / 6 = 1/6. Variance 1/6.
def test_spread_by_hand():
    found = spread(np.array([0.0, 1.0, 2.0]), np.full(3, 2.0), 0.95)
    assert found.estimate == pytest.approx(np.sqrt(1 / 6))


# Rates of beta(2, 6): SD sqrt(12 / (64 * 9)) = .1443. Of 2 to 12 prompts each, 300 people, 400 logs: the variance is
# without bias (its mean over logs within 3.3 standard errors of .0208), and the interval covers in 95% of logs, within
# 3.3 sqrt(.95 * .05 / 400) = .036.
def test_spread_is_unbiased_and_its_interval_covers():
    rng = np.random.default_rng(2)
    truth, found, covered = 2 * 6 / (64 * 9), [], 0
    for _ in range(400):
        n = rng.integers(2, 13, 300).astype(float)
        one_log = spread(rng.binomial(n.astype(int), rng.beta(2, 6, 300)).astype(float), n, 0.95)
        found.append(one_log.estimate**2)
        covered += one_log.low**2 <= truth <= one_log.high**2
    assert abs(np.mean(found) - truth) < 3.3 * np.std(found) / 20
    assert abs(covered / 400 - 0.95) < 0.036


def test_people_who_differ_by_chance_alone_have_no_clear_spread():
    n = np.full(500, 6.0)
    found = spread(np.random.default_rng(3).binomial(6, 0.3, 500).astype(float), n, 0.95)
    assert found.low == 0.0
    # SD of the rates themselves, chance and all, is sqrt(.3 * .7 / 6) = .19.
    assert found.estimate < 0.06


def test_a_log_that_does_not_know_upscales():
    rows = audit([prompt(str(n), "red fox", step=n + 1) for n in range(4)])
    assert set(rows.filter(pl.col("estimate").is_null())["note"]) == {NOT_KNOWN}
    assert left(rows)["all prompts"] == 4 and left(rows)["upscale known"] == 0
    assert left(rows)["upscaled"] is None and pairs(rows) == dict.fromkeys((GRID, REROLL, ACROSS))
    assert selection.findings(rows) == [f"Not estimated: {NOT_KNOWN}."]


def test_a_log_that_does_not_know_images():
    rows = audit([{**one, "upscaled_images": None} for one in BY_HAND])
    assert pairs(rows) == {GRID: None, REROLL: 2, ACROSS: 1}
    assert one(rows, estimand="n_pairs", group=GRID)["note"] == NO_IMAGES
    fixed = one(rows, estimand="n_left", group="prompt held fixed")
    assert fixed["estimate"] == 2 and NO_IMAGES in fixed["note"]
    told = " ".join(selection.findings(rows))
    assert f"Pairs within a grid are not counted: {NO_IMAGES}." in told
    assert "an unknown number of these it tells which image" in told


def test_a_log_in_which_nothing_was_upscaled_has_no_pairs_and_knows_it():
    rows = audit([prompt(str(n), "red fox", False, [], step=n + 1) for n in range(3)])
    assert pairs(rows) == {GRID: 0, REROLL: 0, ACROSS: 0}
    assert left(rows)["upscaled"] == 0
    assert one(rows, estimand="share_top_tenth")["note"] == "no prompt was upscaled"
    assert "no known pair" in " ".join(selection.findings(rows))


def test_a_log_without_people():
    nobody = [{**one, "user_id": None, "thread_id": None, "step": None} for one in BY_HAND]
    rows = audit(nobody)
    assert pairs(rows) == {GRID: 7, REROLL: None, ACROSS: None}
    assert one(rows, estimand="n_pairs", group=REROLL)["note"] == NO_PEOPLE
    share = one(rows, estimand="share")
    assert share["estimate"] == pytest.approx(0.6) and share["ci_low"] is None and "names nobody" in share["note"]
    assert one(rows, estimand="n_pairs", group=GRID)["n_users"] is None
    assert any("7 within a grid (2 prompts)" in told for told in selection.findings(rows))


@pytest.mark.parametrize("prompts", [[], [prompt("a", "red fox")]])
def test_an_empty_log_and_one_prompt(prompts):
    rows = audit(prompts)
    assert left(rows)["all prompts"] == len(prompts)
    assert selection.findings(rows) == [f"Not estimated: {NOT_KNOWN}."]


def test_one_upscaled_prompt():
    rows = audit([prompt("a", "red fox", images=[4])])
    assert pairs(rows) == {GRID: 3, REROLL: 0, ACROSS: None}
    assert selection.findings(rows)


def test_a_frame_without_the_columns_of_upscales():
    rows = audit(frame(*BY_HAND).drop("upscaled", "upscaled_images", "params", "thread_id", "step"))
    assert left(rows)["all prompts"] == 6


def test_hostile_text_is_not_quoted():
    text = "<script>alert(1)</script> =cmd|'x'!A0 \u202e\x07" + "y" * 10_000
    rows = audit([prompt("a", text, images=[1]), prompt("b", text, False, [], step=2)])
    assert pairs(rows)[REROLL] == 1
    assert "script" not in " ".join(selection.findings(rows)) + str(rows.to_dicts())


def test_rows_do_not_depend_on_the_order_of_the_log():
    rng = np.random.default_rng(4)
    prompts = [
        prompt(
            f"{u}-{n}", f"text {n % 3}", images=[1] if rng.random() < 0.3 else [], user=f"u{u}", thread=f"t{u}", step=n
        )
        for u in range(20)
        for n in range(1, 9)
    ]
    whole = frame(*prompts)
    assert audit(whole).equals(audit(whole.sample(fraction=1, shuffle=True, seed=1)))


def test_findings_say_why_prompts_must_be_held_fixed():
    told = selection.findings(audit(BY_HAND))
    sound, mixed = told[-2:]
    assert "could use 9 pairs with the same prompt on both sides: 7 within a grid (2 prompts of 2 users)" in sound
    assert "2 of verbatim rerolls (4 prompts of 2 users)" in sound
    assert mixed.startswith("1 pair of neighbouring prompts") and "mixes how good an image is" in mixed


def test_a_spread_that_may_be_none_is_told_so():
    per_user = pl.DataFrame({"user": range(40), "n": [4] * 40, "up": [1, 2] * 20})
    found = [row for row in upscale_rows(per_user, 0.95) if row["estimand"] == "spread"]
    assert found[0]["estimate"] == 0.0 and found[0]["note"]


def test_a_simulated_log():
    log = simulate.simulate("both", seed=1, users=200)
    table = log.table(threads=True)
    whole = table.rename({"thread_id": "given"}).with_columns(
        thread_id="given",
        step=pl.int_range(1, pl.len() + 1).over("given"),
        params=pl.lit([], dtype=tables.PROMPTS.columns["params"]),
    )
    rows = audit(whole.cast({"step": pl.UInt32}))
    n, up = whole.height, whole["upscaled"].sum()
    share = one(rows, estimand="share")
    assert share["estimate"] == pytest.approx(up / n) and share["ci_low"] < up / n < share["ci_high"]
    # The logit of people's base rates is normal with an SD of more than 1 in this scenario: their rates differ.
    assert one(rows, estimand="spread")["ci_low"] > 0.05
    assert pairs(rows)[GRID] is None


def test_a_large_log_is_paired_a_part_of_its_users_at_a_time(monkeypatch):
    rng = np.random.default_rng(5)
    prompts = [
        prompt(f"{u}-{n}", f"text {n % 3}", images=[1] if rng.random() < 0.3 else [], user=u, thread=f"t{u}", step=n)
        for u in (*(f"u{k}" for k in range(30)), None)
        for n in range(1, 9)
    ]
    whole = audit(prompts)
    monkeypatch.setattr(_selection_pairs, "AT_ONCE", 25)
    assert audit(prompts).equals(whole)
    assert one(whole, estimand="pairs_per_text")["estimate"] > 1


def test_a_study_of_a_simulated_export(tmp_path):
    simulate.simulate("newcomers", seed=5, users=40).write(tmp_path / "export.json")
    study = thread(read([str(tmp_path / "export.json")], tmp_path / "study"), "iou")
    log = audited(measure(study, names=["length"]), Settings())
    rows, prompts = selection.audit(log), study.prompts()
    images = prompts["upscaled_images"].list.len()
    assert pairs(rows)[GRID] == (images * (4 - images)).sum() > 0
    assert left(rows)["upscaled"] == prompts["upscaled"].sum() > left(rows)["image known"] > 0
    assert len(selection.findings(rows)) >= 5
    found = intent.audit(log)
    tables.check(found, tables.RESULTS, "test")
    assert len(intent.findings(found)) >= 5
