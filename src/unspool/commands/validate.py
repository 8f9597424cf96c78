"""unspool validate."""

from pathlib import Path
from typing import Annotated

import typer

from unspool.commands import _options as o

QUICK, FULL, USERS = 8, 2000, 300


def command(
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", help="Only this scenario; may be given several times.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help=f"{QUICK} seeds a scenario: finds gross faults only.")] = False,
    seeds: Annotated[int | None, typer.Option(help=f"Logs per scenario; {FULL:,} by default.", min=2)] = None,
    first_seed: Annotated[int, typer.Option(help="The seed of the first log.", min=0)] = 1,
    users: Annotated[int, typer.Option(help="Simulated people per log.", min=1)] = USERS,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A folder that keeps every run, so that a cut one goes on.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as Markdown.")] = False,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Prove the estimators on simulated logs, end to end from their text: bias, coverage, size, power.

    Every scenario is simulated many times; each log is read, threaded, measured and analysed as a real one, and what
    comes out is compared with what is true in it. Exit code 1 if a mark is not met.

    Example: [bold]unspool validate --quick --scenario nothing-changes[/bold]
    """
    import tempfile

    from unspool.commands import _screen
    from unspool.validation import validate
    from unspool.validation.wording import as_markdown, printed, summed_up

    n = seeds or (QUICK if quick else FULL)
    with _screen.progress() as progress, tempfile.TemporaryDirectory() as folder:
        found = validate(
            scenario,
            seeds=range(first_seed, first_seed + n),
            users=users,
            out=out or Path(folder),
            jobs=workers,
            progress=progress,
        )
    if as_json:
        _screen.print_json(found.to_dicts())
    elif markdown:
        print(as_markdown(found))
    else:
        _screen.out.print(printed(found))
        _screen.out.print(summed_up(found))
    if (found["passed"] == False).any():  # noqa: E712 - null is no mark
        raise typer.Exit(1)
