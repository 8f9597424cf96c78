"""unspool simulate."""

from pathlib import Path
from typing import Annotated

import typer

from unspool.commands import _options as o

Seed = Annotated[int, typer.Option(help="The same seed gives the same log.", min=0)]
Users = Annotated[int | None, typer.Option(help="Number of simulated people.", min=1)]


def command(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A scenario, such as newcomers or both.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file to write; the truth goes into a folder beside it.")
    ],
    seed: Seed = 1,
    users: Users = None,
    as_json: o.Json = False,
) -> None:
    """Write a log with a known truth: a Discord export, or a table where the file is .parquet, .jsonl or .csv.

    An unknown name is answered with the list of all scenarios.

    Example: [bold]unspool simulate nothing-changes -o log.json --users 1000 --seed 7[/bold]
    """
    from unspool.commands import _screen
    from unspool.simulate import simulate, truth_folder

    log = simulate(scenario, seed=seed, users=users)
    out.parent.mkdir(parents=True, exist_ok=True)
    log.write(out)
    kinds = log.truth["messages"]["kind"].value_counts(sort=True)
    found = {
        "messages": log.truth["messages"].height,
        "prompts": log.truth["prompts"].height,
        "kinds": dict(kinds.iter_rows()),
    }
    if as_json:
        _screen.print_json(found)
        return
    _screen.out.print(
        _screen.rows(
            f"{found['messages']:,} messages, {found['prompts']:,} prompts",
            [(kind, n, "") for kind, n in kinds.iter_rows()],
        )
    )
    _screen.err.print(f"The log is {out}, its truth lies in {truth_folder(out)}.", style="dim", markup=False)
