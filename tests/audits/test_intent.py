"""How much of the last prompt was in the first: by hand, against sets, on simulated logs, and where little is known."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from tests.analyses.measured import frame, thread

from unspool import simulate, tables
from unspool.analyses import Measured
from unspool.analyses._models import label
from unspool.audits import Audited, Settings, _intent_threads, intent
from unspool.audits._groups import NO_THREADS
from unspool.audits._intent_models import ENOUGH, NOT_NAMED, OTHER, SHOWN, models
from unspool.audits._intent_words import measures
from unspool.edits.terms import terms
from unspool.features.repetition import stop_words

NAMES = [(feature, name) for feature, names in intent.ESTIMANDS.items() for name in names]


def log(*threads):
    """Threads as (user, texts, further columns); each text a prompt."""
    return frame([thread(user, [0.0] * len(texts), text=list(texts), **more) for user, texts, more in threads])


def audit(prompts, **settings):
    found = intent.audit(Audited(Measured(prompts.lazy(), "scene", {}), {}, Settings(**settings)))
    tables.check(found, tables.RESULTS, "test")
    assert found.select(tables.RESULTS.key).is_unique().all()
    assert set(found["mode"]) <= {"audit"} and set(found["analysis"]) <= {"intent"}
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).is_empty()
    assert found.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert not any(found[name].is_nan().any() for name in found.select(pl.selectors.float()).columns)
    for group in (None, "upscaled"):
        whole = found.filter(pl.col("model").is_null(), pl.col("group").eq_missing(group))
        assert whole.select("feature", "estimand").rows() == NAMES
    return found


def one(rows, feature="content", estimand="recall", group=None, model=None):
    same = {"feature": feature, "estimand": estimand, "group": group, "model": model}
    found = rows.filter(*(pl.col(key).eq_missing(value) for key, value in same.items()))
    assert found.height == 1, found
    return found.row(0, named=True)


def values(rows, **same):
    return {name: one(rows, *name, **same)["estimate"] for name in NAMES}


FIRST, LAST = "a red fox in snow, oil painting", "a big fox in snow, oil painting, cinematic lighting"


# Content words: red, fox, snow; then big, fox, snow. Of the last three two were there: recall 2/3, precision 2/3.
# Style words: oil, painting; then oil, painting, cinematic, lighting: recall 2/4. All words: 7, of them 2 of style; 9, of
# them 4.
def test_by_hand():
    found = values(audit(log(("a", [FIRST, "a fox", LAST], {}))))
    assert found == {
        ("content", "recall"): pytest.approx(2 / 3),
        ("content", "added"): pytest.approx(1 / 3),
        ("content", "precision"): pytest.approx(2 / 3),
        ("style", "share_first"): pytest.approx(2 / 7),
        ("style", "share_last"): pytest.approx(4 / 9),
        ("style", "share_change"): pytest.approx(4 / 9 - 2 / 7),
        ("style", "recall"): pytest.approx(2 / 4),
    }


# The mean over threads: recall 2/3 (a), 0 of 1 (hen, b) and 1 (c): 5/9 over three people. The variance of the mean of
# three values is their variance by 3: 2/3 * sum of (mean without one - mean)^2 is the same.
def test_each_thread_weighs_the_same():
    rows = audit(log(("a", [FIRST, LAST], {}), ("b", ["fox", "hen"], {}), ("c", ["a red fox", "red fox"], {})))
    found = one(rows)
    assert found["estimate"] == pytest.approx(5 / 9)
    assert found["standard_error"] == pytest.approx(np.std([2 / 3, 0, 1], ddof=1) / np.sqrt(3))
    assert (found["n_prompts"], found["n_threads"], found["n_users"]) == (6, 3, 3)
    assert found["method"].startswith("mean over threads; jackknife over users")
    # Without clipping, Student's t of 2 degrees of freedom reaches beyond 0 and 1.
    assert (found["ci_low"], found["ci_high"]) == (0.0, 1.0)
    assert found["p_value"] is None and one(rows, "style", "share_change")["p_value"] is not None


def test_words_stand_in_the_other_prompt_whatever_they_are_there():
    # oil is content in the first prompt and style in the last one; it is no new word.
    rows = audit(log(("a", ["an oil lamp", "a lamp, oil painting"], {})))
    assert one(rows)["estimate"] == 1.0
    assert one(rows, "style", "recall")["estimate"] == pytest.approx(1 / 2)  # oil of oil, painting
    assert one(rows, estimand="precision")["estimate"] == 1.0


def test_case_order_and_repetition_do_not_matter():
    rows = audit(log(("a", ["red fox, snow", "SNOW, Fox, fox, RED, red"], {})))
    assert (one(rows)["estimate"], one(rows, estimand="precision")["estimate"]) == (1.0, 1.0)


def test_function_words_do_not_count():
    rows = audit(log(("a", ["fox", "the fox and a fox of the fox"], {})))
    assert one(rows)["estimate"] == 1.0


def test_what_has_no_word_of_a_kind_is_left_out_and_counted():
    rows = audit(log(("a", ["oil painting", "oil painting, 8k"], {}), ("b", ["fox", "fox"], {})))
    assert (one(rows)["n_threads"], one(rows)["estimate"]) == (1, 1.0)  # the last prompt of b has content
    assert one(rows, "style", "recall")["n_threads"] == 1
    none = audit(log(("a", ["!!", "..."], {})))
    assert set(none.filter(pl.col("group").is_null(), pl.col("model").is_null())["note"]) == {intent.NO_WORDS}


def sets(text):
    found = terms(pl.Series([text]))
    words = {family: set() for family in ("content", "style")}
    for _, term, family in found.rows():
        words[family] |= set(term.split(" ")) - set(stop_words())
    return words["content"], words["style"]


def test_against_sets():
    texts = [turn["text"] for turn in simulate.simulate("both", seed=2, users=12).table().to_dicts()]
    texts += ["", "the", "oil lamp, oil painting of a lamp", "\u202eegnp <script>", "x " * 500]
    first, last = (list(side) for side in zip(*pairwise(texts), strict=True))
    found = measures(pl.Series(first), pl.Series(last))
    for place, (one_text, other) in enumerate(zip(first, last, strict=True)):
        (content, style), (content_last, style_last) = sets(one_text), sets(other)
        for name, of, among in (
            (("content", "recall"), content_last, content | style),
            (("content", "precision"), content, content_last | style_last),
            (("style", "recall"), style_last, content | style),
        ):
            expected = len(of & among) / len(of) if of else np.nan
            assert found[name][place] == pytest.approx(expected, nan_ok=True), (name, one_text, other)


def test_threads_whose_last_prompt_was_upscaled():
    rows = audit(
        log(
            ("a", ["fox", "fox"], {"upscaled": [False, True]}),
            ("b", ["fox", "hen"], {"upscaled": [True, False]}),
            ("c", ["fox", "fox hen"], {"upscaled": [None, None]}),
        )
    )
    assert one(rows, group="upscaled")["estimate"] == 1.0
    assert one(rows, group="upscaled")["n_threads"] == 1
    assert one(rows)["estimate"] == pytest.approx((1 + 0 + 1 / 2) / 3)


@pytest.mark.parametrize(("upscaled", "why"), [(None, intent.NOT_KNOWN), (False, intent.NONE_UPSCALED)])
def test_why_there_is_no_upscaled_group(upscaled, why):
    rows = audit(log(("a", ["fox", "fox"], {"upscaled": upscaled})))
    assert set(rows.filter(pl.col("group") == "upscaled")["note"]) == {why}
    assert rows.filter(pl.col("group") == "upscaled")["estimate"].is_null().all()


def parameter(name, *found):
    return {"name": name, "values": list(found), "number": None}


@pytest.mark.parametrize(
    ("model", "params", "expected"),
    [
        ("midjourney", [parameter("version", "6.1")], "midjourney 6.1"),
        ("midjourney", [parameter("niji", "5")], "midjourney niji 5"),
        ("midjourney", [parameter("niji")], "midjourney niji"),
        ("midjourney", [parameter("aspect", "3:2")], "midjourney"),
        ("midjourney", [parameter("version", "5"), parameter("version", "6")], "midjourney 6"),
        ("midjourney", [parameter("version", "5"), parameter("version")], "midjourney 5"),
        ("midjourney", None, "midjourney"),
        (None, [parameter("version", "6.1")], "version 6.1"),
        (" ", [parameter("niji", "6")], "niji 6"),
        (None, [], None),
        (None, None, None),
    ],
)
def test_labels_of_models(model, params, expected):
    schema = {name: tables.PROMPTS.columns[name] for name in ("model", "params")}
    assert pl.DataFrame([{"model": model, "params": params}], schema=schema).select(label()).item() == expected


def test_models_of_few_threads_come_together():
    labels = ["a"] * ENOUGH + ["b"] * (ENOUGH - 1) + ["c"] + [None] * ENOUGH
    found = {name: int(chosen.sum()) for name, chosen in models(pl.Series(labels))}
    assert found == {"a": ENOUGH, NOT_NAMED: ENOUGH, OTHER: ENOUGH}
    many = pl.Series([f"m{n:02}" for n in range(SHOWN + 2) for _ in range(ENOUGH)])
    assert {name: int(chosen.sum()) for name, chosen in models(many)}[OTHER] == 2 * ENOUGH


def test_rows_by_the_model_of_the_last_prompt():
    def threads(texts, n, first, last):
        return [(f"{first}{last}{k}", texts, {"model": [first, last]}) for k in range(n)]

    rows = audit(
        log(
            *threads(["fox", "fox"], ENOUGH, "x", "y"),
            *threads(["fox", "hen"], ENOUGH, "y", "x"),
            *threads(["fox", "fox hen"], 3, "x", "z"),
        )
    )
    assert one(rows, model="y")["estimate"] == 1.0
    assert one(rows, model="x")["estimate"] == 0.0
    assert (one(rows, model=OTHER)["estimate"], one(rows, model=OTHER)["n_threads"]) == (0.5, 3)
    assert rows["model"].null_count() == 2 * len(NAMES) and rows.height == 5 * len(NAMES)
    assert any("by model of the last one: x 0.0% (no interval" in told for told in intent.findings(rows))


def test_a_log_that_names_no_model_says_so():
    rows = audit(log(("a", ["fox", "fox"], {"model": None})))
    assert one(rows, model=NOT_NAMED)["note"] == intent.NO_MODEL
    assert not any("by model" in told for told in intent.findings(rows))


@pytest.mark.parametrize(
    "prompts",
    [
        log(),
        log(("a", ["fox"], {})),
        log(("a", ["fox"], {}), ("a", ["fox"], {})),
        log((None, ["fox", "fox"], {})),
    ],
    ids=["empty", "one prompt", "threads of one", "without users"],
)
def test_logs_without_threads_of_two(prompts):
    rows = audit(prompts)
    assert rows.height == 2 * len(NAMES) and set(rows["note"]) == {NO_THREADS}
    assert set(rows["n_threads"]) == {0}
    assert intent.findings(rows) == [f"Not estimated: {NO_THREADS}."]


def test_identical_prompts():
    rows = audit(log(*((user, ["a red fox, oil painting"] * 3, {}) for user in "abc")))
    found = one(rows)
    assert (found["estimate"], found["standard_error"], found["ci_low"]) == (1.0, 0.0, None)
    assert one(rows, "style", "share_change")["estimate"] == 0.0
    assert "no clear change" in " ".join(intent.findings(rows))


def test_two_people_have_no_interval():
    rows = audit(log(("a", ["fox", "hen"], {}), ("b", ["fox", "fox"], {})))
    assert one(rows)["ci_low"] is None and "at least 3" in one(rows)["note"]
    assert any("no interval" in told for told in intent.findings(rows))


def test_threads_of_nobody_that_the_log_itself_gives():
    prompts = log(("a", ["fox", "fox"], {}), ("b", ["fox", "hen"], {})).with_columns(user_id=pl.lit(None, pl.String))
    found = one(audit(prompts))
    assert (found["estimate"], found["n_users"], found["ci_low"]) == (0.5, None, None)
    assert "names nobody" in found["note"]


def test_hostile_texts_and_models():
    text = "<script>alert(1)</script> =cmd|'x'!A0 \u202e\x07" + "y " * 5_000
    rows = audit(log(*((f"u{n}", [text, text + " fox"], {"model": "<b>\x07"}) for n in range(ENOUGH))))
    assert one(rows)["estimate"] < 1
    assert "script" not in str(rows.drop("model").to_dicts())


def test_a_frame_without_models_upscales_and_parameters():
    prompts = log(("a", ["fox", "fox"], {})).drop("model", "upscaled", "params")
    assert one(audit(prompts))["estimate"] == 1.0


def test_a_sample_is_of_whole_users_and_says_so(monkeypatch):
    monkeypatch.setattr(_intent_threads, "MOST", 20)
    prompts = log(*((f"u{n}", ["fox", "fox hen"], {}) for n in range(30) for _ in range(2)))
    found = one(audit(prompts))
    # Four ends of threads a person: five of the 30 people are 20 prompts.
    assert (found["n_prompts"], found["n_threads"], found["n_users"]) == (20, 10, 5)
    assert "on a random sample of 5 of the 30 users" in found["note"]


def test_rows_do_not_depend_on_the_order_of_the_log():
    table = simulated("both", 60)
    assert audit(table).equals(audit(table.sample(fraction=1, shuffle=True, seed=1)))


def simulated(scenario, users):
    table = simulate.simulate(scenario, seed=1, users=users).table(threads=True)
    step = pl.int_range(1, pl.len() + 1).over("thread_id").cast(pl.UInt32)
    return table.with_columns(step=step).with_columns(steps_left=pl.len().over("thread_id").cast(pl.UInt32) - step)


# Where people only add left-out details they drop nothing and add no style: of the first prompt's content all is kept,
# and all style of the last prompt was there before. Where they only learn style, style grows and content is kept more.
def test_simulated_logs_of_known_kinds_of_growth():
    details, adaptation = (audit(simulated(name, 150)) for name in ("details-only", "adaptation-only"))
    assert one(details, estimand="precision")["estimate"] == 1.0
    assert one(details, "style", "recall")["estimate"] == 1.0
    assert one(details, "style", "share_change")["ci_high"] < 0
    assert one(adaptation, "style", "share_change")["ci_low"] > 0
    assert one(adaptation)["ci_low"] > one(details)["ci_high"]
    assert one(adaptation, "style", "recall")["ci_high"] < 1


def test_findings():
    many = [(f"u{n}", [FIRST, LAST], {"upscaled": [False, n % 2 == 0]}) for n in range(6)]
    told = intent.findings(audit(log(*many, ("v", ["fox", "fox"], {"upscaled": False}))))
    assert told[0].startswith("Of what people finally asked for, 71% (95% interval")  # (6 * 2/3 + 1) / 7
    assert "7 threads of 7 users; 29% were added later" in told[0]
    assert told[1].startswith("Of the content words of the first prompt, 71%")
    assert told[2] == "Where the last prompt was upscaled, 67% (no interval: the same whoever is left out) " + (
        "of its content words stood in the first one (3 threads)."
    )
    # Style: 6/7 of 2/7 and 4/9 of the words: 24% and 38%, 13.6 points.
    assert told[3].startswith(
        "Style words are 24% of the words of first prompts and 38% of those of last ones: 13.6 points"
    )
    assert told[4].startswith("Of the style words of last prompts, 50%")
