"""Grouping rule `scene`: a thread goes on while the prompt still describes the same picture.

WRITE-ME
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

import numpy as np
import polars as pl

from unspool.threads.scene_features import features

CITATION = "WRITE-ME"


@cache
def coefficients() -> dict:
    """The shipped coefficients: feature names, and for long and for short texts a logistic model over them."""
    return json.loads(files("unspool.lexicons").joinpath("scene_coefficients.json").read_text("utf-8"))


def _logistic(columns: dict[str, np.ndarray], model: dict) -> np.ndarray:
    """Log odds of a boundary; a missing value counts as the average one."""
    odds = np.full(len(columns["usual_words"]), model["bias"])
    for feature in model["features"]:
        z = (columns[feature["name"]] - feature["mean"]) / feature["scale"]
        odds += feature["weight"] * np.clip(np.nan_to_num(z, nan=0.0), -4, 4)
    return odds


def share_long(usual_words: np.ndarray, bounds: list[float]) -> np.ndarray:
    """How far a user's texts count as long, 0 to 1: by the median number of words (given as log(1 + words))."""
    low, high = np.log1p(bounds)
    return np.clip((usual_words - low) / (high - low), 0, 1)


def _probability(columns: dict[str, np.ndarray]) -> np.ndarray:
    model = coefficients()
    long = share_long(columns["usual_words"], model["words"])
    odds = long * _logistic(columns, model["long"]) + (1 - long) * _logistic(columns, model["short"])
    return 1 / (1 + np.exp(-odds))


def probability(prompts: pl.DataFrame) -> np.ndarray:
    """Probability that each prompt starts a thread, in [0, 1]; 1 on a user's first prompt."""
    if prompts.is_empty():
        return np.zeros(0)
    first = (prompts["user_id"] != prompts["user_id"].shift()).fill_null(True).to_numpy()
    return np.where(first, 1.0, _probability(features(prompts)))


def starts(prompts: pl.DataFrame) -> pl.Series:
    """True where a prompt starts a thread; prompts are sorted by user and time."""
    return pl.Series("starts", probability(prompts) > 0.5, dtype=pl.Boolean)
