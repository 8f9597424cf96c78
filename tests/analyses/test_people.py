"""Users in codes and groups, and intervals of many estimates from the same draws."""

import numpy as np
import polars as pl
import pytest

from unspool.analyses import Settings, _draws, _people
from unspool.analyses._draws import Request, estimated, joined, together, unknown
from unspool.analyses._people import people
from unspool.stats.bootstrap import Interval, intervals


def mean(sums):
    with np.errstate(invalid="ignore"):
        return (sums[..., 0] / sums[..., 1])[..., None]


DEFAULT = Settings()


def request(sums, name="x", settings=DEFAULT):
    return Request(sums, mean, lambda found: [estimated(found[0], settings, feature=name)])


def some(n=12, seed=0):
    generator = np.random.default_rng(seed)
    return np.stack([generator.normal(5, 2, n), generator.integers(1, 4, n)], axis=1).astype(float)


def test_codes_follow_the_ids_and_not_the_rows():
    ids = pl.Series("user_id", ["c", "a", None, "b", "a"])
    found = people(ids, 0)
    assert ids.to_frame().select(found.code()).to_series().to_list() == [2, 0, None, 1, 0]
    assert people(ids.reverse(), 0).ids.to_list() == found.ids.to_list() == ["a", "b", "c"]
    assert found.units.tolist() == [0, 1, 2]
    assert found.count(np.array([0, 0, 2])) == 2
    assert found.count(np.array([], dtype=np.int64)) == 0


def test_sums_are_per_unit():
    found = people(pl.Series(["a", "b", "c"]), 0)
    sums = found.sums([np.array([1.0, 2.0, 4.0]), np.array([True, True, False])], np.array([2, 0, 2]))
    assert sums.tolist() == [[2, 1], [0, 0], [5, 1]]


def test_many_users_are_dealt_out_in_equal_groups(monkeypatch):
    monkeypatch.setattr(_people, "MOST", 10)
    found = people(pl.Series([f"{n:03}" for n in range(95)]), 3)
    assert found.n_units == 10
    # 95 users in 10 groups: nine or ten in each.
    assert set(np.bincount(found.units)) == {9, 10}
    assert "10 random groups of 95 users" in found.method(2000)
    assert found.units.tolist() != people(pl.Series([f"{n:03}" for n in range(95)]), 4).units.tolist()
    assert found.count(np.array([0, 94, 94])) == 2
    assert (
        people(pl.Series([f"{n:03}" for n in range(10)]), 3).method(2000)
        == "percentile bootstrap over users, 2,000 draws"
    )


def test_groups_give_the_intervals_of_users(monkeypatch):
    generator = np.random.default_rng(5)
    values, users = generator.exponential(size=4000), np.arange(4000)
    ids = pl.Series([f"{n:05}" for n in users])
    each = people(ids, 0)
    monkeypatch.setattr(_people, "MOST", 500)
    grouped = people(ids, 0)
    found = [
        next(together([request(who.sums([values, np.ones(4000)], users))], who, Settings())) for who in (each, grouped)
    ]
    assert found[0]["estimate"] == pytest.approx(found[1]["estimate"]) == pytest.approx(values.mean())
    widths = [row["ci_high"] - row["ci_low"] for row in found]
    # The sd of a mean of 500 groups has a relative error of 1/sqrt(2 * 500) = 3%, the quantiles of 2,000 draws about 3%.
    assert widths[1] == pytest.approx(widths[0], rel=0.15)
    assert widths[0] == pytest.approx(2 * 1.96 * values.std() / np.sqrt(4000), rel=0.1)


def test_a_log_that_names_nobody_has_estimates_and_no_interval():
    nobody = people(pl.Series("user_id", [None, None], dtype=pl.String), 0)
    rows = pl.DataFrame({"user_id": pl.Series([None, None], dtype=pl.String)})
    assert rows.select(code=nobody.code()).height == 1
    sums = nobody.sums([np.array([1.0, 3.0]), np.ones(2)], np.zeros(2, dtype=np.int64))
    [row] = together([request(sums)], nobody, Settings())
    assert (row["estimate"], row["ci_low"], row["ci_level"]) == (2.0, None, None)
    assert "names nobody" in row["note"]
    assert nobody.count(np.zeros(2, dtype=np.int64)) is None


def test_together_gives_what_each_has_alone_and_keeps_the_order(monkeypatch):
    settings = Settings(draws=300, seed=2)
    sums = [some(), some(seed=1), some(seed=2)]
    sums[1][4:] = 0  # of other users than the first and the last
    requests = [request(s, name, settings) for s, name in zip(sums, "abc", strict=True)]
    requests.insert(1, unknown({"feature": "u", "estimate": None, "note": "why"}))
    who = people(pl.Series([str(n) for n in range(10, 22)]), 0)
    found = list(together(requests, who, settings))
    assert [row["feature"] for row in found] == ["a", "u", "b", "c"]
    for row, own in zip([found[0], found[2], found[3]], [sums[0], sums[1][:4], sums[2]], strict=True):
        [alone] = intervals(own, mean, draws=300, seed=2)
        assert (row["estimate"], row["ci_low"], row["ci_high"]) == pytest.approx(
            (alone.estimate, alone.low, alone.high)
        )
    monkeypatch.setattr(_draws, "CELLS_AT_ONCE", 1)
    assert list(together(requests, who, settings)) == found


def test_together_of_nothing():
    assert list(together([], people(pl.Series(["a"]), 0), Settings())) == []


def test_notes_are_joined_each_once():
    assert joined(None, "a.", "", "b", "a") == "a; b"
    assert joined(None, None) is None
    row = estimated(Interval(1.0, None, None, "one user"), Settings(), "sampled", step=3)
    assert row == {
        "estimate": 1.0,
        "ci_low": None,
        "ci_high": None,
        "ci_level": None,
        "note": "sampled; one user",
        "step": 3,
    }
