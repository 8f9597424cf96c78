"""Files that no format fits: what is wrong with them is told where naming a format would not help."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.logs import grid

from unspool.errors import UnspoolError
from unspool.sources import Head, _faults
from unspool.sources._faults import fault
from unspool.sources._inputs import find, head

NOT_SEEN = "no known log format has"


def told(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    with pytest.raises(UnspoolError, match="input 1 of 1 was not recognised") as caught:
        find([str(path)], None)
    assert caught.value.exit_code == 2
    return caught.value


@pytest.mark.parametrize(
    ("name", "content", "found", "do"),
    [
        ("a.json", b"", "It is empty.", "again"),
        ("a.csv", b" \n\n", "It is empty.", "again"),
        ("a.json.gz", gzip.compress(b"", mtime=0), "It is empty.", "again"),
        ("a.json.gz", b"no gzip", "Nothing can be unpacked from it.", "again"),
        ("a.json", b"[]", "It is JSON without any record.", "again"),
        ("a.json", b'{"messages":[]}', "It holds no messages.", "Export the channel again"),
        ("a.json", b'{\n "messages": [],\n "total_results": 0\n}', "It holds no messages.", "Export the channel again"),
        ("a.json", b'[{"id": "1", "conte', "Its JSON breaks off at line 1, column 20.", "before that place"),
        ("a.json", b'{"a": 1,\n "b": x}', "Its JSON is invalid at line 2, column 7.", "before that place"),
        ("a.json", b"not JSON", "Its JSON is invalid at line 1, column 1.", "before that place"),
        ("a.json", b'{"name": "Zo\xeb"}', "It is not UTF-8 from byte 13 on.", "UTF-8"),
        ("a.json", '[{"id": 1}]'.encode("utf-16"), "It is UTF-16 text.", "UTF-8"),
        ("a.json", b"\x00\x01\x02 and more", "It is binary, and neither Parquet nor SQLite.", "JSON, CSV"),
        ("a.xlsx", b"PK\x03\x04\x14\x00", "It is a ZIP archive or a spreadsheet.", "Unpack it"),
        ("export", gzip.compress(b"{}", mtime=0), "It is packed by gzip.", "Unpack it"),
        ("a.parquet", b"PAR1 cut", "It is a Parquet file that is broken or cut off.", "again"),
    ],
)
def test_what_is_wrong_is_said_and_not_to_name_the_format(tmp_path, name, content, found, do):
    error = told(tmp_path, name, content)
    assert error.found == found
    assert do in error.do
    assert NOT_SEEN not in str(error)


@pytest.mark.parametrize("content", [b'[{"name": "x"}]', b'{"name": "x"}\n{"name": "y"}\n{"na', b"7"])
def test_sound_json_and_json_lines_of_something_else_are_left_to_a_named_format(tmp_path, content):
    error = told(tmp_path, "a.json", content)
    assert NOT_SEEN in error.found
    assert "--source" in error.do


def test_json_that_was_read_in_part_is_not_called_broken(tmp_path, monkeypatch):
    monkeypatch.setattr(_faults, "LOOKED_AT", 20)
    path = tmp_path / "a.json"
    path.write_text('[{"name": "a long text, and more of it"}]')
    assert fault(path, head(path)) is None
    path.write_text('[{"name" "a long text, and more of it"}]')
    assert fault(path, head(path)) is not None


@given(st.integers(min_value=1, max_value=len(json.dumps([grid(1, "a fox")])) - 1))
def test_an_export_cut_anywhere_is_said_to_break_off_or_be_invalid(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "cut.json"
    path.write_text(json.dumps([grid(1, "a fox")])[:length])
    found = fault(path, Head(".json", path.read_bytes()))
    assert found is not None
    assert found[0].startswith(("Its JSON breaks off at line 1, ", "Its JSON is invalid at line 1, "))
