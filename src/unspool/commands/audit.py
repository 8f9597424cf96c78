"""unspool audit."""

from pathlib import Path
from typing import Annotated

import typer

from unspool.commands import _options as o

Cap = Annotated[float, typer.Option(min=0, max=1, help="Largest share of the log's weight that one person may have.")]
MinUsers = Annotated[int, typer.Option(min=1, help="People who have to use a word for it not to point at one of them.")]


def command(
    study: o.StudyPath,
    audit: Annotated[
        list[str] | None, typer.Option("--audit", help="Only this audit (see `unspool audits`); repeatable.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(help="Plain text of natural expression to compare with; the captions where the log has any."),
    ] = None,
    cap: Cap = 0.01,
    min_users: MinUsers = 5,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds of retraining to simulate.")] = 10,
    seed: o.Seed = 0,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Say whether a measured study may be reused for training, on which part, and with which weights.

    Exit code 3 if the privacy audit found ids, handles or addresses of people.

    Example: [bold]unspool audit study[/bold]

    Example: [bold]unspool audit study --reference captions.txt[/bold]
    """
    from unspool.audits import Settings
    from unspool.audits._advice import advice
    from unspool.audits.privacy import blocking
    from unspool.commands import _screen
    from unspool.engine import worker_count
    from unspool.stages.audit import audit_study
    from unspool.study import Study

    opened = Study(study)
    named = str(reference) if reference else None
    settings = Settings(named, cap=cap, min_users=min_users, rounds=rounds, seed=seed)
    with _screen.progress() as progress:
        audit_study(opened, settings, audit, jobs=worker_count(workers), progress=progress)
    rows = opened.audit()
    found = blocking(rows)
    if as_json:
        _screen.print_json(rows.to_dicts())
    else:
        _screen.questions(opened.manifest["audits"]["names"], rows, "audits")
        _screen.advice(advice(rows))
        _screen.err.print(f"\nNext: unspool export {study} --to hf -o FOLDER", style="dim", markup=False)
    if found:
        _screen.err.print(
            f"Not fit to be passed on: {'; '.join(one.told for one in found)}.", style="bold", markup=False
        )
        raise typer.Exit(3)
