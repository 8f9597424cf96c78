"""Weights against distributions whose ratio is known, and against selection that was planted."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score
from tests.audits import language_logs
from tests.audits.made_log import audited, prompts, value

from unspool import tables
from unspool.audits import Settings
from unspool.audits._groups import groups
from unspool.audits._weights_distances import Weighed, area_rows, jensen_shannon, weighted_area
from unspool.audits._weights_ratio import MOST_ODDS, fold_of
from unspool.audits._weights_rows import effective_share
from unspool.audits.weights import audit, findings, fitted

OPENERS = (
    "a small fox in the garden",
    "an old mill by the river",
    "two boats near the shore",
    "a quiet street at noon",
)


def mixed(n_users, share, seed):
    """Threads of two prompts; each prompt ends in `8k` with the given probability."""
    draw = np.random.default_rng(seed)
    return [
        (f"u{user}", draw.choice(OPENERS) + (" 8k" if draw.random() < share else " bare"), f"t{user}")
        for user in range(n_users)
        for _ in range(2)
    ]


# Prompts say "8k" with probability .8 and the reference with .2, all else alike: the ratio is .2 / .8 where they say it
# and .8 / .2 where they do not. With these weights the share that says it is .2 again, and Kish's size is
# 1 / (.8 * .25^2 + .2 * 4^2) = 1 / 3.25 of the prompts.
def test_weights_are_the_known_ratio_of_densities():
    reference = pl.Series([text for _, text, _ in mixed(1500, 0.2, 1)])
    log = audited(prompts(mixed(1500, 0.8, 2)), reference=reference)
    weights = fitted(log)
    table = weights.of(log.prompts.collect())
    says = log.prompts.collect()["text"].str.contains("8k").to_numpy()
    w = table["density_ratio"].to_numpy()
    error = 4 * np.sqrt(0.2 * 0.8 / 3000 + 0.8 * 0.2 / 3000) / 0.2  # of the ratio of two shares, four errors
    assert w[says].mean() == pytest.approx(0.25, rel=error)
    assert w[~says].mean() == pytest.approx(4.0, rel=error)
    assert w.mean() == pytest.approx(1.0, abs=1e-6)
    assert (w * says).sum() / w.sum() == pytest.approx(0.2, abs=4 * np.sqrt(0.2 * 0.8 * 3.25 / 3000))
    ess = value(audit(log), feature="density_ratio", estimand="ess_share")
    assert ess == pytest.approx(1 / 3.25, rel=2 * error)


def test_where_nothing_tells_them_apart_no_prompt_is_lost():
    reference = pl.Series([text for _, text, _ in mixed(300, 0.5, 3)])
    found = audit(audited(prompts(mixed(300, 0.5, 4)), reference=reference))
    assert value(found, feature="density_ratio", estimand="ess_share") > 0.97
    assert value(found, feature="density_ratio", estimand="maximum") < 1.5


def test_nobody_is_weighed_by_a_model_that_saw_their_prompts():
    log = audited(prompts(mixed(200, 0.8, 5)), reference=pl.Series([t for _, t, _ in mixed(200, 0.2, 6)]))
    ratio = fitted(log).ratio
    assert len(ratio.models) == 5
    users = pl.Series([f"u{n}" for n in range(200)])
    assert fold_of(users, 0).tolist() == fold_of(users[::-1], 0)[::-1].tolist(), "by id alone"
    assert set(fold_of(users, 0)) == {0, 1, 2, 3, 4}
    assert fold_of(users, 0).tolist() != fold_of(users, 1).tolist()
    assert ratio.of(pl.Series(["8k"] * 3), pl.Series(["u1", None, "new"])).max() <= MOST_ODDS


def selected(seed, n_users=1500):
    """Two words of style or none, upscaled with log odds -1.5 + 1.2 per style prompt: style is chosen."""
    draw = np.random.default_rng(seed)
    rows, up = [], []
    for user in range(n_users):
        for n in range(3):
            styled = draw.random() < 0.4
            rows.append((f"u{user}", "a red fox in the garden" + (", octane render" if styled else ""), f"t{user}-{n}"))
            up.append(bool(draw.random() < 1 / (1 + np.exp(1.5 - 1.2 * styled))))
    return prompts(rows, upscaled=pl.Series(up))


# Of all prompts .4 have style; of upscaled ones .4 p1 / (.4 p1 + .6 p0) = .606, with p1 = .426 and p0 = .182. The
# share of style words is 2/8 where there is style.
def test_known_selection_is_undone():
    log = audited(selected(7))
    found = audit(log)
    before, after = (
        value(found, feature="style_share", estimand=one, group="inverse_probability") for one in ("before", "after")
    )
    n_up = found.filter(feature="style_share", estimand="after", group="inverse_probability")["n_prompts"][0]
    error = 0.25 * np.sqrt(0.4 * 0.6 / n_up)
    assert before == pytest.approx(0.25 * (0.606 - 0.4), abs=4 * error)
    assert after < 4 * error
    weights = fitted(log).of(log.prompts.collect())["inverse_probability"].to_numpy()
    up = log.prompts.collect()["upscaled"].to_numpy()
    assert weights[up].mean() == pytest.approx(1, abs=0.05) and weights[~up].mean() == pytest.approx(1, abs=0.05)


# With weights P / p(x) the upscaled have Kish's share (sum q w)^2 / sum q w^2, q being how the upscaled are made up. The
# rate of a person's other prompts says nothing here, and its slope of .035 moves a weight by some 3%.
def test_effective_size_is_the_one_that_theory_gives():
    log = audited(selected(8))
    frame = log.prompts.collect()
    styled, up = frame["text"].str.contains("octane").to_numpy(), frame["upscaled"].to_numpy()
    p = {one: up[styled == one].mean() for one in (True, False)}  # as they came out, within their errors of .43 and .18
    whole = up.mean()
    q = {one: (styled[up] == one).mean() for one in (True, False)}
    theory = 1 / sum(q[one] * (whole / p[one]) ** 2 for one in q)
    weights = fitted(log).of(log.prompts.collect())["inverse_probability"]
    w = weights.filter(log.prompts.collect()["upscaled"]).to_numpy()
    assert w.sum() ** 2 / (w**2).sum() / len(w) == pytest.approx(theory, abs=0.02)


# Ten prompts of one person and one each of two: with a cap of .4, c = .4 (c + 2), c = 4 / 3; each of the ten weighs
# 4 / 30.
def test_user_cap_by_hand():
    rows = [("a", f"a fox number {n}") for n in range(10)] + [("b", "an owl"), ("c", "a cat")]
    log = audited(prompts(rows), settings=Settings(cap=0.4))
    table = fitted(log).of(log.prompts.collect())
    assert table["user_cap"].to_list() == pytest.approx([4 / 30] * 10 + [1.0, 1.0])
    alike = audited(prompts(rows), settings=Settings(cap=0.1))
    assert fitted(alike).of(alike.prompts.collect())["user_cap"].to_list() == pytest.approx([0.1] * 10 + [1.0, 1.0])


def test_weighted_area_is_that_of_scikit_learn_within_folds():
    draw = np.random.default_rng(9)
    scores, labels = draw.normal(size=200).round(1), draw.random(200) < 0.4
    weights, fold = draw.uniform(0.1, 3, 200), np.zeros(200, dtype=np.int64)
    assert weighted_area(scores, labels, weights, fold) == pytest.approx(
        roc_auc_score(labels, scores, sample_weight=weights)
    )
    halves = np.arange(200) % 2
    shifted = scores + 100 * halves  # the models of two folds differ in their intercepts
    both = [weighted_area(scores[halves == k], labels[halves == k], weights[halves == k], fold[:100]) for k in (0, 1)]
    assert min(both) <= weighted_area(shifted, labels, weights, halves) <= max(both)
    assert np.isnan(weighted_area(scores, np.ones(200, dtype=bool), weights, fold))


def test_jensen_shannon_is_that_of_scipy():
    from scipy.spatial.distance import jensenshannon

    one, other = np.array([3.0, 1.0, 0.0, 6.0]), np.array([1.0, 1.0, 5.0, 0.0])
    assert jensen_shannon(one, other) == pytest.approx(jensenshannon(one, other, base=2) ** 2)
    assert np.isnan(jensen_shannon(one, np.zeros(4)))


def test_without_reference_first_prompts_stand_for_it():
    rows = [row for n in range(60) for row in ((f"u{n}", "a red fox", f"t{n}"), (f"u{n}", "a red fox 8k", f"t{n}"))]
    log = audited(prompts(rows))
    assert groups(log).reference is None
    found = audit(log)
    assert "first prompts" in found.filter(feature="density_ratio", estimand="ess")["note"][0]
    assert findings(found)


@pytest.mark.parametrize("rows", [[], [("a", "a fox")], [(None, "a fox"), (None, "an owl")], [("a", "x" * 10_000)] * 3])
def test_degenerate_logs_have_reasons(rows):
    log = audited(prompts(rows))
    found = audit(log)
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).height == 0
    table = fitted(log).of(log.prompts.collect())
    tables.check(table, tables.WEIGHTS, "test")
    assert table.height == len(rows)
    assert table["weight"].null_count() == 0


KINDS = ("density_ratio", "inverse_probability", "user_cap", "weight")


def sound(found):
    """The rows, after what holds for those of every log: all are there, and those without an estimate say why."""
    assert found.select(tables.RESULTS.key).is_unique().all()
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert found.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert found["n_prompts"].null_count() == found["n_users"].null_count() == found["n_threads"].null_count() == 0
    sizes = [(kind, name) for kind in KINDS for name in ("ess", "ess_share", "maximum", "truncated")]
    assert sorted(found.filter(pl.col("group").is_null()).select("feature", "estimand").rows()) == sorted(sizes)
    sides = [(a, group) for a in ("style_share", "dialect", "function_words", "auc") for group in (KINDS[0], KINDS[3])]
    sides += [(a, KINDS[1]) for a in ("style_share", "n_words")]
    for feature, group in sides:
        assert found.filter(feature=feature, group=group)["estimand"].to_list() == ["before", "after", "reduction"]
    assert found.height == len(sizes) + 3 * len(sides)
    return found


# Weights 1, 1, 2: (1 + 1 + 2)^2 / (1 + 1 + 4) = 16 / 6, of three prompts 8 / 9.
def test_effective_size_by_hand():
    assert effective_share(np.array([3.0, 4.0, 6.0])).tolist() == pytest.approx([8 / 9])
    assert np.isnan(effective_share(np.zeros(3))).all()


# Three people with 1, 2 and 5 prompts, and a cap that needs five: each weighs 1 in sum, a prompt 1, 1/2 or 1/5, on
# average 3/8. By their mean they are 8/3, 4/3 and 8/15. Kish: 3^2 / (1 + 2/4 + 5/25) = 9 / 1.7 of 8 prompts.
def test_weight_has_mean_1_and_its_cost_by_hand():
    rows = [(user, f"a fox number {n}", f"t{user}") for n, user in enumerate("abbccccc")]
    log = audited(prompts(rows), settings=Settings(cap=0.2))
    table = fitted(log).of(log.prompts.collect())
    assert table["user_cap"].to_list() == pytest.approx([1, 1 / 2, 1 / 2] + [1 / 5] * 5)
    assert table["weight"].to_list() == pytest.approx([8 / 3, 4 / 3, 4 / 3] + [8 / 15] * 5)
    found = sound(audit(log))
    assert value(found, feature="weight", estimand="ess") == pytest.approx(9 / 1.7)
    assert value(found, feature="weight", estimand="ess_share") == pytest.approx(9 / 1.7 / 8)
    assert value(found, feature="weight", estimand="maximum") == pytest.approx(8 / 3)
    assert value(found, feature="user_cap", estimand="truncated") == pytest.approx(7 / 8)


def test_weights_have_mean_1_over_the_log_and_over_upscaled_prompts_and_others():
    log = audited(selected(11, 300))
    frame = log.prompts.collect()
    table, up = fitted(log).of(frame), frame["upscaled"]
    assert table["weight"].mean() == pytest.approx(1)
    for part in (up, ~up):
        assert table["inverse_probability"].filter(part).mean() == pytest.approx(1)


def test_a_part_of_a_log_gets_the_weights_that_the_whole_gives_it():
    frame = language_logs.simulated("adaptation-only", 3, 40)
    weights = fitted(language_logs.audited(frame.with_columns(n_words=pl.col("text").str.count_matches(r"\S+"))))
    whole = frame.with_columns(n_words=pl.col("text").str.count_matches(r"\S+"))
    some = whole["user_id"].is_in(whole["user_id"].unique().sort()[:20].implode())
    alone, cut = weights.of(whole.filter(some)), weights.of(whole).filter(some)
    assert alone["density_ratio"].n_unique() > 10
    assert alone.select(pl.col(pl.Float64).round(9)).equals(cut.select(pl.col(pl.Float64).round(9)))
    assert weights.of(whole.clear()).is_empty()


# The jackknife by hand: each person's texts and prompts are left out in turn. Lines of a file are of nobody and stay.
@pytest.mark.parametrize("lines", [False, True], ids=["captions", "file"])
def test_area_without_each_person_is_that_of_the_rest(lines):
    draw = np.random.default_rng(13)
    n = 60
    users = [f"u{k}" for k in draw.integers(0, 8, n)]
    mine = pl.DataFrame({"user_id": users, "thread_id": users})
    theirs = pl.Series([None if lines else f"u{k}" for k in draw.integers(0, 8, n)], dtype=pl.String)
    everyone = pl.concat([theirs, mine["user_id"]])
    fold = np.array([place % 2 if user is None else int(user[1]) % 2 for place, user in enumerate(everyone)])
    labels = np.arange(2 * n) < n
    scores = tuple(draw.normal(labels, 1).round(1) for _ in range(2))
    heavy = (np.ones(2 * n), np.concatenate([np.ones(n), draw.uniform(0.2, 3, n)]))
    weighed = Weighed("weight", mine, heavy[1][n:], audited(prompts([])))
    rows = list(area_rows(weighed, everyone, scores, fold))

    def three(kept):
        found = [weighted_area(s[kept], labels[kept], w[kept], fold[kept]) for s, w in zip(scores, heavy, strict=True)]
        return [*found, max(found[0] - 0.5, 0) - max(found[1] - 0.5, 0)]

    whole = np.array(three(np.ones(2 * n, dtype=bool)))
    without = np.array([three((everyone != user).fill_null(True).to_numpy()) for user in sorted(set(users))])
    error = np.sqrt((len(without) - 1) / len(without) * ((without - whole) ** 2).sum(axis=0))
    assert [row["estimate"] for row in rows] == pytest.approx(whole.tolist())
    assert [row["standard_error"] for row in rows] == pytest.approx(error.tolist())


def test_people_who_adapt_are_brought_nearer_to_captions():
    found = sound(audit(language_logs.audited(language_logs.simulated("adaptation-only", 1, 100))))
    for feature in ("style_share", "auc"):
        assert found.filter(feature=feature, estimand="reduction", group="density_ratio")["ci_low"][0] > 0
    assert "The density-ratio weights bring the log nearer to the captions" in findings(found)[0]


def test_dialect_is_compared_where_both_sides_have_it():
    frame = language_logs.simulated("adaptation-only", 1, 100)
    scored = frame.with_columns(dialect=pl.lit(0.5), caption_dialect=pl.lit(-1.0))
    found = sound(audit(language_logs.audited(scored)))
    assert value(found, feature="dialect", estimand="before", group="density_ratio") == pytest.approx(1.5)
    assert value(found, feature="dialect", estimand="reduction", group="weight") == pytest.approx(0)
    unknown = audit(language_logs.audited(frame, notes={"dialect": "too few words"})).filter(feature="dialect")
    assert set(unknown["note"]) == {"too few words"}
    of_file = audit(language_logs.audited(scored, reference=frame["text"].head(200).to_list()))
    assert set(of_file.filter(feature="dialect")["note"]) == {"lines of a file have no dialect score"}


@pytest.mark.parametrize("rows", [[], [("a", "a fox")], [(None, "a fox"), (None, "an owl")]])
def test_every_row_is_there_with_a_reason(rows):
    found = sound(audit(audited(prompts(rows))))
    void = found.filter(pl.col("feature").is_in(["density_ratio", "inverse_probability", "dialect", "auc"]))
    assert void["estimate"].null_count() == void.height
    assert not any("nan" in sentence for sentence in findings(found))


def test_hostile_texts_are_weighed():
    odd = ("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u202egnp.exe\u2066", "\x00\x07", "", "x " * 5_000)
    rows = [(f"u{n % 20}", odd[n % len(odd)], f"t{n % 80}") for n in range(400)]
    log = audited(prompts(rows, upscaled=pl.Series([n % 3 == 0 for n in range(400)])))
    sound(audit(log))
    table = fitted(log).of(log.prompts.collect())
    assert sum(table.null_count().row(0)) == 0 and table["weight"].is_finite().all()
