"""unspool analyses."""

from unspool.commands import _options as o


def command(as_json: o.Json = False) -> None:
    """List the analyses: the question that each answers, what it does not show, and where it comes from.

    Example: [bold]unspool analyses[/bold]
    """
    from unspool import analyses
    from unspool.commands import _screen

    found = {name: analyses.analysis(name) for name in analyses.in_order()}
    if as_json:
        fields = ("TITLE", "QUESTION", "LIMITS", "CITATION")
        _screen.print_json(
            [{"name": name, **{field.lower(): getattr(m, field) for field in fields}} for name, m in found.items()]
        )
        return
    for name, module in found.items():
        _screen.out.print(f"[bold]{name}[/bold]")
        for line in (module.QUESTION, module.LIMITS):
            _screen.out.print(_screen.indented(line))
        _screen.out.print(_screen.indented(module.CITATION), style="dim")
