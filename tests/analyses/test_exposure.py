"""Exposure: by hand, and against simulated channels with and without copying, trends, busy hours and events."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from tests.analyses.measured import frame, log, one, thread

from unspool import tables
from unspool.analyses import Measured, Settings, exposure
from unspool.analyses import _exposure_uses as inner
from unspool.analyses._people import people

PHRASES = (
    *("golden hour", "octane render", "oil painting", "bokeh", "watercolor", "low poly", "wide angle", "muted colors"),
    *("concept art", "soft light", "pixel art", "film noir", "art deco", "long exposure", "matte painting", "line art"),
    *("pencil sketch", "studio lighting", "volumetric lighting", "rim light", "macro photo", "fish eye", "baroque"),
)


def at(hours):
    return datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def said(*posts):
    """Prompts of one step: (user, hours, text)."""
    return frame([thread(user, [0], text=text, time=at(hours)) for user, hours, text in posts])


def channel(prompts):
    measured = Measured(prompts.lazy(), "iou", {})
    return inner.channels(measured, people(prompts["user_id"], 0))


def test_exposures_by_hand(monkeypatch):
    monkeypatch.setattr(inner, "LEAST_USERS", 1)
    monkeypatch.setattr(inner, "SHIFTS", (2 * inner.HOUR,))
    there = channel(
        said(
            ("z", 0, "a fox"),
            ("a", 9.5, "fox, 8k"),
            ("b", 10, "fox, 8k"),
            ("b", 11.5, "fox, 8k"),
            ("a", 11.8, "fox, 8k"),
            ("z", 20, "a fox"),
        )
    )
    first = inner.firsts(there, inner.families(there).of("style"))
    seen = inner.exposed(first, inner.windows(there, first))
    # First uses of 8k: a at 9.5, b at 10. Before b in the hour: a's at 9.5. Two hours later, at 12: a's at 11.8, b's own
    # at 11.5 does not count; at 8: none. a at 9.5: none before; at 11.5 only b's at 10 is too old, at 7.5 none.
    assert seen.observed.tolist() == [0, 1]
    assert seen.shifted.tolist() == [[0, 0], [0, 1]]
    assert seen.expected.tolist() == [0, 0.5]


def test_a_shift_counts_only_where_both_ways_lie_in_the_channel(monkeypatch):
    monkeypatch.setattr(inner, "LEAST_USERS", 1)
    there = channel(said(("z", 0, "a fox"), ("a", 4.5, "fox, 8k"), ("z", 20, "a fox")))
    first = inner.firsts(there, inner.families(there).of("style"))
    seen = inner.exposed(first, inner.windows(there, first))
    # 4.5 less 2 or 3 hours leaves an hour before it in the channel, less 4 does not.
    assert (~np.isnan(seen.shifted)).sum(axis=0).tolist() == [4]


def test_prompts_of_others_are_counted_back():
    there = channel(said(*((user, hour, "fox, 8k") for hour, user in enumerate("abaacabb"))))
    first = inner.Firsts(np.array([5, 7]), np.zeros(2, dtype=np.int64), inner.Seen(there, inner.families(there)))
    seen = first.seen
    # a at 5: before it a b a a c, the last two of others begin at b, place 1. b at 7: a b a a c a b: c, a begin at 4.
    start, enough = seen.back(first.prompt, first.prompt, 2)
    assert (start.tolist(), enough.tolist()) == ([1, 4], [True, True])
    assert seen.back(first.prompt, first.prompt, 3)[1].tolist() == [False, True]


def test_channels_are_apart():
    prompts = said(("a", 0, "fox, 8k"), ("b", 0.5, "fox, 8k"), ("c", 1, "fox, 8k")).with_columns(
        channel_id=pl.Series(["x", "y", "x"])
    )
    there = channel(prompts)
    assert there.begin.tolist() == [0, 0, 2]
    style = inner.families(there).of("style")
    seen, prompt = inner.Seen(there, style), np.array([1, 2])
    pair = seen.pairs(prompt, style.code[1:])
    assert seen.used(style.code[1:], pair, there.begin[prompt], prompt).tolist() == [True, False]


def test_pasted_blocks():
    block = "soft light golden hour octane render highly detailed"
    there = channel(
        said(("a", 0, f"fox, {block}"), ("a", 1, f"robot, {block}"), ("b", 2, f"Ship {block}"), ("c", 3, "8k"))
    )
    assert inner.pasted(there).tolist() == [False, False, True, False]


def simulated(seed, copying=0.0, *, users=120, days=12, trend=0.0, busy=False, event=False):
    """Users who come for some days and use phrases by their taste, and with a chance of `copying` one of the last hour.

    `trend`: phrases rise or fall; `busy`: the channel is so in one part of the day; `event`: each phrase has its day.
    """
    rng, k = np.random.default_rng(seed), len(PHRASES)
    n = rng.geometric(1 / 8, users)
    user = np.repeat(np.arange(users), n)
    part = rng.random(len(user)) * 1.5
    hour = (rng.random(users) * days * 24)[user] + 24 * rng.integers(0, 4, len(user)) + part
    hour = 24 * (hour // 24) + (hour % 24) ** 2 / 24 if busy else hour
    order = np.argsort(hour)
    user, hour = user[order], hour[order]
    taste = np.exp(rng.normal(size=(users, k))) * rng.gamma(0.5, 1, k)
    rise, day = trend * rng.normal(size=k), rng.random(k) * days * 24
    used, low = [], 0
    for place in range(len(user)):
        weight = taste[user[place]] * np.exp(rise * hour[place] / (days * 24))
        weight = weight * np.where(event & (np.abs(hour[place] - day) < 24), 5, 1)
        phrases = set(rng.choice(k, size=2, replace=False, p=weight / weight.sum()).tolist())
        while hour[low] < hour[place] - 1:
            low += 1
        others = [one for j in range(low, place) if user[j] != user[place] for one in used[j]]
        if others and rng.random() < copying:
            phrases.add(others[rng.integers(len(others))])
        used.append(sorted(phrases))
    rows = pl.DataFrame(
        {
            "prompt_id": [f"{n:05}" for n in range(len(user))],
            "user_id": [f"u{u:03}" for u in user],
            "time": [at(float(h)) for h in hour],
            "text": [", ".join(["fox", *(PHRASES[n] for n in phrases)]) for phrases in used],
        }
    )
    return Measured(tables.conform(rows.sort("user_id", "time"), tables.PROMPTS).lazy(), "iou", {}, Settings())


RUNS = 24


def many(copying, **more):
    """The hazards of style terms over seeds: estimates, their p-values, those of the shift null."""
    found = []
    for seed in range(RUNS):
        rows = exposure.analyse(simulated(seed, copying, **more))
        hazard, null = (one(rows, feature="style", estimand=name) for name in ("hazard", "shift_null"))
        found.append((hazard["estimate"], hazard["p_value"], null["p_value"]))
    return np.array(found).T


@pytest.mark.parametrize("more", [{"trend": 2.0, "busy": True}, {"event": True}])
def test_without_copying_trends_busy_hours_and_events_do_not_look_like_it(more):
    estimate, p, null = many(0.0, **more)
    assert abs(estimate.mean()) < 4 * estimate.std() / np.sqrt(RUNS)
    # Binomial(24, .05): mean 1.2, sd 1.07; four sd above is 5.5.
    assert (p < 0.05).sum() <= 5
    assert (null < 0.05).sum() <= 5


def test_copying_is_found():
    estimate, p, _ = many(0.3)
    assert (p < 0.05).sum() >= 20
    assert estimate.mean() > 0.1


def test_what_is_unknown_has_a_reason():
    prompts = frame([thread("a", [0], text="fox, 8k")])
    for change, reason in (
        ({}, "the log has no prompts with a user, a time and a text"),
        ({"user_id": pl.lit(None, pl.String)}, "the log names nobody: no interval over users"),
    ):
        rows = exposure.analyse(log(prompts.with_columns(**change)))
        assert rows["note"].to_list() == [reason] * 2
        assert exposure.findings(rows) == [f"Not estimated: {reason}."]
    assert exposure.analyse(log([]))["estimate"].null_count() == 2


@pytest.mark.parametrize("texts", [["fox, 8k"] * 9, [""] * 9, ["<b>, =cmd|'x'!A0, \u202e"] * 9])
def test_small_logs(texts):
    rows = exposure.analyse(log(said(*((f"u{n}", n, text) for n, text in enumerate(texts)))))
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert not any(rows[name].is_nan().any() for name in rows.select(pl.selectors.float()).columns)


def test_a_large_log_is_looked_at_in_whole_users(monkeypatch):
    monkeypatch.setattr(inner, "MOST_USES", 200)
    rows = exposure.analyse(simulated(2))
    row = one(rows, feature="style", estimand="hazard")
    assert "first uses of a random sample of " in row["note"]
    assert row["n_users"] < 60
    monkeypatch.setattr(inner, "MOST_PROMPTS", 300)
    assert (
        "on the earliest 300 prompts" in one(exposure.analyse(simulated(2)), feature="style", estimand="hazard")["note"]
    )


# Of 40 people two have first uses of style terms: ln((3 / 2) / (4 / 4)), whatever is known of content terms.
def test_the_difference_of_families_is_no_surer_than_style_is():
    content = np.random.default_rng(4).random((40, 4)) + 0.5
    style = np.zeros((40, 4))
    style[:2] = (1, 1, 2, 2), (2, 1, 2, 2)
    few = exposure.apart([style, content], 0.95)
    assert few.estimate == pytest.approx(np.log(1.5) - exposure.log_ratios(content.sum(axis=0)).item())
    assert (few.low, few.note) == (None, "of one side: 2 user(s): an interval over users needs at least 3")
    style[2] = (1, 2, 1, 2)
    assert exposure.apart([style, content], 0.95).low is not None


def test_findings():
    told = exposure.findings(exposure.analyse(simulated(1, 0.5)))
    assert told[0].startswith("Style terms: first uses follow others' within the hour more often than at other times (")
    assert "Nobody was shown terms by lot" in told[-1]
