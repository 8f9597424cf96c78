"""The source `midjourney_messages`: a sample made in the schema of the public set, and broken files."""

from datetime import UTC, datetime

import polars as pl
import pytest

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Options, Span, midjourney_messages, recognise
from unspool.sources._inputs import head

AT = datetime(2023, 6, 1, 12, tzinfo=UTC)
SAMPLE = {
    "id": ["1120000000000000101", "1120000000000000102", "1120000000000000103"],
    "channel_id": ["1120000000000000002"] * 3,
    "content": ["**a heron** - <@1120000000000000011> (fast)", "**a heron** - Image #1 <@1120000000000000011>", None],
    "timestamp": [AT, AT, AT],
    "image_id": ["5", "6", "7"],
    "height": [1024] * 3,
    "width": [1024] * 3,
    "url": ["https://cdn.example/a.png"] * 3,
    "size": [9] * 3,
}
EXPECTED = [
    (1, "1120000000000000101", AT, "1120000000000000002", "**a heron** - <@1120000000000000011> (fast)"),
    (2, "1120000000000000102", AT, "1120000000000000002", "**a heron** - Image #1 <@1120000000000000011>"),
    (3, "1120000000000000103", AT, "1120000000000000002", None),
]
SHOWN = ("record", "message_id", "time", "channel_id", "content")


def log(tmp_path, **changed):
    path = tmp_path / "log.parquet"
    pl.DataFrame({name: values for name, values in (SAMPLE | changed).items() if values is not None}).write_parquet(
        path
    )
    return path


def read(path):
    parts = [
        part
        for span in midjourney_messages.spans(path, Options())
        for part in midjourney_messages.chunks(path, span, Options())
    ]
    rows, malformed = pl.concat([part.rows for part in parts]), pl.concat([part.malformed for part in parts])
    return tables.check(rows, tables.MESSAGE_RECORDS, "read"), malformed


@pytest.mark.parametrize("rows_a_span", [500_000, 2, 1])
def test_sample_beside_its_expectation(tmp_path, monkeypatch, rows_a_span):
    monkeypatch.setattr(midjourney_messages, "ROWS", rows_a_span)
    path = log(tmp_path)
    rows, malformed = read(path)
    assert rows.select(SHOWN).rows() == EXPECTED
    assert rows["from_bot"].null_count() == 3  # the set does not name authors
    assert malformed.is_empty()
    assert recognise(head(path)) == "midjourney_messages"


def test_whole_numbers_as_ids_keep_their_digits(tmp_path):
    rows, _ = read(log(tmp_path, id=[1023456789012345679, 2, 3], channel_id=[1023456789012345681] * 3))
    assert rows.row(0)[1] == "1023456789012345679"
    assert rows["channel_id"][0] == "1023456789012345681"


def test_ids_as_fractions_have_lost_digits(tmp_path):
    with pytest.raises(UnspoolError, match="lost digits"):
        read(log(tmp_path, id=[1.023456789012345679e18, 2.0, 3.0]))


def test_a_record_without_id_or_time_is_malformed(tmp_path):
    rows, malformed = read(
        log(tmp_path, id=[None, "2", "3"], timestamp=["2023-06-01T12:00:00Z", "yesterday", "2023-06-01T12:00:00"])
    )
    assert rows["record"].to_list() == [3]
    assert malformed["record"].to_list() == [1, 2]


def test_an_empty_file_has_no_records(tmp_path):
    path = tmp_path / "log.parquet"
    pl.DataFrame(SAMPLE).clear().write_parquet(path)
    rows, malformed = read(path)
    assert (rows.height, malformed.height) == (0, 0)


def test_a_broken_file_is_one_clear_error(tmp_path):
    path = log(tmp_path)
    whole = path.read_bytes()
    for cut in (4, 100, len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:cut])
        with pytest.raises(UnspoolError, match="cannot be read"):
            read(path)
    path.write_bytes(whole[:8] + bytes(40) + whole[48:])  # the pages are damaged, the schema is whole
    with pytest.raises(UnspoolError, match="cannot be read"):
        read(path)


def test_a_missing_column_is_named(tmp_path):
    path = log(tmp_path, content=None)
    with pytest.raises(UnspoolError, match="lacks the column 'content'"):
        list(midjourney_messages.chunks(path, Span(0, 3), Options()))
