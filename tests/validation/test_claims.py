"""The claims are about what exists, and the pipeline gives what they ask for."""

import polars as pl
import pytest

from unspool import registry
from unspool.errors import UnspoolError
from unspool.simulate import simulate
from unspool.validation import validate
from unspool.validation.claims import CLAIMS, TRUE, in_scenario, scenarios
from unspool.validation.runs import RUNS


def test_claims_are_about_scenarios_and_analyses_that_exist():
    assert set(scenarios()) <= set(registry.names("simulate"))
    for claim in CLAIMS:
        assert claim.analysis in registry.names("audits" if claim.mode == "audit" else "analyses")
        assert claim.checks and claim.why


def test_no_claim_stands_twice():
    keys = [(claim.scenario, *claim.key) for claim in CLAIMS]
    assert len(keys) == len(set(keys))


def test_bias_and_coverage_have_a_truth():
    for claim in CLAIMS:
        assert claim.truth is not None or not {"bias", "coverage"} & set(claim.checks)


@pytest.mark.parametrize("name", sorted({claim.scenario for claim in CLAIMS if isinstance(claim.truth, str)}))
def test_quantities_that_claims_name_are_known(name):
    quantities = simulate(name, seed=1, users=20).quantities()
    assert {claim.truth for claim in in_scenario(name) if isinstance(claim.truth, str)} <= set(quantities)


# 60 people, two logs: every claim finds its row, on found and on true threads; and what is there is not made again.
def test_every_claim_finds_its_row_and_runs_are_kept(tmp_path, monkeypatch):
    found = validate(["details-only"], seeds=range(1, 3), users=60, out=tmp_path, jobs=1)
    asked = in_scenario("details_only")
    assert found.height == sum(len(claim.checks) for claim in asked)
    assert TRUE in found["rule"].to_list()
    files = sorted((tmp_path / "details_only").glob("*.parquet"))
    assert len(files) == 2
    rows = pl.concat([pl.read_parquet(file) for file in files])
    assert rows.schema == pl.Schema(RUNS)
    assert rows["note"].str.contains("rows in the results").fill_null(False).sum() == 0
    monkeypatch.setattr("unspool.validation.runs.simulate", lambda *_, **__: pytest.fail("simulated again"))
    again = validate(["details_only"], seeds=range(1, 3), users=60, out=tmp_path, jobs=1)
    assert again.equals(found)


# Prompts can only gain details there, so that with two logs of 60 people the growth is all content to within 5%.
def test_what_is_known_exactly_comes_out(tmp_path):
    found = validate(["details-only"], seeds=range(1, 3), users=60, out=tmp_path, jobs=1)
    share = found.filter(pl.col("estimand") == "share_content", pl.col("check") == "bias", pl.col("rule") == TRUE)
    assert share["mean"].item() == pytest.approx(1, abs=0.05)


def test_a_scenario_without_claims_is_named(tmp_path):
    with pytest.raises(UnspoolError, match="no claims about the scenario 'hard_boundaries'"):
        validate(["hard-boundaries"], out=tmp_path)
    with pytest.raises(UnspoolError, match="nothing-changes"):
        validate(["nowhere"], out=tmp_path)
