"""A simulated log as a table, its quantities, and the command that writes both."""

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from unspool import api
from unspool.commands import application
from unspool.simulate import play, read_truth, simulate
from unspool.simulate._clean import quiet
from unspool.simulate._scenes import Draft, Scene
from unspool.simulate._words import counts, n_style

ROLES = ("prompt_id", "channel_id", "user_id", "time", "text", "upscaled")


@pytest.mark.parametrize("ending", ["parquet", "jsonl", "csv"])
def test_a_table_is_read_by_the_source_table(tmp_path: Path, ending: str) -> None:
    log, path = simulate("details_only", seed=1, users=12), tmp_path / f"log.{ending}"
    log.write(path)
    columns = {role: role for role in (*ROLES, *(f"caption_{place}" for place in range(4)))}
    read = api.read(path, tmp_path / "study", columns=columns, language="any").prompts()
    truth = log.truth["prompts"]
    assert sorted(read["text"]) == sorted(truth["text"])
    assert sorted(read["time"]) == sorted(truth["time"])
    assert read["upscaled"].sum() == truth["upscaled"].sum()
    assert read["captions"].list.len().eq(4).all()
    assert read_truth(path)["prompts"].equals(truth)


def test_columns_of_the_table() -> None:
    log = simulate("nothing_changes", seed=1, users=5)
    assert tuple(log.table().columns) == ROLES
    with_threads = log.table(threads=True)
    assert with_threads["thread_id"].cast(pl.Int64).equals(log.truth["prompts"]["thread"], check_names=False)
    captioned = simulate("both", seed=1, users=5).table()
    assert captioned.select(pl.all_horizontal(pl.col("^caption_.$").str.len_chars() > 0).all()).item()


def test_quantities_lie_beside_the_log(tmp_path: Path) -> None:
    log = simulate("adaptation_only", seed=2, users=30)
    log.write(tmp_path / "log.json")
    written = json.loads((tmp_path / "log.truth" / "quantities.json").read_text())
    assert written == log.quantities()
    assert (written["retention"], written["pi_style"], written["users"]) == (0.5, 0.6, 30)
    steps = log.truth["prompts"].select(
        *(pl.col(name).cast(pl.Int64).diff().over("thread").sum() for name in ("n_style", "n_content"))
    )
    assert (written["style_growth"], written["content_growth"]) == steps.row(0)
    assert written["n_transitions"] == (log.truth["prompts"]["step"] > 1).sum()


def test_a_log_without_growth_has_no_share_and_one_without_steps_no_drift() -> None:
    still = play(quiet(users=20), seed=1).quantities()
    assert "share_content" not in still
    assert still["drift_log_n_words"] == 0
    single = play(quiet(users=3, stop_a=1e9, stop_b=1e-9), seed=1).quantities()
    assert single["n_transitions"] == 0
    assert not [name for name in single if name.startswith("drift")]


def test_words_of_style_by_hand() -> None:
    fox = Scene("animals", "red fox", (("attribute1", "tiny"),))
    assert counts()["children's book illustration"] == 3
    assert counts()["ukiyo-e"] == 1
    # highly detailed (2) + 8k (1) + photo of (2)
    assert n_style(Draft(fox, (), ("highly detailed", "8k"), "photo of")) == 5
    # the same, reordered: "photo" stands alone
    assert n_style(Draft(fox, (), ("highly detailed", "8k"), "photo of", 2)) == 4
    # "black and white" said as "greyscale"
    assert n_style(Draft(fox, (), ("black and white",), swapped=frozenset({"black and white"}))) == 1


def test_the_command_takes_hyphens_and_writes_a_table(tmp_path: Path) -> None:
    out = tmp_path / "log.parquet"
    done = CliRunner().invoke(application(), ["simulate", "nothing-changes", "-o", str(out), "--users", "4", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["prompts"] == pl.read_parquet(out).height
    assert (tmp_path / "log.truth" / "quantities.json").is_file()
