"""Scores at equal length: by hand, against statsmodels, where only position moves them; and what appending does."""

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy.stats import binomtest
from statsmodels.api import OLS, add_constant
from tests.analyses.measured import frame, one, sound, thread

from unspool import tables
from unspool.analyses import Measured, Settings, surprisal
from unspool.analyses import _surprisal_appends as appends
from unspool.analyses import _surprisal_donors as donors
from unspool.features import Column

COLUMNS = {
    "x": Column("log_perplexity", "Log perplexity", "nats per token", ""),
    "dialect": Column("dialect", "Dialect score", "nats per word", "", low=None),
    "n_words": Column("n_words", "Words", "words", "", log=True),
}


def log(threads, **more):
    """A log with log_perplexity (values x) and n_words."""
    rows = frame(threads).rename({"x": "log_perplexity"})
    columns = {column.name: column for column in COLUMNS.values() if column.name in rows.columns}
    return Measured(rows.lazy(), "iou", columns, Settings(), **more)


def analysed(measured):
    rows = surprisal.analyse(measured)
    assert set(rows["mode"]) <= {"corrected"}
    sound(rows.with_columns(mode=pl.lit("paper")))  # what holds for every row holds for these
    return rows


def estimate(rows, estimand, feature="log_perplexity"):
    return one(rows, feature=feature, estimand=estimand)["estimate"]


# Changes -1 (2 to 4 words), -2 (4 to 8), 0 (3 to 3), +1 (5 to 5).
BY_HAND = [
    thread("a", [5, 4, 2], n_words=[2, 4, 8]),
    thread("b", [3, 3], n_words=[3, 3]),
    thread("c", [1, 2], n_words=[5, 5]),
]


def test_by_hand():
    rows = analysed(log(BY_HAND))
    assert estimate(rows, "raw_transition") == pytest.approx((-1 - 2 + 0 + 1) / 4)
    assert estimate(rows, "same_length") == pytest.approx((0 + 1) / 2)
    assert estimate(rows, "same_length_changed") == pytest.approx(1)
    # Twice ln 2 more with mean change -1.5, twice 0 more with mean change 0.5: slope -2 / ln 2, constant 0.5.
    assert estimate(rows, "length_slope") == pytest.approx(-2 / np.log(2))
    assert estimate(rows, "length_held_line") == pytest.approx(0.5)
    raw = one(rows, feature="log_perplexity", estimand="raw_transition")
    assert (raw["n_prompts"], raw["n_threads"], raw["n_users"]) == (4, 3, 3)
    same = one(rows, feature="log_perplexity", estimand="same_length")
    assert same["n_prompts"] == 2
    assert "1 of them leave the score as it is" in same["note"]


def random_log(generator, n=80, n_users=12):
    lengths = generator.integers(1, 6, n)
    return [
        thread(
            f"u{generator.integers(n_users):02}",
            list(generator.normal(5, 1, size)),
            n_words=[int(value) for value in generator.integers(2, 40, size)],
        )
        for size in lengths
    ]


def changes(threads):
    """Change of the score, ln n before and after, and user of each transition."""
    rows = [
        (one["x"][t + 1] - one["x"][t], np.log(one["n_words"][t]), np.log(one["n_words"][t + 1]), one["user"])
        for one in threads
        for t in range(len(one["x"]) - 1)
    ]
    dy, before, after, users = zip(*rows, strict=True)
    return np.array(dy), np.array(before), np.array(after), np.array(users)


def test_the_lines_are_those_of_statsmodels_and_the_error_that_of_leaving_out_each_user():
    threads = random_log(np.random.default_rng(1))
    dy, before, after, users = changes(threads)
    rows = analysed(log(threads))
    line = OLS(dy, add_constant(after - before)).fit().params
    assert [estimate(rows, "length_held_line"), estimate(rows, "length_slope")] == pytest.approx(list(line))
    knots = np.quantile(np.concatenate([before, after]), surprisal.KNOTS)
    above = [np.maximum(after - knot, 0) - np.maximum(before - knot, 0) for knot in knots]
    bent = np.column_stack([np.ones(len(dy)), after - before, *above])
    held = one(rows, feature="log_perplexity", estimand="length_held")
    assert held["estimate"] == pytest.approx(OLS(dy, bent).fit().params[0])
    names = np.unique(users)
    without = [OLS(dy[users != name], bent[users != name]).fit().params[0] for name in names]
    n = len(names)
    error = np.sqrt((n - 1) / n * ((np.array(without) - held["estimate"]) ** 2).sum())
    assert held["standard_error"] == pytest.approx(error)
    part = estimate(rows, "raw_transition") - estimate(rows, "length_held")
    assert estimate(rows, "length_part") == pytest.approx(part)


def simulated(seed, drift, users=150):
    """Scores that fall with the position of words alone, and by `drift` a step; people make prompts longer.

    A word at position j costs 3 + 5 exp(-(j - 1) / 4), a prompt the mean of its words.
    """
    generator = np.random.default_rng(seed)
    cost = np.cumsum(3 + 5 * np.exp(-np.arange(400) / 4)) / np.arange(1, 401)
    for number in range(3 * users):
        size = generator.geometric(0.35)
        more = np.where(generator.random(size) < 0.3, 0, generator.poisson(4, size) - 1)
        n = np.maximum(generator.integers(3, 20) + np.cumsum(more), 2)
        noise = generator.normal(0, 0.5) + generator.normal(size=size) / np.sqrt(n)
        yield thread(f"u{number % users}", list(cost[n - 1] + drift * np.arange(size) + noise), n_words=n.tolist())


def test_where_only_position_moves_the_score_nothing_is_left_at_equal_length():
    found = [surprisal.analyse(log(list(simulated(seed, 0)))) for seed in range(100)]
    raw = np.array([estimate(rows, "raw_transition") for rows in found])
    assert raw.mean() < -0.15
    for name in ("length_held", "same_length"):
        listed = [one(rows, feature="log_perplexity", estimand=name) for rows in found]
        a = np.array([row["estimate"] for row in listed])
        # Passed once in a thousand by chance: 3.3 Monte Carlo errors of the mean, SD / 10; the broken line leaves a
        # bias of less than 0.1 SD.
        assert a.mean() == pytest.approx(0, abs=(0.33 + 0.1) * a.std())
        covers = sum(row["ci_low"] <= 0 <= row["ci_high"] for row in listed)
        assert binomtest(covers, len(a), 0.95).pvalue > 0.001


def test_a_change_of_every_step_that_is_not_length_is_kept_whole():
    before, after = (analysed(log(list(simulated(1, drift)))) for drift in (0, -0.05))
    for name in surprisal.HEADLINES:
        assert estimate(after, name) == pytest.approx(estimate(before, name) - 0.05)
    assert estimate(after, "length_part") == pytest.approx(estimate(before, "length_part"))


def test_findings_say_what_is_left():
    told = surprisal.findings(surprisal.analyse(log(list(simulated(1, 0)))))
    assert told[0].startswith("Log perplexity changes by -0.162 (95% interval -0.186 to -0.138)")
    assert "at equal length no clear change is left" in told[0]
    falling = surprisal.findings(surprisal.analyse(log(list(simulated(1, -0.3)))))
    assert "at equal length it goes down" in falling[0]


def test_every_score_has_rows_or_the_reason():
    rows = analysed(log(BY_HAND, notes={"slor": "no language model"}))
    assert one(rows, feature="slor", estimand="raw_transition")["note"] == "no language model"
    assert one(rows, feature="dialect", estimand="same_length")["note"] == "dialect was not measured"
    assert one(rows, feature="dialect", estimand="beyond_append")["note"] == "dialect was not measured"
    assert set(rows["feature"]) == set(surprisal.FEATURES)
    assert rows.select("n_prompts", "n_threads", "n_users").null_count().row(0) == (0, 0, 0)


def test_without_lengths_nothing_is_known():
    rows = analysed(log([thread("a", [1, 2])]))
    assert rows["estimate"].null_count() == rows.height
    assert one(rows, feature="log_perplexity", estimand="length_held")["note"] == "n_words was not measured"
    assert surprisal.findings(rows)[0].startswith("Not estimated: ")


@pytest.mark.parametrize(
    ("threads", "told"),
    [
        ([], "no prompt has a value"),
        ([thread("a", [1], n_words=[2])], "no transition of this kind"),
        ([thread("a", [1, 2], n_words=[0, 2])], "no transition of this kind"),
        ([thread("a", [1, None, 2], n_words=[3, 2, 2])], "no transition of this kind"),
    ],
)
def test_too_little_says_why(threads, told):
    rows = analysed(log(threads))
    for estimand in surprisal.HEADLINES:
        row = one(rows, feature="log_perplexity", estimand=estimand)
        assert row["estimate"] is None
        assert told in row["note"]


def test_one_user_has_no_interval_and_identical_prompts_no_change():
    rows = analysed(log([thread("a", [2, 2, 2], n_words=[3, 3, 3])]))
    raw = one(rows, feature="log_perplexity", estimand="raw_transition")
    assert (raw["estimate"], raw["ci_low"]) == (0, None)
    assert estimate(rows, "same_length") == 0
    assert estimate(rows, "length_held") == 0
    assert estimate(rows, "length_slope") is None
    assert estimate(rows, "same_length_changed") is None


def test_shuffled_rows_give_the_same():
    prompts = frame(random_log(np.random.default_rng(3))).rename({"x": "log_perplexity"})
    columns = {name: COLUMNS[key] for key, name in (("x", "log_perplexity"), ("n_words", "n_words"))}
    shuffled = prompts.sample(fraction=1, shuffle=True, seed=2)
    first, second = (analysed(Measured(rows.lazy(), "iou", columns)) for rows in (prompts, shuffled))
    assert_frame_equal(first, second)


# Appended words ------------------------------------------------------------------------------------------------------

SCENE = np.array([f"scene{n}" for n in range(400)])
STYLE = np.array([f"style{n}" for n in range(60)])


def written(seed, append_style, users=400):
    """People who begin with scenes and three style words in ten, and append from that mix, or style words alone."""
    generator = np.random.default_rng(seed)

    def mixed(n, style):
        pools = [STYLE if generator.random() < style else SCENE for _ in range(n)]
        return " ".join(pool[(generator.zipf(1.5) - 1) % len(pool)] for pool in pools)

    for number in range(2 * users):
        texts = [mixed(generator.integers(3, 9), 0.3)]
        for _ in range(generator.geometric(0.4) - 1):
            texts.append(f"{texts[-1]}, {mixed(generator.integers(1, 5), append_style)}")
        more = {"captions": [[mixed(7, 0)] * 4] * len(texts), "upscaled": [bool(generator.random() < 0.5)] * len(texts)}
        yield {"user": f"u{number % users}", "x": [0.0] * len(texts), "text": texts, **more}


def with_texts(threads):
    rows = [
        {
            "prompt_id": f"{number}-{step}",
            "user_id": one["user"],
            "thread_id": f"{number:05}",
            "step": step + 1,
            "steps_left": len(one["text"]) - 1 - step,
            **{key: one[key][step] for key in ("text", "captions", "upscaled") if key in one},
        }
        for number, one in enumerate(threads)
        for step in range(len(one["text"]))
    ]
    prompts = tables.conform(pl.DataFrame(rows, schema_overrides=tables.PROMPTS.columns), tables.PROMPTS)
    return Measured(prompts.lazy(), "iou", {"dialect": COLUMNS["dialect"]})


def appended(threads):
    rows = surprisal.results(
        appends.appends(with_texts(threads), None), analysis="surprisal", mode="corrected", rule="iou", seed=0
    )
    sound(rows.with_columns(mode=pl.lit("paper")))
    return {row["estimand"]: row for row in rows.iter_rows(named=True)}


def test_appending_words_at_random_is_like_others_words():
    rows = appended(list(written(1, append_style=0.3)))
    for estimand in ("beyond_append", "beyond_first_words"):
        # Passed once in a thousand by chance: 4.4 standard errors at 11 degrees of freedom.
        assert abs(rows[estimand]["estimate"]) < 4.4 * rows[estimand]["standard_error"] < 0.2
    assert "score made anew on" in rows["append_null"]["note"]
    assert "12 random groups" in rows["append_null"]["method"]


def test_appending_style_is_more_than_first_words_and_like_what_others_append():
    rows = appended(list(written(2, append_style=1)))
    assert rows["append_observed"]["ci_low"] > 0.5
    assert rows["beyond_first_words"]["ci_low"] > 0.5
    # Others append style too: what all do is in the null.
    assert abs(rows["beyond_append"]["estimate"]) < 4.4 * rows["beyond_append"]["standard_error"] < 0.1
    difference = rows["append_observed"]["estimate"] - rows["first_words_null"]["estimate"]
    assert rows["beyond_first_words"]["estimate"] == pytest.approx(difference)


def test_the_words_of_sentences_on_appending():
    rows = [
        {"feature": "dialect", "estimand": name, "estimate": value, "ci_low": value - 0.1, "ci_high": value + 0.1}
        | {"ci_level": 0.95, "n_prompts": 9, "n_users": 3}
        for name, value in {"append_observed": 0.5, "append_null": 0.5, "first_words_null": 0.1}.items()
    ]
    told = surprisal.findings(
        surprisal.results([*rows, rows[0] | {"estimand": "beyond_first_words", "estimate": 0.4}], mode="corrected")
    )
    assert "What people append is more like prompts than what they begin with: +0.40" in told[1]


def seldom_upscaled():
    return [one | {"upscaled": [n < 4] * len(one["text"])} for n, one in enumerate(written(3, 1))]


@pytest.mark.parametrize(
    ("threads", "told"),
    [
        ([{"user": "a", "text": ["a fox", "a fox, red"]}], "captions of 10,000 words or more; these have 0"),
        (seldom_upscaled(), "The upscaled prompts of one half"),
    ],
)
def test_where_the_score_cannot_be_made_anew_it_says_why(threads, told):
    rows = appended(threads)
    assert all(row["estimate"] is None for row in rows.values())
    assert told in rows["beyond_append"]["note"]


def test_too_few_people_who_append():
    threads = [one | {"text": [f"{text} x{n}" for n, text in enumerate(one["text"])]} for one in written(4, 1)]
    assert "0 user(s) append words" in appended(threads)["append_null"]["note"]


def test_what_counts_as_appended():
    texts = ["a cat", "a cat, red", "a cat, red", "a cat, redder", "a cat, redder hat", "the cat", "the cat --"]
    pieces = appends._appended(with_texts([{"user": "a", "text": texts}]).prompts.collect(), seed=0)
    # `redder` is no piece after `red`; equal texts and ones without more words append nothing.
    assert pieces.select("before", "piece", "n").rows() == [("a cat", ", red", 1), ("a cat, redder", " hat", 1)]


def exchange(n_users=12, n=200):
    generator = np.random.default_rng(5)
    pieces = pl.DataFrame(
        {
            "user_id": [f"u{number:02}" for number in generator.integers(0, n_users, n)],
            "n": generator.integers(1, 4, n).tolist(),
            "piece": [f"p{number}" for number in range(n)],
        }
    ).with_columns(group=pl.col("user_id").str.slice(1).cast(pl.Int64) % 3)
    return pieces.sort("group", "n", "user_id")


def test_others_pieces_are_of_another_user_of_the_group_with_as_many_words():
    pieces = exchange()
    places, has = donors.of_pieces(pieces, np.random.default_rng(1))
    assert has.all()
    for column in places.T:
        theirs = pieces[column]
        assert (theirs["group"] == pieces["group"]).all()
        assert (theirs["n"] == pieces["n"]).all()
        assert (theirs["user_id"] != pieces["user_id"]).all()
    # Each of the others is drawn as often as the next: 1,000 draws for one piece.
    drawn = np.concatenate([donors.of_pieces(pieces, np.random.default_rng(seed))[0][0] for seed in range(200)])
    others = pieces.with_row_index().filter(
        pl.col("group") == pieces["group"][0], pl.col("n") == pieces["n"][0], pl.col("user_id") != pieces["user_id"][0]
    )
    counts = np.bincount(drawn, minlength=len(pieces))[others["index"].to_numpy()]
    assert counts.sum() == 1000
    # SD of a count is under its root; 4 of them.
    assert np.abs(counts - 1000 / len(others)).max() < 4 * np.sqrt(1000 / len(others))


def test_a_piece_that_nobody_else_could_have_appended_has_no_other():
    pieces = pl.DataFrame({"user_id": ["a", "a", "b"], "n": [1, 1, 2], "group": [0, 0, 0], "piece": ["x", "y", "z"]})
    _, has = donors.of_pieces(pieces, np.random.default_rng(1))
    assert has.tolist() == [False, False, False]


def test_first_prompts_are_of_another_user_of_the_group_and_long_enough():
    pieces = exchange()
    firsts = pieces.select("user_id", "group", n_words=pl.col("n") + 1, text=pl.lit("a b c d"))
    firsts = firsts.sort("group", "n_words", "user_id", descending=[False, True, False])
    places, has = donors.of_firsts(pieces, firsts, np.random.default_rng(1))
    assert has.all()
    for column in places.T:
        theirs = firsts[column]
        assert (theirs["group"] == pieces["group"]).all()
        assert (theirs["n_words"] >= pieces["n"]).all()
        assert (theirs["user_id"] != pieces["user_id"]).all()
    longer = pieces.with_columns(n=pl.lit(9))
    assert not donors.of_firsts(longer, firsts, np.random.default_rng(1))[1].any()
    assert not donors.of_firsts(pieces, firsts.clear(), np.random.default_rng(1))[1].any()


def test_last_words():
    found = donors.last_words(pl.Series(["a red, old fox!", "fox"]), pl.Series([2, 1]))
    assert found.to_list() == ["old fox", "fox"]
