"""Advice follows from the rows of audits, and from nothing else."""

import polars as pl
import pytest
from tests import made_results as made

from unspool import tables
from unspool.audits._advice import advice


def told(*rows):
    found = made.frame(list(rows)) if rows else tables.empty(tables.RESULTS)
    return {one.use.split(" (")[0]: one for one in advice(found)}


def language(auc, half, style=0.0, error=0.1):
    return [
        made.point("model_language", "text", "auc", auc, half, group="first:last"),
        made.point("model_language", "style", "difference", style, error, group="first:last"),
    ]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        (language(0.6, 0.05), "no"),
        (language(0.6, 0.15), "with care"),
        (language(0.5, 0.05, style=0.2), "no"),
        (language(0.5, 0.05, style=-0.2), "with care"),
        ([made.void("model_language", "text", "auc", "no threads", group="first:last")], "not known"),
    ],
)
def test_all_prompts_are_natural_language_only_if_nothing_speaks_against_it(rows, verdict):
    assert told(*rows)["train on all prompts as natural language"].verdict == verdict


def pairs(every, held):
    return [
        made.point("selection", "pairs", "n_left", every, group="all pairs"),
        made.point("selection", "pairs", "n_left", held, group="prompt held fixed"),
    ]


def test_pairs_must_hold_the_prompt_fixed():
    found = told(*pairs(30, 20))["train a preference model"]
    assert found.verdict == "yes" and found.why == "20 pairs hold the prompt fixed; 10 more do not and are left out"
    assert told(*pairs(30, 0))["train a preference model"].verdict == "no"
    assert told(made.void("selection", "pairs", "n_left", "unknown"))["train a preference model"].verdict == "no"


def weights(share, before):
    note = {"note": "towards the captions of the images; on a random sample"}
    return [
        made.point("weights", "density_ratio", "ess_share", share, **note),
        made.point("weights", "auc", "before", before, group="density_ratio"),
        made.point("weights", "auc", "after", 0.5, group="density_ratio"),
    ]


@pytest.mark.parametrize(
    ("share", "before", "verdict"), [(0.8, 0.7, "yes"), (0.3, 0.9, "with care"), (0.9, 0.52, "no need")]
)
def test_weights_are_worth_what_they_cost(share, before, verdict):
    found = told(*weights(share, before))["weigh it towards natural expression"]
    assert found.verdict == verdict and "the captions of the images" in found.why


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
