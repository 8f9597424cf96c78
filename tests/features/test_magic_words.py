"""Magic words: both lists by hand, against plain loops, and on logs with planted words, bursts and pasted blocks."""

import re
import string
from collections import Counter, defaultdict
from functools import cache
from math import log

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from unspool.features import Context, Settings, _keyness, magic_words
from unspool.features import _terms as terms
from unspool.features._halves import half
from unspool.features.length import WORD
from unspool.syntax.text import split_text

HOSTILE = [
    "<b>octane</b>",
    "=cmd()",
    "\u202e\u200f",
    "\x00\x1c\x1f",
    "👩‍🎨🏳️‍🌈",
    "word " * 2000,
    "::",
    "a\nb",
    " ",
    "",
    None,
]


def frame(rows, captions=None):
    """Prompts from pairs of user and text."""
    columns = {"user_id": [user for user, _ in rows], "text": [text for _, text in rows]}
    schema = {"user_id": pl.String, "text": pl.String}
    found = pl.DataFrame(columns, schema=schema)
    return found if captions is None else found.with_columns(captions=pl.Series(captions, dtype=pl.List(pl.String)))


def fitted(*parts, seed=0):
    """The context of a log in these parts, with what was fitted on it."""
    rows = pl.concat(parts)
    words = rows["captions"].explode().str.count_matches(r"\S+").sum() if "captions" in rows.columns else 0
    context = Context(Settings(seed=seed), {}, len(rows), rows["user_id"].drop_nulls().n_unique(), words)
    sums = [magic_words.collect(part, context) for part in parts]
    lazy = {name: pl.concat([each[name] for each in sums]).lazy() for name in sums[0]}
    context.fitted = {"magic_words": magic_words.fit(lazy, context)}
    return context


def table(context, definition):
    return context.fitted["magic_words"]["magic_words"].filter(definition=definition)


def lists(context):
    """The key terms by the half they were estimated on."""
    own = table(context, "keyness")
    return [set(own.filter(half=number)["word"]) for number in (0, 1)]


def ratios(context, rows, name="magic_ratio"):
    return magic_words.measure(rows, context)[name].to_list()


@cache
def english():
    """Words of general English and their probabilities; no digits, which the reference counts by rules of its own."""
    from wordfreq import get_frequency_dict

    known = {word: p for word, p in get_frequency_dict("en", "large").items() if re.fullmatch("[a-z]+", word)}
    words = sorted(known, key=lambda word: (-known[word], word))[:30_000]
    return np.array(words), np.array([known[word] for word in words])


def ordinary(generator, n_users, prompts=4, length=12):
    """A log of users who write words of general English at random."""
    words, probability = english()
    drawn = generator.choice(words, (n_users, prompts, length), p=probability / probability.sum())
    return [(f"user {user}", " ".join(text)) for user in range(n_users) for text in drawn[user]]


# Halves


def test_halves_are_the_same_for_ever():
    assert half(pl.Series(["a", "b", "c", "d", "e", "f", None, "a"])).to_list() == PINNED
    assert half(pl.Series(["a", "b", "c", "d", "e", "f"]), seed=1).to_list() == PINNED_OF_SEED_1


PINNED = [1, 1, 1, 0, 0, 0, None, 1]
PINNED_OF_SEED_1 = [1, 0, 0, 0, 1, 0]


def test_halves_are_halves_and_belong_to_users():
    users = pl.Series([f"user {number}" for number in range(4000)])
    found = half(users)
    assert found.dtype == pl.UInt8
    assert found.mean() == pytest.approx(0.5, abs=0.03)
    assert half(users.reverse()).reverse().to_list() == found.to_list()
    assert (half(users, seed=7) == found).mean() == pytest.approx(0.5, abs=0.03)


def test_nobody_has_no_half():
    assert half(pl.Series([None, None], dtype=pl.String)).to_list() == [None, None]
    assert half(pl.Series([], dtype=pl.String)).to_list() == []


# Terms

TEXTS = st.lists(st.text("ab'- ,.é\n\u2019", max_size=14), max_size=6)


@given(st.lists(st.text(max_size=20), max_size=5))
def test_words_are_those_of_length(texts):
    series = pl.Series(texts, dtype=pl.String)
    found = terms.Tokens.of(terms.Pieces.of(series)).per_row(len(texts))
    assert found.tolist() == series.str.count_matches(WORD).to_list()


def plain_terms(texts):
    """Terms of a text by a loop: the words, and runs of up to three with nothing but white space between them."""
    for row, text in enumerate(texts):
        words = list(re.finditer(r"[^\W_]+(?:['’\-][^\W_]+)*", text.lower()))
        for first in range(len(words)):
            for last in range(first, min(first + 3, len(words))):
                between = [
                    text[a.end() : b.start()]
                    for a, b in zip(words[first:last], words[first + 1 : last + 1], strict=True)
                ]
                if all(gap.isspace() for gap in between):
                    yield row, " ".join(word[0] for word in words[first : last + 1])


def plain_counts(texts, owner, halves):
    uses, n_words = defaultdict(Counter), Counter()
    for row, term in plain_terms(texts):
        uses[term][owner[row]] += 1
        n_words[owner[row]] += " " not in term
    found = set()
    for term, by_owner in uses.items():
        for number in {halves[who] for who in by_owner}:
            counts = {who: count for who, count in by_owner.items() if halves[who] == number}
            spread = sum(count * log(count / n_words[who]) for who, count in counts.items())
            found.add((number, term, term.count(" ") + 1, len(counts), sum(counts.values()), round(spread, 6)))
    return found


def counted(texts, owner, halves, floor=0):
    tokens = terms.Tokens.of(terms.Pieces.of(pl.Series(texts, dtype=pl.String)))
    owner = np.array(owner, dtype=np.int64)
    n_words = np.bincount(owner, tokens.per_row(len(texts)), len(halves)).astype(np.int64)
    return terms.counted(tokens, terms.Owners(owner, np.array(halves, dtype=np.uint8), n_words), floor)


@given(TEXTS, st.data(), st.sampled_from([64, 3]))
def test_terms_are_counted_as_by_a_loop(texts, data, bits):
    owner = [data.draw(st.integers(0, 2)) for _ in texts]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terms, "KEY_BITS", bits)
        found = counted(texts, owner, [1, 0, 1])
    assert {(*row[:-1], round(row[-1], 6)) for row in found.rows()} == plain_counts(texts, owner, [1, 0, 1])


def test_phrases_by_hand():
    # A comma, a bracket and the end of a text break a phrase; two blanks and a line do not. Case does not matter.
    found = counted(["Octane  render\n8K, octane (render)", "8k"], [0, 0], [0])
    assert found.filter(size=1).select("term", "uses").sort("term").rows() == [("8k", 2), ("octane", 2), ("render", 2)]
    assert set(found.filter(pl.col("size") > 1)["term"]) == {"octane render", "render 8k", "octane render 8k"}


def test_what_too_few_use_is_dropped_with_the_phrases_of_it():
    texts, owner = ["red cat", "red cat", "red dog", "blue cat dog"], [0, 1, 2, 2]
    found = counted(texts, owner, [0, 0, 0], floor=2)
    # red 3 users, cat 3, dog 1 (one user, twice), blue 1; "red cat" 2.
    assert set(found.select("term", "users").rows()) == {("red", 3), ("cat", 3), ("red cat", 2)}
    # By halves red has 2 users and 1, cat the same; what is left is told of both.
    halves = counted(texts, owner, [0, 0, 1], floor=2).select("half", "term", "users")
    assert set(halves.rows()) == {(0, "red", 2), (1, "red", 1), (0, "cat", 2), (1, "cat", 1), (0, "red cat", 2)}


@given(TEXTS, st.lists(st.text("ab", min_size=1, max_size=2), min_size=1, max_size=6, unique=True))
def test_words_are_covered_as_by_a_loop(texts, words):
    listed = {*words[:2], " ".join(words[:2]), " ".join(words[1:4])} - {""}
    tokens = terms.Tokens.of(terms.Pieces.of(pl.Series(texts, dtype=pl.String)))
    found = terms.covered(tokens, pl.Series(sorted(listed)), np.ones(len(texts), dtype=bool))
    assert np.bincount(tokens.row, found, len(texts)).tolist() == [plain_cover(text, listed) for text in texts]


def plain_cover(text, listed):
    """Words of a text that are a term or in one, by a loop over all runs of up to three tokens."""
    tokens = re.findall(r"[^\W_]+(?:['’\-][^\W_]+)*|[^\w\s]+", text.lower())
    runs = [
        range(first, last) for first in range(len(tokens)) for last in range(first + 1, min(first + 3, len(tokens)) + 1)
    ]
    return len({place for run in runs if " ".join(tokens[run.start : run.stop]) in listed for place in run})


# The paper's list


def test_words_of_the_paper_by_hand():
    # Punctuation is deleted, not replaced; case is kept; a lone dash is no word; ’ is not ASCII and stays.
    pieces = pl.Series(["ultra-detailed,", "Detailed", "detailed", "-", "it’s", "a\u2003b\x1cc"])
    expected = [["ultradetailed"], ["Detailed"], ["detailed"], [], ["it’s"], ["a", "b", "c"]]
    assert magic_words._cleaned(pieces).to_list() == expected


def plain_paper(texts, n_prompts):
    """The definition as a loop over str.translate and str.split."""
    from wordfreq import word_frequency

    words = [(text or "").translate(str.maketrans("", "", string.punctuation)).split() for text in texts]
    uses = Counter(word for text in words for word in text)
    least, total = max(5, 1000 * n_prompts / 169_620), sum(uses.values())
    magic = {w for w, n in uses.items() if n >= least and n / total >= 100 * max(1e-8, word_frequency(w, "en"))}
    return magic, [sum(w in magic for w in text) / len(text) if text else 0.0 for text in words]


def test_the_papers_list_is_that_of_a_loop():
    generator = np.random.default_rng(3)
    rows = ordinary(generator, 30)
    rows = [(user, f"{text}, ultra-detailed {'OCTANE' if n % 3 else 'octane'}.") for n, (user, text) in enumerate(rows)]
    rows += [("user 1", text) for text in HOSTILE]
    log_of = frame(rows)
    context = fitted(log_of)
    magic, expected = plain_paper(log_of["text"].to_list(), len(log_of))
    assert set(table(context, "paper")["word"]) == magic
    assert {"ultradetailed", "OCTANE", "octane"} <= magic
    assert ratios(context, log_of, "magic_ratio_paper") == pytest.approx(expected, nan_ok=False)
    assert 0.0 in expected and len(set(expected)) > 2


def test_the_papers_ratio_by_hand():
    # 4 words of 10 are octane, 5 uses needed: not yet. At 5 of 12 (a, b, ...: none has 5 uses) it is the list.
    few = frame([("u", "octane octane octane octane a b c d e f")])
    assert table(fitted(few), "paper").is_empty()
    enough = frame([("u", "octane octane octane octane a b c d e f"), ("u", "octane g"), ("u", "Octane")])
    context = fitted(enough)
    found = table(context, "paper")
    assert found["word"].to_list() == ["octane"]
    assert found["n_uses"].to_list() == [5]
    assert found["ratio"].to_list() == pytest.approx([5 / 13 / _keyness.reference("octane")])
    assert ratios(context, enough, "magic_ratio_paper") == [0.4, 0.5, 0.0]


def test_uses_that_are_needed_grow_with_the_log():
    assert magic_words.least_uses(Context(n_prompts=100)) == 5
    assert magic_words.least_uses(Context(n_prompts=169_620)) == 1000
    assert _keyness.least_users(Context(n_users=100)) == 5
    assert _keyness.least_users(Context(n_users=60_788)) == 50


def test_reference_knows_no_case_and_has_a_floor():
    assert _keyness.reference("Ultrarealisticzz") == 1e-8
    assert _keyness.reference("Detailed") == _keyness.reference("detailed") > 1e-6
    assert _keyness._probability(pl.Series(["the detailed", "detailed", "zzqx"])).tolist() == [
        *[_keyness.reference("detailed")] * 2,
        1e-8,
    ]


# Lists of key terms

PLANTED = ("octane render", "hyperdetailed", "trending on artstation", "volumetric lighting")


def planted(generator, n_users=200, share=0.2):
    """An ordinary log in which each planted term is added to a prompt of that share of users."""
    rows = ordinary(generator, n_users)
    return [
        (user, ", ".join([text, *(term for term in PLANTED if generator.random() < share / 3)])) for user, text in rows
    ]


def test_planted_terms_are_found_and_nothing_else():
    context = fitted(frame(planted(np.random.default_rng(1))))
    words = {"octane", "render", "artstation", "trending", "volumetric", "lighting", "hyperdetailed"}
    phrases = {"octane render", "trending on artstation", "volumetric lighting"}
    for found in lists(context):
        assert found >= phrases | {"hyperdetailed", "octane", "artstation", "volumetric"}
        assert found <= words | phrases


def test_terms_count_by_hand():
    rows = frame(planted(np.random.default_rng(1)))
    context = fitted(rows)
    user = rows["user_id"][0]
    texts = ["Trending on ArtStation on", "trending, on artstation", "octane-render", "hyperdetailed cats"]
    # All three words of the phrase are magic, the second "on" is not; a comma or a hyphen makes another phrase.
    measured = ratios(context, frame([(user, text) for text in texts]))
    assert measured[0] == 3 / 4
    assert measured[1] in (1 / 3, 2 / 3)
    assert measured[2:] == [0, 1 / 2]


def test_the_list_of_the_other_half_is_used():
    rows = frame(planted(np.random.default_rng(1)))
    halves = dict(zip(rows["user_id"], half(rows["user_id"]), strict=True))
    private = [(user, text + (" glimmercore" if halves[user] == 1 else "")) for user, text in rows.rows()]
    context = fitted(frame(private))
    assert ["glimmercore" in found for found in lists(context)] == [False, True]
    first = {number: next(user for user, its in halves.items() if its == number) for number in (0, 1)}
    assert ratios(context, frame([(first[0], "glimmercore"), (first[1], "glimmercore"), (None, "glimmercore")])) == [
        1,
        0,
        None,
    ]
    held_out = table(context, "keyness").filter(word="glimmercore")["held_out_ratio"]
    assert held_out.item() < 1


def test_one_user_makes_no_magic_word():
    rows = ordinary(np.random.default_rng(2), 200)
    # A word used 800 times by one user, and a block that another pastes under each of 100 prompts.
    rows += [("user 3", "zorblax " * 8)] * 100
    rows += [("user 4", f"{text}, gleamcore rendering, ultrafine moonbeam") for _, text in rows[:100]]
    context = fitted(frame(rows))
    assert lists(context) == [set(), set()]
    # The paper's rule by uses takes them all.
    assert {"zorblax", "gleamcore", "ultrafine", "moonbeam"} <= set(table(context, "paper")["word"])


def test_a_block_that_many_users_paste_is_found():
    rows = ordinary(np.random.default_rng(2), 200)
    rows += [(f"user {number}", "gleamcore rendering, ultrafine moonbeam") for number in range(0, 200, 4)]
    for found in lists(fitted(frame(rows))):
        assert {"gleamcore rendering", "ultrafine moonbeam"} <= found


def test_ordinary_text_has_no_magic_words():
    context = fitted(frame(ordinary(np.random.default_rng(4), 300)))
    assert lists(context) == [set(), set()]


def test_the_other_half_takes_the_winners_curse_away(monkeypatch):
    # With no bound to reach, chance alone makes words look key; the other half does not use them more than expected.
    monkeypatch.setattr(_keyness, "MIN_LOWER", 0.0)
    monkeypatch.setattr(_keyness, "MIN_RATIO", 2.0)
    found = table(fitted(frame(ordinary(np.random.default_rng(6), 400))), "keyness").filter(
        ~pl.col("word").str.contains(" ")
    )
    assert len(found) > 50
    assert found["ratio"].mean() > 2
    assert found["held_out_ratio"].mean() == pytest.approx(1, abs=0.25)


def test_users_count_once_and_by_how_much_they_write():
    # The same 20 users use a word; where all write 50 times as much, it is less of a wonder.
    generator = np.random.default_rng(9)
    short = fitted(frame([*ordinary(generator, 60, 1), *((f"user {n}", "gorgeous") for n in range(0, 60, 3))]))
    long = fitted(frame([*ordinary(generator, 60, 50), *((f"user {n}", "gorgeous") for n in range(0, 60, 3))]))
    assert [("gorgeous" in a, "gorgeous" in b) for a, b in zip(lists(short), lists(long), strict=True)] == [
        (True, False)
    ] * 2


def test_captions_take_out_what_the_images_show():
    generator = np.random.default_rng(1)
    rows = [(user, f"{text}, wyvern") for user, text in planted(generator)]
    captions = [[" ".join(text.split()[:12]) + " wyvern", None, "a wyvern"] for _, text in rows]
    without, having = fitted(frame(rows)), fitted(frame(rows, captions))
    for found, left in zip(lists(without), lists(having), strict=True):
        assert found - left == {"wyvern"}
        assert left


def test_few_captions_are_no_reference():
    rows = [(user, f"{text}, wyvern") for user, text in planted(np.random.default_rng(1))]
    context = fitted(frame(rows, [["a wyvern"] if n < 50 else None for n in range(len(rows))]))
    assert all("wyvern" in found for found in lists(context))


def test_numbers_of_the_table():
    rows = frame(planted(np.random.default_rng(1)))
    context = fitted(rows)
    found = table(context, "keyness").filter(word="hyperdetailed", half=0).row(0, named=True)
    mine = rows.filter(half(rows["user_id"]) == 0)
    using = mine.filter(pl.col("text").str.contains("hyperdetailed"))
    n, k = mine["user_id"].n_unique(), using["user_id"].n_unique()
    assert (found["n_users"], found["n_uses"]) == (k, len(using))
    # Nobody is expected to know the word, so 1 - (1 - p)^n is n p, and the share (k + 0) / (n + 1).
    words = mine["text"].str.count_matches(WORD).sum()
    assert found["log_odds"] == pytest.approx(log(k / (n + 1 - k) / (words / n * 1e-8)), rel=1e-3)
    assert _keyness.MIN_LOWER < found["lower"] < found["ratio"]
    assert found["held_out_ratio"] > 1000
    assert 0.5 < found["dispersion"] < 1


def test_the_table_is_whole_and_in_order():
    context = fitted(frame(planted(np.random.default_rng(1))))
    found = context.fitted["magic_words"]["magic_words"]
    assert dict(found.schema) == magic_words.FITTED
    assert found.select("definition", "half").is_duplicated().any()
    assert not found.select("word", "definition", "half").is_duplicated().any()
    assert found.select(pl.selectors.float().is_nan().any()).row(0) == (False,) * 5
    assert found["definition"].unique(maintain_order=True).to_list() == ["paper", "keyness"]
    own = table(context, "keyness").select("half", "lower").rows()
    assert own == sorted(own, key=lambda row: (row[0], -row[1]))


@pytest.mark.parametrize("cuts", [2, 30])
def test_parts_add_up(cuts):
    rows = frame(planted(np.random.default_rng(1)), [["a wyvern"] * 8] * 800)
    by_user = rows.partition_by("user_id", maintain_order=True)
    parts = [pl.concat(by_user[start::cuts]) for start in range(cuts)]
    whole, added = fitted(rows), fitted(*parts)
    tables = [context.fitted["magic_words"]["magic_words"] for context in (whole, added)]
    assert_frame_equal(*tables, rel_tol=1e-9)
    assert len(tables[0]) > 10


# Where there is nothing to count


def test_without_users_only_the_papers_share_is_known():
    rows = frame([(None, text) for _, text in planted(np.random.default_rng(1))])
    context = fitted(rows)
    measured = magic_words.measure(rows, context)
    assert measured["magic_ratio"].null_count() == len(rows)
    assert measured["magic_ratio_paper"].max() > 0
    assert set(magic_words.missing(context)) == {"magic_ratio"}
    assert "names none" in magic_words.missing(context)["magic_ratio"]


def test_few_users_are_no_halves():
    rows = frame(planted(np.random.default_rng(1), 19))
    context = fitted(rows)
    assert ratios(context, rows) == [None] * len(rows)
    assert "it names 19" in magic_words.missing(context)["magic_ratio"]
    assert magic_words.missing(Context(n_users=20)) == {}


def test_rows_without_a_user_change_nothing_for_the_others():
    rows = planted(np.random.default_rng(1))
    context, other = fitted(frame(rows)), fitted(frame([*rows, *[(None, "zorblax zorblax octane render")] * 50]))
    assert lists(other) == lists(context)


def test_an_empty_part():
    context = fitted(frame(planted(np.random.default_rng(1))))
    measured = magic_words.measure(frame([]), context)
    assert measured.schema == {"magic_ratio_paper": pl.Float64, "magic_ratio": pl.Float64}
    assert len(measured) == 0
    sums = magic_words.collect(frame([], []), context)
    assert all(part.is_empty() or part.row(0) == (0,) for part in sums.values())


@pytest.mark.parametrize("n_users", [0, 50])
def test_a_log_without_parts(n_users):
    found = magic_words.fit({}, Context(n_users=n_users))["magic_words"]
    assert dict(found.schema) == magic_words.FITTED
    assert found.is_empty()


def test_a_log_without_words():
    rows = frame([(f"user {number}", text) for number in range(30) for text in ("", None, "...")])
    context = fitted(rows)
    assert context.fitted["magic_words"]["magic_words"].is_empty()
    assert ratios(context, rows) == [None] * 90
    assert ratios(context, rows, "magic_ratio_paper") == [0.0] * 90  # as the authors' code has it


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text(text):
    rows = frame([*planted(np.random.default_rng(1), 40), *((f"user {number}", text) for number in range(40))])
    context = fitted(rows)
    measured = magic_words.measure(rows.tail(1), context)
    assert measured.null_count().row(0)[1] == (not pl.Series([text or ""]).str.contains(WORD).item())
    known = [value for value in measured.row(0) if value is not None]
    assert all(0 <= value <= 1 for value in known)


def test_an_emoji_is_on_no_list_of_key_terms():
    rows = ordinary(np.random.default_rng(1), 60)
    found = lists(fitted(frame([(user, f"{text} ✈️ ☀️") for user, text in rows])))
    assert found == [set(), set()]


def test_identical_prompts_count_once_a_user():
    rows = frame([(f"user {number % 40}", "octane render of a fox") for number in range(400)])
    context = fitted(rows)
    for number, found in enumerate(lists(context)):
        assert {"octane", "render", "fox"} <= found
        users = table(context, "keyness").filter(word="octane", half=number)["n_users"].item()
        assert users == (half(rows["user_id"].unique()) == number).sum()


def test_captions_are_measured_like_prompts():
    rows = frame(planted(np.random.default_rng(1)))
    context = fitted(rows)
    captions = pl.DataFrame({"text": ["an octane render", "a fox"], "user_id": [rows["user_id"][0]] * 2})
    assert ratios(context, captions) == [2 / 3, 0]


def test_columns_say_what_they_are():
    paper, own = magic_words.COLUMNS
    assert (paper.mode, own.mode) == ("paper", "own")
    assert (paper.empty, own.empty) == (0, None)
    assert magic_words.PUBLISHED == ("magic_words",)


# Real logs


def test_a_real_log_without_users(real_data):
    texts = pl.read_parquet(real_data / "succinctly_midjourney_prompts" / "test.parquet")["text"]
    rows = frame([(None, text) for text in split_text(texts)["text"]])
    found = table(fitted(rows), "paper")
    magic, _ = plain_paper(rows["text"].to_list(), len(rows))
    assert set(found["word"]) == magic
    assert {"artstation", "octane", "cinematic", "8k", "8K", "photorealistic", "render"} <= magic
    assert not {"the", "of", "a", "and", "woman"} & magic


def test_a_real_log_with_users(real_data):
    log_of = pl.read_ndjson(real_data / "discord_newbies41" / "newbies41_2025-07.jsonl")
    rows = frame(list(zip(log_of["user"], split_text(log_of["text"])["text"], strict=True)))
    found = lists(fitted(rows))
    assert {"realistic", "cinematic", "vibrant"} <= found[0]
    assert all(len(each) < 40 for each in found)
    # Written again and again, but by one user or two.
    assert not {"kingshot", "archero", "long-sleeved", "axolotl"} & (found[0] | found[1])
