"""Threads by intersection over union of the words of adjacent prompts, as the paper words its rule."""

import polars as pl

from unspool.threads._tokens import Shared, dissimilar

TITLE = "Intersection over union of adjacent prompts' words"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP): same thread if the intersection over union is at least 0.3"


def starts(prompts: pl.DataFrame, *, threshold: float = 0.3, tokens: str = "words") -> pl.Series:
    r"""Whether each prompt starts a thread: |A and B| / |A or B| < `threshold`, A and B the sets of its tokens.

    `prompts` has user_id and text, sorted by user and time; the result is Boolean, one value per row, none for an
    empty frame. `tokens`: "words" are lower-cased runs of Unicode letters, marks, digits and underscores (\w+);
    "whitespace" are the parts between blanks, with their punctuation and in their own case. `threshold` in [0, 1].
    A prompt without tokens, or after one without, starts a thread unless it repeats the text before it. The first
    prompt of a user always starts one. UnspoolError for a threshold out of range or an unknown kind of tokens.
    """
    return dissimilar(prompts, Shared.iou, threshold, tokens)
