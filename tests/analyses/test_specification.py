"""The specification curve: which rules are tried, that their threads are theirs, and what counts as a flip."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from tests.analyses.measured import column

from unspool import tables
from unspool.analyses import Measured, Settings, results, specification
from unspool.analyses._specifications import SPECIFICATIONS, cuts, possible
from unspool.analyses.specification import HEADLINES, Headline
from unspool.edits.ledger import ledger
from unspool.threads._assign import assign, label

START = datetime(2024, 1, 1, tzinfo=UTC)
TEXTS = ["a red fox", "a red fox on a rock, oil painting", "a blue whale", "a blue whale, golden hour", "a blue whale"]


def prompts(n_users=6, *, times=True, given=False):
    """Five prompts of each user, ten minutes apart."""
    rows = [
        {
            "prompt_id": f"{user}-{place}",
            "user_id": f"u{user}",
            "time": START + timedelta(minutes=10 * place) if times else None,
            "order": float(place),
            "text": f"{text}, {'very ' * (user + place)}calm",
            "upscaled": (user + place) % 3 == 0,
            "given_thread_id": str(place % 2) if given else None,
            "n_words": 4 + place + (place == 4) * user,
            "n_style_words": place * (user % 3),
        }
        for user in range(n_users)
        for place, text in enumerate(TEXTS)
    ]
    frame = (
        tables.conform(pl.DataFrame(rows, infer_schema_length=None), tables.PROMPTS)
        if rows
        else tables.empty(tables.PROMPTS)
    )
    if not rows:
        return frame.with_columns(n_words=pl.lit(None, pl.UInt32), n_style_words=pl.lit(None, pl.UInt32))
    return frame.with_columns(assign(frame, "iou").select("thread_id", "step", "steps_left"))


def measured(frame, **more):
    names = ("n_words", "n_style_words")
    return Measured(frame.lazy(), "iou", {name: column(name) for name in names}, Settings(draws=50), **more)


def test_labels_are_those_of_the_folders():
    names = [one.label for one in SPECIFICATIONS]
    assert names[:4] == ["iou-threshold=0.2", "iou", "iou-threshold=0.4", "iou-threshold=0.5"]
    assert names[-5:] == ["scene", "gap-minutes=10", "gap", "gap-minutes=60", "given"]
    assert len(set(names)) == len(names) == 13
    assert label("iou", {"tokens": "words", "threshold": 0.4}) == "iou-threshold=0.4-tokens=words"


@pytest.mark.parametrize("one", SPECIFICATIONS, ids=lambda one: one.label)
def test_the_label_leaves_out_the_default_only(one):
    frame = prompts(given=True)
    options = {} if one.label == one.rule else one.options
    assert assign(frame, one.rule, **options).equals(assign(frame, one.rule, **one.options))


def test_rules_that_lack_a_column_are_named():
    chosen, lacking = possible(prompts(times=False))
    assert lacking == ["gap-minutes=10", "gap", "gap-minutes=60", "given"]
    assert len(chosen) == 9
    assert possible(prompts(given=True))[1] == []


def test_edits_are_those_of_each_rules_threads():
    frame = prompts(given=True)
    log = measured(frame, edits=ledger(frame).lazy())
    made = list(cuts(log, frame, possible(frame)[0]))
    assert [one.rule for one in made] == ["iou", *(one.label for one in SPECIFICATIONS if one.label != "iou")]
    for one in made:
        wanted = ledger(one.prompts.collect()).sort("prompt_id")
        assert one.edits is not None
        assert one.edits.collect().sort("prompt_id").equals(wanted), one.rule
    assert made[0].prompts.collect().equals(frame)


def test_without_edits_there_are_none():
    frame = prompts()
    assert all(one.edits is None for one in cuts(measured(frame), frame, possible(frame)[0]))


def test_every_headline_has_a_row_per_rule_and_two_counts():
    frame = prompts()
    rows = specification.analyse(measured(frame, edits=ledger(frame).lazy()))
    tables.check(rows, tables.RESULTS, "test")
    assert rows.select(tables.RESULTS.key).is_unique().all()
    assert rows.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    per_rule = rows.group_by("rule").len()
    counts = 2 * len(HEADLINES)
    assert dict(per_rule.rows())["iou"] == len(HEADLINES) + counts
    assert set(per_rule.filter(pl.col("rule") != "iou")["len"]) == {len(HEADLINES)}
    assert per_rule.height == 12
    one = rows.filter(estimand="drift/raw_transition", feature="n_words", rule="gap")
    # One thread per user, whose last prompt is 4 + user words longer than the first, over 4 transitions: (4 + 2.5) / 4.
    assert one["estimate"].item() == pytest.approx(1.625)
    assert specification.findings(rows)


def test_an_empty_log():
    rows = specification.analyse(measured(prompts(0)))
    assert rows["estimate"].null_count() == rows.height
    assert rows["note"].null_count() == 0
    assert specification.findings(rows)


def test_the_sample_is_of_whole_users(monkeypatch):
    monkeypatch.setattr(specification, "MOST", 10)
    rows = specification.analyse(measured(prompts()))
    one = rows.filter(estimand="drift/raw_transition", feature="n_words", rule="gap").row(0, named=True)
    assert one["n_users"] == 2
    assert "on a random sample of 2 of the 6 users of the log" in one["note"]


def row(rule, low, high):
    return {"feature": "x", "estimand": "drift/mean", "rule": rule, "estimate": 0.0, "ci_low": low, "ci_high": high}


def counted(*rows):
    found = specification._counts(Headline("drift", "x", "mean"), rows, "own", ["gap"])
    return {one["estimand"].split()[-1]: one for one in found}


def test_flips_and_fades_by_hand():
    found = counted(row("own", 1, 2), row("a", 0.5, 3), row("b", -2, -1), row("c", -1, 1), row("d", None, None))
    assert (found["flips"]["estimate"], found["fades"]["estimate"]) == (1, 1)
    assert (
        found["flips"]["note"]
        == "of 3 other rules; flips under b; no interval under d; not tried, since columns lack: gap"
    )
    assert "fades under c" in found["fades"]["note"]
    found = counted(row("own", -1, 1), row("a", 0.5, 3), row("b", -2, -1), row("c", -1, 1))
    assert (found["flips"]["estimate"], found["fades"]["estimate"]) == (0, 2)


def test_without_an_interval_of_the_studys_rule_nothing_is_counted():
    found = counted(row("own", None, None), row("a", 0.5, 3))
    assert found["flips"]["estimate"] is None and "under own there is no interval" in found["flips"]["note"]


def test_a_flip_is_told():
    rows = [row("own", 1, 2), row("a", -2, -1)]
    counts = list(specification._counts(Headline("drift", "x", "mean"), rows, "own", []))
    table = results([*rows, *counts], analysis="specification", mode="corrected")
    told = specification.findings(table)
    assert told[0].startswith("Hangs on the rule: x, drift/mean has the opposite sign under 1 rule(s)")
    assert told[-1] == "0 of 1 headlines say the same under all rules tried."


def test_every_headline_has_a_name():
    assert {one.name for one in specification.HEADLINES} == set(specification.CALLED)


def test_an_analysis_without_the_row_is_said(monkeypatch):
    monkeypatch.setattr(specification, "HEADLINES", (Headline("drift", "n_words", "nothing_of_this_name"),))
    rows = specification.analyse(measured(prompts()))
    assert rows["estimate"].null_count() == rows.height
    assert rows["note"][0] == "drift has no nothing_of_this_name of n_words here"


def test_rules_without_an_interval_do_not_agree():
    headline = Headline("drift", "x", "mean")

    def told(*others):
        rows = [row("own", 1, 2), *others]
        counts = list(specification._counts(headline, rows, "own", []))
        return specification.findings(results([*rows, *counts], analysis="specification", mode="corrected"))

    assert told(row("a", None, None)) == ["No headline can be compared: under no other rule any has an interval."]
    assert told(row("a", 1, 3), row("b", None, None))[-1] == (
        "0 of 1 headlines say the same under all rules tried. 1 more do so far as there are intervals, which some rules "
        "leave none."
    )
    assert told(row("a", 1, 3))[-1] == "1 of 1 headlines say the same under all rules tried."
