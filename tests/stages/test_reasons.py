"""Logs of which nothing is left: what was wrong is told with counts, and no report is made of nothing."""

import json

import polars as pl
import pytest
from tests.logs import grid, message, upscale, write
from tests.made_study import analysed
from tests.terminal import unspool

from unspool.compiling.settings import ReadSettings
from unspool.compiling.wording import ADVICE, REASON_NOTES
from unspool.errors import UnspoolError
from unspool.sources._frames import BAD_TIME
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.reasons import MOST, OTHER, check_kept, details
from unspool.stages.report import gather
from unspool.stages.thread import thread
from unspool.study import write_parquet

HEAD = "user_id,time,text\n"
UNREAD = f"{HEAD}ann,tomorrow,a fox\nann,the day after,a fox in snow\n"


def rejects(*found):
    return pl.LazyFrame(found, schema={"reason": pl.String, "detail": pl.String}, orient="row")


def csv(folder, text):
    path = folder / "log.csv"
    path.write_text(text)
    return str(path)


def test_faults_are_counted_by_reason_and_whatever_their_line():
    found = details(
        rejects(
            ("malformed", "line 7: not JSON"), ("malformed", "line 12: not JSON"), ("malformed", "b"), ("empty", None)
        )
    )
    assert found == {"malformed": {"not JSON": 2, "b": 1}}


def test_rare_faults_are_put_together():
    # Ten kinds of fault, each but the first once: the first and seven others by name, two together.
    found = details(rejects(*(("malformed", f"{n} fields") for n in (0, *range(10)))))["malformed"]
    assert len(found) == MOST + 1
    assert (found["0 fields"], found[OTHER]) == (2, 2)


def test_times_that_cannot_be_read_end_the_run_and_are_named(tmp_path):
    log, study = csv(tmp_path, UNREAD), tmp_path / "study"
    done = unspool("run", log, "-o", study, code=1)
    assert "No prompt is left of the log. Of 2 records, 2 were left out as malformed: the time could not be read." in (
        done.err
    )
    assert "--columns time=" in done.err
    assert not (study / "report.html").exists()


def test_what_was_wrong_is_shown_by_read_and_inspect_and_kept_in_the_books(tmp_path):
    log, study = csv(tmp_path, UNREAD + "bob,2023-06-01 12:00,an oak\nbob\n"), tmp_path / "study"
    for shown in (unspool("read", log, "-o", study).out, unspool("inspect", log).out):
        told = [" ".join(line.split()) for line in shown.splitlines()]
        assert "2 the time could not be read" in told
        assert "1 1 fields where the header has 3" in told
    of_study = json.loads(unspool("read", log, "-o", study, "--json").out)["books"]["details"]
    assert of_study == json.loads(unspool("inspect", log, "--json").out)[0]["details"]
    assert of_study == {"malformed": {"the time could not be read": 2, "1 fields where the header has 3": 1}}


def test_a_reading_that_keeps_nothing_writes_its_books_and_the_next_stages_stop(tmp_path):
    log, study = csv(tmp_path, UNREAD), tmp_path / "study"
    assert "No prompts" in unspool("read", log, "-o", study).err
    assert pl.read_parquet(study / "rejects" / "*.parquet")["detail"].to_list() == [BAD_TIME] * 2
    for stage in ("thread", "measure"):
        assert "No prompt is left" in unspool(stage, study, code=1).err


def test_a_log_that_left_nothing_may_be_corrected_without_force(tmp_path):
    unspool("run", csv(tmp_path, UNREAD), "-o", tmp_path / "study", code=1)
    corrected = csv(tmp_path, f"{HEAD}ann,2023-06-01 12:00,a fox\n")
    unspool("read", corrected, "-o", tmp_path / "study", "--language", "any")
    assert "other inputs" in unspool("read", csv(tmp_path, UNREAD), "-o", tmp_path / "study", code=2).err


@pytest.mark.parametrize(
    ("text", "settings", "told"),
    [
        (f"{HEAD},2023-06-01,a fox\n", ReadSettings(language="any"), "no_user: nobody is named"),
        (f"{HEAD}ann,2023-06-01,\n", ReadSettings(language="any"), "empty: no text"),
        (f"{HEAD}ann,2023-06-01,лиса в снегу у реки\n", ReadSettings(), "--language any"),
        (f"{HEAD}ann,2023-06-01,a fox\n", ReadSettings(language="any", drop_users=("ann",)), "--drop-user"),
    ],
)
def test_the_chief_reason_is_named_with_what_to_do(tmp_path, text, settings, told):
    study = read([csv(tmp_path, text)], tmp_path / "study", settings)
    for stage in (thread, measure):
        with pytest.raises(UnspoolError) as caught:
            stage(study)
        assert told in str(caught.value)
        assert caught.value.exit_code == 1


def test_chat_is_no_reason_unless_something_else_was_lost(tmp_path):
    chat = [message(n, "hello", bot=False) for n in range(5)]
    check_kept(read([write(tmp_path / "chat.json", chat)], tmp_path / "chat"))
    lost = read([write(tmp_path / "lost.json", [*chat, upscale(9, "a fox")])], tmp_path / "lost")
    with pytest.raises(UnspoolError, match="Of 6 records, 1 was left out as orphan_upscale"):
        check_kept(lost)
    kept = read([write(tmp_path / "kept.json", [*chat, grid(9, "a fox")])], tmp_path / "kept")
    check_kept(kept)


def test_every_reason_has_its_advice():
    assert set(ADVICE) == {*REASON_NOTES, BAD_TIME} - {"chatter"}


def test_the_report_says_what_was_wrong(tmp_path):
    study = analysed(tmp_path)
    write_parquet(
        study.rejects().with_columns(reason=pl.lit("malformed"), detail=pl.lit("no readable time")), tmp_path / "new"
    )
    for file in (study.path / "rejects").glob("*.parquet"):
        file.unlink()
    (tmp_path / "new").rename(study.path / "rejects" / "read.parquet")
    study.manifest["counts"]["total"]["rejects"] = {"malformed": 1}
    assert [entry.note for entry in gather(study).books.rejects] == ["could not be read: no readable time (1)"]
