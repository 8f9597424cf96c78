"""Flags are whole words of the list, or scores of the source; counts alone leave the audit."""

import polars as pl
import pytest
from tests.audits.made_log import audited, prompts, value

from unspool.audits.safety import audit, categories, findings, flags

TEXTS = {
    "a nude statue": {"nudity"},
    "NAKED eye": {"nudity"},
    "a nudely named town": set(),
    "Essex at dawn, sextant": set(),
    "blood-orange juice": {"violence"},
    "a self-harm poster": {"self_harm"},
    "a self harm poster": {"self_harm"},
    "grapeshot, classic": set(),
    "a child with a kite": set(),
    "a child, nude": {"nudity", "nudity_young"},
    "nazi uniform, gore": {"hate", "violence"},
    "": set(),
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items())
def test_whole_words_are_flagged(text, expected):
    row = pl.DataFrame({"text": [text]}).select(**flags()).row(0, named=True)
    assert {name for name, flag in row.items() if flag} == expected


def test_each_list_has_words_and_none_twice():
    assert set(categories()) == {"nudity", "violence", "self_harm", "hate", "young"}


# Of 4 prompts of 2 people two are flagged, both of one person: half of the prompts, half of the people.
def test_counts_by_hand():
    log = audited(prompts([("a", "a nude"), ("a", "nude study"), ("b", "a fox"), ("b", "an owl")]))
    found = audit(log)
    assert value(found, feature="nudity", estimand="n_prompts") == 2
    assert value(found, feature="nudity", estimand="share") == 0.5
    assert value(found, feature="nudity", estimand="share_users") == 0.5
    assert found.filter(feature="prompt_nsfw")["note"].to_list() == ["the source has no scores"]
    assert any("nudity and sex 2" in one for one in findings(found))
    assert "nude" not in " ".join(str(cell) for row in found.rows() for cell in row)


# Scores .5 and .9 of three known ones count from .5 on; the fourth is unknown and in no sum.
def test_scores_of_the_source():
    frame = prompts([("a", "x"), ("b", "y"), ("c", "z"), ("d", "w")])
    found = audit(audited(frame.with_columns(prompt_nsfw=pl.Series([0.5, 0.1, 0.9, None]))))
    assert value(found, feature="prompt_nsfw", estimand="share") == pytest.approx(2 / 3)
    assert found.filter(feature="prompt_nsfw", estimand="share")["n_prompts"][0] == 3


def test_a_log_of_nobody_and_an_empty_one():
    found = audit(audited(prompts([(None, "a nude"), (None, "a fox")])))
    assert value(found, feature="nudity", estimand="share") == 0.5
    assert found.filter(feature="nudity")["n_users"].drop_nulls().to_list() == []
    empty = audit(audited(prompts([])))
    assert empty["estimate"].null_count() == empty.height
    assert findings(empty)
