"""The curves per model, version and source: which threads belong where, and that each part gives what it gives alone."""

import pytest
from tests.analyses.measured import frame, log, one, sound, thread

from unspool.analyses import Settings, across, convergence, drift

FAST = Settings(least=2, draws=100)


def version(value, name="version"):
    return [{"name": name, "values": [value] if value else [], "number": None}]


def threads(n, rise, start=0, **more):
    """Threads of two prompts that rise by about so much, each of its own user."""
    return [thread(f"u{start + k:04}", [10 + k % 5, 10 + k % 5 + rise + k % 3 - 1], **more) for k in range(n)]


def rows_of(listed, settings=FAST, **more):
    return sound(across.analyse(log(listed, settings, **more)))


def labels(rows):
    return rows.filter(rows["estimate"].is_not_null())["model"].unique(maintain_order=True).to_list()


def test_each_value_gives_what_its_threads_give_alone():
    old, new = threads(40, 2, params=version("5.2")), threads(35, -3, 100, params=version("6.1"))
    rows = rows_of([*old, *new])
    assert labels(rows) == ["version 5.2", "version 6.1"]
    for part, label in ((old, "version 5.2"), (new, "version 6.1")):
        alone = one(drift.analyse(log(part, FAST)), estimand="rise")
        row = one(rows, model=label, estimand="rise", feature="x")
        same = ("estimate", "ci_low", "ci_high", "effect", "n_threads", "n_users", "standard_error")
        assert [row[key] for key in same] == [pytest.approx(alone[key]) for key in same]
        for group in ("step 2", "last of thread"):
            gap = one(convergence.analyse(log(part, FAST)), estimand="gap_closed", group=group)
            row = one(rows, model=label, estimand="gap_closed", group=group)
            assert (row["estimate"], row["note"]) == (pytest.approx(gap["estimate"]), gap["note"])
    assert set(rows["estimand"]) == {"mean", "rise", "gap_closed"}


def test_a_thread_belongs_to_the_value_of_its_first_prompt():
    mixed = [{**one, "model": ["a", "b"]} for one in threads(30, 1)]
    rows = rows_of([*mixed, *threads(30, 1, 50, model="b")])
    assert [one(rows, model=f"model {name}", feature="x", estimand="rise")["n_threads"] for name in "ab"] == [30, 30]


@pytest.mark.parametrize(
    ("params", "label"),
    [
        (version("6.1"), "version 6.1"),
        (version("6", "niji"), "version niji 6"),
        (version("", "niji"), "version niji"),
        (version("4") + version("5"), "version 5"),
        (version("3:2", "aspect") + version("7") + version("9", "chaos"), "version 7"),
        (version("3:2", "aspect"), "version not named"),
        ([], "version not named"),
        (version(""), "version not named"),
    ],
)
def test_versions_as_the_parameters_say(params, label):
    rows = rows_of([*threads(30, 1, params=params), *threads(30, 1, 50, params=version("1"))])
    assert set(labels(rows)) == {label, "version 1"}


def test_one_value_only_has_nothing_to_compare():
    rows = rows_of(threads(40, 1, model="midjourney", source="discord_export"))
    notes = {label: one(rows, model=label)["note"] for label in across.KINDS}
    assert notes == {
        "model": "all threads are of model midjourney: nothing to compare",
        "version": "the log does not say the version of any thread that is long enough",
        "source": "all threads are of source discord_export: nothing to compare",
    }
    assert rows["estimate"].null_count() == 3
    assert "All threads are of model midjourney: nothing to compare." in across.findings(rows)


def test_values_of_few_threads_are_rows_with_the_reason():
    rows = rows_of([*threads(40, 1, model="a"), *threads(29, 1, 50, model="b")])
    few = one(rows, model="model b")
    assert (few["estimate"], few["n_threads"], few["feature"]) == (None, 29, "-")
    assert few["note"] == "29 threads long enough, and 30 are needed"
    assert "Only model a has 30 threads that are long enough: nothing to compare." in across.findings(rows)


def test_at_most_eight_values_are_shown():
    listed = [one for n in range(11) for one in threads(42 - n, 1, 100 * n, model=f"m{n:02}")]
    rows = rows_of(listed, Settings(least=2, draws=5))
    assert labels(rows) == [f"model m{n:02}" for n in range(8)]
    others = one(rows, model="model others")
    # 34 + 33 + 32 threads of the last three.
    assert (others["note"], others["n_threads"]) == ("3 further values of model, of fewer threads, are not shown", 99)


def test_many_values_of_few_threads():
    listed = [one for n in range(12) for one in threads(2 + (n == 0) * 40, 1, 100 * n, model=f"m{n:02}")]
    rows = rows_of(listed)
    few = rows.filter(rows["model"].str.starts_with("model m"), rows["feature"] == "-")
    assert few["model"].to_list() == [f"model m{n:02}" for n in range(1, 8)]
    assert one(rows, model="model others")["n_threads"] == 8


def test_threads_without_a_value_are_counted_in_their_own_part():
    listed = threads(40, 1, model="a") + threads(40, 1, 50, model="b")
    listed[0]["x"][1] = None
    notes = {name: one(rows_of(listed), model=f"model {name}", estimand="rise", feature="x")["note"] for name in "ab"}
    assert notes == {"a": "1 thread(s) left out: no value at some step", "b": None}


def test_a_feature_that_one_part_lacks():
    listed = [{**one, "y": [None, None]} for one in threads(30, 1, model="a")]
    listed += [{**one, "y": one["x"]} for one in threads(30, 1, 50, model="b")]
    rows = rows_of(listed)
    assert one(rows, model="model a", feature="y", estimand="rise")["estimate"] is None
    assert one(rows, model="model b", feature="y", estimand="rise")["estimate"] == pytest.approx(1)


@pytest.mark.parametrize("listed", [[], [thread("a", [1])]])
def test_too_little_says_why(listed):
    rows = rows_of(listed)
    assert rows["estimate"].null_count() == rows.height > 0
    assert 1 <= len(across.findings(rows)) <= 8


def test_shuffled_rows_give_the_same():
    prompts = frame([*threads(40, 2, model="a"), *threads(35, -3, 100, model="b")])
    rows = rows_of(prompts)
    again = rows_of(prompts.sample(fraction=1, shuffle=True, seed=3))
    assert rows.equals(again)


def test_findings_tell_each_value_and_are_few():
    listed = [*threads(40, 3, model="a"), *threads(40, -3, 100, model="b")]
    told = across.findings(rows_of(listed))
    assert told[0].startswith("x, model a: up from ")
    assert told[1].startswith("x, model b: down from ")
    assert len(told) <= 8
