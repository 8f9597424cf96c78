"""The source `midjourney_threads`: the CSV and the JSON-lines form beside their expectation."""

import csv
import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import zstandard

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Head, Options, Span, midjourney_threads, recognise

SAMPLES = Path(__file__).parents[1] / "samples" / "midjourney_threads"
DATA = Path(__file__).parents[2].parent / "shared" / "data" / "midjourney_threads" / "sample.jsonl"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())
HEADER = (SAMPLES / "threads_0.csv").read_text().split("\n")[0].strip().split(",")


def read(path):
    parts = list(midjourney_threads.chunks(path, Span(), Options()))
    rows = pl.concat([part.rows for part in parts])
    tables.check(rows, tables.PROMPT_RECORDS, "read")
    return rows, pl.concat([part.malformed for part in parts])


def known(rows):
    text = rows.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%S%.3f%:z"))
    return [{name: value for name, value in row.items() if value is not None} for row in text.to_dicts()]


def changed(tmp_path, **cells):
    """The sample with cells of its first row replaced."""
    with (SAMPLES / "threads_0.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= cells
    path = tmp_path / "threads_0.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_csv_sample_beside_its_expectation():
    rows, malformed = read(SAMPLES / "threads_0.csv")
    assert known(rows) == EXPECTED
    assert malformed.is_empty()


def test_json_lines_give_the_same_prompts():
    rows, malformed = read(SAMPLES / "slice.jsonl")
    assert known(rows.drop("^released_.*$")) == [
        {name: value for name, value in row.items() if name != "channel_id" and not name.startswith("released_")}
        for row in EXPECTED
    ]
    assert rows["released_word_len"].to_list() == [5, 6, 7]
    assert malformed.is_empty()


@pytest.mark.parametrize("packed", [".gz", ".zst"])
def test_compressed(tmp_path, packed):
    squeeze = gzip.compress if packed == ".gz" else zstandard.compress
    path = tmp_path / f"threads_0.csv{packed}"
    path.write_bytes(squeeze((SAMPLES / "threads_0.csv").read_bytes()))
    assert known(read(path)[0]) == EXPECTED


def test_columns_are_found_by_name_in_any_order(tmp_path):
    frame = pl.read_csv(SAMPLES / "threads_0.csv", infer_schema=False)
    frame.select(reversed(HEADER)).write_csv(tmp_path / "turned.csv")
    assert known(read(tmp_path / "turned.csv")[0]) == EXPECTED


def test_the_image_link_is_dropped_and_the_main_content_scrubbed():
    rows, _ = read(SAMPLES / "threads_0.csv")
    assert "http" not in str(rows.to_dicts())
    assert "somebody" not in str(rows.to_dicts())
    assert rows["released_main_content"][1] == "a fox in <link> by <user>"


def test_released_numbers_have_the_same_types_in_every_chunk():
    rows, _ = read(SAMPLES / "threads_0.csv")
    for name in ("word_len", "repeat_words", "thread_id", "depth", "num_sent_parser"):
        assert rows.schema[f"released_{name}"] == pl.Int64
    for name in ("concreteness", "perplexity", "magic_ratio", "words_per_sent", "reapeat_words_ratio"):
        assert rows.schema[f"released_{name}"] == pl.Float64


def test_counts_that_were_saved_as_floating_point_numbers(tmp_path):
    rows, _ = read(changed(tmp_path, thread_id="7.0", word_len="5.0", depth="nan", perplexity="nan"))
    assert rows["given_thread_id"].to_list() == ["7", "7", "8"]
    assert rows["released_word_len"].to_list() == [5, 6, 7]
    assert rows["released_depth"][0] is None
    assert rows["released_perplexity"][0] is None


@pytest.mark.parametrize(
    "cells", [{"label": "maybe"}, {"timestamp": "soon"}, {"id": "1.06705352284937E+18"}, {"userid": "1.5e+20"}]
)
def test_what_cannot_be_read_is_malformed(tmp_path, cells):
    rows, malformed = read(changed(tmp_path, **cells))
    assert (rows["record"].to_list(), malformed["record"].to_list()) == ([2, 3], [1])
    assert next(iter(cells.values())) not in malformed["detail"][0]


def test_one_message_twice_and_a_thread_of_two_users_are_left_as_released(tmp_path):
    rows, _ = read(changed(tmp_path, id="1067054021027840040", userid="9"))
    assert rows["prompt_id"].to_list()[:2] == ["1067054021027840040"] * 2
    assert rows.filter(given_thread_id="7")["user_id"].to_list() == ["9", "417"]


def test_missing_columns_are_fine_except_three(tmp_path):
    path = tmp_path / "threads.csv"
    path.write_text("text,id,userid\na,1,u\n")
    rows, _ = read(path)
    assert known(rows) == [{"record": 1, "prompt_id": "1", "user_id": "u", "text": "a", "model": "midjourney"}]
    for missing in ("text", "id", "userid"):
        path.write_text(",".join({"text", "id", "userid"} - {missing}) + "\n1,2\n")
        with pytest.raises(UnspoolError, match=f"'{missing}'") as caught:
            read(path)
        assert caught.value.exit_code == 2


def test_no_bytes_and_header_only(tmp_path):
    path = tmp_path / "threads.csv"
    path.write_text("")
    assert list(midjourney_threads.chunks(path, Span(), Options())) == []
    path.write_text(",".join(HEADER) + "\n")
    assert list(midjourney_threads.chunks(path, Span(), Options())) == []


def test_recognised_by_its_columns():
    assert recognise(Head(".csv", b"text,args", tuple(HEADER))) == "midjourney_threads"
    keys = tuple(json.loads((SAMPLES / "slice.jsonl").read_text().split("\n")[0]))
    assert recognise(Head(".jsonl", b'{"thread_id"', keys)) == "midjourney_threads"
    for missing in ("text", "thread_id", "label"):
        assert not midjourney_threads.matches(Head(".csv", b"", tuple(set(HEADER) - {missing})))
    assert not midjourney_threads.matches(Head(".csv", b"", tuple(set(HEADER) - {"userid"})))


@pytest.mark.skipif(not DATA.is_file(), reason="the shared data sets are not beside the repository")
def test_real_rows():
    rows, malformed = read(DATA)
    assert (rows.height, malformed.height) == (123, 0)
    assert (rows["given_thread_id"].n_unique(), rows["prompt_id"].n_unique()) == (40, 122)
    assert rows["captions"].list.len().unique().to_list() == [4]
    assert (rows["record"][0], rows["record"][-1]) == (1, 123)
    assert rows["prompt_id"].str.contains(r"^\d{19}$").all()
    assert rows["time"].null_count() == rows["upscaled"].null_count() == 0
    # A Discord id holds its own time: (id >> 22) ms after 2015-01-01 UTC.
    sent = rows["prompt_id"].cast(pl.Int64) // 2**22 + 1_420_070_400_000
    assert ((rows["time"].dt.epoch("ms") - sent).abs() <= 1).all()
