"""Terms that threads added, in the first prompts after and before: by hand, and on users who keep a known share."""

import numpy as np
import polars as pl
import pytest
from scipy.special import stdtrit
from scipy.stats import binomtest
from tests.analyses.measured import frame, log, one, thread

from unspool import tables
from unspool.analyses import Measured, Settings, carryover
from unspool.analyses._carryover_terms import more
from unspool.stats.jackknife import jackknife, means_carried

TAIL = "soft light golden hour octane render highly detailed"


def told(user, *texts):
    """A thread of prompts."""
    return thread(user, [0] * len(texts), text=list(texts))


def kept(threads, estimand="kept_terms", feature="style"):
    return one(carryover.analyse(log(threads)), feature=feature, estimand=estimand, group=None, step=None)


# Of a, thread 2 adds bokeh and watercolor: the next first prompt has bokeh, the one before has watercolor and 8k. Of b
# it adds 8k, which comes next; of c golden hour, which does not. Things: castle (a), which nobody says again.
def by_hand(a, b, c):
    return [
        told(a, "a fox, watercolor"),
        told(a, "a robot, 8k", "a robot castle, 8k, bokeh, watercolor"),
        told(a, "a ship, bokeh, 8k"),
        told(b, "a tree"),
        told(b, "a river", "a river, 8k"),
        told(b, "a dragon, 8k"),
        told(c, "a horse"),
        told(c, "a boat", "a boat, golden hour"),
        told(c, "a knight"),
    ]


BY_HAND = by_hand("a", "b", "c")


def test_by_hand():
    # Four terms were added: two stand in the next first prompt, one in the one before.
    assert kept(BY_HAND)["estimate"] == pytest.approx(2 / 4 - 1 / 4)
    assert kept(BY_HAND, "kept_terms_next")["estimate"] == pytest.approx(2 / 4)
    assert kept(BY_HAND, "kept_terms_before")["estimate"] == pytest.approx(1 / 4)
    # Of the 3/4 that would not be there anyway, 1/4.
    assert kept(BY_HAND, "kept_terms_share")["estimate"] == pytest.approx(1 / 3)
    # Two terms are of a and one each of b and c, who so are worth 16 / (4 + 1 + 1) = 2.7 users.
    assert kept(BY_HAND)["ci_low"] is None and "worth 2.7 users" in kept(BY_HAND)["note"]
    # Two of each: without one a 2 of 6, without one b (3 - 2) of 7, without one c (4 - 2) of 7; 5/6 of the squares.
    twice = kept([*BY_HAND, *by_hand("d", "e", "f")])
    moved = np.array([2 / 6, 1 / 7, 2 / 7]) - 1 / 4
    assert twice["standard_error"] == pytest.approx(np.sqrt(5 / 6 * 2 * (moved**2).sum()))
    reach = twice["standard_error"] * stdtrit(64 / 12 - 1, 0.975)
    assert (twice["ci_low"], twice["ci_high"]) == pytest.approx((1 / 4 - reach, 1 / 4 + reach))
    # The first prompts of three threads, and the last of the middle one, of three users.
    assert [kept(BY_HAND)[name] for name in ("n_prompts", "n_threads", "n_users")] == [12, 9, 3]
    assert kept(BY_HAND, feature="content")["estimate"] == 0


def test_style_less_content():
    threads = [
        [
            told(u, "a tree"),
            told(u, f"a {u}", f"a {u} castle, 8k"),
            told(u, "a dragon, 8k" if u != "owl" else "a dragon"),
        ]
        for u in ("fox", "cat", "owl")
    ]
    rows = [one_thread for user in threads for one_thread in user]
    # Two of three style terms, none of three content terms.
    assert kept(rows)["estimate"] == pytest.approx(2 / 3)
    assert kept(rows, feature="style_minus_content")["estimate"] == pytest.approx(2 / 3)


def test_the_placebo_looks_two_threads_back():
    threads = [
        told("a", "a fox"),
        told("a", "a robot, 8k"),
        told("a", "a ship", "a ship, 8k, bokeh"),
        told("b", "a tree, 8k"),
        told("b", "a river"),
        told("b", "a dragon", "a dragon, 8k"),
    ]
    # Three terms: 8k of a stood one thread before, 8k of b two threads before.
    assert kept(threads, "kept_terms_placebo")["estimate"] == pytest.approx(1 / 3 - 1 / 3)
    assert kept(threads[:3], "kept_terms_placebo")["estimate"] == pytest.approx(1 / 2)


def test_pastes_are_left_out_on_both_sides():
    threads = [
        told("a", "a tree"),
        told("a", "a robot", f"a robot, {TAIL}"),
        told("a", f"a ship, {TAIL}"),
        told("b", f"a tree, {TAIL}"),
        told("b", "a river", f"a river, {TAIL}"),
        told("b", "a dragon"),
        told("c", "a horse"),
        told("c", "a boat", "a boat, bokeh"),
        told("c", "a knight, bokeh"),
    ]
    found = kept(threads, "kept_terms_without_paste")
    assert found["estimate"] == 1
    assert "2 thread(s) whose last 8 words end one of the two first prompts left out" in found["note"]
    assert abs(kept(threads)["estimate"]) < 1


def test_an_end_that_is_about_the_thread_before_says_nothing():
    threads = [
        told("a", "red fox castle"),
        told("a", "a robot", "red fox castle, 8k"),
        told("a", "a ship, 8k"),
    ]
    # The thread after would be left out for sharing its words with the end; so is the one before.
    found = kept(threads)
    assert found["estimate"] is None
    assert "1 thread(s) whose end shares half of its content words" in found["note"]
    assert found["note"].endswith("no user has three threads that follow one another")


@pytest.mark.parametrize(
    ("threads", "reason"),
    [
        ([], "the log has no texts"),
        ([told("a", "a fox", "a fox, 8k")], "no user has three threads that follow one another"),
        (
            [told("a", text) for text in ("a fox", "a ship", "a tree")],
            "no thread that has the two others beside it added",
        ),
        (
            [told("a", text, text) for text in ("", "!?", "<script>=cmd|'/C calc'!A0")],
            "no thread that has the two others beside it added a term",
        ),
    ],
)
def test_small_logs_have_reasons(threads, reason):
    found = kept(threads)
    assert found["estimate"] is None
    assert reason in found["note"]


def test_one_user_has_no_interval():
    found = kept(BY_HAND[:3])
    assert (found["estimate"], found["ci_low"]) == (0, None)
    assert "1 user(s): an interval over users needs at least 3" in found["note"]


def test_a_log_that_names_nobody_says_so():
    nobody = frame(BY_HAND).with_columns(user_id=pl.lit(None, pl.String))
    found = one(carryover.analyse(log(nobody)), feature="style", estimand="kept_terms")
    assert (found["estimate"], found["note"]) == (None, "the log names nobody: no interval over users")


PHRASES = ("golden hour", "octane render", "oil painting", "bokeh", "watercolor", "low poly", "wide angle", "8k")
PHRASES += ("cinematic", "pastel", "photorealistic", "isometric", "volumetric light", "35mm", "pixel art", "vaporwave")


def simulated(seed, kappa, *, fading=False, users=60, threads=4):
    """Users who add style phrases, favourites rather than others, and keep a share `kappa` of them.

    What is kept stands under every later prompt, or, `fading`, under the next thread's, of whose style the next keeps
    that share again. First prompts have a phrase of the user's own choice besides. Things are new in every thread.
    """
    rng, rows = np.random.default_rng(seed), []
    for u in range(users):
        love, standing = rng.dirichlet(np.full(len(PHRASES), 0.5)), set()
        for t in range(threads):
            mine = {*rng.choice(len(PHRASES), p=love, size=rng.poisson(1.0)).tolist()}
            first = standing | mine
            added = {*rng.choice(len(PHRASES), p=love, size=rng.poisson(1.5)).tolist()} - first
            for step, style in enumerate((first, first | added)):
                text = ", ".join([f"wombat{u}x{t} zebra{t}y{u}", *(PHRASES[place] for place in sorted(style))])
                rows.append((f"u{u:03}", f"{u}-{t}", step + 1, 1 - step, text))
            those = first | added if fading else added
            standing = {place for place in sorted(those) if rng.random() < kappa} | (set() if fading else standing)
    schema = ("user_id", "thread_id", "step", "steps_left", "text")
    prompts = pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        prompt_id=pl.int_range(pl.len()).cast(pl.String)
    )
    return Measured(tables.conform(prompts, tables.PROMPTS).lazy(), "iou", {}, Settings())


RUNS = 40


def many(kappa, **more):
    """Estimates, ends of intervals and p-values over seeds, by estimand."""
    found = {}
    for seed in range(RUNS):
        for row in carryover.analyse(simulated(seed, kappa, **more)).filter(feature="style").iter_rows(named=True):
            listed = [row[name] for name in ("estimate", "ci_low", "ci_high", "p_value")]
            found.setdefault(row["estimand"], []).append(listed)
    return {key: np.array(values, dtype=float).T for key, values in found.items()}


def test_favourites_that_come_back_anyway_are_not_kept():
    found = many(0.0)
    assert found["kept_terms_next"][0].mean() > 0.1
    for estimand in ("kept_terms", "kept_terms_placebo"):
        estimate, _, _, p = found[estimand]
        assert abs(estimate.mean()) < 4 * estimate.std() / np.sqrt(RUNS)
        # Binomial(40, .05): mean 2, sd 1.4; four sd above is 7.5.
        assert (p < 0.05).sum() <= 7


@pytest.mark.parametrize(("kappa", "fading"), [(0.5, False), (0.3, True)])
def test_the_share_kept_is_found_whether_it_stays_or_fades(kappa, fading):
    estimate, low, high, p = many(kappa, fading=fading)["kept_terms_share"]
    assert abs(estimate.mean() - kappa) < 4 * estimate.std() / np.sqrt(RUNS)
    # Binomial(40, .95): mean 38, sd 1.4; four sd below is 32.5.
    assert ((low <= kappa) & (kappa <= high)).sum() >= 33
    assert (p < 0.05).sum() >= 36


# Whether a term is found again is as likely after as before, in draws of one to three terms that are found together.
def test_one_person_with_half_of_the_terms_does_not_make_more_of_nothing():
    g = np.random.default_rng(0)
    of_all, of_these = [], []
    for _ in range(3_000):
        found = g.beta(2, 5, 40)
        n = g.integers(1, 8, 40)
        n[0] = n[1:].sum()
        together = [np.diff(np.minimum(np.r_[0, np.cumsum(g.integers(1, 4, size))], size)) for size in n]
        sums = np.array(
            [[size, *(k @ (g.random((len(k), 2)) < p))] for size, k, p in zip(n, together, found, strict=True)]
        ).astype(float)
        of_all.append(jackknife(sums, more)[0].p_value <= 0.05)
        of_these.append(jackknife(sums, more, carried=means_carried(sums[:, 0]))[0].p_value <= 0.05)
    assert binomtest(sum(of_all), 3_000, 0.05, "greater").pvalue < 0.01
    assert binomtest(sum(of_these), 3_000, 0.05, "greater").pvalue > 0.01
