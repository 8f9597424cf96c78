"""Prompts per second of a language model: one at a time, as the paper's authors score them, against `LanguageModel`.

    uv run --extra lm benchmarks/language_model_speed.py LOG MODEL [--prompts 300] [--rounds 3] [--seed 0]

LOG is a file of Parquet or JSON lines with a column `text`; MODEL a hub name, a folder or a .gguf file. Distinct texts
are drawn from it, and every round scores the same ones by every way, one way after the other, so that a busy machine
slows all of them; the table gives medians over the rounds and of the ratios within a round. Processor time is the
steadier one on a busy machine if one thread is asked for (OMP_NUM_THREADS=1). What it saves to score equal texts once
is no part of that: it depends on the log alone, and is told below the table.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from unspool.models._libraries import default_dtype
from unspool.models.language_model import LanguageModel, load

WARM = 8
PLAIN = "one at a time, float32"
Way = Callable[[list[str]], list[float]]


def read(path: Path) -> pl.Series:
    """The texts of a log, those without any left out."""
    frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_ndjson(path)
    return frame["text"].drop_nulls()


def one_at_a_time(model: LanguageModel) -> Way:
    """The authors' way: each prompt alone, no start token, the loss of the network over it."""
    import torch

    def loss(text: str) -> float:
        tokens = torch.tensor([model.tokenizer(text, add_special_tokens=False)["input_ids"]], device=model.device)
        with torch.no_grad():
            return float(model.network(tokens, labels=tokens).loss)

    return lambda texts: [loss(text) for text in texts]


def in_batches(model: LanguageModel) -> Way:
    """The same quantity in batches."""
    return lambda texts: [float(values.mean()) for values in model.surprisals(texts, start=False)]


def with_start_too(model: LanguageModel) -> Way:
    """Both quantities of the feature, with a start token and without."""

    def both(texts: list[str]) -> list[float]:
        model.surprisals(texts, start=True)
        return in_batches(model)(texts)

    return both


def ways(name: str) -> dict[str, Way]:
    """What is compared on this machine, by name."""
    exact = load(name, device="cpu", dtype="float32")
    found = {PLAIN: one_at_a_time(exact), "batches, float32": in_batches(exact)}
    if default_dtype("cpu") == "bfloat16":
        half = load(name, device="cpu", dtype="bfloat16")
        found |= {"batches, bfloat16": in_batches(half), "both quantities, bfloat16": with_start_too(half)}
    fastest = load(name)
    if fastest.device != "cpu":
        found[f"batches, {fastest.dtype}, GPU"] = in_batches(fastest)
    return found


def timed(way: Way, texts: list[str]) -> tuple[float, float, list[float]]:
    """Seconds of wall time and of the processors, and the mean surprisals."""
    wall, processors = time.monotonic(), time.process_time()
    values = way(texts)
    return time.monotonic() - wall, time.process_time() - processors, values


def main() -> None:
    """Print a Markdown table, a line per way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log", type=Path)
    parser.add_argument("model")
    parser.add_argument("--prompts", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    log = read(asked.log)
    compared = ways(asked.model)
    tokens = load(asked.model, device="cpu").tokens(log.unique(maintain_order=True).to_list())
    scorable = log.unique(maintain_order=True).filter(pl.Series([len(ids) > 1 for ids in tokens]))
    texts = scorable.sample(min(asked.prompts, scorable.len()), seed=asked.seed, shuffle=True).to_list()
    for way in compared.values():
        way(texts[:WARM])
    rounds = [{name: timed(way, texts) for name, way in compared.items()} for _ in range(asked.rounds)]
    print(f"{len(texts)} prompts, {asked.rounds} rounds\n")
    print("| way | prompts/s | times as fast | by processor time | correlation | largest difference, nats |")
    print("|---|---|---|---|---|---|")
    exact = rounds[0][PLAIN][2]
    for name in compared:
        seconds = statistics.median(each[name][0] for each in rounds)
        wall, processors = (statistics.median(each[PLAIN][at] / each[name][at] for each in rounds) for at in (0, 1))
        values = rounds[0][name][2]
        near, far = np.corrcoef(exact, values)[0, 1], np.abs(np.subtract(exact, values)).max()
        print(f"| {name} | {len(texts) / seconds:.1f} | {wall:.2f} | {processors:.2f} | {near:.5f} | {far:.5f} |")
    if not any("GPU" in name for name in compared):
        print("\nGPU: not measured, this machine has none.")
    print(f"\nEqual texts of the log: {log.len():,} prompts, {log.n_unique():,} texts to score", end="")
    print(f" ({log.len() / log.n_unique():.2f} times as fast again where a call sees the whole log).")


if __name__ == "__main__":
    main()
