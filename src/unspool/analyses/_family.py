"""The confirmatory family: the tests whose p-values are adjusted together, chosen before any log was seen."""

import polars as pl

from unspool.stats.multiplicity import holm

CONFIRMATORY: tuple[tuple[str, str, str], ...] = (
    ("drift", "n_words", "ipcw"),
    ("drift", "n_style_words", "ipcw"),
    ("drift", "n_content_words", "ipcw"),
    ("drift", "dialect", "ipcw"),
    ("convergence", "n_words", "reversal"),
    ("carryover", "n_style_words", "dose"),
    ("upscaled", "n_words", "within_user"),
    ("upscaled", "n_style_words", "within_user"),
    ("reinforcement", "style", "log_odds"),
    ("exposure", "style", "hazard"),
    ("repair", "all", "excess"),
    ("entrainment", "all", "excess"),
)
"""Analysis, feature and estimand of the rows, all of mode "corrected" and without group, or of group "prompts"."""


def adjusted(rows: pl.DataFrame) -> pl.DataFrame:
    """The results with Holm's p-values in `p_adjusted` over those of the family that have a p-value."""
    key = pl.concat_str("analysis", "feature", "estimand", separator="/")
    of_all = (pl.col("mode") == "corrected") & (pl.col("group").is_null() | (pl.col("group") == "prompts"))
    member = of_all & key.is_in(["/".join(one) for one in CONFIRMATORY]) & pl.col("p_value").is_not_null()
    chosen = rows.select(member.fill_null(False)).to_series()
    if not chosen.any():
        return rows
    values = rows["p_adjusted"].to_list()
    places = chosen.arg_true().to_list()
    for place, value in zip(places, holm(rows["p_value"].gather(places)), strict=True):
        values[place] = float(value)
    return rows.with_columns(pl.Series("p_adjusted", values, dtype=pl.Float64))
