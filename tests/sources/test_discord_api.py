"""The source `discord_api`: one sample in every shape in which the API gives messages, and broken ones."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Options, Span, discord_api, recognise
from unspool.sources._inputs import head
from unspool.sources._messages import buttons

SAMPLES = Path(__file__).parents[1] / "samples" / "discord_api"
MESSAGES = json.loads((SAMPLES / "messages.json").read_text())
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def read(path):
    parts = list(discord_api.chunks(path, Span(), Options()))
    rows, malformed = pl.concat([part.rows for part in parts]), pl.concat([part.malformed for part in parts])
    return tables.check(rows, tables.MESSAGE_RECORDS, "read"), malformed


def read_text(tmp_path, text, name="log.json"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path)


def known(rows):
    times = rows.with_columns(pl.col("time", "edited").map_elements(lambda t: t.isoformat(), return_dtype=pl.String))
    found = [{name: value for name, value in row.items() if value is not None} for row in times.to_dicts()]
    return [row | {"time": row["time"].replace("123000+", "123+")} for row in found]


def lines(values):
    return "\n".join(map(json.dumps, values))


LONG = "y" * 70_000  # longer than the part of a file that recognition sees
PAGE = {"total_results": 3, "analytics_id": "a", "doing_deep_historical_index": False}
SHAPES = {
    "an array": json.dumps(MESSAGES),
    "an array, pretty": json.dumps(MESSAGES, indent=2),
    "JSON lines": lines(MESSAGES),
    "JSON lines with blank ones": lines(MESSAGES).replace("\n", "\n\n \n"),
    "JSON lines, the first one long": lines([{**MESSAGES[0], "x": LONG}, *MESSAGES[1:]]),
    "search results": json.dumps({"messages": [[m] for m in MESSAGES]}),
    "search results with leading keys": json.dumps({**PAGE, "messages": [[m] for m in MESSAGES]}),
    "search results, pretty": json.dumps({**PAGE, "messages": [[m] for m in MESSAGES]}, indent=1),
    "search results, long": json.dumps({**PAGE, "messages": [[{**m, "x": LONG}] for m in MESSAGES]}),
    "an array of pages": json.dumps([{**PAGE, "messages": [[m]]} for m in MESSAGES]),
    "lines of pages": lines([{**PAGE, "messages": [[m]]} for m in MESSAGES]),
    "lines of long pages": lines([{**PAGE, "messages": [[{**m, "x": LONG}]]} for m in MESSAGES]),
    "gateway events": lines([{"t": "MESSAGE_UPDATE", "s": 1, "op": 0, "d": m} for m in MESSAGES]),
    "objects one after another, pretty": "\n".join(json.dumps(m, indent=2) for m in MESSAGES),
    "two arrays": json.dumps(MESSAGES[:1]) + json.dumps(MESSAGES[1:]),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(MESSAGES).encode(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_gives_the_same_records(tmp_path, shape):
    rows, malformed = read_text(tmp_path, SHAPES[shape])
    assert known(rows) == EXPECTED
    assert malformed.is_empty()
    assert recognise(head(tmp_path / "log.json")) == "discord_api"


@pytest.mark.parametrize("indent", [None, 2])
def test_a_single_object(tmp_path, indent):
    rows, _ = read_text(tmp_path, json.dumps(MESSAGES[1], indent=indent))
    # A reply holds the message that it answers, which comes first.
    assert rows["message_id"].to_list() == ["1110000000000000102", "1110000000000000103"]


def test_cut_off_anywhere_keeps_the_messages_before_the_cut(tmp_path):
    text = json.dumps(MESSAGES, indent=1)
    for cut in range(1, len(text) - 1, 37):
        rows, malformed = read_text(tmp_path, text[:cut])
        assert known(rows) == EXPECTED[: rows.height]
        assert malformed["record"].to_list() == [rows.height + 1]


def test_a_broken_line_is_lost_alone(tmp_path):
    for place in range(3):
        whole = list(map(json.dumps, MESSAGES))
        whole[place] = whole[place][:40]
        rows, malformed = read_text(tmp_path, "\n".join(whole))
        # The second message is two records.
        assert rows.height == (3, 2, 3)[place]
        assert malformed["detail"].str.starts_with(f"line {place + 1}: not JSON").to_list() == [True]


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "3", "content": NaN}',
        '{"id": "3", "content": "a\0b"}',
        b'{"id": "3", "content": "\xff"}',
        "5",
        "null",
        '"x"',
        "[5]",
        "{}",
    ],
)
def test_a_line_that_is_no_message_is_malformed(tmp_path, line):
    line = line if isinstance(line, bytes) else line.encode()
    rows, malformed = read_text(tmp_path, json.dumps(MESSAGES[0]).encode() + b"\n" + line)
    assert rows.height == 1
    assert malformed["record"].to_list() == [2]


def test_of_a_key_that_comes_twice_the_last_counts(tmp_path):
    rows, _ = read_text(
        tmp_path, '{"id": "1", "id": "1110000000000000101", "channel_id": "2", "content": "a", "content": "b"}'
    )
    assert rows.select("message_id", "content").row(0) == ("1110000000000000101", "b")


def test_references_nested_too_deep_are_malformed(tmp_path):
    message = None
    for number in range(900):
        message = {"id": str(1_110_000_000_000_000_000 + number), "content": "x", "referenced_message": message}
    rows, malformed = read_text(tmp_path, json.dumps([message]))
    # Depths 0 to 8 are read.
    assert rows.height == 9
    assert malformed["detail"].to_list() == ["nested too deep"]


@pytest.mark.parametrize(
    "text", ["", " \n", "[]", "{}", "null", "7", '[{"name": "x"}]', '{"content": 1}', "\0" * 50, "\xff\xfe{"]
)
def test_json_of_something_else_is_not_recognised(tmp_path, text):
    path = tmp_path / "log.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UnspoolError, match="not recognised"):
        recognise(head(path))
    rows, malformed = read(path)  # forced with --source
    assert rows.height == 0
    assert malformed.height <= 1


def test_buttons():
    nested = [{"components": [{"components": [{"label": "U3"}]}]}]
    deep = []
    for _ in range(500):
        deep = [{"components": deep}]
    assert buttons(nested) == "grid"
    assert buttons([{"label": "Upscale to Max"}]) == "upscale"
    assert [buttons(value) for value in (None, 5, [], {}, [None], [{"label": 5}], deep)] == [None] * 7


# A number of 2**63 or more ends the JSON for the streaming reader; Discord's ids stay below until 2084.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - 2**63, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "bot", "user", "x"]), inner),
    max_leaves=6,
)
KEYS = (
    *("id", "timestamp", "edited_timestamp", "content", "author", "mentions", "message_reference", "components"),
    *("interaction", "interaction_metadata", "channel_id"),
)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), anything), max_size=4))
def test_whatever_the_values_every_record_is_a_row_or_malformed(tmp_path_factory, messages):
    rows, malformed = read_text(tmp_path_factory.mktemp("any"), json.dumps(messages))
    assert sorted([*rows["record"], *malformed["record"]]) == list(range(1, len(messages) + 1))
