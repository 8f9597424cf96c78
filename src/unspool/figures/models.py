"""Whether style goes with the model, whether it stays when the model changes, and who is pleased by what."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast

TITLE = "Style and upscales with another model"
MULTIPLES = False
READ = (
    "Dots right of the line: style terms go with the model under which others add them; more terms are kept; more "
    "prompts are upscaled with the later model. Bars are intervals over users."
)
OWN = {
    "own_model": "between people",
    "own_model_within": "within a person",
    "own_model_weeks": "the same, time held",
}
KEPT = {
    "kept_same": "the model stays",
    "kept_switched": "the model changes",
    "kept_less": "difference",
}
UPSCALES = {
    "upscale_difference": "in all",
    "upscale_by_prompts": "by other prompts",
    "upscale_by_model": "at like prompts",
}
CHARTS = (
    ("models-style", "Added style, later against earlier model", "style", OWN, "log ratio per term"),
    ("models-kept", "Added style kept for the next thread", "style", KEPT, "share more than before"),
    ("models-upscales", "Upscales, later less earlier model", "upscaled", UPSCALES, "share of prompts"),
)


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart of what is added, one of what is kept, one of upscales in their two parts."""
    listed = [(chart, _contrast.known(rows, chart[3], feature=chart[2])) for chart in CHARTS]
    return [
        _contrast.of_estimands(name, title, found, names, axis, theme, "threads", "users")
        for (name, title, _, names, axis), found in listed
        if found.height
    ]
