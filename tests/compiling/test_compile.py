"""Messages to prompts, on logs of a few lines whose outcome is worked out by hand."""

from datetime import timedelta

import polars as pl
import pytest
from tests.logs import START, grid, message, upscale, write, write_lines

from unspool.compiling.events import EVENTS
from unspool.compiling.ranks import masked
from unspool.compiling.settings import ReadSettings
from unspool.sources import _frames
from unspool.stages.read import read

ANY = ReadSettings(language="any")
RANKED = [(name, EVENTS.columns[name]) for name in ("message_id", "rank")]


@pytest.fixture
def compiled(tmp_path):
    def run(messages, settings=ANY, name="log.json"):
        study = read([write(tmp_path / name, messages)], tmp_path / "study", settings)
        return study.prompts().sort("time"), study.manifest["counts"]["total"], study

    return run


def test_upscale_is_credited_to_the_grid_it_answers(compiled):
    prompts, books, _ = compiled([grid(1, "red fox"), grid(2, "red fox"), upscale(3, "red fox", reference=1)])
    assert prompts["n_upscales"].to_list() == [1, 0]
    assert prompts["upscaled"].to_list() == [True, False]
    assert books["merged"] == {"upscale": 1}


def test_without_reference_the_latest_earlier_equal_prompt_gets_the_upscale(compiled):
    prompts, _, _ = compiled([grid(1, "red fox"), grid(2, "red fox"), upscale(3, "red fox"), grid(4, "red fox")])
    assert prompts["n_upscales"].to_list() == [0, 1, 0]


def test_references_are_followed_through_image_and_variation_to_the_grid(compiled):
    chain = [
        grid(1, "red fox --v 6"),
        message(2, "**red fox --v 6** - Variations (Strong) by <@501> (fast)", reference=1),
        upscale(3, "red fox --v 6", reference=2),
        message(4, "**red fox --v 6** - Upscaled (Subtle) by <@501> (fast)", reference=3),
        grid(5, "red fox --v 6"),
    ]
    prompts, books, _ = compiled(chain)
    assert prompts["n_upscales"].to_list() == [2, 0]
    assert books["merged"] == {"derived": 1, "upscale": 2}


def test_a_broken_chain_falls_back_to_the_echo(compiled):
    prompts, books, _ = compiled([grid(1, "red fox"), upscale(3, "red fox", reference=2)])
    assert prompts["n_upscales"].to_list() == [1]
    assert books["rejects"] == {}


def test_a_reference_cycle_ends(compiled):
    a = upscale(1, "red fox", reference=2)
    b = upscale(2, "red fox", reference=1)
    prompts, books, _ = compiled([a, b])
    assert prompts.height == 0
    assert books["rejects"] == {"orphan_upscale": 2}


def test_an_upscale_before_its_grid_or_of_an_unknown_prompt_is_an_orphan(compiled):
    _, books, study = compiled([upscale(1, "red fox"), grid(2, "red fox"), upscale(3, "blue hen")])
    assert books["rejects"] == {"orphan_upscale": 2}
    assert set(study.rejects()["excerpt"]) == {"red fox", "blue hen"}


def test_the_grid_decides_the_user_whoever_pressed_the_button(compiled):
    prompts, books, _ = compiled([grid(1, "red fox", user="501"), upscale(2, "red fox", user="502", reference=1)])
    assert prompts["n_upscales"].to_list() == [1]
    assert prompts["user_id"].n_unique() == 1
    assert books["rejects"] == {}


def test_without_a_reference_somebody_elses_button_credits_nobody(compiled):
    prompts, books, _ = compiled([grid(1, "red fox", user="501"), upscale(2, "red fox", user="502")])
    assert prompts["n_upscales"].to_list() == [0]
    assert books["rejects"] == {"orphan_upscale": 1}


def test_edits_of_one_message_are_one_prompt(compiled):
    states = [
        message(1, "**red fox** - <@501> (Waiting to start)"),
        message(1, "**red fox** - <@501> (31%) (fast)", edited=4),
        message(1, "**red fox** - <@501> (fast)", edited=9),
        message(1, "**red fox** - <@501> (fast)", edited=9),
    ]
    prompts, books, _ = compiled(states)
    assert prompts["text"].to_list() == ["red fox"]
    assert books["merged"] == {"duplicate": 1, "edit": 2}


def test_an_edit_without_user_finds_its_bucket_by_message_id(compiled):
    states = [
        message(1, "Animating...", mentions=[]),
        message(1, "**red fox --video 1** - <@501> (12%) (fast)", edited=3, mentions=[]),
    ]
    _, books, _ = compiled(states)
    assert books["merged"] == {"edit": 1, "progress": 1}


def test_derived_images_are_no_prompts_and_pass_their_upscales_on(compiled):
    log = [
        grid(1, "red fox --ar 1:1"),
        message(2, "**red fox --ar 3:2** - Pan Left by <@501> (fast)"),  # the bot changes --ar: linked by text
        upscale(3, "red fox --ar 3:2"),  # the echo of the pan, and so of the grid
        message(4, "**red fox --motion high --video 1** - <@501> (fast)"),
        message(5, "**red fox --ar 1:1** - Zoom Out by <@501> (fast)"),
    ]
    prompts, books, _ = compiled(log)
    assert prompts["n_upscales"].to_list() == [1]
    assert books["merged"] == {"derived": 3, "upscale": 1}


def test_a_grid_with_a_film_of_its_making_is_a_prompt(compiled):
    prompts, books, _ = compiled([grid(1, "red fox --video"), upscale(2, "red fox --video")])
    assert prompts.select("text", "n_upscales").rows() == [("red fox", 1)]
    assert books["rejects"] == {}


def test_a_derived_image_without_its_prompt_is_a_reject(compiled):
    _, books, _ = compiled([message(2, "**red fox** - Zoom Out by <@501> (fast)")])
    assert books["rejects"] == {"orphan_derived": 1}


def test_a_remix_is_a_prompt_and_an_equal_prompt_is_a_reroll(compiled):
    log = [grid(1, "red fox"), message(2, "**blue fox** - Remix by <@501> (fast)", reference=1), grid(3, "red fox")]
    prompts, _, _ = compiled(log)
    assert prompts["action"].to_list() == ["grid", "remix", "reroll"]


def test_actions_that_do_not_count_are_derived(compiled):
    log = [
        grid(1, "red fox"),
        message(2, "**blue fox** - Remix by <@501> (fast)", reference=1),
        grid(3, "red fox"),
        upscale(4, "red fox", reference=3),
    ]
    prompts, books, _ = compiled(log, ReadSettings(language="any", actions=("grid",)))
    assert prompts["text"].to_list() == ["red fox"]
    assert prompts["n_upscales"].to_list() == [1]
    assert books["merged"] == {"derived": 2, "upscale": 1}


@pytest.mark.parametrize("users", [["a", ""], ["", "a"], ["a", "b"], ["b", "a"], ["", "b", "a"]])
def test_of_rows_with_one_id_the_first_with_a_user_is_kept(tmp_path, users):
    path = tmp_path / "log.csv"
    path.write_text("user_id,time,text,prompt_id\n" + "".join(f"{u},2023-06-01,a fox,p1\n" for u in users))
    study = read([str(path)], tmp_path / "study", ANY)
    assert study.prompts()["user_id"].to_list() == [study.user(next(filter(None, users)))]
    assert study.manifest["counts"]["total"]["merged"] == {"duplicate": len(users) - 1}


def test_equal_prompts_of_nobody_share_no_upscales(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("text,upscaled\na red fox,yes\na red fox,no\nan owl,no\n")
    study = read([str(path)], tmp_path / "study", ReadSettings("table", language="any", actions=("grid",)))
    assert study.prompts()["upscaled"].to_list() == [True, False, False]


def test_what_is_no_prompt_becomes_none(compiled):
    log = [
        message(1, "**red fox** - <@501> (Waiting to start)"),
        message(2, "**red fox** - <@501> (46%) (fast)"),
        message(3, "nice! **red fox** - <@501> (fast)", bot=False),
        message(4, "You have successfully rated this job"),
        message(5, "", embeds=[{"description": "1. a fox"}]),
        grid(6, ""),
        grid(7, "<https://s.mj.run/abc> --v 5"),
        message(8, "**red fox** - <@> (fast)", mentions=[]),
    ]
    prompts, books, study = compiled(log)
    assert prompts.height == 0
    assert books["merged"] == {"progress": 1, "start": 1}
    assert books["rejects"] == {"chatter": 4, "empty": 1, "link_only": 1}
    assert study.rejects().filter(pl.col("reason") == "chatter")["excerpt"].null_count() == 4


def test_a_grid_without_a_known_user_is_a_reject_and_no_pooled_user(compiled):
    nobody = {"mentions": [], "content": "**red fox** - @ (fast)"}
    prompts, books, _ = compiled([{**grid(1, "red fox"), **nobody}, {**grid(2, "red fox"), **nobody}])
    assert prompts.height == 0
    assert sum(books["rejects"].values()) == 2


def test_buttons_tell_an_upscale_where_the_text_does_not(compiled):
    row = [{"type": 1, "components": [{"type": 2, "label": "Make Variations"}, {"type": 2, "label": "Upscale to Max"}]}]
    prompts, _, _ = compiled([grid(1, "red fox"), grid(2, "red fox", components=row)])
    assert prompts["n_upscales"].to_list() == [1]


def test_the_user_of_an_interaction_counts_where_nobody_is_mentioned(compiled):
    log = [{**message(1, "**red fox** - @ (fast)", mentions=[]), "interaction": {"id": "9", "user": {"id": "501"}}}]
    prompts, _, study = compiled(log)
    assert prompts["user_id"].to_list() == [study.user("501")]


def test_a_referenced_message_is_a_record(compiled):
    answer = {**upscale(2, "red fox", reference=1), "referenced_message": grid(1, "red fox")}
    prompts, books, _ = compiled(answer)
    assert prompts["n_upscales"].to_list() == [1]
    assert books["records"] == 2


def test_english_neighbours_of_a_dropped_prompt_are_adjacent(tmp_path):
    log = [
        grid(1, "a red fox sits in the snow"),
        grid(2, "ein roter Fuchs sitzt im tiefen Schnee"),
        grid(3, "a red fox sits in the deep snow"),
        grid(4, "雪の中に座っている赤い狐"),
        grid(5, "zorro rojo"),  # three words or fewer: no detector is trusted
        grid(6, "лиса"),  # letters that are not Latin
    ]
    study = read([write(tmp_path / "log.json", log)], tmp_path / "study")
    kept = ["a red fox sits in the snow", "a red fox sits in the deep snow", "zorro rojo"]
    assert study.prompts()["text"].to_list() == kept
    assert study.manifest["counts"]["total"]["rejects"] == {"language": 3}


def test_prompts_of_a_user_are_in_order_of_time_then_numeric_id(compiled):
    log = [grid(11, "c", minute=5), grid(9, "b", minute=5), grid(1, "d", minute=6), grid(2, "a", minute=1)]
    _, _, study = compiled(log)
    assert study.prompts()["text"].to_list() == ["a", "b", "c", "d"]


@pytest.mark.parametrize("many", [2, 3, 100])
def test_equal_times_are_in_order_of_id_across_chunks_spans_and_files(tmp_path, monkeypatch, many):
    monkeypatch.setattr(_frames, "PARQUET_ROWS", many)
    monkeypatch.setattr(_frames, "SPAN_ROWS", 2 * many)
    rows = pl.DataFrame({"text": [f"fox {n}" for n in (4, 9, 10, 2, 8, 3, 7)], "prompt_id": ["4", "9", "10", *"2837"]})
    rows = rows.with_columns(user_id=pl.lit("a"), time=pl.lit("2023-06-01"))
    for name, part in (("a", rows[:6]), ("b", rows[6:])):
        part.write_parquet(tmp_path / f"{name}.parquet")
    study = read([str(tmp_path / "*.parquet")], tmp_path / "study", ANY)
    assert study.prompts()["text"].to_list() == [f"fox {n}" for n in (2, 3, 4, 7, 8, 9, 10)]


def test_the_ids_that_order_equal_times_are_masked_in_files():
    rows = pl.DataFrame({"message_id": [7, 8, None], "rank": [10**18, 10**18 + 1, None]}, schema=dict(RANKED))
    hidden = masked(rows, b"k" * 32)
    assert not set(hidden["rank"].drop_nulls()) & set(rows["rank"])
    assert masked(hidden, b"k" * 32).equals(rows)
    assert not masked(hidden, b"l" * 32).equals(rows)


def test_ids_lose_no_digit_whether_strings_or_numbers(tmp_path):
    as_text, as_number = grid(679, "red fox"), {**grid(679, "red fox"), "id": 1_023_456_789_012_345_679}
    other = grid(680, "red fox")
    study = read([write_lines(tmp_path / "log.jsonl", [as_text, as_number, other])], tmp_path / "study", ANY)
    assert study.prompts().height == 2


def test_the_same_log_given_twice_is_read_once(tmp_path):
    log = [grid(1, "red fox"), upscale(2, "red fox", reference=1)]
    paths = [write(tmp_path / name, log) for name in ("a.json", "b.json")]
    study = read(paths, tmp_path / "study", ANY)
    assert study.prompts()["n_upscales"].to_list() == [1]
    assert study.manifest["counts"]["total"]["merged"] == {"duplicate": 2, "upscale": 1}


def test_filters_leave_out_and_count(tmp_path):
    log = [grid(n, f"fox {n}", user="501" if n % 2 else "502", minute=n) for n in range(10)]
    log.append({**grid(11, "elsewhere"), "channel_id": "5"})
    settings = ReadSettings(
        language="any",
        since=START + timedelta(minutes=2),
        until=START + timedelta(minutes=8),
        channels=("77001",),
        drop_users=("@Handle_502",),
    )
    study = read([write(tmp_path / "log.json", log)], tmp_path / "study", settings)
    assert study.prompts()["text"].to_list() == ["fox 3", "fox 5", "fox 7"]
    assert study.manifest["counts"]["total"]["rejects"] == {"excluded": 8}
