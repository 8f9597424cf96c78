"""Where people paste blocks of style, rules that compare words glue scenes together, and `scene` less so."""

import importlib.util
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "score_pastes.py"


def script():
    spec = importlib.util.spec_from_file_location("unspool_score_pastes", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pasted_blocks_take_the_papers_rule_apart_and_leave_most_of_scene():
    pastes = script()
    plain, pasted = (dict(zip(pastes.RULES, pastes.scores(rate, 150, 9), strict=True)) for rate in (0.0, 1.0))
    # Some 300 boundaries: binomial errors of .012 at .955, .015 at .925, .025 at .75 and .008 at .02, half as much again
    # for what users have in common, four of them from the figures of docs/validation.md.
    assert abs(plain["scene"] - 0.955) < 0.085
    assert abs(plain["iou"] - 0.925) < 0.09
    assert abs(pasted["scene"] - 0.749) < 0.15
    assert pasted["iou"] < 0.02 + 0.05
