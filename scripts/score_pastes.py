"""Boundary F1 of the grouping rules on simulated logs whose users paste blocks of style, by how often they do.

    python scripts/score_pastes.py [--users 300] [--seeds 5]

The logs are those of the scenario `newcomers` in which every user has a block of some ten style phrases and puts it
under this share of the first prompts of threads. Prints the table of docs/validation.md: the mean F1 of thread
starts over the seeds, with its standard deviation over them.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from unspool import registry
from unspool.compiling.settings import ReadSettings
from unspool.simulate import play
from unspool.stages.read import read
from unspool.stages.recovery import recovery
from unspool.stages.thread import thread

RATES = (0.0, 0.25, 0.5, 0.75, 1.0)
RULES = ("scene", "iou", "overlap", "gap")


def scores(rate: float, users: int, seed: int) -> list[float]:
    """F1 of each rule on one log."""
    parameters = replace(registry.load("simulate", "newcomers").PARAMETERS, users=users, pasters=1.0, paste_rate=rate)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.json"
        play(parameters, seed=seed).write(log)
        study = read([str(log)], Path(folder) / "study", ReadSettings(), jobs=1)
        for rule in RULES:
            thread(study, rule, choose=rule == RULES[0], jobs=1)
        found = {row["what"].rpartition(" ")[2]: row for row in recovery(study, log)}
    return [2 * found[rule]["right"] / (found[rule]["true"] + found[rule]["recovered"]) for rule in RULES]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    print(f"| first prompts with a pasted block | {' | '.join(RULES)} |\n|{'---|' * (1 + len(RULES))}")
    for rate in RATES:
        each = np.array([scores(rate, asked.users, seed) for seed in range(1, asked.seeds + 1)])
        cells = [f"{mean:.3f} ± {sd:.3f}" for mean, sd in zip(each.mean(axis=0), each.std(axis=0, ddof=1), strict=True)]
        print(f"| {rate:.0%} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
