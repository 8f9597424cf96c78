"""What the next prompt does after an upscale: with a known effect, with none, and where there is nothing to compare."""

import numpy as np
import polars as pl
import pytest
from tests.analyses.measured import log, one, thread
from tests.analyses.test_upscaled_own import drawn, own

from unspool.analyses._upscaled_feedback import BENDS, BENT


def after(prompts, change):
    """The prompts with the value after an upscaled one moved by `change`."""
    follows = pl.col("upscaled").shift().over("thread_id").fill_null(False)
    return prompts.with_columns(x=pl.col("x") + change * follows)


# 100 logs: Binomial(100, .05) is within 13 in 99.9%; the mark for bias is .1 SD, of whose error 3.3 are allowed here.
@pytest.mark.parametrize("change", [0.0, -0.6])
def test_it_is_the_change_that_was_put_in(change):
    found, wrong = [], 0
    for seed in range(100):
        row = one(own(log(after(drawn(seed, apart=0.3), change))), estimand="feedback", group="prompts")
        found.append(row["estimate"])
        wrong += not row["ci_low"] <= change <= row["ci_high"]
    assert wrong <= 13
    assert abs(np.mean(found) - change) < (0.1 + 3.3 / 10) * np.std(found)


def test_what_it_bends_says_so():
    rows = own(log(after(drawn(1, n_users=200), -1.0))).filter(group="prompts")
    told = set(rows.filter(pl.col("note").str.contains(BENDS, literal=True))["estimand"])
    assert told == set(BENT)
    assert one(rows, estimand="within_thread")["ci_low"] > 0
    blind = own(log(drawn(1, n_users=200))).filter(group="prompts")
    assert not blind["note"].fill_null("").str.contains(BENDS, literal=True).any()


# Prompts rise by 1 whatever was upscaled, and of every thread the last one's upscale is unknown: what follows the last
# known one is the first of another thread, from which the fall is no change. 15 logs: Binomial(15, .05) is within 4 in 99.9%.
def test_prompts_of_unknown_upscale_bring_no_change_from_thread_to_thread():
    wrong, found = 0, []
    for seed in range(15):
        rng = np.random.default_rng(seed)
        threads = []
        for user in range(150):
            for _ in range(2):
                n = int(rng.integers(2, 6))
                upscaled = [bool(one) for one in rng.random(n) < 0.25]
                upscaled[-2:] = [bool(rng.random() < 0.6), None]
                threads.append(
                    thread(f"u{user:03}", (np.arange(n) + 0.3 * rng.normal(size=n)).tolist(), upscaled=upscaled)
                )
        row = one(own(log(threads)), estimand="feedback", group="prompts")
        found.append(row["estimate"])
        wrong += row["p_value"] < 0.05
    assert wrong <= 4
    assert abs(np.mean(found)) < 3.3 * np.std(found) / np.sqrt(15)


def test_threads_of_one_prompt_have_no_next_one():
    prompts = [thread(user, [n], upscaled=[n % 2 == 0]) for user in "abc" for n in range(4)]
    row = one(own(log(prompts)), estimand="feedback", group="prompts")
    assert row["estimate"] is None
    assert row["note"] == "no prompt whose upscale is known has the next of its thread beside it"


def test_one_user_has_no_interval():
    row = one(own(log(drawn(2, n_users=1))), estimand="feedback", group="prompts")
    assert row["ci_low"] is None and row["note"]
