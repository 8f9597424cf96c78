"""The source `discord_export`: the sample beside its expectation, the exporter's names, and files that were cut off."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from unspool import tables
from unspool.sources import Options, Span, discord_export, recognise
from unspool.sources._inputs import head
from unspool.sources.discord_export import with_ids

SAMPLES = Path(__file__).parents[1] / "samples" / "discord_export"
SAMPLE = (SAMPLES / "export.json").read_bytes()
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def read(path):
    parts = list(discord_export.chunks(path, Span(), Options()))
    rows, malformed = pl.concat([part.rows for part in parts]), pl.concat([part.malformed for part in parts])
    return tables.check(rows, tables.MESSAGE_RECORDS, "read"), malformed


def known(rows):
    times = rows.with_columns(pl.col("time", "edited").map_elements(lambda t: t.isoformat(), return_dtype=pl.String))
    return [{name: value for name, value in row.items() if value is not None} for row in times.to_dicts()]


def exact(expected):
    """Times as Polars prints them: milliseconds with six digits."""
    return [row | {k: row[k].replace(".123+", ".123000+") for k in ("time", "edited") if k in row} for row in expected]


def test_sample_beside_its_expectation():
    rows, malformed = read(SAMPLES / "export.json")
    assert known(rows) == exact(EXPECTED)
    assert malformed.is_empty()
    assert recognise(head(SAMPLES / "export.json")) == "discord_export"


@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".gz", gzip.compress), (".zst", zstandard.compress), ("", lambda data: b"\xef\xbb\xbf" + data)],
)
def test_packed_and_behind_a_byte_order_mark(tmp_path, suffix, pack):
    path = tmp_path / f"export.json{suffix}"
    path.write_bytes(pack(SAMPLE))
    assert known(read(path)[0]) == exact(EXPECTED)
    assert recognise(head(path)) == "discord_export"


def test_cut_off_anywhere_keeps_the_messages_before_the_cut(tmp_path):
    ends = [SAMPLE.index(f'"id": "110000000000000010{n}"'.encode()) for n in range(1, 7)]
    path = tmp_path / "cut.json"
    for cut in range(0, len(SAMPLE), 41):
        path.write_bytes(SAMPLE[:cut])
        rows, malformed = read(path)
        # A message is whole where the next one has begun; the last one found may be whole or cut.
        begun = sum(end < cut for end in ends)
        assert rows.height in (max(0, begun - 1), begun)
        assert known(rows) == exact(EXPECTED)[: rows.height]
        assert malformed.height == 1
        assert malformed["record"].item() == rows.height + 1


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstandard.compress)])
def test_packed_and_cut_off_keeps_what_was_unpacked(tmp_path, suffix, pack):
    export = json.loads(SAMPLE)
    first = export["messages"][0]
    export["messages"] = [first | {"id": str(1_100_000_000_000_100_000 + n * 7919), "n": n**5} for n in range(4_000)]
    packed = pack(json.dumps(export).encode())
    path = tmp_path / f"export.json{suffix}"
    path.write_bytes(packed[: len(packed) * 3 // 4])
    rows, malformed = read(path)
    assert 2_000 < rows.height < 3_900
    assert rows["message_id"].to_list() == [m["id"] for m in export["messages"][: rows.height]]
    assert malformed.rows() == [(rows.height + 1, "the JSON breaks off: EOFError")]


def test_a_small_packed_file_that_is_cut_off_keeps_its_messages(tmp_path):
    path = tmp_path / "export.json.gz"
    path.write_bytes(gzip.compress(SAMPLE)[:-8])  # without the checksum and the length
    assert read(path)[0].height == len(EXPECTED)


def test_damage_inside_a_packed_file_is_told(tmp_path):
    packed = bytearray(gzip.compress(SAMPLE))
    packed[200:260] = bytes(60)
    path = tmp_path / "export.json.gz"
    path.write_bytes(packed)
    rows, malformed = read(path)
    assert rows.height < len(EXPECTED)
    assert malformed["detail"].str.starts_with("the JSON breaks off").to_list() == [True]


PEOPLE = [
    {"id": "11", "name": "ana", "nickname": "Ana (she/her) *"},
    {"id": "12", "name": "ana b", "nickname": "Ana"},
    {"id": "13", "name": "kim", "nickname": "Kim"},
    {"id": "14", "name": "kim.two", "nickname": "Kim"},
    {"id": "15", "name": "7", "nickname": "1"},
]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("**x** - @Ana (she/her) * (fast)", "**x** - <@11> (fast)"),
        ("**x** - @ana b (fast)", "**x** - <@12> (fast)"),
        ("**x** - @Kim (fast)", "**x** - @Unknown (fast)"),  # two people have the name: nobody is guessed
        ("**x** - @kim.two (fast)", "**x** - <@14> (fast)"),
        ("**x** - @kim.two#0042 (fast)", "**x** - <@14> (fast)"),
        ("**@kimono, a@kim.two** - @kim.two", "**@kimono, a@kim.two** - <@14>"),
        ("**x** - @1 (fast)", "**x** - <@15> (fast)"),  # an id that was put in is not read again
        ("**x** - <@13> (fast)", "**x** - <@13> (fast)"),  # an export with --markdown false
        ("**x** - @Nobody (fast)", "**x** - @Nobody (fast)"),
        ("", ""),
    ],
)
def test_names_become_ids(content, expected):
    assert with_ids(content, PEOPLE) == expected


@pytest.mark.parametrize(
    "mentions", [None, [], 5, "x", [5], {"id": "1"}, [{"id": 1}], [{"name": "x"}], [{"id": [], "name": {}}]]
)
def test_mentions_that_are_none(mentions):
    assert with_ids("**@x** - @x (fast)", mentions) == "**@x** - @x (fast)"


# A number of 2**63 or more ends the JSON for the streaming reader; Discord's ids stay below until 2084.
anything = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 2**63, 2**63 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "user", "x"]), inner),
    max_leaves=6,
)
KEYS = ("id", "timestamp", "timestampEdited", "content", "author", "mentions", "reference", "interaction", "components")


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), anything) | anything, max_size=4))
def test_whatever_the_values_every_record_is_a_row_or_malformed(tmp_path_factory, messages):
    path = tmp_path_factory.mktemp("any") / "export.json"
    path.write_text(json.dumps({"guild": {}, "channel": {"id": "1"}, "messages": messages}))
    rows, malformed = read(path)
    if any(mark in path.read_text() for mark in ("NaN", "Infinity")):
        assert malformed.height >= 1  # that is no JSON, and the reader stops there
    else:
        assert sorted([*rows["record"], *malformed["record"]]) == list(range(1, len(messages) + 1))


def test_values_that_are_no_text(tmp_path):
    path = tmp_path / "export.json"
    good = {"id": "1100000000000000101", "content": "hello"}
    bad = [
        good | {"content": 5},
        good | {"content": ["a"]},
        good | {"id": 1.5},
        good | {"id": None},
        good | {"timestamp": []},
        7,
        None,
    ]
    path.write_text(
        json.dumps({"guild": {}, "channel": {"id": "1"}, "messages": [good, *bad, good | {"content": "a\0b"}]})
    )
    rows, malformed = read(path)
    # (1100000000000000101 >> 22) + 1420070400000 ms is 2023-04-24: without a timestamp the id tells the time.
    assert rows.select("record", "content").rows() == [(1, "hello"), (9, "a\0b")]
    assert f"{rows['time'][0]:%Y-%m-%d}" == "2023-04-24"
    assert malformed.sort("record").rows() == [
        (2, "the content is not text"),
        (3, "the content is not text"),
        (4, "not a message"),
        (5, "not a message"),
        (6, "no readable time"),
        (7, "not a message"),
        (8, "not a message"),
    ]


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_nesting_bomb_stops_the_reader_and_not_the_machine(tmp_path, opening):
    path = tmp_path / "export.json"
    path.write_text('{"guild": {}, "messages": [{"id": "1", "x": ' + opening * 100_000)
    assert read(path)[1].rows() == [(1, "the JSON is nested too deep")]


def test_a_huge_text_is_read(tmp_path):
    export = json.loads(SAMPLE)
    export["messages"][0]["content"] = "fox " * 2_000_000
    path = tmp_path / "export.json"
    path.write_text(json.dumps(export))
    rows, malformed = read(path)
    # 2,000,000 times four characters.
    assert rows["content"].str.len_chars()[0] == 8_000_000
    assert (rows.height, malformed.height) == (6, 0)


@pytest.mark.parametrize("text", ['{"guild": {}}', '{"guild": {}, "messages": []}', '{"guild": {}, "messages": null}'])
def test_an_export_without_messages_has_no_records(tmp_path, text):
    path = tmp_path / "export.json"
    path.write_text(text)
    rows, malformed = read(path)
    assert (rows.height, malformed.height) == (0, 0)
