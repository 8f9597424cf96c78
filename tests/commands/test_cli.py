"""The command line: exit codes, what is told and shown, what is done again and what is not."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from tests.logs import grid, message, upscale, write
from tests.terminal import process, unspool

from unspool import __version__, registry

COMMANDS = [name.replace("_", "-") for name in registry.names("commands")]
PROMPTS = ["a red fox", "a red fox in snow", "a red fox in deep snow", "a tall ship at sea"]


def written(folder):
    """Four prompts of one person a minute apart, the second upscaled; two more by another person; chat."""
    own = [grid(number, words) for number, words in enumerate(PROMPTS)]
    others = [grid(number, f"an oak in may {number}", user="502") for number in (10, 11)]
    chat = message(20, "hello there", bot=False)
    return write(folder / "log.json", [*own, upscale(5, PROMPTS[1]), *others, chat])


@pytest.fixture
def log(tmp_path):
    return written(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study of the log, made once: each test takes a copy of it and of its key."""
    folder = tmp_path_factory.mktemp("made")
    unspool("run", written(folder), "-o", folder / "study", "--rule", "iou", "--language", "any")
    return folder


@pytest.fixture
def study(made, tmp_path):
    shutil.copytree(made / "study", tmp_path / "study")
    shutil.copy2(made / "study.key", tmp_path / "study.key")
    return tmp_path / "study"


def state(folder):
    return {str(path): path.stat().st_mtime_ns for path in sorted(folder.rglob("*"))}


def prompts(study):
    return pl.read_parquet(study / "prompts" / "*.parquet")


def test_version():
    assert unspool("--version").out == f"unspool {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    assert f"Example: unspool {command}" in " ".join(unspool(command, "--help").out.split())


def test_no_command_shows_all_of_them():
    shown = unspool("--help").out
    assert all(re.search(rf"^\W*{command}\s", shown, re.MULTILINE) for command in COMMANDS)


def test_json_for_programs(log, study, tmp_path):
    first = json.loads(unspool("threads", study, "--json").out)[0]
    assert set(first) == {"thread_id", "began", "n_prompts", "n_upscaled", "text"}
    thread = json.loads(unspool("show", study, first["thread_id"], "--json").out)
    assert [prompt["step"] for prompt in thread] == list(range(1, len(thread) + 1))
    assert json.loads(unspool("inspect", log, "--json").out)[0]["source"] == "discord_api"
    assert {found["name"] for found in json.loads(unspool("sources", "--json").out)} == set(registry.names("sources"))
    assert {found["name"] for found in json.loads(unspool("rules", "--json").out)} == set(registry.names("threads"))
    again = json.loads(unspool("run", log, "-o", study, "--rule", "iou", "--language", "any", "--json").out)
    # Four prompts and two; chat is left out, and an upscale was merged: 8 records.
    assert (again["n_prompts"], again["n_users"], again["books"]["records"]) == (6, 2, 8)


def test_a_thread_for_programs_says_what_each_edit_added_and_removed(log, tmp_path):
    study = tmp_path / "study"
    unspool("read", log, "-o", study, "--language", "any")
    unspool("thread", study, "--rule", "iou")
    longest = max(json.loads(unspool("threads", study, "--json").out), key=lambda thread: thread["n_prompts"])
    first, second, *_ = json.loads(unspool("show", study, longest["thread_id"], "--json").out)
    assert (first["text"], second["text"]) == (PROMPTS[0], PROMPTS[1])
    assert (first["edit"], first["added"], first["removed"]) == (None, [], [])
    assert second["edit"] == "addition"
    assert [set(span) for span in second["added"]] == [{"kind", "text"}] * len(second["added"])
    assert " ".join(span["text"] for span in second["added"]) == "in snow"
    assert second["removed"] == []


def test_a_simulated_table_is_read_as_it_is(tmp_path):
    out = tmp_path / "log.parquet"
    told = json.loads(unspool("simulate", "nothing-changes", "-o", out, "--users", "10", "--json").out)
    made = pl.read_parquet(out)
    assert made.height == told["prompts"] == pl.read_parquet(tmp_path / "log.truth" / "prompts.parquet").height > 10
    assert {"user_id", "time", "text", "upscaled"} <= set(made.columns)
    named = ("--source", "table", "--columns", "user_id=user_id,time=time,text=text,upscaled=upscaled")
    done = json.loads(unspool("read", out, "-o", tmp_path / "study", "--language", "any", *named, "--json").out)
    assert (done["n_prompts"], done["n_users"]) == (made.height, made["user_id"].n_unique())


def test_a_validation_for_programs_fails_where_a_mark_is_missed():
    asked = ("--seeds", "2", "--scenario", "nothing-changes", "--users", "20", "--workers", "1")
    done = process("validate", *asked, "--json", code=None)
    judged = json.loads(done.out)
    assert {row["scenario"] for row in judged} == {"nothing_changes"}
    assert {"estimand", "check", "truth", "mean", "passed", "why"} <= set(judged[0])
    assert {row["n_seeds"] for row in judged if row["mode"] != "audit"} == {2}
    assert {row["passed"] for row in judged if not row["n_seeds"]} == {None}
    assert done.code == int(any(row["passed"] is False for row in judged))
    assert "There are no claims about the scenario 'nothing'" in unspool(
        "validate", "--scenario", "nothing", code=2
    ).err.replace("\n", " ")


def test_measures_and_answers_for_programs(study):
    measured = json.loads(unspool("measure", study, "--feature", "length", "--json").out)
    assert measured["length"]["n_scored"] == 6
    assert measured["perplexity"]["missing"]["slor"].startswith("No language model is named")
    rows = json.loads(unspool("analyze", study, "--analysis", "log", "--draws", "100", "--json").out)
    assert {row["analysis"] for row in rows} == {"log"}
    assert next(row["estimate"] for row in rows if row["estimand"] == "n_prompts") == 6
    assert {found["name"] for found in json.loads(unspool("features", "--json").out)} == set(registry.names("features"))
    assert {found["name"] for found in json.loads(unspool("analyses", "--json").out)} == set(registry.names("analyses"))


def test_measures_and_answers_for_people(study):
    told = unspool("measure", study).out
    assert 'pip install "unspool[lm]"' in " ".join(told.split())
    assert re.search(r"n_words\s+[\d.]+\s+words", told)
    assert "6 prompts of 2 users" in unspool("analyze", study, "--analysis", "log").out
    assert "dependency_depth" in unspool("features").out
    assert "Do threads that rise" in unspool("analyses").out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("measure", "STUDY", "--feature", "lenght"), "no feature named 'lenght'"),
        (("analyze", "STUDY", "--analysis", "drifts"), "named 'drifts'"),
        (("measure", "STUDY", "--feature", "dialect", "--reference", "nowhere.txt"), "cannot be used"),
    ],
)
def test_wrong_use_of_measures_is_told(study, arguments, told):
    assert told in unspool(*(study if a == "STUDY" else a for a in arguments), code=2).err


def test_a_study_that_was_only_read_says_what_to_do_next(log, tmp_path):
    unspool("read", log, "-o", tmp_path / "read", "--language", "any")
    assert "unspool measure STUDY" in unspool("analyze", tmp_path / "read", code=2).err
    assert "unspool analyze STUDY" in unspool("report", tmp_path / "read", code=2).err


def test_the_same_again_touches_nothing(log, study):
    before = state(study)
    unspool("run", log, "-o", study, "--rule", "iou", "--language", "any")
    assert state(study) == before


def test_other_settings_are_done_anew(log, study):
    unspool("run", log, "-o", study, "--rule", "iou", "--language", "any", "--drop-user", "502")
    assert prompts(study).height == 4
    unspool("thread", study, "--rule", "gap", "--minutes", "0.5")
    assert prompts(study)["thread_id"].n_unique() == 4  # a minute between any two


def test_other_inputs_are_refused_without_force(log, study, tmp_path):
    other = write(tmp_path / "other.json", [grid(1, "a bear")])
    before = state(study)
    assert "--force" in unspool("run", other, "-o", study, code=2).err
    assert state(study) == before
    unspool("run", other, "-o", study, "--force", "--language", "any")
    assert prompts(study)["text"].to_list() == ["a bear"]


def test_a_folder_that_is_no_study(log, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    assert "--force" in unspool("run", log, "-o", tmp_path / "mine", code=2).err
    assert "no study" in unspool("threads", tmp_path / "mine", code=2).err
    assert "folder" in unspool("run", log, "-o", log, "--force", code=2).err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--source", "nothing"], "discord_api"),
        (["--rule", "nothing"], "scene"),
        (["--no-such-option"], "No such option"),
        (["--threshold", "0.5", "--rule", "gap"], "threshold"),
        (["--language", "de"], "en or any"),
        (["--since", "soon"], "2023-07-01"),
        (["--timezone", "Nowhere/Land"], "Europe/Berlin"),
        (["--actions", "remix"], "grid"),
        (["--columns", "text"], "role=column"),
        (["--key", "missing.key"], "--key"),
        (["--workers", "0"], "greater than or equal to 1"),
    ],
)
def test_wrong_use_names_what_is_right(log, tmp_path, arguments, told):
    done = unspool("run", log, "-o", tmp_path / "study", *arguments, code=2)
    assert told in done.err
    assert done.out == ""


def test_inputs_that_are_none(tmp_path):
    out = ("-o", tmp_path / "study")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty.json").touch()
    assert "no such file" in unspool("run", tmp_path / "missing.json", *out, code=2).err
    assert "holds no files" in unspool("run", tmp_path / "empty", *out, code=2).err
    assert "It is empty" in unspool("run", tmp_path / "empty.json", *out, code=2).err
    if Path("/proc/self/mem").exists():  # a file that nobody can read from its start
        assert "cannot be read" in unspool("run", "/proc/self/mem", *out, code=2).err
    assert not (tmp_path / "study").exists()
    assert not (tmp_path / "study.key").exists()


def test_a_blank_export_names_the_intent(tmp_path):
    blank = write(tmp_path / "log.json", [message(number, "") for number in range(5)])
    done = unspool("run", blank, "-o", tmp_path / "study", code=1)
    assert done.err.count("unspool:") == 1
    assert "Message Content Intent" in done.err


def test_a_wrong_column_names_the_columns(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("who,when,what\nann,2023-06-01,a fox\n")
    done = unspool("run", path, "-o", tmp_path / "study", "--columns", "text=prompt", code=2)
    assert "'prompt'" in done.err
    assert "who, when, what" in done.err


def test_show_wants_one_thread(study):
    assert "not found" in unspool("show", study, "zzz", code=2).err
    assert "Several" in unspool("show", study, "", code=2).err
    whole = prompts(study)["thread_id"][0]
    assert prompts(study)["text"][0] in unspool("show", study, whole.upper()).out


@pytest.mark.parametrize("name", ["501", "handle_501", "@Handle_501", " HANDLE_501 "])
def test_ones_own_threads_by_name(study, name):
    found = json.loads(unspool("threads", study, "--user", name, "--json").out)
    assert sum(thread["n_prompts"] for thread in found) == 4


LABELS = (
    "user,previous_timestamp,timestamp,label\n"
    "{0},2023-06-01T12:00:00Z,2023-06-01T12:01:00Z,same\n"
    "{0},2023-06-01T12:02:00Z,2023-06-01T12:03:00Z,new\n"
)


@pytest.mark.parametrize("name", ["501", "handle_501", "@Handle_501"])
def test_labels_name_people_by_id_or_handle(study, name):
    (study.parent / "labels.csv").write_text(LABELS.format(name))
    found = json.loads(unspool("score-threads", study, "--gold", study.parent / "labels.csv", "--json").out)
    assert {(row["n_pairs"], row["n_lost"]) for row in found} == {(2, 0)}


def test_labels_of_nobody_in_the_study_are_an_error(study):
    (study.parent / "labels.csv").write_text(LABELS.format("somebody_else"))
    done = unspool("score-threads", study, "--gold", study.parent / "labels.csv", code=1)
    assert done.out == ""
    assert "None of the labelled pairs is in the study. Of 2 pairs a prompt" in " ".join(done.err.split())


def test_a_log_of_chat_alone_is_measured_and_has_no_means(tmp_path):
    log = write(tmp_path / "log.json", [message(20, "hello there", bot=False)])
    unspool("read", log, "-o", tmp_path / "study")
    told = unspool("measure", tmp_path / "study", "--feature", "length").out
    assert re.search(r"n_words +- +words", told)


def test_threads_of_nobody(study):
    done = unspool("threads", study, "--user", "somebody_else")
    assert (done.out, done.err) == ("", "No thread of that person.\n")


def test_naive_times_are_of_the_time_zone(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text("who,when,what\nann,2023-06-01 12:00,a fox\n")
    roles = ("--columns", "user_id=who,time=when,text=what")
    for zone, hour in (("UTC", 12), ("Europe/Berlin", 10), ("America/New_York", 16)):
        unspool("read", path, "-o", tmp_path / zone.replace("/", "-"), *roles, "--timezone", zone)
        assert prompts(tmp_path / zone.replace("/", "-"))["time"][0] == datetime(2023, 6, 1, hour, tzinfo=UTC)


def test_since_is_from_and_until_is_before(log, tmp_path):
    # Prompts 0 to 3 are at 12:00 to 12:03; 14:02 in Berlin is 12:02.
    bounds = ("--since", "2023-06-01T12:01", "--until", "2023-06-01T14:02+02:00")
    unspool("read", log, "-o", tmp_path / "study", "--language", "any", *bounds)
    assert prompts(tmp_path / "study")["text"].to_list() == [PROMPTS[1]]


@pytest.mark.parametrize(
    ("roles", "threads", "told"),
    [
        ("text=what", 0, "no users"),
        ("text=what,user_id=who", 0, "neither times nor an order"),
        ("text=what,user_id=who,order=rank", 1, ""),
    ],
)
def test_tables_without_user_or_time(tmp_path, roles, threads, told):
    path = tmp_path / "log.csv"
    path.write_text("who,rank,what\nann,2,a red fox in snow\nann,1,a red fox\n")
    done = unspool("run", path, "-o", tmp_path / "study", "--columns", roles, "--rule", "iou", "--json")
    found = json.loads(done.out)
    assert (found["n_prompts"], found["rules"]["iou"]["n_threads"]) == (2, threads)
    shown = unspool("run", path, "-o", tmp_path / "study", "--columns", roles, "--rule", "iou")
    assert told in shown.err
    assert ("user_id=COLUMN,time=COLUMN" in shown.err) == (not threads)


def test_inspect_writes_nothing(log, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = state(tmp_path)
    assert "discord_api" in unspool("inspect", log).out
    assert state(tmp_path) == before


HOSTILE = (
    "a fox \x1b[31mred\x1b]0;title\x07 \u202edesrever\u2066 [bold]b[/bold] [/] \x9b2J \x08\x7f :smile: \u200b\u2028end"
)


def test_hostile_prompts_are_inert_on_the_terminal(tmp_path):
    log = write(tmp_path / "log.json", [grid(1, HOSTILE), grid(2, f"{HOSTILE} --no [/], \x1b[2J")])
    unspool("read", log, "-o", tmp_path / "study", "--language", "any")
    unspool("thread", tmp_path / "study", "--rule", "gap")
    thread = prompts(tmp_path / "study")["thread_id"][0]
    for arguments in (("threads",), ("show", thread), ("threads", "--json"), ("show", thread, "--json")):
        shown = unspool(arguments[0], tmp_path / "study", *arguments[1:]).out
        assert {c for c in shown if not c.isprintable()} == {"\n"}
        assert "[bold]b" in shown or arguments == ("threads",)
    shown = json.loads(unspool("show", tmp_path / "study", thread, "--json").out)
    assert shown[0]["text"] == HOSTILE.strip()  # escaped for the terminal, whole for a program


def test_a_screen_that_knows_few_letters(study):
    done = process("threads", study, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert "a red fox" in done.out


@pytest.mark.parametrize("arguments", [["threads"], ["threads", "--json"]])
def test_a_reader_that_leaves_is_no_error(study, arguments):
    command = f"from unspool.commands import main; import sys; sys.argv = {['unspool', arguments[0], str(study), *arguments[1:]]!r}; main()"
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", command], check=False, stdout=writer, stderr=subprocess.PIPE, text=True
    )
    os.close(writer)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert done.returncode == 0


def test_an_interrupted_run_says_so_and_goes_on(log, tmp_path):
    script = """
import os, signal
from unspool.stages import thread
signal.signal(signal.SIGINT, signal.default_int_handler)  # what starts the tests may ignore it
def end(*_):
    os.kill(os.getpid(), signal.SIGINT)
thread.assign = end
from unspool.commands import main
main()
"""
    arguments = ("run", log, "-o", tmp_path / "study", "--language", "any", "--rule", "iou")
    done = process(*arguments, script=script, code=128 + signal.SIGINT)
    assert "Interrupted" in done.err
    unspool(*arguments)
    assert prompts(tmp_path / "study").height == 6


def test_a_study_whose_name_has_brackets(log, tmp_path):
    unspool("run", log, "-o", tmp_path / "study [1]", "--language", "any", "--rule", "iou")


def test_the_folder_one_is_in_can_be_the_study(log, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    unspool("read", log, "-o", ".", "--language", "any")
    unspool("thread", ".", "--rule", "iou")
    assert prompts(tmp_path / "here")["thread_id"].null_count() == 0


def test_force_mends_a_broken_manifest(log, study):
    (study / "manifest.json").write_text("{")
    unspool("read", log, "-o", study, "--force", "--language", "any")
    assert prompts(study).height == 6


@pytest.mark.parametrize("messages", [[], [message(1, "hello", bot=False)]])
def test_a_log_without_any_prompt(tmp_path, messages):
    log = write(tmp_path / "log.json", messages)
    done = unspool("run", log, "-o", tmp_path / "study", "--source", "discord_api", "--rule", "iou")
    assert "No prompts" in done.err


def test_a_person_to_leave_out_who_is_not_there_is_told(log, tmp_path):
    found = unspool("read", log, "-o", tmp_path / "a", "--language", "any", "--drop-user", "502")
    assert "Left out with the people named: 2 records." in found.err
    missed = unspool("read", log, "-o", tmp_path / "b", "--language", "any", "--drop-user", "5002")
    assert "Nobody was left out" in " ".join(missed.err.split())
    assert "5002" not in missed.err
    names = [word for name in ("5002", "502", "a_typo") for word in ("--drop-user", name)]
    some = " ".join(unspool("read", log, "-o", tmp_path / "c", "--language", "any", *names).err.split())
    assert "no record of this log is by number 1, 3 of the 3 people" in some
    assert "Left out with the people named: 2 records." in some
    assert "a_typo" not in some
