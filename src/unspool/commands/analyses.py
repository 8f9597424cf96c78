"""unspool analyses."""

from unspool.commands import _options as o


def command(as_json: o.Json = False) -> None:
    """List the analyses: the question that each answers, what it does not show, and where it comes from.

    Example: [bold]unspool analyses[/bold]
    """
    from unspool import analyses
    from unspool.commands import _screen

    _screen.modules({name: analyses.analysis(name) for name in analyses.in_order()}, as_json=as_json)
