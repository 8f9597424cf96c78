"""Compare the style kinds with the labelled spans: `python scripts/score_style.py DATA [--half development]`.

DATA holds discord_newbies41/newbies41_2025-07.jsonl, succinctly_midjourney_prompts/test.parquet and krea_1k.tsv. The
labels are tests/gold/style_spans.tsv: dataset, row, start and end character in the prompt as unspool reads it
(scrubbed, without parameters), kind, half, and how the span was drawn: at random, or for a negation or a repeat.
"""

import argparse
import re
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.errors import UnspoolError
from unspool.features.length import WORD
from unspool.features.style import KINDS, kinds
from unspool.stats.bootstrap import Interval, intervals
from unspool.syntax.scrub import scrub
from unspool.syntax.text import split_text

GOLD = Path(__file__).parents[1] / "tests" / "gold" / "style_spans.tsv"
HALVES = ("development", "held_out")
KEY = ["dataset", "row"]
PLAIN_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
"""WORD of features/length.py without combining marks, which the labelled prompts do not hold."""


def prompts(data: Path) -> pl.DataFrame:
    """All prompts of the three data sets: dataset, row, unit, text. A unit is a user where there are users."""
    newbies = pl.read_ndjson(data / "discord_newbies41" / "newbies41_2025-07.jsonl").select("text", unit="user")
    succinctly = pl.read_parquet(data / "succinctly_midjourney_prompts" / "test.parquet").select("text")
    krea = pl.read_csv(data / "krea_1k.tsv", separator="\t", quote_char=None, infer_schema=False).select(text="prompt")
    frames = {"newbies41": newbies, "succinctly": succinctly, "krea_1k": krea}
    return pl.concat([_named(name, frame) for name, frame in frames.items()])


def _named(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    echo = frame.select(echo=scrub(pl.col("text").fill_null("")))["echo"]
    place = pl.lit(name) + "/" + pl.col("row").cast(pl.String)
    unit = pl.col("unit").fill_null(place) if "unit" in frame.columns else place
    return frame.with_row_index("row").select(
        dataset=pl.lit(name), row=pl.col("row").cast(pl.Int64), unit=unit, text=split_text(echo)["text"]
    )


def labelled_words(data: Path, gold: Path = GOLD) -> pl.DataFrame:
    """One row per labelled word: dataset, row, unit, span, start, gold, found, half, draw."""
    spans = pl.read_csv(gold, separator="\t").with_row_index("span").rename({"kind": "gold"})
    texts = prompts(data).join(spans.select(KEY).unique(), on=KEY, how="semi").with_row_index("text_row")
    found = kinds(texts["text"]).with_columns(start=pl.Series(_starts(texts["text"]), dtype=pl.Int64))
    words = found.join(texts.drop("text"), left_on="row", right_on="text_row").drop("row").rename({"row_right": "row"})
    labelled = words.join(spans, on=KEY, suffix="_span").filter(
        (pl.col("start") >= pl.col("start_span")) & (pl.col("start") < pl.col("end"))
    )
    if lost := sorted(set(spans["span"]) - set(labelled["span"])):
        raise UnspoolError(
            "Labelled spans do not lie on words of the data.",
            f"They are span(s) {lost[:5]} of {gold}.",
            "Use the data they name.",
        )
    return labelled.sort("span", "start").select(
        *KEY, "unit", "span", "start", "gold", pl.col("kind").cast(pl.String).alias("found"), "half", "draw"
    )


def _starts(texts: pl.Series) -> list[int]:
    """The start character of every word."""
    starts = [match.start() for text in texts for match in PLAIN_WORD.finditer(text)]
    if len(starts) != texts.str.count_matches(WORD).sum():
        raise UnspoolError("The words of the labelled prompts were cut in two ways.")
    return starts


def per_span(words: pl.DataFrame) -> pl.DataFrame:
    """One row per span: the kind that most of its words were given, of equally many the one that comes first."""
    votes = words.group_by("span", "unit", "gold", "half", "draw", "found", maintain_order=True).agg(
        n=pl.len(), first=pl.col("start").min()
    )
    return votes.sort("span", "n", "first", descending=[False, True, False]).unique(
        "span", keep="first", maintain_order=True
    )


def confusion(rows: pl.DataFrame) -> NDArray[np.int64]:
    """Counts, shape (kinds, kinds): labelled by row, found by column, in the order of KINDS."""
    place = {kind: number for number, kind in enumerate(KINDS)}
    matrix = np.zeros((len(KINDS), len(KINDS)), dtype=np.int64)
    np.add.at(matrix, ([place[kind] for kind in rows["gold"]], [place[kind] for kind in rows["found"]]), 1)
    return matrix


def accuracy(rows: pl.DataFrame, seed: int = 0) -> Interval:
    """Share of rows with the labelled kind; 95% interval by a bootstrap over prompts, where known over users."""
    sums = rows.group_by("unit").agg(hits=(pl.col("gold") == pl.col("found")).sum(), n=pl.len()).sort("unit")
    matrix = sums.select("hits", "n").to_numpy().astype(np.float64)
    return intervals(matrix, lambda s: s[..., :1] / s[..., 1:], seed=seed)[0]


def by_kind(matrix: NDArray[np.int64]) -> pl.DataFrame:
    """Per kind: n labelled, n found, precision, recall, f1; null where there is nothing to divide by."""
    hits, labelled, found = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    frame = pl.DataFrame({"kind": KINDS, "labelled": labelled, "found": found, "hits": hits})
    return frame.select(
        "kind",
        "labelled",
        "found",
        precision=pl.when(pl.col("found") > 0).then(pl.col("hits") / pl.col("found")),
        recall=pl.when(pl.col("labelled") > 0).then(pl.col("hits") / pl.col("labelled")),
        f1=pl.when(pl.col("labelled") > 0).then(2 * pl.col("hits") / (pl.col("labelled") + pl.col("found"))),
    )


def report(rows: pl.DataFrame, title: str) -> str:
    """The matrix and the figures as Markdown."""
    matrix = confusion(rows)
    kind_rows, overall = by_kind(matrix), accuracy(rows)
    low, high = (f"{value:.3f}" if value is not None else "-" for value in (overall.low, overall.high))
    used = [number for number in range(len(KINDS)) if matrix[number].sum() + matrix[:, number].sum()]
    lines = [
        f"\n### {title}\n",
        f"n {rows.height}; accuracy {overall.estimate:.3f} (95% {low} to {high}); "
        f"macro F1 {kind_rows['f1'].mean():.3f} over the {kind_rows['f1'].count()} kinds that were labelled.\n",
        _row(["labelled \\ found", *(KINDS[number] for number in used), "n", "precision", "recall", "F1"]),
        _row(["---", *["---:"] * (len(used) + 4)]),
    ]
    for number in used:
        figures = kind_rows.row(number, named=True)
        scores = ["-" if figures[name] is None else f"{figures[name]:.2f}" for name in ("precision", "recall", "f1")]
        lines.append(_row([KINDS[number], *map(str, matrix[number][used]), str(figures["labelled"]), *scores]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print the tables of both halves, of random spans, then of those drawn for a negation or a repeat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--half", choices=HALVES)
    chosen = parser.parse_args()
    words = labelled_words(chosen.data)
    for half in [chosen.half] if chosen.half else HALVES:
        for drawn, label in ((pl.col("draw") == "random", "random"), (pl.col("draw") != "random", "drawn for a cue")):
            rows = words.filter(drawn, pl.col("half") == half)
            print(report(rows, f"{half}, {label} spans, words"))
            print(report(per_span(rows), f"{half}, {label} spans, spans"))


if __name__ == "__main__":
    main()
