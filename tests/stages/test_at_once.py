"""Analyses, audits and sections of the page at once: who does them, and that nothing else changes."""

import pytest

from unspool.analyses import Settings
from unspool.audits import Settings as Audits
from unspool.engine import _OPEN, worker_count
from unspool.simulate import simulate
from unspool.stages import analyze as analysing
from unspool.stages import at_once as limits
from unspool.stages import audit as auditing
from unspool.stages import report as reporting
from unspool.stages.analyze import analyze
from unspool.stages.at_once import MOST, at_once, together
from unspool.stages.audit import audit_study
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.report import report
from unspool.stages.thread import thread

ANALYSES, AUDITS = ["log", "drift", "growth", "scorecard"], ["intent", "concentration", "weights"]
AUDITED = Audits(permutations=19)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    log = tmp_path_factory.mktemp("log") / "log.json"
    simulate("nothing-changes", seed=2, users=30).write_log(log)
    return measure(thread(read([str(log)], log.parent / "study"), "iou"), names=["length", "style"])


def answered(study, jobs):
    """Results, audit, weights and page of the study, made anew."""
    for stage in ("analyze", "audit", "report"):
        study.manifest["stages"].pop(stage, None)
    analyze(study, Settings(draws=100), ANALYSES, jobs=jobs)
    audit_study(study, AUDITED, AUDITS, jobs=jobs)
    page = report(study, jobs=jobs).read_text(encoding="utf-8")
    return study.results(), study.audit(), study.scan("weights").collect(), page


def test_processes_change_no_number_and_no_letter(study, monkeypatch):
    here = answered(study, None)
    monkeypatch.setattr(limits, "FEW", 0)
    written = []
    write = analysing._write
    monkeypatch.setattr(analysing, "_write", lambda name, *rest: written.append(name) or write(name, *rest))
    monkeypatch.setattr(auditing, "audited", lambda *_: pytest.fail("audited in this process"))
    monkeypatch.setattr(reporting, "blocks", lambda *_: pytest.fail("drawn in this process"))
    with together(study, 2):
        there = answered(study, 2)
        assert len(_OPEN.get().pool()._processes) == 2  # the three stages had the same two
    assert written == ["scorecard"]  # it needs the rows of the others, which the workers wrote
    assert all(one.equals(other) for one, other in zip(here[:3], there[:3], strict=True))
    assert here[3] == there[3]


def test_small_logs_and_scripts_start_no_process(study, monkeypatch):
    n_prompts = study.prompts().height
    monkeypatch.setattr(limits, "FEW", n_prompts - 1)
    assert (at_once(study, None), at_once(study, 1), at_once(study, 2), at_once(study, 99)) == (1, 1, 2, MOST)
    monkeypatch.setattr(limits, "SOME", n_prompts - 1)
    assert at_once(study, None) == min(worker_count(), MOST)
    assert (at_once(study, 2), at_once(study, 2, texts=True)) == (2, 1)
    monkeypatch.setattr(limits, "FEW", n_prompts)
    assert at_once(study, 2) == 1


def test_the_stages_of_a_large_log_give_their_memory_back(study, monkeypatch):
    monkeypatch.setattr(limits, "SOME", study.prompts().height - 1)
    with together(study, 2):
        assert _OPEN.get() is None
