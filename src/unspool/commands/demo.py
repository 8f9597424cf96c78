"""unspool demo."""

from pathlib import Path
from typing import Annotated, Any

import typer

from unspool.commands import _options as o
from unspool.commands.simulate import Seed, Users

RULES = ("scene", "iou")


def command(
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to make.")] = Path("demo"),
    seed: Seed = 1,
    users: Users = None,
    as_json: o.Json = False,
) -> None:
    """Simulate a Discord log, do the whole study of it, and compare what was recovered with the truth.

    Nothing is fetched; it takes less than a minute.

    Example: [bold]unspool demo -o demo[/bold]
    """
    from unspool.audits._advice import advice
    from unspool.commands import _screen, analyze
    from unspool.compiling.pseudonyms import make_key
    from unspool.errors import UnspoolError
    from unspool.simulate import simulate, truth_folder
    from unspool.stages.analyze import analyze as find_out
    from unspool.stages.at_once import together
    from unspool.stages.audit import audit_study
    from unspool.stages.browse import list_threads
    from unspool.stages.measure import measure
    from unspool.stages.read import read
    from unspool.stages.recovery import recovery
    from unspool.stages.report import report
    from unspool.stages.summary import summarise
    from unspool.stages.thread import thread
    from unspool.study import key_beside

    log, place = out / "export.json", out / "study"
    if out.exists() and not truth_folder(log).is_dir() and (not out.is_dir() or any(out.iterdir())):
        raise UnspoolError(
            "The folder of the demo holds other files.",
            "It was not made by a demo.",
            "Choose another with -o.",
            exit_code=2,
        )
    out.mkdir(parents=True, exist_ok=True)
    simulate("newcomers", seed=seed, users=users).write(log)
    make_key(key_beside(place), seed=f"demo {seed}")
    with _screen.progress() as progress:
        study = read([str(log)], place, force=True, progress=progress)
        for rule in RULES:
            thread(study, rule, choose=rule == RULES[0], progress=progress)
        measure(study, progress=progress)
        with together(study, None) as jobs:
            find_out(study, jobs=jobs, progress=progress)
            audit_study(study, jobs=jobs, progress=progress)
            page = report(study, jobs=jobs)
    found, recovered = summarise(study), recovery(study, log)
    if as_json:
        _screen.print_json({**found, "recovery": recovered, "report": str(page)})
        return
    _screen.summary(found)
    _screen.out.print(_recovered(recovered))
    analyze.findings(study, most=2)
    _screen.advice(advice(study.audit()))
    longest = list_threads(study, longest=1)["thread_id"].to_list()
    _screen.err.print(
        f"\nThe log is {log}, the study {place}. Open {page} in a browser. Next:", style="dim", markup=False
    )
    _screen.err.print(
        f"  unspool show {place} {(longest or ['THREAD_ID'])[0]}\n  unspool run YOUR_LOG -o study",
        style="dim",
        markup=False,
    )


def _recovered(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title="Recovered of the truth", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "true", "recovered", "right", ""):
        table.add_column(name, justify="right" if name else "left", header_style="dim")
    for row in rows:
        whole = row["true"] == row["recovered"] == row["right"]
        note = "all" if whole else f"F1 {2 * row['right'] / max(1, row['true'] + row['recovered']):.3f}"
        table.add_row(f"  {row['what']}", f"{row['true']:,}", f"{row['recovered']:,}", f"{row['right']:,}", note)
    return table
