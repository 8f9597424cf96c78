"""What stands behind a parameter is a setting or prose."""

import polars as pl
import pytest

from unspool.syntax.prose import prose
from unspool.syntax.text import split_text

SETTINGS = (
    *("--ar 3:2", "--v 6.1", "--niji 5", "--style raw", "--raw", "--sref 123", "--stylize 100", "--seed 4294967295"),
    *("--sref 123 456::2 <link>::.5", "--q .25", "--ar 1920x1080, --tile", "--motion low", "--seed 7 --seed=8"),
    *("--v {5, 6.1}", "--sref random", "--c 5.", "--style 4b"),
)
PROSE = {
    "--no alice_9x": ["alice_9x"],
    "--no text, Jane Doe": ["text, Jane Doe"],
    "--v 5 portrait of alice_9x": ["portrait of alice_9x"],
    "--ar 2:3 call +1 212-555-0142": ["call +1 212-555-0142"],
    "--no +12125550142": ["+12125550142"],
    "--no 5017, raw": ["5017, raw"],
    "--seed 501777888999000111": ["501777888999000111"],
    "--v 5 --alice_9x in snow": ["alice_9x in snow"],
    "--v 5 --alice": ["alice"],
    "--v 5 raw fish --no fish": ["fish", "fish"],
    "--style rawness": ["rawness"],
}


@pytest.mark.parametrize(("tail", "expected"), [*((one, []) for one in SETTINGS), *PROSE.items()])
def test_settings_are_told_from_prose(tail, expected):
    params = split_text(pl.Series([f"a red fox {tail}"])).select(prose(pl.col("params")))
    assert params.to_series().to_list() == [expected]


def test_no_parameters_have_no_prose():
    none = pl.DataFrame({"params": pl.Series([None, []], dtype=split_text(pl.Series(["a"]))["params"].dtype)})
    assert none.select(prose(pl.col("params"))).to_series().to_list() == [[], []]
