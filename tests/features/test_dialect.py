"""The dialect score: what it is trained on, whom it is blind to, what moves it and what does not."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unspool
from unspool.errors import UnspoolError
from unspool.features import Context, Settings, _dialect_words, dialect, length
from unspool.features._dialect_words import Words, common_vocabulary, words
from unspool.features._halves import half
from unspool.models.ngrams import UNKNOWN
from unspool.stages.analyze import notes
from unspool.stages.measure import measure

HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|'/C calc'!A0",
    "\x00\x07 a\x1bb",
    "\u202egnp.exe\u200f",
    "🦊❤️‍🔥 fox",
    "a" * 10_000,
]
PROMPTS = {"text": pl.String, "user_id": pl.String, "upscaled": pl.Boolean, "captions": pl.List(pl.String)}
SCENE = [f"scene{n}" for n in range(400)]
STYLE = [f"style{n}" for n in range(40)]


class Language:
    """Texts of random words: each depends on the one before it, which makes phrases."""

    def __init__(self, vocabulary, seed=0):
        generator = np.random.default_rng(seed)
        self.vocabulary = np.array(vocabulary)
        self.after = generator.permuted(np.tile(np.arange(len(vocabulary)), (len(vocabulary), 1)), axis=1)

    def texts(self, n, n_words, seed):
        generator = np.random.default_rng(seed)
        ranks = (generator.zipf(1.4, size=(n, n_words)) - 1) % len(self.vocabulary)
        found = ranks[:, :1]
        for step in range(1, n_words):
            found = np.hstack([found, self.after[found[:, -1], ranks[:, step]][:, None]])
        return [" ".join(self.vocabulary[row]) for row in found]


PLAIN, TAIL = Language(SCENE), Language(STYLE)


def log(texts, per_user=5, upscaled=None, captions=None):
    return pl.DataFrame(
        {
            "text": texts,
            "user_id": [f"u{n // per_user}" for n in range(len(texts))],
            "upscaled": upscaled or [None] * len(texts),
            "captions": captions or [None] * len(texts),
        },
        schema=PROMPTS,
    )


def context_of(rows, settings=None):
    n_words = rows["captions"].list.join(" ").str.count_matches(r"\S+").sum()
    return Context(settings or Settings(), {}, len(rows), rows["user_id"].n_unique(), int(n_words or 0))


def fitted(rows, settings=None, n_parts=1):
    """The context with what was fitted on these rows, which are cut into parts between users."""
    context = context_of(rows, settings)
    size = -(-len(rows) // n_parts // 5) * 5
    sums = [dialect.collect(rows.slice(start, size), context) for start in range(0, len(rows), size)]
    context.fitted = {
        "dialect": dialect.fit({name: pl.concat([s[name] for s in sums]).lazy() for name in sums[0]}, context)
    }
    return context


def scores(texts, context, user="somebody"):
    rows = pl.DataFrame(
        {"text": texts, "user_id": [user] * len(texts)}, schema={"text": pl.String, "user_id": pl.String}
    )
    return dialect.measure(rows, context)["dialect"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("reference") / "plain.txt"
    path.write_text("\n".join(PLAIN.texts(1500, 8, seed=1)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def rows():
    """Scenes with a tail of style, of 200 users."""
    both = zip(PLAIN.texts(1000, 8, seed=2), TAIL.texts(1000, 4, seed=3), strict=True)
    return log([f"{scene}, {style}" for scene, style in both])


@pytest.fixture(scope="module")
def context(rows, file):
    return fitted(rows, Settings(reference=str(file)))


@given(st.lists(st.text() | st.sampled_from(HOSTILE), max_size=5))
def test_words_are_those_of_n_words(texts):
    lowered = [text.lower() for text in texts]
    found = words(pl.Series(lowered, dtype=pl.String))
    rows = pl.DataFrame({"text": lowered}, schema={"text": pl.String})
    assert found.lengths.tolist() == length.measure(rows, Context())["n_words"].to_list()
    assert len(found.numbers) == found.lengths.sum()


def test_words_are_folded_and_in_their_order():
    found = words(pl.Series(["A cat’s  Hat,a hat", None, "", "un-folded\tcat's"]))
    assert found.vocabulary.gather(found.numbers).to_list() == ["a", "cat's", "hat", "a", "hat", "un-folded", "cat's"]
    assert found.lengths.tolist() == [5, 0, 0, 2]


def test_texts_split_in_parts_have_the_same_words(monkeypatch):
    texts = pl.Series([*PLAIN.texts(50, 6, seed=4), None, ""])
    whole = words(texts)
    monkeypatch.setattr(_dialect_words, "AT_ONCE", 7)
    parts = words(texts)
    assert parts.vocabulary.gather(parts.numbers).equals(whole.vocabulary.gather(whole.numbers))
    assert parts.lengths.tolist() == whole.lengths.tolist()


def test_a_cut_text_keeps_its_first_words():
    found = words(pl.Series(["a b c", "d e", "f"])).head(4)
    assert found.vocabulary.gather(found.numbers).to_list() == ["a", "b", "c", "d"]
    assert found.lengths.tolist() == [3, 1, 0]


def test_the_vocabulary_is_what_one_side_uses_twice(monkeypatch):
    # red: 2 and 0; a: 1 and 3; blue: 1 and 1, so in neither text twice
    sides = [words(pl.Series(["red red a blue"])), words(pl.Series(["a a", "a blue"]))]
    assert common_vocabulary(sides).to_list() == ["a", "red"]
    assert sides[0].codes(common_vocabulary(sides)).tolist() == [3, 3, 2, UNKNOWN]
    monkeypatch.setattr(_dialect_words, "MOST_CODES", 3)
    assert common_vocabulary(sides).to_list() == ["a"]


def test_no_texts_have_no_words():
    found = words(pl.Series([], dtype=pl.String))
    assert (len(found.numbers), len(found.lengths), len(found.vocabulary)) == (0, 0, 0)
    assert isinstance(found, Words)


def test_why_there_is_no_score(file):
    known = str(file)
    assert "no users" in dialect.missing(Context(n_prompts=5, n_caption_words=99_999))
    assert "9,999 words" in dialect.missing(Context(n_users=3, n_caption_words=9_999))
    assert "--reference FILE" in dialect.missing(Context(n_users=3))
    assert dialect.missing(Context(n_users=3, n_caption_words=10_000)) is None
    assert dialect.missing(Context(Settings(reference=known), n_users=3)) is None


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (None, "FileNotFoundError"),
        (b"\xff\xfe\x00 latin", "UnicodeDecodeError"),
        (b"", "hold 0 words"),
        (b"one two three\n" * 9000, "hold 3 words"),  # equal lines count once
        (b"\n".join(b"word%d" % n for n in range(9_999)), "hold 9,999 words; 10,000 are needed"),
    ],
)
def test_a_reference_that_cannot_be_used_is_named(tmp_path, content, found):
    path = tmp_path / "reference.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnspoolError, match=re.escape(f"{path} cannot be used")) as error:
        dialect.missing(Context(Settings(reference=str(path)), n_users=3))
    assert found in error.value.found
    assert error.value.exit_code == 2


def test_a_folder_is_no_reference(tmp_path):
    with pytest.raises(UnspoolError, match=r"IsADirectoryError|PermissionError"):
        dialect.reference(Settings(reference=str(tmp_path)))


def test_captions_are_the_reference_if_they_are_many(file):
    captions = [[text] for text in PLAIN.texts(1500, 8, seed=5)]
    rows = log(PLAIN.texts(1500, 8, seed=6), captions=captions)
    training = fitted(rows, Settings(reference="nowhere")).fitted["dialect"]["training"]
    assert training["text"].to_list() == ["prompts", "captions"] * 2


def test_upscaled_prompts_alone_are_trained_on_where_known(file):
    upscaled = [n % 2 == 0 for n in range(1000)]
    texts = [a if up else b for up, a, b in zip(upscaled, PLAIN.texts(1000, 8, 7), TAIL.texts(1000, 8, 8), strict=True)]
    tables = fitted(log(texts, upscaled=upscaled), Settings(reference=str(file))).fitted["dialect"]
    assert tables["training"]["text"].to_list() == ["upscaled prompts", "reference file"] * 2
    known = pl.concat([tables["words_0"]["word"], tables["words_1"]["word"]]).drop_nulls()
    assert known.str.starts_with("scene").all()


def test_the_others_of_a_log_that_knows_some_upscales_are_left_out(file):
    texts = PLAIN.texts(1000, 8, seed=7) + TAIL.texts(1000, 8, seed=8)
    rows = log(texts, upscaled=[True] * 1000 + [None] * 1000)
    words_0 = fitted(rows, Settings(reference=str(file))).fitted["dialect"]["words_0"]["word"].drop_nulls()
    assert words_0.str.starts_with("scene").all()


def test_one_prompt_of_a_run_is_trained_on():
    # 4 of 5, then 5 of 6 words are shared: one run, of which the last is kept; 1 of 9 is not: another; and the
    # first text comes again: a run of its own, kept once
    texts = ["a red fox in snow", "a red fox in deep snow", "two hens on a roof", "a red fox in deep snow"]
    rows = log(texts)
    found = dialect.collect(rows, context_of(rows))
    assert found["prompts"]["text"].to_list() == ["a red fox in deep snow", "two hens on a roof"]
    rows = log(["x"], captions=[["a fox in snow", "a fox in deep snow", None, "two hens", "a fox in deep snow"]])
    found = dialect.collect(rows, context_of(rows))
    assert found["captions"]["text"].to_list() == ["a fox in deep snow", "two hens"]


def test_users_are_drawn_whole_and_upscaled_prompts_of_more_of_them(monkeypatch):
    # At most 2 x 100 of 8,000 texts: one user in 40, and for upscaled prompts 8 in 40; of 800 users each
    monkeypatch.setattr(dialect, "MOST_TEXTS", 100)
    texts = [f"w{n} x{n} y{n}" for n in range(8000)]
    rows = log(texts, upscaled=[True] * 4000 + [None] * 4000, captions=[[f"c{n}"] for n in range(8000)])
    found = dialect.collect(rows, context_of(rows))
    n_users = {up: group["place"].n_unique() for (up,), group in found["prompts"].group_by("upscaled")}
    assert found["prompts"].group_by("place").len()["len"].unique().to_list() == [5]
    assert 120 <= n_users[True] <= 200  # 160, SD 11
    assert 8 <= n_users[None] <= 34  # 20, SD 4
    assert found["captions"]["place"].max() < 2 * 100 / 8000
    drawn = dialect._drawn(found["prompts"].lazy(), 0)
    assert len(drawn) == 100
    places = found["prompts"].filter(half=0)["place"].unique().sort()[:20]  # of 20 users with 5 texts each
    assert found["prompts"].filter(pl.col("text").is_in(drawn.implode()))["place"].unique().sort().equals(places)


def test_a_user_without_a_name_is_not_trained_on():
    rows = log(["a fox", "two hens"]).with_columns(user_id=pl.lit(None, dtype=pl.String))
    found = dialect.collect(rows, context_of(rows))
    assert found["prompts"].height == found["captions"].height == 0


def test_too_few_words_are_a_note(file):
    found = fitted(log(PLAIN.texts(150, 8, seed=9)), Settings(reference=str(file))).fitted["dialect"]
    assert list(found) == ["note"]
    assert re.search(r"The prompts of one half of the users hold \d+ words, fewer than 1,000", found["note"].item())
    rows = log(PLAIN.texts(1000, 8, seed=9), upscaled=[False] * 1000)
    found = fitted(rows, Settings(reference=str(file))).fitted["dialect"]
    assert "The upscaled prompts of one half of the users hold 0 words" in found["note"].item()


def test_both_sides_have_as_many_words_and_one_vocabulary(context):
    training = context.fitted["dialect"]["training"]
    assert training["scored_half"].to_list() == [0, 0, 1, 1]
    for _, sides in training.group_by("scored_half"):
        assert sides["n_words"].n_unique() == sides["n_vocabulary"].n_unique() == 1
    assert training["share_unknown"].is_between(0, 1).all()


def test_parts_change_no_score(rows, context, file):
    parts = fitted(rows, context.settings, n_parts=4)
    whole = dialect.measure(rows, context)
    assert dialect.measure(rows, parts).equals(whole)
    assert pl.concat([dialect.measure(rows[:300], parts), dialect.measure(rows[300:], parts)]).equals(whole)


def test_a_text_has_no_part_in_its_own_score(rows, context):
    # other prompts of half 0 leave those of half 0 as they are, and change those of half 1
    first = half(rows["user_id"]) == 0
    other = pl.Series(TAIL.texts(len(rows), 8, seed=10))
    other = fitted(rows.with_columns(text=pl.when(first).then(other).otherwise("text")), context.settings)
    before, after = (dialect.measure(rows, one)["dialect"] for one in (context, other))
    assert after.filter(first).equals(before.filter(first))
    assert (after != before).filter(~first).mean() > 0.9


def test_a_caption_has_no_part_in_its_own_score():
    rows = log(PLAIN.texts(1500, 8, seed=12), captions=[[text] for text in PLAIN.texts(1500, 8, seed=11)])
    first = half(rows["user_id"]) == 0
    others = pl.Series([[text] for text in TAIL.texts(1500, 8, seed=11)])
    other = rows.with_columns(captions=pl.when(first).then(others).otherwise("captions"))
    scored = rows.select("user_id", text=pl.col("captions").list.first())
    before, after = (dialect.measure(scored, fitted(one))["dialect"] for one in (rows, other))
    assert after.filter(first).equals(before.filter(first))
    assert (after != before).filter(~first).mean() > 0.9


def test_no_words_no_user_or_no_fit_is_null(context):
    assert scores(["a fox", "", None, "... !!", " \n"], context).is_null().to_list() == [False, True, True, True, True]
    assert scores(["a fox"], context, user=None).to_list() == [None]
    assert scores(["a fox"], Context()).to_list() == [None]
    note = {"note": pl.DataFrame({"note": ["why"]})}
    assert scores(["a fox"], Context(fitted={"dialect": note})).to_list() == [None]
    assert scores([], context).to_list() == []
    assert dialect.measure(pl.DataFrame(schema=PROMPTS), context).schema == {"dialect": pl.Float64}


def test_hostile_texts_have_a_number(context):
    found = scores(HOSTILE, context)
    assert found.is_finite().all()
    assert scores([HOSTILE[0]] * 3, context).n_unique() == 1


def test_a_log_of_hostile_texts_is_trained_on(file):
    texts = [f"{hostile} {n}" for n in range(120) for hostile in HOSTILE]
    assert scores(["a fox"], fitted(log(texts), Settings(reference=str(file)))).is_finite().all()


def test_a_tail_of_style_raises_it(context):
    scenes, tails = PLAIN.texts(400, 8, seed=13), TAIL.texts(400, 4, seed=14)
    bare = scores(scenes, context).to_numpy()
    tailed = scores([f"{scene}, {tail}" for scene, tail in zip(scenes, tails, strict=True)], context).to_numpy()
    assert (tailed > bare).mean() > 0.99
    assert np.mean(tailed - bare) > 0.5


def test_a_text_of_one_language_is_on_no_side_whatever_the_sizes(tmp_path):
    # Prompts have ten times the words of the reference and the same language: held-out texts score 0 on the average,
    # within 3.5 standard errors over ten logs. Trained on all, the prompts' model would know more: see below.
    means = []
    for seed in range(10):
        path = tmp_path / "reference.txt"
        path.write_text("\n".join(PLAIN.texts(1500, 8, seed=100 + seed)), encoding="utf-8")
        found = fitted(log(PLAIN.texts(30_000, 8, seed=200 + seed)), Settings(reference=str(path)))
        means.append(scores(PLAIN.texts(2000, 8, seed=300 + seed), found).mean())
    assert abs(np.mean(means)) < 3.5 * np.std(means, ddof=1) / np.sqrt(10)
    assert np.std(means, ddof=1) < 0.03


def test_unequal_sizes_would_move_it(tmp_path, monkeypatch, file):
    rows = log(PLAIN.texts(30_000, 8, seed=200))
    monkeypatch.setattr(Words, "head", lambda self, n: self)
    found = fitted(rows, Settings(reference=str(file)))
    assert scores(PLAIN.texts(2000, 8, seed=300), found).mean() > 0.1


def test_threads_do_not_count_as_much_text(file, monkeypatch):
    # each scene five times over, a word longer each time: of the same language as the reference, so 0 on the average
    scenes = [text.split() for text in PLAIN.texts(3000, 12, seed=15)]
    threads = log([" ".join(scene[: 8 + step]) for scene in scenes for step in range(5)])
    held_out = PLAIN.texts(2000, 8, seed=16)
    assert abs(scores(held_out, fitted(threads, Settings(reference=str(file)))).mean()) < 0.06
    monkeypatch.setattr(dialect, "SIMILAR", 1.0)
    assert scores(held_out, fitted(threads, Settings(reference=str(file)))).mean() < -0.2


def test_more_words_of_the_same_kind_do_not_move_it(context):
    # the null of appending: texts of 6 and of 24 words, drawn alike, differ by their first words only
    short, long = (scores(TAIL.texts(3000, n, seed=17), context).mean() for n in (6, 24))
    assert abs(long - short) < 0.02 * long


def test_the_same_tables_are_unpacked_once(context):
    tables = context.fitted["dialect"]
    assert dialect._scorers(tables) is dialect._scorers(tables)
    assert dialect._scorers(dict(tables)) is not dialect._scorers(tables)


def captioned(n, per_user=3):
    frame = {
        "user_id": [f"u{k // per_user}" for k in range(n)],
        "time": ["2023-06-01"] * n,
        "text": [f"{a} {b}" for a, b in zip(PLAIN.texts(n, 5, 20), TAIL.texts(n, 3, 21), strict=True)],
        "caption_1": PLAIN.texts(n, 8, 22),
        "caption_2": PLAIN.texts(n, 8, 23),
    }
    return pl.DataFrame(frame)


def test_in_a_study_with_captions(tmp_path):
    study = measure(unspool.read(captioned(900), tmp_path / "study", language="any"), names=["dialect"])
    found = study.features()
    assert found["dialect"].null_count() == 0
    assert found["caption_dialect"].mean() < -0.3 < 0.3 < found["dialect"].mean()
    assert found["caption_dialect"].null_count() == 0
    training = pl.read_parquet(study.path / "features" / "dialect" / "training.parquet")
    assert training["text"].to_list() == ["prompts", "captions"] * 2
    assert not (study.path / "features" / "dialect" / "triples_0.parquet").exists()


def test_in_a_study_with_few_captions(tmp_path):
    study = measure(unspool.read(captioned(90), tmp_path / "study", language="any"), names=["dialect"])
    assert "1,440 words" in notes(study)["dialect"]
    assert study.features()["dialect"].null_count() == 90


def test_on_real_threads(real_data, tmp_path, file):
    sample = real_data / "midjourney_threads" / "sample.jsonl"
    study = unspool.read(sample, tmp_path / "study")
    measure(study, names=["dialect"])
    assert "--reference FILE" in notes(study)["dialect"]
    measure(study, Settings(reference=str(file)), names=["dialect"])
    assert "of one half of the users hold" in notes(study)["dialect"]
