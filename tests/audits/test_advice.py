"""Advice follows from the rows of audits, and from nothing else."""

import numpy as np
import polars as pl
import pytest
from tests import made_results as made
from tests.audits.made_log import audited, prompts

from unspool import tables
from unspool.audits import concentration
from unspool.audits import weights as weighing
from unspool.audits._advice import advice
from unspool.audits._advice_weights import EVEN
from unspool.audits._groups import NO_REFERENCE
from unspool.audits._weights_ratio import FIRST_PROMPTS


def told(*rows):
    found = made.frame(list(rows)) if rows else tables.empty(tables.RESULTS)
    return {one.use.split(" (")[0]: one for one in advice(found)}


def language(auc, half, style=0.0, error=0.1, p=0.01):
    return [
        made.point("model_language", "text", "auc", auc, half, group="first:last", p_value=p),
        made.point("model_language", "style", "difference", style, error, group="first:last"),
    ]


ALL = "train on all prompts as natural language"


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (language(0.6, 0.05), "no"),
        (language(0.6, 0.05, p=0.2), "with care"),
        (language(0.6, 0.15), "with care"),
        (language(0.5, 0.05, style=0.2), "no"),
        (language(0.5, 0.05, style=-0.2), "with care"),
        (language(0.5, 0.05, error=None), "not known"),
        (language(0.5, None), "not known"),
        ([made.void("model_language", "text", "auc", "no threads", group="first:last")], "not known"),
        (language(0.5, 0.05)[1:], "not known"),
        (language(0.5, 0.05, style=0.2)[1:], "no"),
        (language(0.5, 0.05)[:1], "not known"),
        (language(0.6, 0.05)[:1], "no"),
    ],
)
def test_all_prompts_are_natural_language_only_if_nothing_speaks_against_it(rows, verdict):
    assert told(*rows)[ALL].verdict == verdict


def test_the_change_of_style_has_its_direction_in_words_and_its_interval():
    less = told(*language(0.5, 0.05, style=-0.075, error=0.025))[ALL].why
    assert less.startswith("no clear sign against it: at equal length, style words make up less of last prompts")
    assert "(-7.5 percentage points, 95% interval -10.0 to -5.0)" in less
    assert "50% of pairs (95% interval 45% to 55%; chance is 50%)" in less
    assert "-0.0" not in told(*language(0.5, 0.05, style=-0.0001, error=0.2))[ALL].why


# Twelve people: style is compared, and of what is lacking it says which.
def test_what_could_not_be_compared_is_named():
    few = told(*language(0.5, 0.05, style=0.01, error=0.05)[1:])[ALL].why
    assert few.startswith("at equal length, first and last prompts do not clearly differ") and few.endswith(
        ", and there were not enough texts for a classifier to tell last prompts from first ones"
    )
    assert "style could not be compared, and a classifier does not" in told(*language(0.5, 0.05)[:1])[ALL].why
    nothing = told(made.void("model_language", "text", "auc", "no threads", group="first:last"))[ALL].why
    assert nothing == "last prompts could not be compared with first ones"


def loop(tilt, error):
    same = {"group": "all"}
    return [
        made.point("closed_loop", "style", "tilt", tilt, error, **same),
        made.point("closed_loop", "style", "mass", 0.37, 0.0, step=0, **same),
        made.point("closed_loop", "style", "mass", 0.56, 0.1, step=10, **same),
    ]


# The page must not say that nothing speaks against it where the closed loop on it says that style would rise.
def test_advice_agrees_with_the_closed_loop():
    rises = told(*language(0.5, 0.05), *loop(0.4, 0.2))[ALL]
    assert rises.verdict == "with care" and "no clear sign" not in rises.why
    assert "10 rounds of training on them would bring it from 37% to 56% (95% interval 46% to 66%)" in rises.why
    for tilt, error in ((0.4, 0.5), (-0.4, 0.2), (0.4, None)):
        unclear = told(*language(0.5, 0.05), *loop(tilt, error))[ALL]
        assert unclear.why.startswith("no clear sign against it") and "rounds" not in unclear.why


def asked(recall, half, accepted=None):
    same = {"n_threads": 40, "n_users": 9}
    rows = [made.point("intent", "content", "recall", recall, half, **same)]
    more = [] if accepted is None else [made.point("intent", "content", "recall", accepted, group="upscaled", **same)]
    return rows + more


@pytest.mark.parametrize(
    ("rows", "verdict", "why"),
    [
        (asked(0.74, 0.05), "yes", "(95% interval 69% to 79%; 40 threads of 9 users)"),
        (asked(0.6, 0.2), "with care", "perhaps most of what people ended with was not asked for at first"),
        (asked(0.33, 0.05), "with care", "8% to 38%; 40 threads of 9 users): most of what people ended with was not"),
        (asked(0.33, None), "not known", "33% of the content words of last prompts stood in the first (no interval"),
        (asked(0.74, 0.05, 0.81), "yes", "81% where the last was upscaled (40 threads)"),
    ],
)
def test_first_prompts_must_hold_what_was_accepted(rows, verdict, why):
    found = told(*rows)["train on first prompts and what was accepted for them"]
    assert found.verdict == verdict and why in found.why


def pairs(every, held):
    return [
        made.point("selection", "pairs", "n_left", every, group="all pairs"),
        made.point("selection", "pairs", "n_left", held, group="prompt held fixed"),
    ]


def test_pairs_must_hold_the_prompt_fixed():
    found = told(*pairs(3000, 2000))["train a preference model"]
    assert found.verdict == "yes"
    assert found.why == "2,000 pairs hold the prompt fixed; 1,000 more do not and are left out"
    assert told(*pairs(30, 0))["train a preference model"].verdict == "no"
    assert told(made.void("selection", "pairs", "n_left", "unknown"))["train a preference model"].verdict == "no"


@pytest.mark.parametrize(
    ("every", "held", "why"),
    [
        (1, 1, "1 pair holds the prompt fixed, too few to train on alone"),
        (5, 2, "2 pairs hold the prompt fixed, too few to train on alone; 3 more do not and are left out"),
        (999, 999, "999 pairs hold the prompt fixed, too few to train on alone"),
    ],
)
def test_a_few_pairs_are_no_model(every, held, why):
    found = told(*pairs(every, held))["train a preference model"]
    assert (found.verdict, found.why) == ("with care", why)
    assert told(*pairs(1000, 1000))["train a preference model"].verdict == "yes"


def weights(share, before, less=None, half=0.01, towards="the captions of the images"):
    note = {"note": f"towards {towards}; on a random sample"}
    less = before - 0.5 if less is None else less
    return [
        made.point("weights", "density_ratio", "ess_share", share, **note),
        made.point("weights", "auc", "before", before, group="density_ratio"),
        made.point("weights", "auc", "after", before - less, group="density_ratio"),
        made.point("weights", "auc", "reduction", less, half, group="density_ratio"),
    ]


NATURAL = "weigh it towards natural expression"


@pytest.mark.parametrize(
    ("rows", "verdict", "why"),
    [
        (weights(0.8, 0.7), "yes", "bring the log nearer to the captions of the images"),
        (weights(0.3, 0.9), "with care", "worth 30% of its prompts"),
        (weights(0.9, 0.52), "no need", "an area of 0.52"),
        (weights(0.9, 0.5499), "no need", "an area of 0.5499"),
        (weights(0.9, 0.554, 0.004, 0.001), "no", "hardly bring the log nearer to"),
        (weights(0.9, 0.554, 0.004, 0.001), "no", "0.554 before and 0.550 after"),
        (weights(0.9, 0.6, -0.05), "no", "no nearer"),
        (weights(0.9, 0.6, 0.1, 0.2), "not known", "falls by 0.10 (95% interval -0.10 to 0.30)"),
        (weights(0.9, 0.6, 0.1, None), "not known", "do not clearly bring the log nearer"),
    ],
)
def test_weights_are_worth_what_they_cost(rows, verdict, why):
    found = told(*rows)[NATURAL]
    assert found.verdict == verdict and why in found.why and "the captions of the images" in found.why


@pytest.mark.parametrize("before", [0.49, 0.62])
def test_first_prompts_are_no_natural_expression(before):
    found = told(*weights(0.9, before, towards=FIRST_PROMPTS))[NATURAL]
    assert found.verdict == "not known" and "--reference FILE" in found.why and "captions" in found.why
    sentences = weighing.findings(made.frame(weights(0.9, before, towards=FIRST_PROMPTS)))
    assert f"Whether weights bring the log nearer to natural expression is not known: {NO_REFERENCE}." in sentences


def test_weights_that_are_not_known_say_why():
    found = told(made.void("weights", "density_ratio", "ess_share", "on a sample; fewer than 50 prompts"))[NATURAL]
    assert found.verdict == "not known" and found.why.endswith("to weigh it by: fewer than 50 prompts")


def log_of(counts):
    return audited(prompts([(f"u{user}", f"a fox number {n}") for user, k in enumerate(counts) for n in range(k)]))


# Effective people: 1 / sum of squared shares. 150 with one prompt and one with 60: 210^2 / (150 + 3,600) = 11.8.
@pytest.mark.parametrize(
    ("counts", "verdict", "why"),
    [
        ([3] * 12, "yes", "it is as if 12 of its 12 people had written the same number each"),
        ([2] * 82 + [3], "yes", "as if 83 of its 83 people"),
        ([1] * 150 + [60], "no", "as if 12 of its 151 people, fewer than half, had"),
        ([1] * 150 + [60], "no", ": use user_cap"),
        ([1] * 11 + [50], "no", "take as many prompts of each person, since 12 people are too few for a cap"),
        (
            [1, 9],
            "no",
            "as if 1.2 of its 2 people had written the same number each; the most active one wrote 90%, most of it",
        ),
        ([4], "with care", "one person wrote all of it"),
    ],
)
def test_prompts_count_alike_where_people_wrote_alike(counts, verdict, why):
    log = log_of(counts)
    rows = concentration.audit(log)
    (found,) = advice(rows)
    assert (found.use, found.verdict) == ("count each prompt alike", verdict) and why in found.why
    capped = not any("There is no cap per person" in one for one in concentration.findings(rows))
    assert ("user_cap" in found.why) == (capped and verdict == "no")


# Counts of people who stop after each prompt with chance p have mean 1 / p and variance (1 - p) / p^2, so that
# n / (1 + variance / mean^2) of n people are effective: n / (2 - p).
@pytest.mark.parametrize("p", [0.05, 0.3, 0.9])
def test_luck_alone_leaves_more_than_half_of_the_people(p):
    counts = np.random.default_rng(1).geometric(p, 50_000)
    share = counts.sum() ** 2 / (counts**2).sum() / len(counts)
    assert share == pytest.approx(1 / (2 - p), rel=0.02) and share > EVEN


def test_weights_tell_of_a_cap_only_where_there_is_one():
    few, many = (weighing.findings(weighing.audit(log_of([2] * n)))[-1] for n in (12, 120))
    assert few.startswith("There are too few people for a cap per person") and few.endswith("100% of its prompts.")
    assert many == "With the cap per person the log is worth 100% of its prompts."


def test_what_blocks_comes_first_with_its_flag():
    row = made.point("privacy", "emails", "n_prompts", 3.0, group="text")
    (found,) = advice(made.frame([row]))
    assert found.verdict == "no" and "--allow emails" in found.why
    clean = made.point("privacy", "emails", "n_prompts", 0.0, group=None)
    assert advice(made.frame([clean]))[0].verdict == "with care"


# Of audits that were not made nothing is said.
def test_nothing_of_nothing():
    assert advice(tables.empty(tables.RESULTS)) == []
    nulls = made.frame(weights(0.5, 0.7)).with_columns(pl.lit(None, dtype=pl.Float64).alias("estimate"))
    assert [one.verdict for one in advice(nulls)] == ["not known"]


@pytest.mark.parametrize(
    ("rows", "why"), [([], "the log has no prompts"), ([(None, "a red fox")], "the log names no users")]
)
def test_a_log_without_prompts_is_not_said_to_name_nobody(rows, why):
    found = concentration.audit(audited(prompts(rows)))
    assert [(one.verdict, one.why) for one in advice(found)] == [("not known", why)]
    assert set(found["note"]) == {why}
