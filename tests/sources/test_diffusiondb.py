"""The source `diffusiondb`: the sample beside its expectation, spans, what is blank and what is broken."""

import json
from pathlib import Path

import polars as pl
import pytest

from unspool import tables
from unspool.errors import UnspoolError
from unspool.sources import Head, Options, _frames, diffusiondb, recognise

SAMPLES = Path(__file__).parents[1] / "samples" / "diffusiondb"
EXPECTED = json.loads((SAMPLES / "expected.json").read_text())


def read(path):
    options = Options()
    parts = [part for span in diffusiondb.spans(path, options) for part in diffusiondb.chunks(path, span, options)]
    assert all(part.has_users for part in parts)
    rows = pl.concat([part.rows for part in parts])
    return tables.check(rows, tables.PROMPT_RECORDS, "read"), pl.concat([part.malformed for part in parts])


def known(rows):
    text = rows.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%S%.3f%:z"))
    return [{name: value for name, value in row.items() if value is not None} for row in text.to_dicts()]


def changed(tmp_path, *columns):
    path = tmp_path / "metadata.parquet"
    pl.read_parquet(SAMPLES / "metadata.parquet").with_columns(*columns).write_parquet(path)
    return path


def test_the_sample_has_the_types_of_the_data_card():
    schema = pl.read_parquet_schema(SAMPLES / "metadata.parquet")
    card = [pl.String, pl.String, pl.UInt16, pl.UInt32, pl.UInt16, pl.Float32, pl.UInt8, pl.UInt16, pl.UInt16]
    assert list(schema.values())[:10] == [*card, pl.String]
    assert list(schema.values())[11:] == [pl.Float32, pl.Float32]


def test_sample_beside_its_expectation():
    rows, malformed = read(SAMPLES / "metadata.parquet")
    assert known(rows) == EXPECTED
    assert malformed.is_empty()


def test_images_of_one_submission_share_a_key_and_others_do_not():
    rows, _ = read(SAMPLES / "metadata.parquet")
    # Rows 1 and 2 differ in the seed; 3 in cfg and steps; 4 in sampler and height; 6 has another prompt than 1.
    assert rows["batch_key"].n_unique() == 5
    assert rows["batch_key"][0] == rows["batch_key"][1]


def test_deleted_accounts_and_deleted_images_are_nobody():
    rows, _ = read(SAMPLES / "metadata.parquet")
    assert rows["user_id"].is_null().to_list() == [False] * 4 + [True] * 2
    assert rows["time"].is_null().to_list() == [False] * 5 + [True]
    assert rows["upscaled"].null_count() == rows.height


def test_file_names_are_not_passed_on():
    rows, _ = read(SAMPLES / "metadata.parquet")
    assert ".png" not in str(rows.to_dicts())
    assert rows.columns == [*tables.PROMPT_RECORDS.columns, "image_nsfw", "prompt_nsfw"]


def test_spans_together_are_the_file(monkeypatch):
    whole, _ = read(SAMPLES / "metadata.parquet")
    monkeypatch.setattr(_frames, "SPAN_ROWS", 4)
    monkeypatch.setattr(_frames, "PARQUET_ROWS", 3)
    assert len(diffusiondb.spans(SAMPLES / "metadata.parquet", Options())) == 2
    assert read(SAMPLES / "metadata.parquet")[0].equals(whole)


def test_parameters_lose_no_digits(tmp_path):
    path = changed(tmp_path, pl.Series("cfg", [0.1, 7.25, 1e-3, 30, None, 14.333], dtype=pl.Float32))
    said = read(path)[0]["args"].str.extract(r"--cfg (\S+)").cast(pl.Float32)
    assert said.to_list() == pl.Series([0.1, 7.25, 1e-3, 30, None, 14.333], dtype=pl.Float32).to_list()


def test_an_unknown_sampler_keeps_its_number(tmp_path):
    assert "--sampler 42" in read(changed(tmp_path, pl.lit(42, dtype=pl.UInt8).alias("sampler")))[0]["args"][0]


def test_missing_parameters_are_left_out(tmp_path):
    path = tmp_path / "metadata.parquet"
    pl.read_parquet(SAMPLES / "metadata.parquet").select("prompt", "user_name", "timestamp").write_parquet(path)
    rows, _ = read(path)
    assert rows["args"].to_list() == [""] * 6
    assert rows["batch_key"][0] == "a glass whale\x1f"


def test_a_column_that_is_needed(tmp_path):
    path = tmp_path / "metadata.parquet"
    pl.read_parquet(SAMPLES / "metadata.parquet").drop("timestamp").write_parquet(path)
    with pytest.raises(UnspoolError, match="'timestamp' for the time") as caught:
        read(path)
    assert caught.value.exit_code == 2


def test_no_parquet_broken_parquet_and_no_rows(tmp_path):
    (tmp_path / "metadata.csv").write_text("prompt\n")
    with pytest.raises(UnspoolError, match="Parquet"):
        read(tmp_path / "metadata.csv")
    (tmp_path / "cut.parquet").write_bytes((SAMPLES / "metadata.parquet").read_bytes()[:-10])
    with pytest.raises(UnspoolError, match="broken or cut off"):
        read(tmp_path / "cut.parquet")
    pl.read_parquet(SAMPLES / "metadata.parquet").clear().write_parquet(tmp_path / "none.parquet")
    (span,) = diffusiondb.spans(tmp_path / "none.parquet", Options())
    assert list(diffusiondb.chunks(tmp_path / "none.parquet", span, Options())) == []


def test_recognised_by_its_columns():
    columns = tuple(pl.read_parquet_schema(SAMPLES / "metadata.parquet"))
    start = (SAMPLES / "metadata.parquet").read_bytes()[:64]
    assert recognise(Head(".parquet", start, columns)) == "diffusiondb"
    assert not diffusiondb.matches(Head(".parquet", start, ("prompt", "user_name", "timestamp")))
    assert not diffusiondb.matches(Head(".csv", b"image_name", columns))
