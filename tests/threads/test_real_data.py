"""The rules on the real data that the figures of docs/rules come from. Its texts are never shown."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from unspool.compiling.pseudonyms import Pseudonyms
from unspool.threads import gap, iou, overlap
from unspool.threads._gold import read_gold, score

DATA = Path(__file__).parents[2].parent / "shared/data"
KEY = Pseudonyms(bytes(32))
MISSING = "the real data is not beside this checkout"


@pytest.fixture
def data() -> Iterator[Path]:
    if not DATA.is_dir():
        pytest.skip(MISSING)
    yield DATA


def study(rows: pl.DataFrame) -> pl.DataFrame:
    """Prompts as a study holds them, from user, time and text, every row a prompt."""
    hashed = rows.with_columns(KEY.ids(rows["user"], "user").alias("user_id"), pl.col("time").dt.cast_time_unit("ms"))
    ordered = hashed.sort("user_id", "time", maintain_order=True).with_row_index("prompt_id")
    return ordered.select(pl.col("prompt_id").cast(pl.String), "user_id", "time", "text")


def scores(prompts: pl.DataFrame, starts: dict[str, pl.Series], labels: Path) -> dict[str, dict[str, float]]:
    rules = {
        name: prompts.select("prompt_id", thread_id=series.cum_sum().cast(pl.String)) for name, series in starts.items()
    }
    table = score(prompts, rules, read_gold(labels), KEY, draws=200)
    return {row["rule"]: row for row in table.rows(named=True)}


def shown(row: dict[str, float], *names: str) -> list[float]:
    return [round(row[name], 3) for name in names]


def test_overlap_reproduces_the_released_thread_ids(data: Path) -> None:
    rows = pl.read_ndjson(data / "midjourney_threads/sample.jsonl", infer_schema_length=None)
    # One message is in the file twice, and one released thread holds two users: 122 prompts, 41 threads.
    prompts = (
        rows.with_columns(time=pl.col("timestamp").str.to_datetime("%+", time_zone="UTC"), user_id="user")
        .unique(["user", "id"], keep="first", maintain_order=True)
        .sort("user", "time", maintain_order=True)
    )
    prompts = prompts.with_columns(ours=overlap.starts(prompts).cum_sum())
    assert (prompts.height, prompts["ours"].n_unique()) == (122, 41)
    released = prompts.select(pl.struct("user", "thread_id").rle_id() + 1).to_series()
    assert prompts["ours"].cast(pl.Int64).to_list() == released.cast(pl.Int64).to_list()
    # No user here has two threads, so this shows that the rule joins what was released as joined, not where it cuts.
    # The paper's wording does not join all of it.
    assert iou.starts(prompts).sum() > 41
    assert iou.starts(prompts, tokens="whitespace").sum() > 41


def test_image_prompts_agree_with_labels_about_as_reported(data: Path) -> None:
    rows = pl.read_ndjson(data / "discord_newbies41/newbies41_2025-07.jsonl", infer_schema_length=None)
    prompts = study(
        rows.filter(pl.col("user").is_not_null()).select(
            "user",
            time=pl.col("timestamp").str.to_datetime("%+", time_zone="UTC"),
            text=pl.col("text").str.replace(r"(?s) --[A-Za-z].*$", ""),
        )
    )
    starts = {
        "iou": iou.starts(prompts),
        "whitespace": iou.starts(prompts, tokens="whitespace"),
        "overlap": overlap.starts(prompts),
        "gap": gap.starts(prompts),
    }
    found = scores(prompts, starts, data / "discord_newbies41/thread_boundaries.tsv")
    assert shown(found["iou"], "n_pairs", "n_lost", "n_disagreed", "n_users") == [407, 0, 1, 41]
    # Over all 587 pairs, a third of them not here, boundary F1 was .784, .766 and .661. F1 here rests on about 154
    # labelled boundaries, so its error is about sqrt(.78 * .22 / 154) = .033; band of two of them.
    for name, reported in [("iou", 0.784), ("whitespace", 0.766), ("overlap", 0.661)]:
        assert abs(found[name]["f1"] - reported) < 2 * 0.033
        assert found[name]["f1_low"] < reported < found[name]["f1_high"]
    assert shown(found["iou"], "f1", "f1_same") == [0.765, 0.873]
    assert shown(found["whitespace"], "f1", "f1_same") == [0.753, 0.850]
    assert shown(found["overlap"], "f1", "f1_same") == [0.661, 0.857]
    assert shown(found["gap"], "f1") == [0.325]


def test_search_missions_agree_with_people_about_as_reported(data: Path) -> None:
    path = data / "search_missions/webis_smc12.tsv"
    rows = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    time = pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", time_zone="UTC")
    prompts = study(rows.select("user", time=time, text="query"))
    found = scores(prompts, {"iou": iou.starts(prompts), "gap": gap.starts(prompts)}, path)
    # 3,926 rows of 67 users are 3,021 queries once clicks are one, hence 2,954 pairs.
    assert prompts.height == 3926
    assert shown(found["iou"], "n_pairs", "n_lost", "n_users") == [2954, 0, 67]
    # Over all 127 users boundary F1 was .760 for words and .750 for a pause; the band is the interval over users.
    for name, reported in [("iou", 0.760), ("gap", 0.750)]:
        assert found[name]["f1_low"] < reported < found[name]["f1_high"]
    assert shown(found["iou"], "f1") == [0.753]
    assert shown(found["gap"], "f1") == [0.756]
