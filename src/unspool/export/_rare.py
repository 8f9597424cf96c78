"""Words that few people use, taken out of texts: a rare word can point at who wrote it."""

from collections.abc import Iterable

import polars as pl

from unspool.features.length import WORD


def users_of_grams(frames: Iterable[pl.DataFrame], n: int) -> pl.DataFrame:
    """How many people use each run of 1 to n words: gram (a hash), users. Case does not count.

    `frames`: user_id and text, whole users in each. A text of nobody counts as one more person's.
    """
    parts = [_once_per_user(frame, n) for frame in frames]
    if not parts:
        return pl.DataFrame(schema={"gram": pl.UInt64, "users": pl.UInt32})
    return pl.concat(parts).group_by("gram").agg(pl.col("users").sum())


def _once_per_user(frame: pl.DataFrame, n: int) -> pl.DataFrame:
    person = pl.coalesce(pl.col("user_id"), pl.format("row {}", pl.int_range(pl.len())))
    words = _words(frame["text"]).with_columns(person=frame.select(person).to_series().gather(pl.Series(_rows(frame))))
    grams = pl.concat([_grams(words, size).select("person", "gram") for size in range(1, n + 1)])
    return grams.unique().group_by("gram").agg(users=pl.len().cast(pl.UInt32))


def _rows(frame: pl.DataFrame) -> pl.Series:
    counts = frame["text"].fill_null("").str.count_matches(WORD)
    rows = pl.DataFrame({"row": pl.int_range(frame.height, eager=True), "n": counts})
    return rows.select(pl.col("row").repeat_by("n").explode(empty_as_null=False)).to_series()


def _words(texts: pl.Series) -> pl.DataFrame:
    """The words of texts: row, place, word in lower case."""
    found = pl.DataFrame({"text": texts.fill_null("")}).with_row_index("row")
    words = found.select("row", word=pl.col("text").str.extract_all(WORD))
    words = words.with_columns(place=pl.int_ranges(pl.col("word").list.len()))
    return words.explode("word", "place", empty_as_null=False).with_columns(pl.col("word").str.to_lowercase())


def _grams(words: pl.DataFrame, size: int) -> pl.DataFrame:
    """Runs of `size` words of one text with the hash of the run, in the row of their first word."""
    following = [pl.col("word").shift(-k).over("row") for k in range(size)]
    gram = pl.concat_str(following, separator=" ").hash(seed=size)
    return words.with_columns(gram=pl.when(following[-1].is_not_null()).then(gram)).drop_nulls("gram")


def without_rare(texts: pl.Series, users: pl.DataFrame, least: int, n: int) -> pl.Series:
    """The texts without words that stand in a run of 1 to n words of fewer than `least` people; null stays null.

    What stood between two words that are gone goes with them; blanks and commas are tidied.
    """
    rare = users.filter(pl.col("users") < least).select("gram")
    words = _words(texts)
    marked = [_places(words, rare, size) for size in range(1, n + 1)]
    gone = pl.concat(marked).unique()
    if not gone.height:
        return texts
    touched = gone["row"].unique()
    changed = pl.DataFrame({"row": touched, "left": _cut(texts.gather(touched), touched, gone)})
    rows = pl.DataFrame({"text": texts}).with_row_index("row")
    both = rows.join(changed, on="row", how="left", maintain_order="left")
    return both.select(pl.coalesce("left", "text").alias(texts.name)).to_series()


def _cut(texts: pl.Series, rows: pl.Series, gone: pl.DataFrame) -> pl.Series:
    """The texts of these rows without the words in `gone` (row, place), and without what stands before each."""
    parts = pieces(texts).with_columns(row=pl.col("text").replace_strict(pl.int_range(len(rows), eager=True), rows))
    parts = parts.join(gone.with_columns(gone=True), on=["row", "place"], how="left", maintain_order="left")
    kept = pl.col("gone").is_null() | (~pl.col("is_word") & pl.col("piece").is_in([" ", ","]))
    joined = parts.filter(kept).group_by("text").agg(pl.col("piece").str.join())
    rows_of = pl.DataFrame({"text": pl.int_range(len(texts), eager=True)})
    whole = rows_of.join(joined, on="text", how="left", maintain_order="left")
    return tidy(whole["piece"].fill_null(""))


def pieces(texts: pl.Series) -> pl.DataFrame:
    """Texts in pieces, words and single other characters: text, piece, is_word, place.

    `place` is that of the word, and for another character that of the word after it.
    """
    found = pl.DataFrame({"piece": texts.fill_null("").str.extract_all(rf"{WORD}|(?s:.)")})
    listed = found.with_columns(text=pl.int_range(pl.len())).explode("piece", empty_as_null=False)
    listed = listed.with_columns(is_word=pl.col("piece").str.contains(rf"^{WORD}$"))
    count = pl.col("is_word").cast(pl.Int64).cum_sum().over("text")
    return listed.with_columns(place=count - pl.col("is_word").cast(pl.Int64))


def tidy(texts: pl.Series) -> pl.Series:
    """Single blanks, no comma after another or after a blank, none at the ends."""
    return (
        texts.str.replace_all(r"\s+", " ").str.replace_all(r"\s*,(?:\s*,)+", ",").str.replace_all(r"\s+,", ",")
        .str.strip_chars(" ,")
    )  # fmt: skip


def _places(words: pl.DataFrame, rare: pl.DataFrame, size: int) -> pl.DataFrame:
    found = _grams(words, size).join(rare, on="gram", how="semi").select("row", "place")
    return pl.concat([found.with_columns(pl.col("place") + k) for k in range(size)])
