"""Who wrote how much, what is pasted and what is repeated: by hand, and near duplicates against all pairs."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audits.made_log import audited, prompts, value

from unspool.audits import Settings
from unspool.audits._cap import cap_of
from unspool.audits._duplicates import THRESHOLD, jaccard, near_groups, repeated
from unspool.audits.concentration import audit, findings, gini


# Counts 100, 1, 1, 1, 1 and a share of .3: c = .3 (c + 4), so c = 1.2 / .7; then c / (c + 4) = .3.
def test_cap_by_hand():
    assert cap_of(np.array([100, 1, 1, 1, 1]), 0.3) == pytest.approx(1.2 / 0.7)
    assert cap_of(np.array([10, 10, 10]), 0.4) == 10, "nobody has more than the share already"
    assert cap_of(np.array([5]), 0.5) is None, "one person has all of it"
    assert cap_of(np.array([], dtype=int), 0.5) is None


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_a_cap_holds_and_no_larger_one_would(counts, share):
    c = cap_of(np.array(counts), share)
    if c is None:
        assert share * len(counts) < 1
        return
    kept = np.minimum(counts, c)
    assert kept.max() <= share * kept.sum() * (1 + 1e-9)
    if c < max(counts):
        more = np.minimum(counts, c * 1.01)
        assert more.max() > share * more.sum() * (1 - 1e-9)


# Counts 1, 2, 3: mean absolute difference over pairs is (1 + 2 + 1) * 2 / 9 = 8 / 9, by twice the mean 4: 2 / 9.
def test_gini_by_hand():
    assert gini(np.array([1, 2, 3])) == pytest.approx(2 / 9)
    assert gini(np.array([4, 4, 4])) == 0


BLOCK = "octane render, highly detailed, cinematic light, sharp focus, 8k, artstation"


@pytest.fixture(scope="module")
def found():
    rows = [
        ("a", f"a fox, {BLOCK}"),
        ("b", f"A MILL, {BLOCK.upper()}"),
        ("a", f"a fox,  {BLOCK}"),
        ("a", "a cat"),
        ("c", "A  cat"),
    ]
    return audit(audited(prompts([*rows, ("c", "an owl")]), settings=Settings(cap=0.4)))


# a has 3 of 6 prompts, b 1, c 2: shares 1/2, 1/6, 1/3; 1 / (9/36 + 1/36 + 4/36) = 36 / 14.
def test_people_by_hand(found):
    assert value(found, feature="users", estimand="share_top", group="most active person") == 0.5
    assert value(found, feature="users", estimand="effective") == pytest.approx(36 / 14)
    assert [value(found, feature="users", estimand="lorenz", step=step) for step in (0, 100)] == [0, 1]
    # The least active third has 1/6; halfway to the second person 1/6 + (1/3) / 2.
    assert value(found, feature="users", estimand="lorenz", step=50) == pytest.approx(1 / 6 + 1 / 6)
    # c = .4 (c + 3), c = 2
    assert value(found, feature="users", estimand="cap") == pytest.approx(2)
    assert value(found, feature="users", estimand="kept_under_cap") == pytest.approx(5 / 6)


def test_pasted_blocks_and_repetitions_by_hand(found):
    assert value(found, feature="pasted", estimand="share") == pytest.approx(3 / 6)
    assert value(found, feature="pasted", estimand="n_blocks") == 1
    # The third prompt is the first with another blank; the fifth is the fourth in capitals, by somebody else.
    assert value(found, feature="duplicates", estimand="exact") == pytest.approx(2 / 6)
    assert value(found, feature="duplicates", estimand="exact_between_users") == pytest.approx(1 / 6)
    assert any("the most active one 50%" in one for one in findings(found))


def test_rows_hold_no_text(found):
    words = {"octane", "fox", "artstation"}
    held = " ".join(str(cell) for row in found.rows() for cell in row).lower()
    assert not words & set(held.split())


# 60 texts of 25 words with 0 to 6 words changed: groups as by the exact similarity of all pairs. MinHash may miss a
# pair near the threshold; those whose similarity is above .95 or below .65 are sure.
def test_near_duplicates_are_those_of_all_pairs():
    draw = np.random.default_rng(5)
    words = [f"w{n}" for n in range(400)]
    base = [draw.choice(words, 25, replace=False) for _ in range(12)]
    texts = []
    for number, text in enumerate(base):
        for changed in (0, 1, 12):
            copy = text.copy()
            copy[draw.choice(25, changed, replace=False)] = draw.choice(words, changed)
            texts.append(" ".join([*copy, f"end{number}"]))
    groups = near_groups(texts, seed=0)
    sets = [frozenset(" ".join(t.split()[k : k + 3]) for k in range(len(t.split()) - 2)) for t in texts]
    for i in range(len(texts)):
        for j in range(i):
            similarity = jaccard(sets[i], sets[j])
            if similarity >= 0.85:
                assert groups[i] == groups[j]
            if similarity < THRESHOLD and not any(
                jaccard(sets[i], s) >= THRESHOLD for k, s in enumerate(sets) if k != i
            ):
                assert groups[i] != groups[j]


def test_repetition_looks_back_only():
    frame = pl.DataFrame({"user_id": ["a", "b", "a"], "text": ["x y", "x y", "z"]})
    told = repeated(frame, 0)
    assert told.exact.to_list() == [False, True, False]
    assert told.exact_between.to_list() == [False, True, False]


def test_nobody_and_too_few():
    nobody = audit(audited(prompts([(None, "a red fox"), (None, "a red fox")])))
    assert nobody["estimate"].null_count() == nobody.height
    few = audit(audited(prompts([("a", "a red fox"), ("b", "an owl")])))
    assert "2 people are too few" in few.filter(estimand="cap")["note"][0]
