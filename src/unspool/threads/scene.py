"""Grouping rule `scene`: a thread goes on while the prompts still describe one picture.

How it decides. Each prompt is compared with the one before it, and a logistic model turns what is seen into the
probability of a boundary; above one half a thread starts. What is seen (_scene_features):

- words in common, weighted by how rare they are in English, by whether they name a thing rather than a manner (a table
  of 40,690 words), and by how the user uses them: words that come back in several separate runs of prompts, or stand in
  most of the user's prompts, say little;
- the template: the same opening, a common tail, how many words are swapped between them, how much of a prompt the user
  usually carries over, and a pasted style: half of the prompt in common at its end behind other things (this weight is
  set by hand: no pair of the gold is of this kind);
- meaning: cosines of sums of word vectors, distilled from a sentence model and looked up;
- for short texts spelling (trigrams of bytes), the time gap, and a prompt nearby that is like both;
- parameters: other reference pictures, the step to video.

There are two sets of coefficients: `long`, fitted on image prompts, and `short`, fitted on web queries. A user gets the
first whose texts have 6 words or more (median), or of whose texts two in five or more cannot well be queries (a comma,
a capital, an article, a parameter, an image model's log rather than a table); the second with 4 words or fewer and at
most one such text in five; between these bounds the log odds are mixed. A text whose words are not set apart by blanks
counts as no such text: spelling tells more there.

Read from the last prompt to the first, a log is cut at the same places: what is seen of a pair does not depend on which
comes first, so that cutting makes no growth and hides none where prompts change as much one way as the other.

Measured by cross-validation with users kept apart (10 folds, 5 seeds; scripts/fit_scene.py): F1 of boundaries .889 on
407 pairs of Midjourney prompts (word IoU < .3: .765) and .877 on 2,954 pairs of Webis-SMC-12 (word IoU < .3: .753;
trigrams: .839). With the columns chosen anew inside every fold it is .857 and .871: expect about that on new users.

Sources: the task, Don-Yehiya, Choshen & Abend 2023, Sec. 4; queries and features of this kind, Hagen, Gomoll, Beyer &
Stein 2013 (Webis-SMC-12); threshold at half the F1, Lipton, Elkan & Naryanaswamy 2014; vectors, all-MiniLM-L6-v2
(Reimers & Gurevych 2019; Apache-2.0); word frequencies, wordfreq 3.1.1 (Speer 2022; CC-BY-SA 4.0).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, cast

import numpy as np
import polars as pl

from unspool.threads._scene_features import features

TITLE = "Same scene: words, template, meaning and the user's habits, weighed together"
CITATION = (
    "Fitted on model-labelled Midjourney prompts and on Webis-SMC-12 (Hagen, Gomoll, Beyer & Stein 2013); guideline: "
    "a thread ends when the scene or main subject changes (Don-Yehiya, Choshen & Abend 2023, Sec. 4)"
)


@cache
def coefficients() -> dict[str, Any]:
    """The shipped coefficients: feature names, and for long and for short texts a logistic model over them."""
    text = files("unspool.lexicons").joinpath("scene_coefficients.json").read_text("utf-8")
    return cast("dict[str, Any]", json.loads(text))


def log_odds(columns: dict[str, np.ndarray], model: dict[str, Any]) -> np.ndarray:
    """Log odds of a boundary; a missing value counts as an average one."""
    odds = np.full(len(columns["usual_words"]), model["bias"])
    for feature in model["features"]:
        z = (columns[feature["name"]] - feature["mean"]) / feature["scale"]
        odds += feature["weight"] * np.clip(np.nan_to_num(z, nan=0.0), -4, 4)
    return odds


def share_long(columns: dict[str, np.ndarray], model: dict[str, Any]) -> np.ndarray:
    """How far a user's texts count as prompts, 0 to 1: by their median number of words, or by how they are written."""
    by_words = _between(columns["usual_words"], np.log1p(model["words"]))
    return np.asarray(np.maximum(by_words, _between(columns["usually_written"], model["written"])))


def _between(values: np.ndarray, bounds: Sequence[float] | np.ndarray) -> np.ndarray:
    low, high = bounds
    return np.asarray(np.clip((values - low) / (high - low), 0, 1))


def _probability(columns: dict[str, np.ndarray]) -> np.ndarray:
    model = coefficients()
    long = share_long(columns, model)
    odds = long * log_odds(columns, model["long"]) + (1 - long) * log_odds(columns, model["short"])
    return np.asarray(1 / (1 + np.exp(-odds)))


def probability(prompts: pl.DataFrame) -> np.ndarray:
    """Probability that each prompt starts a thread, in [0, 1]: 1 on a user's first prompt; empty for an empty frame.

    `prompts` is sorted by user and time, with user_id, time (may be missing), text without parameters, and perhaps
    params. One half is where F1 is best on the gold; the odds carry that shift, so they lean to boundaries.
    """
    if prompts.is_empty():
        return np.zeros(0)
    first = (prompts["user_id"] != prompts["user_id"].shift()).fill_null(True).to_numpy()
    return np.where(first, 1.0, _probability(features(prompts)))


def starts(prompts: pl.DataFrame) -> pl.Series:
    """Whether each prompt starts a thread: Boolean, one value per row, none for an empty frame.

    A user's values depend on that user's prompts alone, earlier and later ones. Columns as for `probability`.
    """
    return pl.Series("starts", probability(prompts) > 0.5, dtype=pl.Boolean)
