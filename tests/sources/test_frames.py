"""Slices of tables: what is kept and what is malformed around broken records, in every form."""

import csv
import gzip
import io
import json
import tracemalloc

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from unspool.errors import UnspoolError
from unspool.sources import Span, _frames, _records


def read(path, names=("id", "text"), span=Span()):  # noqa: B008 - a frozen value
    parts = list(_frames.slices(path, span, list(names)))
    rows = [(n, *row) for part in parts for n, row in zip(part.records, part.rows.iter_rows(), strict=True)]
    return rows, [row for part in parts for row in part.malformed.iter_rows()]


def written(tmp_path, content, name="log.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_numbers_names_and_digits(tmp_path):
    path = written(tmp_path, "text,id\nx,1023456789012345679\ny,007\n")
    assert _frames.columns(path) == ["text", "id"]
    assert read(path) == ([(1, "1023456789012345679", "x"), (2, "007", "y")], [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_that_of_the_header(tmp_path, delimiter):
    path = written(tmp_path, f'id{delimiter}"text"\n1{delimiter}"a, b; c"\n')
    assert read(path) == ([(1, "1", "a, b; c")], [])


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl"])
def test_byte_order_marks_and_line_ends(tmp_path, mark, end, form):
    lines = {"csv": ["id,text", "1,a"], "tsv": ["id\ttext", "1\ta"], "jsonl": ['{"id":1,"text":"a"}']}[form]
    path = written(tmp_path, mark + end.join([*lines, ""]), f"log.{form}")
    assert _frames.columns(path) == ["id", "text"]
    assert read(path) == ([(1, "1", "a")], [])


def test_blank_lines_do_not_count_and_the_last_line_needs_no_end(tmp_path):
    assert read(written(tmp_path, "\nid;text\n\n1;a\n\n\n2;b"))[0] == [(1, "1", "a"), (2, "2", "b")]


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json"])
def test_no_bytes_no_records(tmp_path, form):
    path = written(tmp_path, b"", f"log.{form}")
    assert _frames.columns(path) == []
    assert read(path, names=())[0] == []


def test_header_only(tmp_path):
    path = written(tmp_path, "id,text\n")
    assert _frames.columns(path) == ["id", "text"]
    assert read(path) == ([], [])


def test_wrong_number_of_fields(tmp_path):
    rows, bad = read(written(tmp_path, "id,text\n1,a\n2\n3,b,c\n4,d\n"))
    assert rows == [(1, "1", "a"), (4, "4", "d")]
    assert bad == [(2, "1 fields where the header has 2"), (3, "3 fields where the header has 2")]


def test_bytes_that_are_not_utf_8_and_nul_bytes_cost_their_record_only(tmp_path):
    rows, bad = read(written(tmp_path, b"id,text\n1,a\n2,\xff\xfe\n3,b\0c\n4,d\n"))
    assert rows == [(1, "1", "a"), (4, "4", "d")]
    assert bad == [(2, _records.BAD_BYTES), (3, _records.BAD_BYTES)]


@pytest.mark.parametrize("line", ['2,"never closed', '2,"closed" too early', "2,a\rb"])
def test_broken_quotes_cost_their_line_only(tmp_path, line):
    body = "".join(f"{i},row {i}\n" for i in range(3, 60))
    rows, bad = read(written(tmp_path, f'id,text\n1,"a\nb"\n{line}\n{body}'))
    assert bad == [(2, _records.BAD_QUOTES)]
    assert rows[0] == (1, "1", "a\nb")
    assert rows[1:] == [(i, str(i), f"row {i}") for i in range(3, 60)]


def test_an_open_quote_that_a_later_one_breaks(tmp_path):
    rows, bad = read(written(tmp_path, 'id,text\n1,"open\n2,b\n3,"c"\n4,d\n'))
    assert (rows, bad) == ([(2, "2", "b"), (3, "3", "c"), (4, "4", "d")], [(1, _records.BAD_QUOTES)])


def test_an_open_quote_does_not_answer_for_the_bytes_after_it(tmp_path):
    rows, bad = read(written(tmp_path, b'id,text\n1,"open\n2,\xff\n3,"c"\n'))
    assert (rows, bad) == ([(3, "3", "c")], [(1, _records.BAD_QUOTES), (2, _records.BAD_BYTES)])


def test_an_open_quote_does_not_swallow_a_long_file(tmp_path):
    body = "".join(f"{i},{'x' * 100}\n" for i in range(2, 5_002))
    rows, bad = read(written(tmp_path, f'id,text\n1,"open\n{body}'))
    assert bad == [(1, _records.LONG_FIELD)]
    assert (len(rows), rows[-1][0]) == (5_000, 5_001)


def test_blanks_after_commas_belong_to_no_name_and_no_cell(tmp_path):
    path = written(tmp_path, 'id, text\n1, "a, b"\n2,  c\n')
    assert _frames.columns(path) == ["id", "text"]
    assert read(path)[0] == [(1, "1", "a, b"), (2, "2", "c")]
    assert read(written(tmp_path, "id,text\n1, c\n"))[0] == [(1, "1", " c")]


def test_a_field_that_is_too_long_is_told_as_that(tmp_path):
    rows, bad = read(written(tmp_path, f'id,text\n1,"{"fox " * 50_000}"\n2,b\n'))
    assert (rows, bad) == ([(2, "2", "b")], [(1, _records.LONG_FIELD)])
    assert "131,072" in _records.LONG_FIELD


def test_a_tsv_may_not_know_quotes(tmp_path):
    content = 'id\ttext\n1\t"open\n2\tb\n3\tclosed"\n4\t"new york" hotels\n5\t"quoted"\n6\t"a\nb"\n'
    rows, bad = read(written(tmp_path, content, "log.tsv"))
    assert [text for _, _, text in rows] == ['"open', "b", 'closed"', '"new york" hotels', "quoted", "a\nb"]
    assert bad == []


def test_names_that_come_twice(tmp_path):
    with pytest.raises(UnspoolError, match="comes twice: text") as caught:
        _frames.columns(written(tmp_path, "id,text,text\n1,a,b\n"))
    assert caught.value.exit_code == 2
    with pytest.raises(UnspoolError) as caught:
        _frames.columns(written(tmp_path, "9 private,9 private\n1,a\n"))
    assert "private" not in str(caught.value)


def test_a_header_that_cannot_be_unpacked_is_an_error(tmp_path):
    with pytest.raises(UnspoolError, match="breaks off in its header"):
        _frames.columns(written(tmp_path, b"id,text\n1,a\n", "log.csv.gz"))


def test_utf_16_is_told(tmp_path):
    with pytest.raises(UnspoolError, match="UTF-16"):
        _frames.columns(written(tmp_path, "id,text\n".encode("utf-16")))


def test_json_lines_keep_digits_and_tell_what_is_broken(tmp_path):
    lines = [
        '{"id": 1023456789012345679, "text": "a", "more": {"x": 1}}',
        '{"id": "2", "text": null}',
        "",
        "[1, 2]",
        '{"id": 3',
        '{"id": [4], "text": "d"}',
        '{"text": true, "id": 1.5}',
    ]
    rows, bad = read(written(tmp_path, "\n".join(lines), "log.jsonl"))
    assert rows == [(1, "1023456789012345679", "a"), (2, "2", None), (7, "1.5", "true")]
    assert [number for number, _ in bad] == [4, 5, 6]
    assert bad[0][1] == "not an object"
    assert bad[2][1] == "a value is a list or an object"


def test_keys_of_json_objects_may_come_later(tmp_path):
    assert _frames.columns(written(tmp_path, '{"id":1}\n{"text":"a"}\n', "log.ndjson")) == ["id", "text"]


def test_a_json_array_and_json_lines_may_both_be_called_json(tmp_path):
    array = written(tmp_path, ' [{"id": 1023456789012345679, "text": "a"}, 7, {"id": 2, "text": "b"}]', "array.json")
    assert read(array) == ([(1, "1023456789012345679", "a"), (3, "2", "b")], [(2, "not an object")])
    lines = written(tmp_path, '{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n', "lines.json")
    assert read(lines)[0] == [(1, "1", "a"), (2, "2", "b")]


def test_a_json_array_that_breaks_off(tmp_path):
    rows, bad = read(written(tmp_path, '[{"id": 1, "text": "a"}, {"id": 2, "te', "log.json"))
    assert rows == [(1, "1", "a")]
    assert bad == [(2, "the JSON breaks off: IncompleteJSONError")]


@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "json"])
@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_compressed(tmp_path, form, packed):
    texts = {"csv": "id,text\n1,a\n", "tsv": "id\ttext\n1\ta\n", "jsonl": '{"id":1,"text":"a"}\n'}
    plain = texts.get(form, '[{"id":1,"text":"a"}]').encode()
    content = gzip.compress(plain) if packed == ".gz" else zstandard.compress(plain)
    path = written(tmp_path, content, f"log.{form}{packed}")
    assert _frames.columns(path) == ["id", "text"]
    assert read(path) == ([(1, "1", "a")], [])


def test_a_compressed_file_that_breaks_off_keeps_what_came_before(tmp_path):
    whole = gzip.compress(b"id,text\n" + b"".join(b"%d,%x\n" % (i, i * 7919**3) for i in range(20_000)))
    rows, bad = read(written(tmp_path, whole[: len(whole) // 2], "log.csv.gz"))
    assert rows[0] == (1, "0", "0")
    assert len(rows) > 1_000
    assert bad == [(len(rows) + 1, "the file breaks off: EOFError")]


def test_parquet_is_cut_into_spans_that_make_the_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(_frames, "SPAN_ROWS", 4)
    monkeypatch.setattr(_frames, "PARQUET_ROWS", 3)
    path = tmp_path / "log.parquet"
    pl.DataFrame({"id": range(10), "text": [f"t{i}" for i in range(10)]}).write_parquet(path)
    assert _frames.spans(path) == [Span(0, 4), Span(4, 4), Span(8, 4)]
    rows = [row for span in _frames.spans(path) for row in read(path, span=span)[0]]
    assert rows == read(path)[0] == [(i + 1, i, f"t{i}") for i in range(10)]


def test_parquet_without_rows(tmp_path):
    path = tmp_path / "log.parquet"
    pl.DataFrame(schema={"id": pl.String, "text": pl.String}).write_parquet(path)
    assert _frames.spans(path) == [Span()]
    assert read(path) == ([], [])


@pytest.mark.parametrize("damage", ["empty", "cut", "middle", "packed"])
def test_broken_parquet_is_one_error(tmp_path, damage):
    whole = io.BytesIO()
    pl.DataFrame({"id": ["a"] * 10, "text": [str(i) * 50 for i in range(10)]}).write_parquet(whole)
    content = whole.getvalue()
    middle = content[:40] + b"\xff" * 60 + content[100:]
    content = {"empty": b"", "cut": content[:-20], "middle": middle, "packed": gzip.compress(content)}[damage]
    path = written(tmp_path, content, "log.parquet.gz" if damage == "packed" else "log.parquet")
    with pytest.raises(UnspoolError, match="Parquet") as caught:
        read(path)
    assert str(tmp_path) not in str(caught.value)


def test_unknown_suffix(tmp_path):
    with pytest.raises(UnspoolError, match=r"\.parquet") as caught:
        _frames.columns(written(tmp_path, b"", "log.xlsx"))
    assert caught.value.exit_code == 2


def test_a_missing_column_lists_at_most_twenty_that_look_like_names():
    present = [f"c{i}" for i in range(30)]
    with pytest.raises(UnspoolError, match="the role text") as caught:
        _frames.require(present, {"c1": "the role time", "prompt": "the role text"})
    assert "'prompt'" in caught.value.wrong
    assert caught.value.found == f"Its columns are {', '.join(present[:20])}, ...."
    with pytest.raises(UnspoolError) as caught:
        _frames.require(["me@mail", "a prompt that goes on and on, and says who wrote it"], {"x": "the role text"})
    assert "who" not in str(caught.value)
    assert "mail" not in str(caught.value)


def test_whole_floating_point_numbers_lose_nothing_and_rounded_ones_are_refused():
    assert _frames.words(pl.Series([1.0, 2.5, None, float("nan")])).to_list() == ["1", "2.5", None, None]
    assert _frames.ids(pl.Series([12345.0]), "x")[0].to_list() == ["12345"]
    with pytest.raises(UnspoolError, match="lost digits"):
        _frames.ids(pl.Series([1.0, 1023456789012345679.0]), "x")
    for kind, limit in ((pl.Float32, 2**24), (pl.Float64, 2**53)):
        assert _frames.ids(pl.Series([limit - 1], dtype=kind), "x")[0].to_list() == [str(limit - 1)]
        with pytest.raises(UnspoolError, match=f"2..{limit.bit_length() - 1} or more"):
            _frames.ids(pl.Series([limit + 1], dtype=pl.Int64).cast(kind), "x")
    exact = _frames.ids(pl.Series([1023456789012345679, None]), "x")[0]
    assert exact.to_list() == ["1023456789012345679", None]


def test_blank_ids_are_null():
    column = pl.Series(["", " ", "\u00a0", "nan", "NaN", "None", "null", "<NA>", "NaT", None, "nancy", " 7"])
    assert _frames.ids(column, "x")[0].to_list() == [None] * 10 + ["nancy", " 7"]


def test_ids_in_scientific_notation_are_told_from_hexadecimal_ones():
    column = pl.Series(["1.02345678901235E+18", "1023456789012345728.0", "12e45", "1023456789012345679", ""])
    assert _frames.ids(column, "x")[1].to_list() == [True, True, False, False, None]


def test_truths():
    column = pl.Series(["TRUE", "no", "1", "0.0", " Yes ", "", None, "maybe"])
    known, bad = _frames.truths(column)
    assert known.to_list() == [True, False, True, False, True, None, None, None]
    assert bad.to_list() == [False] * 7 + [True]
    assert _frames.truths(pl.Series([1, 0, None]))[0].to_list() == [True, False, None]
    assert _frames.truths(pl.Series([True, None]))[0].to_list() == [True, None]


WRITABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(WRITABLE, WRITABLE), max_size=8))
def test_any_text_that_a_csv_writer_writes_comes_back(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("csv") / "log.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("id", "text"), *pairs])
    assert read(path) == ([(i, *pair) for i, pair in enumerate(pairs, 1)], [])


@settings(deadline=None)
@given(st.lists(st.tuples(WRITABLE, WRITABLE), max_size=8))
def test_any_text_that_a_json_writer_writes_comes_back(tmp_path_factory, pairs):
    path = tmp_path_factory.mktemp("json") / "log.jsonl"
    path.write_text("".join(json.dumps({"id": one, "text": two}) + "\n" for one, two in pairs))
    assert read(path) == ([(i, *pair) for i, pair in enumerate(pairs, 1)], [])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(tmp_path_factory, body):
    path = written(tmp_path_factory.mktemp("bytes"), b"id,text\n" + body)
    rows, bad = read(path)
    numbers = sorted([row[0] for row in rows] + [row[0] for row in bad])
    assert numbers == list(range(1, len(numbers) + 1))


def test_memory_does_not_grow_with_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(_frames, "TEXT_ROWS", 2_000)
    peaks = []
    for rows in (4_000, 40_000):
        path = written(tmp_path, "id,text\n" + "".join(f"{i},{'x' * 100}\n" for i in range(rows)))
        tracemalloc.start()
        assert sum(part.rows.height for part in _frames.slices(path, Span(), ["id", "text"])) == rows
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 2 * peaks[0]
