"""Labelled thread boundaries: read them, find their prompts in a study, and score grouping rules on them."""

from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.compiling.pseudonyms import Pseudonyms, normal_name
from unspool.errors import UnspoolError
from unspool.stats import bootstrap, segmentation
from unspool.tables import TIME

GOLD = {
    "user": pl.String,
    "previous_time": TIME,
    "time": TIME,
    "new": pl.Boolean,
    "previous_text": pl.String,
    "text": pl.String,
}
LABELS = {"new": True, "same": False}
ALIASES = {"text": "query", "thread": "mission"}
FORMS = (
    "Give user, previous_timestamp, timestamp and label (or label_1 and label_2) for pairs of adjacent prompts, "
    "or user, timestamp, text and thread for prompts."
)
WITH_INTERVAL = ("f1", "f1_same", "window_diff", "pk", "bcubed_f1")


def read_gold(path: Path) -> pl.DataFrame:
    """Read labelled pairs, or labelled prompts, from a TSV or CSV file with a header: one row per adjacent pair.

    Columns user, previous_time, time (UTC, ms), new (whether the later prompt starts a thread; null where two labels
    disagree), previous_text, text (null if the file has none). See docs/score-threads.md for the two forms.
    UnspoolError naming line and column for what cannot be read.
    """
    table = _read(path)
    if "thread" in table.columns:
        return _pairs_of(_needed(table, ("user", "timestamp", "text", "thread"), path), path)
    labels: list[str] = [name for name in ("label", "label_1", "label_2") if name in table.columns] or ["label"]
    return _pairs(_needed(table, ("user", "previous_timestamp", "timestamp", *labels), path), labels, path)


def _read(path: Path) -> pl.DataFrame:
    try:
        with path.open(encoding="utf-8-sig") as file:
            tabs = "\t" in file.readline()
        table = pl.read_csv(
            path, separator="\t" if tabs else ",", quote_char=None if tabs else '"', infer_schema=False
        ).with_row_index("line", offset=2)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        raise UnspoolError(
            f"The labels in {path.name} cannot be read.", f"{type(error).__name__}: {_first_line(error)}.", FORMS
        ) from None
    return table.rename({old: new for new, old in ALIASES.items() if old in table.columns and new not in table.columns})


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["no details"])[0].rstrip(".")


def _needed(table: pl.DataFrame, names: tuple[str, ...], path: Path) -> pl.DataFrame:
    missing = [name for name in names if name not in table.columns]
    if missing:
        found = ", ".join(table.columns[1:]) or "none"
        raise UnspoolError(f"The labels in {path.name} lack {', '.join(missing)}.", f"The columns are {found}.", FORMS)
    for name in names:
        if name != "text":
            _refuse(table, table[name].is_null(), name, path, "Fill it in, or remove the line.")
    return table


def _refuse(table: pl.DataFrame, bad: pl.Series, column: str, path: Path, advice: str) -> None:
    """Raise an error for the first row that is bad, if there is one."""
    if bad.any():
        line, value = table.filter(bad).select("line", column).row(0)
        found = "It is empty" if value is None else f"It is {value[:40]!r}"
        raise UnspoolError(
            f"Line {line} of {path.name} has no usable {column}.",
            f"{found}; {bad.sum()} line(s) are like this.",
            advice,
        )


def _times(table: pl.DataFrame, column: str, path: Path) -> pl.Series:
    """Times in UTC, cut to milliseconds; one without an offset is UTC."""
    text = table[column].str.strip_chars().str.replace(" ", "T", literal=True)
    text = text.to_frame().select(
        pl.when(pl.col(column).str.contains(r"(Z|[+-]\d\d:?\d\d)$")).then(column).otherwise(pl.col(column) + "Z")
    )[column]
    times = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)
    _refuse(table, times.is_null(), column, path, "Write it as 2023-01-31T18:05:09.123+00:00.")
    return times.dt.cast_time_unit("ms")


def _pairs(table: pl.DataFrame, labels: list[str], path: Path) -> pl.DataFrame:
    for name in labels:
        _refuse(table, ~table[name].is_in(list(LABELS)), name, path, "Write new or same.")
    label = pl.col(labels[0])
    agreed = pl.all_horizontal(pl.col(name) == label for name in labels)
    texts = [
        name if name in table.columns else pl.lit(None, pl.String).alias(name) for name in ("previous_text", "text")
    ]
    pairs = table.select(
        "user",
        _times(table, "previous_timestamp", path).alias("previous_time"),
        _times(table, "timestamp", path).alias("time"),
        pl.when(agreed).then(label.replace_strict(LABELS, return_dtype=pl.Boolean)).alias("new"),
        *texts,
    )
    _refuse(table, pairs["time"] < pairs["previous_time"], "timestamp", path, "Put the earlier prompt first.")
    _refuse(table, pairs.drop("new").is_duplicated(), "timestamp", path, "Give each pair once.")
    return pairs


def _pairs_of(table: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Adjacent prompts of a user in order of time; rows that repeat user, time and text (clicks) are one prompt."""
    timed = table.with_columns(_times(table, "timestamp", path).alias("time"), pl.col("text").fill_null(""))
    prompt = ("user", "time", "text")
    repeated = timed.select(pl.col("thread").n_unique().over(prompt) > 1).to_series()
    _refuse(timed, repeated, "thread", path, "Give one prompt one thread.")
    ordered = timed.unique(prompt, keep="first", maintain_order=True).sort("user", "time", maintain_order=True)
    return ordered.select(
        "user",
        pl.col("time").shift(1).alias("previous_time"),
        "time",
        (pl.col("thread") != pl.col("thread").shift(1)).alias("new"),
        pl.col("text").shift(1).alias("previous_text"),
        "text",
    ).filter(ordered["user"] == ordered["user"].shift(1))


def score(
    prompts: pl.DataFrame,
    rules: dict[str, pl.DataFrame],
    gold: pl.DataFrame,
    pseudonyms: Pseudonyms,
    *,
    aliases: pl.DataFrame | None = None,
    seed: int = 0,
    draws: int = bootstrap.DRAWS,
) -> pl.DataFrame:
    """Agreement of each rule with labelled pairs, one row per rule and for the baselines `always` and `never`.

    `prompts` is the study's table in its order (prompt_id, user_id, time, text), `rules` its threads by rule
    (prompt_id, thread_id), `gold` what `read_gold` gives, `aliases` whose each handle is. A rule starts a thread at a
    pair if its two prompts have different thread ids, prompts in between or not. Columns: rule; n_pairs scored, n_lost
    (a prompt of the pair is not in the study), n_disagreed (two labels differ), n_users; window (pairs, of window_diff
    and pk); the figures of `segmentation.measures`, each in [0, 1], some with the percentile interval over users as
    _low and _high; ci_level; draws; seed; note: why an interval or a figure is null.
    """
    agreed = gold.filter(pl.col("new").is_not_null())
    pairs = _found(agreed, prompts, _user_ids(agreed["user"], prompts["user_id"], pseudonyms, aliases))
    counts = {
        "n_pairs": pairs.height,
        "n_lost": agreed.height - pairs.height,
        "n_disagreed": gold.height - agreed.height,
        "n_users": pairs["user_id"].n_unique(),
    }
    predicted = {name: _starts(name, threads, prompts, pairs) for name, threads in rules.items()}
    predicted |= {"always": np.ones(pairs.height, dtype=bool), "never": np.zeros(pairs.height, dtype=bool)}
    rows = [{"rule": name, **counts, **_figures(pairs, new, seed, draws)} for name, new in predicted.items()]
    return pl.DataFrame(rows, schema=_schema(), orient="row")


def _schema() -> dict[str, type[pl.DataType]]:
    whole = dict.fromkeys(("n_pairs", "n_lost", "n_disagreed", "n_users", "window"), pl.Int64)
    figures = {
        name + end: pl.Float64
        for name in segmentation.MEASURES
        for end in (("", "_low", "_high") if name in WITH_INTERVAL else ("",))
    }
    return {
        "rule": pl.String, **whole, **figures, "ci_level": pl.Float64, "draws": pl.Int64, "seed": pl.Int64,
        "note": pl.String,
    }  # fmt: skip


def _found(gold: pl.DataFrame, prompts: pl.DataFrame, users: pl.Series) -> pl.DataFrame:
    """The pairs whose two prompts are in the study, with user_id and the row numbers `before` and `after`, in order.

    The last prompt that fits is taken for the earlier one, the first for the later: repeated clicks lie between.
    """
    rows = prompts.select("user_id", "time", pl.col("text").str.strip_chars(), pl.int_range(pl.len()).alias("row"))
    pairs = gold.with_columns(users)
    before = _matched(pairs.select("user_id", time="previous_time", text="previous_text"), rows, "last")
    after = _matched(pairs.select("user_id", "time", "text"), rows, "first")
    pairs = pairs.with_columns(before.alias("before"), after.alias("after")).drop_nulls(["before", "after"])
    return pairs.sort("user_id", "before", "after")


def _user_ids(names: pl.Series, known: pl.Series, pseudonyms: Pseudonyms, aliases: pl.DataFrame | None) -> pl.Series:
    """The study's id of each user: the digest of the id, else of it as a name or whose name it is, else the id."""
    normal = names.to_frame("name").select(normal_name(pl.col("name"))).to_series()
    digests = [pseudonyms.ids(names, "user"), pseudonyms.ids(normal, "user")]
    bearers = {} if aliases is None else dict(aliases.iter_rows())
    guesses = [*digests, *(digest.replace(bearers) for digest in digests), names]
    study = known.unique()
    choices = pl.select(
        *(guess.is_in(study.implode()).alias(f"in_{i}") for i, guess in enumerate(guesses)),
        *(guess.alias(f"id_{i}") for i, guess in enumerate(guesses)),
    )
    ids = [pl.when(f"in_{i}").then(f"id_{i}") for i in range(len(guesses))]
    return choices.select(pl.coalesce(ids).alias("user_id")).to_series()


def _matched(ends: pl.DataFrame, rows: pl.DataFrame, which: str) -> pl.Series:
    """Row of the prompt of that user and time, null if there is none; the text decides only between several texts."""
    row = pl.col("row").max() if which == "last" else pl.col("row").min()
    timed = rows.group_by("user_id", "time").agg(row, pl.col("text").n_unique().alias("texts"))
    worded = rows.group_by("user_id", "time", "text").agg(row.alias("worded"))
    joined = (
        ends.with_columns(pl.col("text").str.strip_chars())
        .join(timed, on=["user_id", "time"], how="left", maintain_order="left")
        .join(worded, on=["user_id", "time", "text"], how="left", maintain_order="left")
    )
    by_text = (pl.col("texts") > 1) & pl.col("text").is_not_null()
    return joined.select(pl.when(by_text).then("worded").otherwise("row")).to_series()


def _starts(name: str, threads: pl.DataFrame, prompts: pl.DataFrame, pairs: pl.DataFrame) -> NDArray[np.bool_]:
    """Whether the two prompts of each pair are in different threads of a rule."""
    ids = prompts.select("prompt_id").join(
        threads.select("prompt_id", "thread_id"), on="prompt_id", how="left", maintain_order="left"
    )["thread_id"]
    before, after = ids.gather(pairs["before"]), ids.gather(pairs["after"])
    missing = (before.is_null() | after.is_null()).sum()
    if missing:
        raise UnspoolError(
            f"The threads of the rule {name} do not cover the study.",
            f"{missing} of {pairs.height} labelled pairs have a prompt without a thread.",
            f"Compute them again: unspool thread STUDY --rule {name}.",
        )
    return (before != after).to_numpy()


def _figures(pairs: pl.DataFrame, new: NDArray[np.bool_], seed: int, draws: int) -> dict[str, float | str | None]:
    sums, window = _sums(pairs, new)
    found = bootstrap.intervals(sums, segmentation.measures, draws=draws, seed=seed)
    row: dict[str, float | str | None] = {"window": window if len(sums) else None}
    for name, interval in zip(segmentation.MEASURES, found, strict=True):
        row[name] = interval.estimate
        if name in WITH_INTERVAL:
            row |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    notes = {name: interval.note for name, interval in zip(segmentation.MEASURES, found, strict=True) if interval.note}
    return row | {"ci_level": bootstrap.LEVEL, "draws": draws, "seed": seed, "note": _told(notes)}


def _told(notes: dict[str, str]) -> str | None:
    """One note for all figures that share it."""
    by_note: dict[str, list[str]] = {}
    for name, note in notes.items():
        by_note.setdefault(note, []).append(name)
    return "; ".join(f"{', '.join(names)}: {note}" for note, names in by_note.items()) or None


def _continues(pairs: pl.DataFrame) -> NDArray[np.bool_]:
    """Whether a pair begins at the prompt where the pair before it ends: false for the first."""
    links = [("user_id", "user_id"), ("previous_time", "time"), ("previous_text", "text")]
    same = [pl.col(column).eq_missing(pl.col(other).shift(1)) for column, other in links]
    return pairs.select(pl.all_horizontal(same)).to_series().to_numpy()


def _sums(pairs: pl.DataFrame, new: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int]:
    """Sums per user of the columns of `segmentation`, shape (users, 10), and the window in pairs."""
    gold = pairs["new"].to_numpy().astype(bool)
    run = segmentation.runs(_continues(pairs))
    users = pairs["user_id"].rle_id().to_numpy().astype(np.int64)
    n_users = pairs["user_id"].n_unique()
    window = segmentation.half_segment(gold, run)
    per_pair = np.hstack([segmentation.agreement(gold, new), segmentation.windows(gold, new, run, window)])
    first = np.flatnonzero(np.diff(run, prepend=-1))
    per_run = segmentation.bcubed(gold, new, run)
    return np.hstack(
        [bootstrap.by_user(per_pair, users, n_users), bootstrap.by_user(per_run, users[first], n_users)]
    ), window
