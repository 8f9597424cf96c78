"""unspool analyze."""

from typing import TYPE_CHECKING

from unspool.commands import _options as o

if TYPE_CHECKING:
    from unspool.study import Study


def command(
    study: o.StudyPath,
    analysis: o.Analyses = None,
    least: o.Least = None,
    steps: o.Steps = None,
    draws: o.Draws = 2000,
    classifier: o.Classifier = None,
    seed: o.Seed = 0,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Answer the questions of the paper on a measured study, with intervals over users.

    Example: [bold]unspool analyze study[/bold]

    Example: [bold]unspool analyze study --least 6[/bold]
    """
    from unspool.analyses import Settings
    from unspool.commands import _screen
    from unspool.engine import worker_count
    from unspool.stages.analyze import analyze
    from unspool.study import Study

    opened = Study(study)
    settings = Settings(least, steps, draws, seed=seed, classifier=classifier)
    with _screen.progress() as progress:
        analyze(opened, settings, analysis, jobs=worker_count(workers), progress=progress)
    if as_json:
        _screen.print_json(opened.results().to_dicts())
        return
    findings(opened)
    _screen.err.print(f"\nNext: unspool report {study}, or unspool results {study}", style="dim", markup=False)


def findings(study: "Study", most: int | None = None) -> None:
    """Print what was found, in sentences, question by question; at most so many of each."""
    from unspool.commands import _screen

    _screen.questions(study.manifest["analyses"]["names"], study.results(), "analyses", most)
