"""Length: how many words and characters a prompt has."""

import polars as pl

from unspool.features import Column, Context

TITLE = "Length"
CITATION = "Don-Yehiya, Choshen & Abend 2023, Sec. 5: len(text.split())"
CAPTIONS = True
USES = ""
COLUMNS = (
    Column(
        "word_len_paper",
        "Words (paper)",
        "words",
        "Parts between blanks, as the authors count: `a cat, asleep` has 3, and so has `a - cat`.",
        empty=0,
        mode="paper",
        log=True,
        integer=True,
    ),
    Column(
        "n_words",
        "Words",
        "words",
        "Words without punctuation: runs of letters, marks and digits, joined by apostrophes and hyphens.",
        empty=0,
        log=True,
        integer=True,
    ),
    Column("n_chars", "Characters", "characters", "Unicode code points.", empty=0, log=True, integer=True),
)
WORD = r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{M}\p{N}]+)*"
PYTHON_PART = r"[^\s\x1C-\x1F]+"
"""What Python's split() takes as a part: it also splits at the separators of records, which are no white space here."""


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Counts per text: word_len_paper, n_words, n_chars; 0 for an empty one."""
    text = pl.col("text")
    return rows.select(
        word_len_paper=text.str.count_matches(PYTHON_PART),
        n_words=text.str.count_matches(WORD),
        n_chars=text.str.len_chars(),
    )
