"""unspool thread."""

from typing import TYPE_CHECKING

from unspool.commands import _options as o

if TYPE_CHECKING:
    from unspool.stages.read import Progress
    from unspool.study import Study


def command(
    study: o.StudyPath,
    rule: o.Rules = None,
    threshold: o.Threshold = None,
    tokens: o.Tokens = None,
    minutes: o.Minutes = None,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Group the prompts of a study into threads by one rule or several.

    The first rule named becomes the chosen one, whose thread_id and step the prompts table holds.

    Example: [bold]unspool thread study --rule iou --threshold 0.4[/bold]
    """
    from unspool.commands import _screen
    from unspool.stages.summary import summarise
    from unspool.study import Study

    opened = Study(study)
    with _screen.progress() as progress:
        add_threads(opened, rule, progress, workers, threshold=threshold, tokens=tokens, minutes=minutes)
    found = summarise(opened)
    _screen.print_json(found) if as_json else _screen.summary(found)


def add_threads(
    study: "Study", rule: list[str] | None, progress: "Progress", workers: int | None, **options: "str | float | None"
) -> None:
    """Run the rules, the first as the chosen one."""
    from unspool.stages.thread import default_rule, thread

    rules = rule or [default_rule(study)]
    o.check_rule_options(rules, **options)
    for number, name in enumerate(rules):
        thread(study, name, choose=number == 0, jobs=workers, progress=progress, **o.rule_options(name, **options))
