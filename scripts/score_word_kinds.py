"""Compare the kinds of words of the ledger with the labelled ones: `python scripts/score_word_kinds.py DATA`.

DATA holds discord_newbies41/newbies41_2025-07.jsonl, succinctly_midjourney_prompts/test.parquet, krea_1k.tsv,
midjourney_threads/sample.jsonl and tangrams/sequential_message_raw.csv. The labels are tests/gold/word_kinds.tsv:
dataset, row, position of the first word, a letter per word (LETTERS), half. With --write the counts of the held-out
half become src/unspool/lexicons/word_kinds_confusion.tsv, from which the analysis `growth` corrects its shares.
"""

import argparse
from pathlib import Path

import numpy as np
import polars as pl
from score_style import _named, prompts

from unspool import tables
from unspool.edits.word_kinds import word_kinds
from unspool.errors import UnspoolError
from unspool.stats.bootstrap import Interval, intervals

ROOT = Path(__file__).parents[1]
GOLD = ROOT / "tests" / "gold" / "word_kinds.tsv"
SHIPPED = ROOT / "src" / "unspool" / "lexicons" / "word_kinds_confusion.tsv"
LETTERS = dict(zip("ETRPANSMLCQGX", tables.WORD_KINDS, strict=True))
PROMPTS = ("newbies41", "succinctly", "krea_1k")
HALVES = ("development", "held_out")
KEY = ["dataset", "row"]
FAMILY = {**dict.fromkeys(tables.CONTENT_KINDS, "content"), **dict.fromkeys(tables.STYLE_KINDS, "style")}


def texts(data: Path) -> pl.DataFrame:
    """All texts of the five data sets: dataset, row, unit, text. A unit is a user or a game where there are any."""
    threads = pl.read_ndjson(data / "midjourney_threads" / "sample.jsonl")
    captions = threads.select(unit="user", text="captions").explode("text").select("text", "unit")
    talk = pl.read_csv(data / "tangrams" / "sequential_message_raw.csv", infer_schema=False)
    tangrams = talk.select(text="contents", unit="gameid")
    return pl.concat([prompts(data), _named("captions", captions), _named("tangrams", tangrams)])


def labelled_words(data: Path, gold: Path = GOLD) -> pl.DataFrame:
    """One row per labelled word: dataset, unit, span, half, token, gold, found."""
    spans = pl.read_csv(gold, separator="\t", schema_overrides={"row": pl.Int64}).with_row_index("span")
    known = texts(data).join(spans.select(KEY).unique(), on=KEY, how="semi").with_row_index("text_row")
    found = word_kinds(known["text"]).rename({"row": "text_row", "kind": "found"})
    labels = spans.with_columns(pl.col("kinds").str.split("")).explode("kinds")
    labels = labels.with_columns(
        position=(pl.col("position") + pl.int_range(pl.len()).over("span")).cast(pl.UInt32),
        gold=pl.col("kinds").replace_strict(LETTERS),
    )
    words = labels.join(known.drop("text"), on=KEY).join(found, on=["text_row", "position"])
    if words.height != labels.height:
        raise UnspoolError("Labelled words are not in the data.", f"{labels.height - words.height} are lost.")
    words = words.sort("span", "position").with_columns(pl.col("found").cast(pl.String))
    return words.select("dataset", "unit", "span", "position", "half", "token", "gold", "found")


def accuracy(words: pl.DataFrame, seed: int = 0) -> Interval:
    """Share of words with the labelled kind; 95% interval by a bootstrap over units."""
    sums = words.group_by("unit").agg(hits=(pl.col("gold") == pl.col("found")).sum(), n=pl.len()).sort("unit")
    matrix = sums.select("hits", "n").to_numpy().astype(np.float64)
    return intervals(matrix, lambda s: s[..., :1] / s[..., 1:], seed=seed)[0]


def families(words: pl.DataFrame) -> pl.DataFrame:
    """The same words with content, style or repetition in place of kinds."""
    return words.with_columns(pl.col("gold", "found").replace(FAMILY))


def confusion(words: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Counts: labelled by row, found by column, with n, precision, recall."""
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    place = {name: number for number, name in enumerate(names)}
    np.add.at(counts, ([place[k] for k in words["gold"]], [place[k] for k in words["found"]]), 1)
    frame = pl.DataFrame({"labelled": names, **dict(zip(names, counts.T, strict=True))})
    hits, n, found = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return frame.with_columns(n=n, precision=np.round(hits / found, 2), recall=np.round(hits / n, 2))


def report(words: pl.DataFrame, title: str, names: tuple[str, ...]) -> str:
    """The figures as Markdown."""
    one, matrix = accuracy(words), confusion(words, names)
    used = [name for name in names if matrix.filter(labelled=name)["n"].item() or matrix[name].sum()]
    matrix = matrix.filter(pl.col("labelled").is_in(used)).select(
        "labelled", *used, "n", pl.col("precision", "recall").fill_nan(None)
    )
    lines = [f"| {' | '.join('-' if cell is None else str(cell) for cell in row)} |" for row in matrix.rows()]
    head = [f"| {' | '.join(matrix.columns)} |", "| --- |" + " ---: |" * (len(matrix.columns) - 1)]
    low, high = ("-" if value is None else f"{value:.3f}" for value in (one.low, one.high))
    told = f"n {words.height}; accuracy {one.estimate:.3f} (95% {low} to {high})"
    return "\n".join(["", f"### {title}", "", told, "", *head, *lines])


def by_unit(words: pl.DataFrame) -> pl.DataFrame:
    """What `growth` reads: words of prompts by unit, labelled and found family.

    Units are numbers. Repeats are left out, and so are captions and talk, which have hardly any words of style.
    """
    prompt = pl.col("dataset").is_in(PROMPTS)
    told = families(words).filter(prompt, pl.col("gold") != "repetition", pl.col("found") != "repetition")
    counts = told.group_by("unit", "gold", "found").len("n").sort("unit", "gold", "found")
    return counts.with_columns(unit=pl.col("unit").rank("dense"))


def main() -> None:
    """Print the tables of both halves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--errors", action="store_true", help="list the errors of the development half")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    words = labelled_words(chosen.data)
    for half in [chosen.half] if chosen.half else HALVES:
        rows = words.filter(half=half)
        print(report(rows, f"{half}, all kinds", tables.WORD_KINDS))
        print(report(families(rows), f"{half}, families", ("content", "style", "repetition")))
    if chosen.errors:
        for (_,), span in words.filter(half="development").group_by("span", maintain_order=True):
            if (span["gold"] != span["found"]).any():
                told = span.select("token", "gold", "found").rows()
                print(" ".join(t if g == f else f"{t}[{g}, not {f}]" for t, g, f in told))
    if chosen.write:
        by_unit(words.filter(half="held_out")).write_csv(SHIPPED, separator="\t")


if __name__ == "__main__":
    main()
