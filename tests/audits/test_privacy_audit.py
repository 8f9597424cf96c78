"""What points at people is found where it stands, what only looks like it is not, and no row holds it."""

import polars as pl
import pytest
from tests.audits.made_log import audited, prompts, value

from unspool import tables
from unspool.audits import Settings
from unspool.audits._privacy_names import private
from unspool.audits._privacy_redaction import redacted
from unspool.audits.privacy import audit, blocking, findings
from unspool.compiling.pseudonyms import Pseudonyms
from unspool.models.names import names
from unspool.syntax.identifiers import TESTS, has_phone
from unspool.syntax.text import split_text

PHONES = {
    "call +49 30 901820 now": True,
    "call (212) 555-0142 today": True,
    "a poster, 212-555-0142": True,
    "+44 20 7946 0958": True,
    "seed 2125550142": False,
    "1920x1080, 50mm, f/1.4, 2023": False,
    "ar 16:9, 4096 x 2160, 24-70mm": False,
    "from 1990 to 2024, 100 200 300": False,
    "10,000,000 stars, 3.14159265358979": False,
    "lens 85-1.4 and 70-200": False,
    "2023-07-01 12:30:00": False,
    "": False,
}


@pytest.mark.parametrize(("text", "expected"), PHONES.items())
def test_telephone_numbers_are_told_from_sizes_and_seeds(text, expected):
    assert has_phone(pl.Series([text])).to_list() == [expected]


HITS = {
    "raw_ids": ["1023456789012345679", "job 3f2504e0-4f89-11d3-9a0c-0305e82c3301"],
    "emails": ["write to jane.doe@example.org"],
    "urls": ["see https://example.org/x"],
    "url_handles": ["instagram.com/some.body", "https://cdn.discordapp.com/attachments/1/2/jane_a_red_fox.png"],
    "handles": ["by @jane_doe", "jane#1234", "<@123456789012345678>"],
}
MISSES = [
    "a red fox, 8k",
    "seed 1234567890",
    "ratio 16:9",
    "a@b",
    "3:2 --v 5",
    "twitter logo",
    "<link>",
    "<user> in snow",
]


@pytest.mark.parametrize("kind", HITS)
def test_patterns(kind):
    found = pl.DataFrame({"t": HITS[kind] + MISSES}).select(TESTS[kind](pl.col("t"))).to_series().to_list()
    assert found == [True] * len(HITS[kind]) + [False] * len(MISSES)


SECRET = "zanzibar_quokka7"


# A column that the source passed on holds handles and digests; the text of the third prompt holds the handle of a
# person of the log, which the key alone tells.
@pytest.fixture(scope="module")
def hostile():
    key = Pseudonyms(bytes(32))
    user = key.ids(pl.Series([SECRET]), "user")[0]
    frame = prompts(
        [(user, "a red fox"), ("b", "call +49 30 901820"), ("c", f"a portrait of {SECRET}, 8k"), ("d", "an owl")]
    )
    frame = frame.with_columns(
        author=pl.Series(["@jane_doe", None, "x@y.org", None]),
        user_hash=pl.Series(["5d41402abc4b2a76b9719d911017c592"] * 4),
        licence=pl.Series(["CC0", None, None, None]),
    )
    return audit(audited(frame, pseudonyms=key, settings=Settings(min_users=2)))


def test_what_is_found_stands_with_its_column(hostile):
    def count(kind, column):
        return value(hostile, feature=kind, estimand="n_prompts", group=column)

    assert count("phones", "text") == 1
    assert count("handles", "author") == 1
    assert count("emails", "author") == 1
    assert count("unsalted_hashes", "user_hash") == 4
    assert count("handles", "own people") == 1
    assert count("raw_ids", None) == 0
    assert value(hostile, feature="licence", estimand="present") == 1
    assert value(hostile, feature="consent", estimand="present") == 0


def test_what_blocks_names_kind_column_and_flag(hostile):
    found = {(one.kind, one.column) for one in blocking(hostile)}
    assert found == {
        ("phones", "text"),
        ("handles", "author"),
        ("handles", "own people"),
        ("emails", "author"),
        ("unsalted_hashes", "user_hash"),
    }
    assert all(f"--allow {one.kind}" in one.told for one in blocking(hostile))
    assert "Found" in findings(hostile)[0]
    assert "handles or ids of the log's own people in 1 prompt (--allow handles)" in findings(hostile)[0]
    assert "column own people" not in findings(hostile)[0]


def test_no_row_holds_what_was_found(hostile):
    held = " ".join(str(cell) for row in hostile.rows() for cell in row)
    assert not any(secret in held for secret in (SECRET, "jane", "901820", "5d41402", "x@y"))


def test_a_clean_log_blocks_nothing():
    found = audit(audited(prompts([("a", "a red fox"), ("b", "an owl, 8k --ar 16:9")])))
    assert blocking(found) == []
    assert "No raw id" in findings(found)[0]
    assert "is not known: the key does not lie beside the study" in " ".join(findings(found))


# A user whose handle is a plain word raises no alarm; one with a digit does.
@pytest.mark.parametrize(("handle", "expected"), [("dragon", 0), ("dragon77", 1), ("Dragon77", 1)])
def test_a_handle_that_is_a_word_is_a_word(handle, expected):
    key = Pseudonyms(bytes(32))
    user = key.ids(pl.Series([handle.lower()]), "user")[0]
    found = audit(audited(prompts([(user, "x"), ("b", f"a {handle} in snow")]), pseudonyms=key))
    assert value(found, feature="handles", estimand="n_prompts", group="own people") == expected


# What stands behind a parameter, and in a caption, is looked at as the text is; a number that sets something is none.
@pytest.mark.parametrize(
    ("tail", "caption", "expected"),
    [
        (f"--no {SECRET}", None, 1),
        (f"--v 5 by {SECRET}", None, 1),
        (f"--v 5 --{SECRET}", None, 1),
        ("--v 5", f"a photograph of {SECRET}", 1),
        ("--seed 5017 --v 5", None, 0),
        ("--v 5 --no 5017", None, 1),
    ],
)
def test_a_handle_behind_a_parameter_is_found(tail, caption, expected):
    key = Pseudonyms(bytes(32))
    users = key.ids(pl.Series([SECRET, "5017"]), "user").to_list()
    frame = prompts([(users[0], "a red fox"), (users[1], "a red fox"), ("b", "an owl")])
    params = split_text(pl.Series(["a", "a", f"an owl {tail}"]))["params"]
    frame = frame.with_columns(params=params, captions=pl.Series([None, None, [caption] if caption else None]))
    found = audit(audited(tables.conform(frame, tables.PROMPTS), pseudonyms=key))
    assert value(found, feature="handles", estimand="n_prompts", group="own people") == expected


# "zanzibar" stands behind a parameter of c alone, and "fox zanzibar" is no run: the line breaks it.
def test_names_and_rare_words_behind_parameters_count():
    tails = ["--v 5", "--v 5", "--v 5 zanzibar --no Jolanta Wisniewska"]
    frame = prompts([("a", "red fox"), ("b", "red fox"), ("c", "red fox")])
    frame = frame.with_columns(params=split_text(pl.Series([f"red fox {tail}" for tail in tails]))["params"])
    found = audit(audited(frame, settings=Settings(min_users=2)))
    assert value(found, feature="k_anonymity", estimand="rare", group="1 word") == 1 / 3
    assert value(found, feature="k_anonymity", estimand="unique", group="2 words") == 1 / 3
    assert value(found, feature="k_anonymity", estimand="unique", group="3 words") == 0
    assert value(found, feature="names_private", estimand="n_prompts", group="text") == 1


# "red fox" by a, b and c, "blue" by c alone: with k = 3, words: only c's second prompt holds a rare word. Runs of two:
# "red fox" has three people, "a red" two.
def test_rare_words_by_hand():
    rows = [("a", "red fox"), ("b", "a red fox"), ("c", "a red fox"), ("c", "red fox blue")]
    found = audit(audited(prompts(rows), settings=Settings(min_users=3)))
    rare = [value(found, feature="k_anonymity", estimand="rare", group=g) for g in ("1 word", "2 words", "3 words")]
    # one word: "a" has two people, so prompts 2, 3 and 4 hold a rare word; two: "a red" (2), "fox blue" (1).
    assert rare == [3 / 4, 3 / 4, 3 / 4]
    unique = [value(found, feature="k_anonymity", estimand="unique", group=g) for g in ("1 word", "2 words", "3 words")]
    assert unique == [1 / 4, 1 / 4, 1 / 4]


def test_names_of_few_people_may_be_private():
    listed = pl.DataFrame(
        {
            "name": ["Greg Rutkowski", "Jolanta Wisniewska", "Jolanta Wisniewska", "Red Fox", "Hans Zuckmeyer"],
            "user_id": ["a", "a", "b", "a", "c"],
        }
    )
    told = private(listed, 2)
    assert dict(zip(told["name"], told["private"], strict=True)) == {
        "Greg Rutkowski": False,  # an artist of the list
        "Jolanta Wisniewska": False,  # two people write it
        "Red Fox": False,  # two words
        "Hans Zuckmeyer": True,
    }


def test_names_are_found_with_their_place():
    text = "a portrait of Jolanta Wisniewska in her kitchen"
    found = names([text, "a red fox in snow"])
    assert found.select("text", "name").rows() == [(0, "Jolanta Wisniewska")]
    assert text[found["start"][0] : found["end"][0]] == "Jolanta Wisniewska"


def test_redaction_says_what_was_there():
    texts = pl.Series(
        [
            "mail jane.doe@example.org or call +49 30 901820",
            "a portrait of Jolanta Wisniewska, by Greg Rutkowski",
            "id 1023456789012345679, by @jane_doe, https://x.org/y",
            "a red fox, 8k",
            None,
            "",
        ]
    )
    assert redacted(texts).to_list() == [
        "mail <email> or call <phone>",
        "a portrait of <person>, by Greg Rutkowski",
        "id <id>, by <user>, <link>",
        "a red fox, 8k",
        None,
        "",
    ]
    assert redacted(redacted(texts)).to_list() == redacted(texts).to_list()
    kept = redacted(texts, pl.Series(["jolanta wisniewska"]))
    assert "Jolanta Wisniewska" in kept[1]


@pytest.mark.parametrize(
    "rows", [[], [("a", "")], [(None, "<script>alert(1)</script>")], [("a", "\u202e\x00" + "x" * 10_000)]]
)
def test_degenerate_logs(rows):
    found = audit(audited(prompts(rows)))
    assert found.filter(pl.col("estimate").is_null() & pl.col("note").is_null()).height == 0
    assert findings(found)
