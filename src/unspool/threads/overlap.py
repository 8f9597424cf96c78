"""Threads by the overlap coefficient of adjacent prompts: reproduces the thread ids that the paper released."""

import polars as pl

from unspool.threads._tokens import Shared, dissimilar

TITLE = "Overlap coefficient of adjacent prompts' tokens"
CITATION = (
    "Derived from the thread ids released with Don-Yehiya, Choshen & Abend 2023 (EMNLP): every released adjacent pair "
    "reaches 0.3 on this measure, not on intersection over union"
)


def starts(prompts: pl.DataFrame, *, threshold: float = 0.3, tokens: str = "whitespace") -> pl.Series:
    r"""Whether each prompt starts a thread: |A and B| / min(|A|, |B|) < `threshold`, A and B the sets of its tokens.

    `prompts` has user_id and text, sorted by user and time; the result is Boolean, one value per row, none for an
    empty frame. `tokens`: "whitespace" are the parts between blanks, case-sensitive, with their punctuation;
    "words" are lower-cased \w+. `threshold` in [0, 1]. A prompt without tokens, or after one without, starts a
    thread unless it repeats the text before it. The first prompt of a user always starts one. UnspoolError for a
    threshold out of range or an unknown kind of tokens.
    """
    return dissimilar(prompts, Shared.overlap, threshold, tokens)
