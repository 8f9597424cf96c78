"""The stage `edit`: the edits of one rule, file beside file, done once, whole or not at all."""

import polars as pl
import pytest

from unspool import tables
from unspool.edits.ledger import ledger
from unspool.errors import UnspoolError
from unspool.stages import edit as stage
from unspool.stages import pieces
from unspool.stages.browse import one_thread, with_edits
from unspool.stages.edit import edit
from unspool.stages.read import read
from unspool.stages.thread import thread
from unspool.study import Study


@pytest.fixture
def study(export, tmp_path):
    return thread(read([str(export)], tmp_path / "study"), "iou")


def edits(study):
    return pl.concat([pl.read_parquet(path) for path in sorted((study.path / "edits").glob("*.parquet"))])


def test_a_file_beside_each_file_of_prompts_and_the_counts_in_the_manifest(study):
    found = edits(edit(study))
    tables.check(found, tables.EDITS, "test")
    names = [sorted(p.name for p in (study.path / folder).iterdir()) for folder in ("edits", "prompts")]
    assert names[0] == names[1]
    assert found.height == study.prompts().filter(pl.col("step") > 1).height > 100
    assert found.equals(ledger(study.prompts()))
    manifest = Study(study.path).manifest
    assert manifest["edits"]["rule"] == "iou"
    assert manifest["edits"]["counts"] == {kind: found.filter(kind=kind).height for kind in tables.EDIT_KINDS}
    assert manifest["stages"]["edit"]["state"] == "done"
    assert not (study.path / ".work").exists()


def test_pieces_of_users_and_workers_give_the_same(study, monkeypatch):
    whole = edits(edit(study, jobs=1))
    monkeypatch.setitem(pieces._ROWS, "", 100)
    study.manifest["stages"].pop("edit")
    assert edits(edit(study, jobs=2)).equals(whole)


def test_the_same_again_computes_nothing_and_another_rule_replaces(study, monkeypatch):
    before = edits(edit(study))
    with monkeypatch.context() as patch:
        patch.setattr(stage, "edit_piece", lambda piece: pytest.fail("computed again"))
        edit(study)
    thread(study, "gap", choose=False)
    after = edits(edit(study, "gap"))
    assert study.manifest["edits"]["rule"] == "gap"
    assert after.height == study.threads("gap").filter(pl.col("step") > 1).height != before.height
    assert study.manifest["rule"] == "iou"


def test_a_cut_run_goes_on_where_it_was(study, monkeypatch):
    monkeypatch.setitem(pieces._ROWS, "", 100)
    work, done = stage.edit_piece, []

    def cut_short(piece):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(piece.target)
        return work(piece)

    with monkeypatch.context() as patch:
        patch.setattr(stage, "edit_piece", cut_short)
        with pytest.raises(KeyboardInterrupt):
            edit(study, jobs=1)
    assert "edits" not in Study(study.path).manifest
    again = Study(study.path)
    stamps = [path.stat().st_mtime_ns for path in done]
    seen = []
    monkeypatch.setattr(stage, "edit_piece", lambda piece: seen.append(piece.target.exists()) or work(piece))
    assert edits(edit(again, jobs=1)).equals(ledger(study.prompts()))
    assert seen.count(True) == len(stamps) == 2


def test_threads_are_needed(export, tmp_path):
    study = read([str(export)], tmp_path / "study")
    with pytest.raises(UnspoolError, match="no threads"):
        edit(study)
    with pytest.raises(UnspoolError, match="no threads by the rule 'gap'"):
        edit(thread(study, "iou"), "gap")


def test_one_thread_has_its_edits_before_any_are_computed(study):
    longest = study.prompts().sort("steps_left", descending=True)["thread_id"][0]
    rows = with_edits(one_thread(study, longest))
    assert rows["edit"].is_null().to_list() == [True] + [False] * (rows.height - 1)
    expected = edits(edit(study)).filter(thread_id=longest).sort("step")
    assert rows["edit"].to_list()[1:] == expected["kind"].to_list()
    n_added = rows["added"].list.eval(pl.element().struct.field("n_words")).list.sum().to_list()[1:]
    assert n_added == expected.select(pl.sum_horizontal(pl.col("^added_.*$"))).to_series().to_list()
