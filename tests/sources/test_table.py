"""The source `table`: the sample beside its expectation, every role, and what is wrong with a column map."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
import zstandard

from unspool import tables
from unspool.compiling.settings import ReadSettings
from unspool.errors import UnspoolError
from unspool.sources import Head, Options, Span, _frames, _images, recognise, table
from unspool.sources._inputs import find
from unspool.stages.read import read as compile_study

SAMPLES = Path(__file__).parents[1] / "samples" / "table"
DATA = Path(__file__).parents[2].parent / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the repository")

SAMPLE_MAP = {
    "prompt_id": "message",
    "user_id": "author",
    "channel_id": "room",
    "time": "sent",
    "text": "words",
    "upscaled": "kept",
    "thread_id": "game+object",
    "caption_0": "first caption",
    "caption_1": "second caption",
}


def read(path, columns, timezone="UTC"):
    options = Options(tuple(columns.items()), timezone)
    parts = [part for span in table.spans(path, options) for part in table.chunks(path, span, options)]
    for part in parts:
        tables.check(part.rows, tables.PROMPT_RECORDS, "read")
        tables.check(part.malformed, tables.MALFORMED, "read")
    rows = pl.concat([tables.empty(tables.PROMPT_RECORDS), *(part.rows for part in parts)], how="diagonal")
    return rows, pl.concat([tables.empty(tables.MALFORMED), *(part.malformed for part in parts)])


def known(rows):
    """Rows as the expectations write them: times as text, unknown values left out."""
    text = rows.with_columns(pl.col("time").dt.to_string("%Y-%m-%dT%H:%M:%S%.3f%:z"))
    return [{name: value for name, value in row.items() if value is not None} for row in text.to_dicts()]


def written(tmp_path, content, name="log.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_sample_beside_its_expectation():
    rows, malformed = read(SAMPLES / "prompts.csv", SAMPLE_MAP)
    assert known(rows) == json.loads((SAMPLES / "expected.json").read_text())
    assert malformed.is_empty()


@pytest.mark.parametrize("form", ["tsv", "jsonl", "json", "parquet", "csv.gz", "csv.zst", "jsonl.gz"])
def test_every_form_of_the_sample_gives_the_same_table(tmp_path, form):
    sample = pl.read_csv(SAMPLES / "prompts.csv", infer_schema=False)
    plain, packed = form.removesuffix(".gz").removesuffix(".zst"), form.rpartition(".")[2]
    path = tmp_path / f"log.{plain}"
    if plain == "jsonl":
        sample.write_ndjson(path)
    elif plain == "json":
        path.write_text(json.dumps(sample.to_dicts()))
    elif plain == "parquet":
        sample.with_columns(pl.col("message").cast(pl.Int64)).write_parquet(path)
    else:
        sample.write_csv(path, separator="\t" if plain == "tsv" else ",")
    if packed in {"gz", "zst"}:
        squeeze = gzip.compress if packed == "gz" else zstandard.compress
        path = written(tmp_path, squeeze(path.read_bytes()), f"log.{form}")
    assert known(read(path, SAMPLE_MAP)[0]) == json.loads((SAMPLES / "expected.json").read_text())


def test_only_named_columns_are_read():
    rows, _ = read(SAMPLES / "prompts.csv", SAMPLE_MAP)
    assert rows.columns == list(tables.PROMPT_RECORDS.columns)
    assert "somebody" not in str(rows.to_dicts())


def test_the_other_roles(tmp_path):
    path = written(tmp_path, "n,t,m,l,p\n3,a,mj,en,--ar 1:1\nnan,b,,,\nx,c,mj,en,\ninf,d,,,\n")
    rows, malformed = read(path, {"order": "n", "text": "t", "model": "m", "language": "l", "params": "p"})
    assert known(rows) == [
        {"record": 1, "order": 3.0, "text": "a", "model": "mj", "language": "en", "args": "--ar 1:1"},
        {"record": 2, "text": "b"},
    ]
    assert malformed.rows() == [(3, table.BAD_ORDER), (4, table.BAD_ORDER)]


def test_times_and_upscales_that_cannot_be_read_make_the_row_malformed(tmp_path):
    path = written(tmp_path, "when,up,t\n2023-06-01,yes,a\nsoon,yes,b\n2023-06-01,perhaps,c\nsoon,perhaps,d\n,,e\n")
    rows, malformed = read(path, {"time": "when", "upscaled": "up", "text": "t"})
    assert rows["text"].to_list() == ["a", "e"]
    # The first fault of a row is the one that is told, and no cell is quoted.
    assert malformed.rows() == [(2, _frames.BAD_TIME), (3, _frames.BAD_TRUTH), (4, _frames.BAD_TIME)]


def images(path, *roles):
    """The columns upscaled_images and upscaled of a table with the columns i, up and t, and its malformed records."""
    rows, malformed = read(path, {"text": "t", "upscaled_images": "i"} | ({"upscaled": "up"} if roles else {}))
    assert rows.schema["upscaled_images"] == pl.List(pl.UInt8)
    return rows.select("upscaled_images", "upscaled").rows(), malformed.rows()


CELLS = {
    "1": [1],
    " 4 ": [4],
    "1,3": [1, 3],
    "3;1": [1, 3],
    "2 2 | 4": [2, 4],
    "[1, 3]": [1, 3],
    "[]": [],
    "1.0": [1],
    "": None,
    "null": None,
}


@pytest.mark.parametrize(("cell", "expected"), CELLS.items())
def test_images_that_were_upscaled(tmp_path, cell, expected):
    (found,), malformed = images(written(tmp_path, f'i,t\n"{cell}",a\n'))
    # Named images say that the prompt was upscaled, an empty list that it was not, a blank cell nothing.
    assert (found, malformed) == ((expected, None if expected is None else bool(expected)), [])


@pytest.mark.parametrize(
    "cell", ["0", "5", "13", "1,9", "1-3", "one", "-1", "1,,3", "[1", "true", "1.5", "=1", "\u0661"]
)
def test_images_that_cannot_be_read_make_the_row_malformed(tmp_path, cell):
    assert images(written(tmp_path, f'i,t\n"{cell}",a\n2,b\n')) == ([([2], True)], [(1, _images.BAD_IMAGES)])


def test_images_and_upscales_agree(tmp_path):
    path = written(tmp_path, "i,up,t\n1,yes,a\n2,no,b\n3,,c\n,yes,d\n,no,e\n,,f\n[],,g\n[],yes,h\n")
    found, malformed = images(path, "upscaled")
    assert malformed == [(2, _images.DENIED)]
    # a: both; c: the image says it; d: upscaled, who knows which; e: none was; g: an empty list says it; h: number unknown.
    assert found == [([1], True), ([3], True), (None, True), ([], False), (None, None), ([], False), ([], True)]


def test_images_in_lists(tmp_path):
    values = [[1, 3], [], None, [2, None], [7]]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps({"i": value, "t": "a"}) + "\n" for value in values))
    pl.DataFrame({"i": values, "t": ["a"] * 5}, schema={"i": pl.List(pl.Int64), "t": pl.String}).write_parquet(
        tmp_path / "log.parquet"
    )
    pl.DataFrame({"i": [[1.0, 3.0]], "t": ["a"]}).write_parquet(tmp_path / "float.parquet")
    pl.DataFrame({"i": [[3, 1]], "t": ["a"]}, schema={"i": pl.Array(pl.UInt8, 2), "t": pl.String}).write_parquet(
        tmp_path / "array.parquet"
    )
    for name in ("log.jsonl", "log.parquet"):
        found, malformed = images(tmp_path / name)
        assert found == [([1, 3], True), ([], False), (None, None)]
        assert malformed == [(4, _images.BAD_IMAGES), (5, _images.BAD_IMAGES)]
    for name in ("float.parquet", "array.parquet"):
        assert images(tmp_path / name) == ([([1, 3], True)], [])


@pytest.mark.parametrize("value", ["2", 2, 2.0])
def test_an_image_as_a_single_value_of_json(tmp_path, value):
    path = written(tmp_path, json.dumps([{"i": value, "t": "a"}]), "log.json")
    assert images(path) == ([([2], True)], [])


def test_images_reach_the_prompts_of_a_study_and_stay_null_where_no_role_names_them(tmp_path):
    log = 'u,when,i,t\na,2023-06-01,"1;3",a cat\na,2023-06-02,,a dog\na,2023-06-03,[],a hen\na,2023-06-04,9,an owl\n'
    path = written(tmp_path, log)
    columns = (("user_id", "u"), ("time", "when"), ("text", "t"))
    with_images = ReadSettings(language="any", source="table", columns=(*columns, ("upscaled_images", "i")))
    study = compile_study([str(path)], tmp_path / "study", with_images)
    prompts = study.prompts().sort("time")
    assert prompts.schema["upscaled_images"] == pl.List(pl.UInt8)
    assert prompts.select("upscaled_images", "upscaled").rows() == [([1, 3], True), (None, None), ([], False)]
    assert study.rejects()["reason"].to_list() == ["malformed"]
    plain = ReadSettings(language="any", source="table", columns=columns)
    prompts = compile_study([str(path)], tmp_path / "plain", plain).prompts()
    assert prompts["upscaled_images"].to_list() == [None] * 4


def test_naive_times_follow_the_time_zone(tmp_path):
    path = written(tmp_path, "when,t\n2023-06-01 12:00:00,a\n")
    assert known(read(path, {"time": "when", "text": "t"}, "Asia/Tokyo")[0])[0]["time"].startswith("2023-06-01T03:00")


def test_a_key_is_null_where_a_part_is_blank_and_tells_pairs_apart(tmp_path):
    path = written(tmp_path, "a,b,t\nx,yz,1\nxy,z,2\nx,,3\n")
    assert read(path, {"user_id": "a + b", "text": "t"})[0]["user_id"].to_list() == ["x\x1fyz", "xy\x1fz", None]


def test_a_column_whose_name_has_a_plus_is_no_key(tmp_path):
    assert read(written(tmp_path, "a+b,t\n1,x\n"), {"user_id": "a+b", "text": "t"})[0]["user_id"].to_list() == ["1"]


def test_an_id_that_was_rounded_makes_the_row_malformed(tmp_path):
    rows, malformed = read(written(tmp_path, "i,t\n1.0234567890123457e+18,a\n7,b\n"), {"prompt_id": "i", "text": "t"})
    assert (rows["prompt_id"].to_list(), malformed["record"].to_list()) == (["7"], [1])


def test_rounded_ids_in_parquet_are_an_error(tmp_path):
    path = tmp_path / "log.parquet"
    pl.DataFrame({"i": [1023456789012345679.0], "t": ["a"]}).write_parquet(path)
    with pytest.raises(UnspoolError, match="lost digits"):
        read(path, {"user_id": "i", "text": "t"})


def test_parquet_types_of_every_role(tmp_path):
    path = tmp_path / "log.parquet"
    columns = {
        "i": pl.Series([1023456789012345679, 2], dtype=pl.UInt64),
        "t": pl.Series(["a", None]),
        "when": pl.Series(["2023-06-01", None]).str.to_datetime(time_unit="ns"),
        "up": pl.Series([True, None]),
        "n": pl.Series([1, None], dtype=pl.Int8),
        "m": pl.Series(["mj", "mj"], dtype=pl.Categorical),
    }
    pl.DataFrame(columns).write_parquet(path)
    roles = {"user_id": "i", "text": "t", "time": "when", "upscaled": "up", "order": "n", "model": "m"}
    assert known(read(path, roles)[0]) == [
        {
            "record": 1,
            "user_id": "1023456789012345679",
            "time": "2023-06-01T00:00:00.000+00:00",
            "order": 1.0,
            "text": "a",
            "upscaled": True,
            "model": "mj",
        },
        {"record": 2, "user_id": "2", "text": "", "model": "mj"},
    ]


def test_nested_parquet_columns_are_refused(tmp_path):
    path = tmp_path / "log.parquet"
    pl.DataFrame({"t": [["a"]]}).write_parquet(path)
    with pytest.raises(UnspoolError, match="lists"):
        read(path, {"text": "t"})


def test_rows_with_blank_ids_are_not_one_prompt_of_one_person(tmp_path):
    lines = "user_id,time,text,prompt_id\n1,2023-06-01,a fox,nan\n1,2023-06-02,an owl,nan\n , 2023-06-03,an ape,\n"
    path = written(tmp_path, lines + "None,2023-06-03,a cow, \n")
    study = compile_study([str(path)], tmp_path / "study", ReadSettings(language="any"))
    assert study.prompts()["text"].to_list() == ["a fox", "an owl"]
    total = study.manifest["counts"]["total"]
    assert (total["merged"], total["rejects"]) == ({}, {"no_user": 2})


def test_bytes_in_parquet_are_text_or_an_error_that_names_the_column(tmp_path):
    path = tmp_path / "log.parquet"
    pl.DataFrame({"t": [b"a fox"]}).write_parquet(path)
    assert read(path, {"text": "t"})[0]["text"].to_list() == ["a fox"]
    pl.DataFrame({"t": [b"a fox", b"an \xffowl"]}).write_parquet(path)
    with pytest.raises(UnspoolError, match="UTF-8") as caught:
        read(path, {"text": "t"})
    assert caught.value.found == "The column 't' has the type Binary, with bytes that are not UTF-8."


def test_hostile_text_comes_back_as_it_is(tmp_path):
    texts = ['=cmd|"/c calc"!A1', "\u202egnp.exe", "a\x07\x1b[31mred", "x" * 10_000, "<script>\n\n,;\t'", "𝔄 \u200d🏳️"]
    path = tmp_path / "log.csv"
    pl.DataFrame({"t": texts}).write_csv(path)
    assert read(path, {"text": "t"})[0]["text"].to_list() == texts


@pytest.mark.parametrize("name", ["log.csv", "log.tsv", "log.jsonl", "log.json"])
def test_a_file_without_bytes_has_no_records(tmp_path, name):
    rows, malformed = read(written(tmp_path, b"", name), {"text": "t"})
    assert rows.is_empty()
    assert malformed.is_empty()


def test_json_in_which_nothing_is_an_object_is_malformed_and_not_silent(tmp_path):
    rows, malformed = read(written(tmp_path, "{oops\n[1]\n", "log.jsonl"), {"text": "t"})
    assert (rows.height, malformed["record"].to_list()) == (0, [1, 2])
    rows, malformed = read(written(tmp_path, "[{}, 3]", "log.json"), {"text": "t"})
    assert (rows.select("record", "text").rows(), malformed["record"].to_list()) == ([(1, "")], [2])
    rows, malformed = read(written(tmp_path, b"no gzip", "log.jsonl.gz"), {"text": "t"})
    assert (rows.height, malformed["record"].to_list()) == (0, [1])


def test_header_only(tmp_path):
    assert read(written(tmp_path, "t,u\n"), {"text": "t", "user_id": "u"})[0].is_empty()


def test_users_are_known_only_where_they_are_mapped(tmp_path):
    path = written(tmp_path, "t,u\na,b\n")
    for columns, has_users in (({"text": "t"}, False), ({"text": "t", "user_id": "u"}, True)):
        (part,) = table.chunks(path, Span(), Options(tuple(columns.items())))
        assert part.has_users is has_users


def test_a_missing_column_names_role_and_columns_but_no_data(tmp_path):
    path = written(tmp_path, "who,3 cats under a very long sky with somebody in the corner\na,b\n")
    with pytest.raises(UnspoolError) as caught:
        read(path, {"text": "prompt", "user_id": "who"})
    assert caught.value.exit_code == 2
    assert "'prompt'" in caught.value.wrong
    assert "role text" in caught.value.wrong
    assert caught.value.found == "Its first line does not look like column names."


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ((), "has no text"),
        ((("user_id", "u"),), "has no text"),
        ((("text", "t"), ("colour", "c")), "'colour'"),
        ((("text", "t"), ("text", "u")), "twice"),
        ((("text", "t+u"),), "several columns"),
    ],
)
def test_wrong_column_maps(tmp_path, columns, told):
    path = written(tmp_path, "t,u,c\na,b,c\n")
    with pytest.raises(UnspoolError, match=told) as caught:
        list(table.chunks(path, Span(), Options(columns)))
    assert caught.value.exit_code == 2


def test_without_a_map_the_columns_that_are_named_as_roles_are_read(tmp_path):
    path = written(tmp_path, "text,user_id,colour,upscaled\na fox,u1,red,1\na cat,u2,blue,\n")
    rows, _ = read(path, {})
    assert rows.select("text", "user_id", "upscaled").rows() == [("a fox", "u1", True), ("a cat", "u2", None)]
    assert "red" not in str(rows.rows())
    assert read(path, {"text": "colour"})[0]["text"].to_list() == ["red", "blue"]


@pytest.mark.parametrize("first", ["a fox", float("nan")])
def test_a_json_array_is_recognised_by_its_first_object(tmp_path, first):
    rows = [{"user_id": 1, "time": "2023-06-01", "text": first}, {"user_id": 2, "time": "2023-06-01", "text": "b" * 99}]
    path = tmp_path / "log.json"
    path.write_text(json.dumps(rows * 500, indent=1))
    assert find([str(path)], None)[0].source == "table"


def test_recognised_by_the_names_of_user_time_and_text_alone():
    assert recognise(Head(".csv", b"time,user_id,text\n", ("time", "user_id", "text", "colour"))) == "table"
    assert not table.matches(Head(".csv", b"text,user_id", ("text", "user_id")))
    with pytest.raises(UnspoolError, match="--source table"):
        recognise(Head(".csv", b"text,user_id\n", ("text", "user_id")))


@needs_data
def test_newbies41():
    path = DATA / "discord_newbies41" / "newbies41_2025-07.jsonl"
    rows, malformed = read(path, {"user_id": "user", "time": "timestamp", "text": "text"})
    assert (rows.height, rows["user_id"].null_count(), rows["user_id"].n_unique()) == (1_639, 4, 51)
    assert (rows["time"].null_count(), malformed.height) == (0, 0)


@needs_data
def test_webis_smc12():
    path = DATA / "search_missions" / "webis_smc12.tsv"
    columns = {"user_id": "user", "time": "timestamp", "text": "query", "thread_id": "user+mission"}
    rows, malformed = read(path, columns)
    assert (rows.height, rows["user_id"].n_unique(), malformed.height) == (3_926, 67, 0)
    assert rows["given_thread_id"].n_unique() == rows.select("user_id", "given_thread_id").n_unique()


@needs_data
def test_tangrams():
    folder = DATA / "tangrams"
    key = {"user_id": "gameid", "thread_id": "gameid+intendedName", "text": "contents"}
    messages, broken = read(folder / "sequential_message_raw.csv", key | {"time": "time"})
    assert (messages.height, messages["user_id"].n_unique(), broken.height) == (11_478, 131, 0)
    assert messages["time"].dt.year().unique().to_list() == [2017]
    trials, broken = read(folder / "tangramsSequential_collapsed.csv", key | {"order": "trialNum"})
    assert (trials.height, trials["order"].max(), broken.height) == (5_969, 72.0, 0)
