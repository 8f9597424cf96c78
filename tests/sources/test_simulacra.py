"""The source `simulacra`: the sample beside its expectation, older databases, and broken ones."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Head, Options, Span, recognise, simulacra

SAMPLES = Path(__file__).parents[1] / "samples" / "simulacra"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def database(tmp_path, *statements, name="sac.sqlite", start=None):
    path = tmp_path / name
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((SAMPLES / "sac.sql").read_text() if start is None else start)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def read(path, span=Span()):  # noqa: B008 - a frozen value
    parts = list(simulacra.chunks(path, span, Options()))
    assert all(part.has_users for part in parts)
    rows = pl.concat([part.rows for part in parts])
    return tables.check(rows, tables.PROMPT_RECORDS, "read"), pl.concat([part.malformed for part in parts])


def known(rows):
    return [{name: value for name, value in row.items() if value is not None} for row in rows.to_dicts()]


def test_sample_beside_its_expectation(tmp_path):
    rows, malformed = read(database(tmp_path))
    # Prompt 11: image 101 rated 4 and 7, image 102 rated 7: (4 + 7 + 7) / 3 = 6. Prompt 12: one rating, which is blank.
    assert known(rows) == EXPECTED
    assert malformed.is_empty()
    assert rows.columns == [*tables.PROMPT_RECORDS.columns, "mean_rating", "n_ratings"]


def test_upscaled_is_unknown_under_a_model_that_was_never_upscaled(tmp_path):
    upscaled = read(database(tmp_path))[0]["upscaled"]
    assert upscaled.to_list() == [True, False, None, None, None]
    path = database(tmp_path, "INSERT INTO upscales VALUES (105, 0)", name="more.sqlite")
    assert read(path)[0]["upscaled"].to_list() == [True, False, True, False, None]


def test_submitters_without_survey_answers_are_nobody(tmp_path):
    assert read(database(tmp_path))[0]["user_id"].to_list() == ["0", "0", "1", None, "1"]
    path = database(tmp_path, "DROP TABLE survey", name="bare.sqlite")
    assert read(path)[0]["user_id"].to_list() == ["0", "0", "1", "2", "1"]


def test_a_database_of_the_bot_itself_has_discord_ids(tmp_path):
    path = database(tmp_path, "DROP TABLE survey", "ALTER TABLE generations RENAME COLUMN sid TO uid")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE generations SET uid = 1023456789012345679 WHERE id = 11")
        connection.commit()
    assert read(path)[0]["user_id"][0] == "1023456789012345679"


def test_columns_that_are_not_there_are_unknown(tmp_path):
    start = """CREATE TABLE generations (id INTEGER, prompt TEXT); CREATE TABLE images (id INTEGER, gid INTEGER);
        CREATE TABLE ratings (iid INTEGER, rating INTEGER); CREATE TABLE upscales (iid INTEGER);
        INSERT INTO generations VALUES (2, 'b'), (1, 'a'); INSERT INTO images VALUES (7, 1);
        INSERT INTO upscales VALUES (7), (7);"""
    rows, _ = read(database(tmp_path, start=start))
    assert rows.select("prompt_id", "user_id", "model", "upscaled", "n_upscales").rows() == [
        ("1", None, None, True, 2),
        ("2", None, None, False, 0),
    ]


def test_hostile_prompts_come_back_and_bytes_that_are_no_text_are_malformed(tmp_path):
    texts = ["=1+1", "\u202egnp", "a\nb\x07", "x" * 10_000]
    path = database(tmp_path, "DELETE FROM generations", "INSERT INTO generations VALUES (5, 0, 2, x'ff41', 1)")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany("INSERT INTO generations VALUES (?, 0, 2, ?, 1)", list(enumerate(texts, 6)))
        connection.commit()
    rows, malformed = read(path)
    assert rows["text"].to_list() == texts
    assert malformed.rows() == [(1, simulacra.BAD_TEXT)]


def test_batches_and_spans_together_are_the_file(tmp_path, monkeypatch):
    path = database(tmp_path)
    whole, _ = read(path)
    monkeypatch.setattr(simulacra, "CHUNK_ROWS", 2)
    assert read(path)[0].equals(whole)
    assert pl.concat([read(path, Span(0, 3))[0], read(path, Span(3))[0]]).equals(whole)


def test_reading_leaves_the_file_and_its_folder_as_they_are(tmp_path):
    path = database(tmp_path)
    before = path.read_bytes()
    path.chmod(0o444)
    read(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_with_signs_of_an_address(tmp_path):
    assert read(database(tmp_path, name="a ?mode=rwc#%41.sqlite"))[0].height == 5


def test_tables_without_rows(tmp_path):
    path = database(tmp_path, "DELETE FROM generations")
    assert list(simulacra.chunks(path, Span(), Options())) == []


@pytest.mark.parametrize("damage", ["cut", "overwritten", "no database", "empty", "absent", "packed"])
def test_broken_databases_are_one_error(tmp_path, damage):
    path = database(tmp_path)
    content = path.read_bytes()
    changed = {
        "cut": content[: len(content) // 2],
        "overwritten": content[:4096] + b"\xff" * (len(content) - 4096),
        "no database": b"SQLite format 3\0 and no more",
        "empty": b"",
    }
    if damage == "absent":
        path.unlink()
    elif damage == "packed":
        path = path.rename(tmp_path / "sac.sqlite.gz")
    else:
        path.write_bytes(changed[damage])
    with pytest.raises(UnspoolError, match="SQLite") as caught:
        read(path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("table", ["generations", "images", "ratings", "upscales"])
def test_another_database_is_told(tmp_path, table):
    with pytest.raises(UnspoolError, match=f"It has no {table}"):
        read(database(tmp_path, f"DROP TABLE {table}"))
    with pytest.raises(UnspoolError, match="Its table images lacks gid"):
        read(database(tmp_path, "ALTER TABLE images RENAME COLUMN gid TO other", name="other.sqlite"))


def test_recognised_by_its_first_bytes(tmp_path):
    start = database(tmp_path).read_bytes()[:100]
    assert recognise(Head(".sqlite", start)) == "simulacra"
    assert recognise(Head("", start)) == "simulacra"
    assert not simulacra.matches(Head(".sqlite", b"SQLite format 2\0"))
