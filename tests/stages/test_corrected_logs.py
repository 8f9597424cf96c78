"""Logs that are empty, tiny, one-sided or hostile: mode corrected has an answer or a reason, and never breaks."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

import unspool
from unspool import tables
from unspool.analyses import Settings, analysis, in_order
from unspool.figures import PAPER, _render, drawing
from unspool.stages.analyze import analyze
from unspool.stages.measure import measure
from unspool.stages.thread import thread

pytestmark = pytest.mark.filterwarnings("error")
QUICK = Settings(draws=100)
FEW = {"n_words", "magic_ratio"}
NAMES = [name for name in in_order() if name not in ("predict", "across", "log")]
START = datetime(2023, 5, 1, tzinfo=UTC)
NOUNS = ["fox", "mill", "ship", "tower", "king", "garden", "robot", "whale", "street", "owl"]
MORE = ["red", "tall", "in snow", "at night", "oil painting", "8k", "highly detailed", "trending on artstation"]
HOSTILE = [
    '<script>alert("x")</script> & {{7*7}} ]]>',
    "=cmd|' /C calc'!A0, a fox",
    "\u202eולש קורי \u202c a red fox",
    "🦊🦊🦊 👩‍👩‍👧",
    "a\x00b\x07 \x1b[31mfox\r\n\tin snow",
    "None nan inf NULL -0",
    "e\u0301\u0301\u0301\u0301\u0301 ﷽ \ufeff",
    "'; DROP TABLE prompts; --",
]


def written(number, steps):
    """The prompts of a thread: a scene, and one phrase more, or other, at every step."""
    chance = random.Random(number)
    scene = f"a {chance.choice(NOUNS)} and a {chance.choice(NOUNS)} by a {chance.choice(NOUNS)}"
    phrases = [chance.choice(MORE) for _ in range(chance.randrange(3))]
    texts = []
    for _ in range(steps):
        texts.append(", ".join([scene, *phrases]))
        phrases = [*phrases[chance.randrange(2) * (len(phrases) > 2) :], chance.choice(MORE)]
    return texts


def sessions(users=12, threads=3, steps=3, **fixed):
    """Rows of users who each write some threads, five minutes from prompt to prompt and two hours between threads."""
    rows = []
    for user in range(users):
        for number in range(threads):
            for step, text in enumerate(written(100 * user + number, steps)):
                at = START + timedelta(hours=2 * number + user, minutes=5 * step)
                upscaled = random.Random(f"{user} {number} {step}").random() < 0.3
                rows.append({"user_id": f"u{user}", "time": at, "text": text, "upscaled": upscaled} | fixed)
    return rows


def texts(*listed):
    """Rows of one user each ten prompts, a minute apart."""
    return [
        {"user_id": f"u{n // 10}", "time": START + timedelta(minutes=n), "text": text, "upscaled": n % 3 == 0}
        for n, text in enumerate(listed)
    ]


def without(rows, *names):
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def changed(rows, **columns):
    """The rows with other values: each a function from the number of the row and its value."""
    return [row | {name: f(n, row.get(name)) for name, f in columns.items()} for n, row in enumerate(rows)]


def repeats():
    chance = random.Random(1)
    words = [" ".join(chance.choice(("very", "very", "very", "tall")) for _ in range(400)) for _ in range(60)]
    return texts(*("very " * (350 + n) + "tall tower" for n in range(30)), *words)


def ten_thousand_words():
    chance = random.Random(2)
    return texts(*(" ".join(chance.choice([*NOUNS, *MORE, f"w{n}"]) for n in range(10_000)) for _ in range(6)))


def one_word_more():
    """Every prompt has one noun more than the one before: all changes are equal."""
    rows = changed(sessions(), text=lambda n, _: f"a {NOUNS[n // 3 % 10]} " + " ".join(NOUNS[: 1 + n % 3]))
    return changed(rows, upscaled=lambda n, _: n % 5 == 0)


def one_giant():
    return [*sessions(1, 400, 5), *changed(sessions(31), user_id=lambda _, user: f"other {user}")]


def interleaved():
    rows = changed(sessions(), thread_id=lambda n, _: f"t{n // 9}-{n % 2}", order=lambda n, _: n)
    return without(rows, "time")


LOGS = {
    "empty": list,
    "one prompt": lambda: texts("a red fox"),
    "one user with one thread": lambda: sessions(1, 1, 4),
    "two users": lambda: sessions(2),
    "all prompts the same": lambda: texts(*["a red fox in snow, oil painting"] * 60),
    "threads of one prompt": lambda: sessions(threads=4, steps=1),
    "no user ids": lambda: without(sessions(), "user_id"),
    "some user ids": lambda: changed(sessions(), user_id=lambda n, user: None if n % 5 == 0 else user),
    "no times": lambda: without(changed(sessions(), order=lambda n, _: n), "time"),
    "some times": lambda: changed(sessions(), time=lambda n, time: None if n == 7 else time, order=lambda n, _: n),
    "no upscales known": lambda: without(sessions(), "upscaled"),
    "some upscales known": lambda: changed(sessions(), upscaled=lambda n, was: was if n % 4 else None),
    "all upscaled": lambda: sessions(upscaled=True),
    "none upscaled": lambda: sessions(upscaled=False),
    "some captions": lambda: changed(sessions(), caption_0=lambda n, _: "a fox on a hill" if n % 3 else None),
    "empty captions": lambda: sessions(caption_0="", caption_1=" "),
    "one word more": one_word_more,
    "no words": lambda: texts(*["!!!", "???", "🦊", "..."] * 10),
    "ten thousand words": ten_thousand_words,
    "hundreds of repeats": repeats,
    "hostile": lambda: texts(*HOSTILE * 6),
    "one giant": one_giant,
    "one moment": lambda: sessions(time=START),
    "interleaved": interleaved,
}
TYPES: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(
    ("user_id", "text", "caption_0", "caption_1", "thread_id"), pl.String
)
TYPES |= {"time": pl.Datetime("ms", "UTC"), "order": pl.Float64, "upscaled": pl.Boolean}


def analysed(folder, name):
    """The study of a log with the rows of all analyses of mode corrected."""
    rows = LOGS[name]()
    there = list(rows[0]) if rows else ["user_id", "time", "text", "upscaled"]
    table = pl.DataFrame(rows, schema={column: TYPES[column] for column in there})
    study = unspool.read(table, folder / "study", language="any", workers=1)
    thread(study, "given" if "thread_id" in there else "iou", jobs=1)
    measure(study, names=["length", "style", "perplexity"], jobs=1)  # perplexity has no value: no model is named
    return analyze(study, QUICK, NAMES, jobs=1)


@pytest.mark.parametrize("name", LOGS)
def test_nothing_breaks(tmp_path, name):
    study = analysed(tmp_path, name)
    rows = tables.check(study.results(), tables.RESULTS, "test")
    assert set(rows.filter(mode="corrected")["analysis"]) == set(NAMES)
    every_row_is_sound(rows)
    an_estimate_says_of_how_many(rows.filter(pl.col("mode") == "corrected", pl.col("estimate").is_not_null()))
    for analysed_as in NAMES:
        own = rows.filter(analysis=analysed_as)
        findings_are_sentences(analysis(analysed_as).findings(own))
        shown = own.filter(~pl.col("feature").is_in(set(study.columns()) - FEW))
        for figure in analysis(analysed_as).FIGURES:
            charts_draw(drawing(figure).draw(shown, study.columns(), PAPER))


def every_row_is_sound(rows):
    assert rows.filter(pl.struct(tables.RESULTS.key).is_duplicated()).is_empty()
    numbers = rows.select(pl.selectors.float())
    assert not numbers.select(pl.any_horizontal(pl.all().is_nan() | pl.all().is_infinite()).any()).item()
    assert rows.filter(pl.col("estimate").is_null(), pl.col("note").is_null()).is_empty()
    assert rows.filter(pl.col("ci_low").is_null() != pl.col("ci_level").is_null()).is_empty()
    assert rows.filter(pl.col("ci_low") > pl.col("ci_high")).is_empty()
    assert rows.filter(pl.any_horizontal(~pl.col("p_value", "p_adjusted").is_between(0, 1))).is_empty()
    assert rows.filter(pl.col("standard_error") < 0).is_empty()


def an_estimate_says_of_how_many(rows):
    rows = rows.filter(pl.col("estimand") != "verdict")  # of the scorecard: a share of signatures, not of prompts
    counts = ("n_prompts", "n_threads", "n_users")
    assert rows.filter(pl.any_horizontal(pl.col(*counts).is_null() | (pl.col(*counts) < 0))).is_empty()
    assert rows.filter(pl.col("method").is_null()).is_empty()
    assert rows.filter(pl.col("n_users") > pl.col("n_prompts")).is_empty()
    assert rows.filter(pl.col("ci_low").is_not_null(), pl.col("n_users") < 3).is_empty()
    outside = (pl.col("estimate") < pl.col("ci_low") - 1e-9) | (pl.col("estimate") > pl.col("ci_high") + 1e-9)
    assert rows.filter(outside).is_empty()


def findings_are_sentences(sentences):
    assert sentences
    for sentence in sentences:
        assert sentence.endswith((".", ")")), sentence
        assert not {"None", "nan", "+nan", "inf", "null"} & set(sentence.replace(",", " ").split()), sentence


def charts_draw(charts):
    for chart in charts:
        assert chart.data.height
        assert not {"nan", "None"} & set(f"{chart.n} {chart.alt} {chart.title}".split())
    assert all(_render.svg(chart.chart).startswith("<svg") for chart in charts[:1])


def test_a_usual_log_has_estimates_with_intervals(tmp_path):
    rows = analysed(tmp_path, "some captions").results().filter(mode="corrected")
    told = rows.filter(pl.col("ci_low").is_not_null())
    assert told["analysis"].n_unique() > 8
    assert told.filter(feature="n_words", estimand="raw_transition")["n_threads"].item() > 20
    assert rows.filter(pl.col("estimate").is_not_null())["feature"].str.starts_with("caption_").any()
