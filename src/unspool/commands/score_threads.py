"""unspool score-threads."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from unspool.commands import _options as o
from unspool.errors import UnspoolError


def command(
    study: o.StudyPath,
    gold: Annotated[
        Path,
        typer.Option(
            help="Labels: pairs (user, previous_timestamp, timestamp, label_1, label_2) or rows (user, timestamp, "
            "query, mission)."
        ),
    ],
    seed: Annotated[int, typer.Option(help="Seed of the bootstrap.", min=0)] = 0,
    draws: Annotated[int, typer.Option(help="Bootstrap draws of users.", min=100)] = 2000,
    key: Annotated[Path | None, typer.Option(help="The study's key file, if it is not beside the study.")] = None,
    as_json: o.Json = False,
) -> None:
    """Score every grouping rule of a study against labelled thread boundaries, with intervals by user.

    The rules "always" (every prompt starts a thread) and "never" stand beside them.

    Example: [bold]unspool score-threads study --gold labels.tsv[/bold]
    """
    from rich.table import Table

    from unspool.commands import _screen
    from unspool.study import Study
    from unspool.threads._gold import read_gold, score

    opened = Study(study)
    prompts = opened.scan("prompts").select("prompt_id", "user_id", "time", "text").collect()
    rules = {rule: opened.threads(rule) for rule in opened.rules}
    pseudonyms, aliases = opened.pseudonyms(key), opened.aliases()
    found = score(prompts, rules, read_gold(gold), pseudonyms, aliases=aliases, seed=seed, draws=draws)
    first = found.row(0, named=True)
    if not first["n_pairs"]:
        raise UnspoolError(*_nothing(first))
    if as_json:
        _screen.print_json(found.to_dicts())
        return
    lost = f"{first['n_lost']:,} more are not in the study"
    _screen.out.print(f"{first['n_pairs']:,} labelled pairs of {first['n_users']:,} users; {lost}.")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rule", "precision", "recall", "F1", "95%, by user", "F1 same", "Window\nDiff", "Pk", "B-cubed"):
        table.add_column(name, justify="left" if name == "rule" else "right", no_wrap=True)
    for row in found.iter_rows(named=True):
        shown = [_number(row[name]) for name in ("f1_same", "window_diff", "pk", "bcubed_f1")]
        interval = "-" if row["f1_low"] is None else f"{row['f1_low']:.2f}-{row['f1_high']:.2f}"
        table.add_row(row["rule"], *(_number(row[name]) for name in ("precision", "recall", "f1")), interval, *shown)
    _screen.out.print(table)


def _nothing(counts: Mapping[str, Any]) -> tuple[str, str, str]:
    """What is wrong, why and what to do where no labelled pair can be scored."""
    lost, disagreed = counts["n_lost"], counts["n_disagreed"]
    return (
        "None of the labelled pairs is in the study.",
        f"Of {lost:,} pairs a prompt, by its user and time, is not there; on {disagreed:,} two labels differ.",
        "Give users as they stand in the log, by id or name, or as pseudonyms of the study, and times in UTC.",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
