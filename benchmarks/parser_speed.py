"""Words a second of the parser, in one and in two processes, against a plain loop over spaCy, in turns.

    uv run benchmarks/parser_speed.py LOG [--texts 1639] [--rounds 3]

LOG is a .jsonl or .parquet file with the column `text`; a word is what stands between blanks. The plain loop calls the
whole pipeline text by text, as the authors of the paper do. Every round runs all of them one after the other on the
same texts, with the pipelines loaded before; the table gives medians over the rounds, and of the ratios to the loop of
the same round.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import polars as pl
import spacy

from unspool.engine import workers
from unspool.models.parser import PIPELINE, parse

PIECES = 4


def read(path: str, n: int) -> list[str]:
    """The first distinct texts of a log."""
    frame = pl.read_parquet(path) if path.endswith(".parquet") else pl.read_ndjson(path, infer_schema_length=None)
    return frame["text"].drop_nulls().unique(maintain_order=True)[:n].to_list()


def count(texts: list[str]) -> int:
    """Parse in a worker; only the number of tokens goes back."""
    return parse(pl.Series(texts)).tokens.height


@contextmanager
def parser(processes: int, texts: list[str]) -> Iterator[Callable[[], None]]:
    """A run over the texts in warm worker processes."""
    with workers(processes) as runner:
        list(runner.run(count, [texts[:50]] * (4 * processes)))
        pieces = [texts] if processes == 1 else [texts[i::PIECES] for i in range(PIECES)]

        def run() -> None:
            list(runner.run(count, pieces))

        yield run


@contextmanager
def plain_loop(texts: list[str]) -> Iterator[Callable[[], None]]:
    """The authors' way."""
    nlp = spacy.load(PIPELINE)

    def run() -> None:
        for text in texts:
            nlp(text)

    nlp(texts[0])
    yield run


def seconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> None:
    """Print one line of a Markdown table per way."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("log")
    asked.add_argument("--texts", type=int, default=1639)
    asked.add_argument("--rounds", type=int, default=3)
    options = asked.parse_args()
    texts = read(options.log, options.texts)
    words = sum(len(text.split()) for text in texts)
    with plain_loop(texts) as loop, parser(1, texts) as one, parser(2, texts) as two:
        ways = {"spaCy, text by text": loop, "parse, 1 process": one, "parse, 2 processes": two}
        rounds = [{name: words / seconds(run) for name, run in ways.items()} for _ in range(options.rounds)]
    print(f"{len(texts):,} texts, {words:,} words, {len(rounds)} rounds\n")
    print("| way | words/s | lowest | highest | times the loop |\n|---|---|---|---|---|")
    for name in ways:
        rates = [done[name] for done in rounds]
        times = statistics.median(done[name] / done["spaCy, text by text"] for done in rounds)
        print(f"| {name} | {statistics.median(rates):,.0f} | {min(rates):,.0f} | {max(rates):,.0f} | {times:.1f} |")


if __name__ == "__main__":
    main()
