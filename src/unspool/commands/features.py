"""unspool features."""

from dataclasses import asdict

from unspool.commands import _options as o


def command(as_json: o.Json = False) -> None:
    """List the features: what each column measures, its unit and range, and where its definition comes from.

    Example: [bold]unspool features[/bold]
    """
    from unspool import features, registry
    from unspool.commands import _screen

    found = {name: features.feature(name) for name in registry.names("features")}
    if as_json:
        told = {n: {"title": m.TITLE, "citation": m.CITATION} for n, m in found.items()}
        _screen.print_json(
            [{"name": n, **told[n], "columns": [asdict(c) for c in m.COLUMNS]} for n, m in found.items()]
        )
        return
    for name, module in found.items():
        _screen.out.print(f"[bold]{name}[/bold]")
        _screen.out.print(_screen.indented(module.TITLE))
        for column in module.COLUMNS:
            _screen.out.print(f"  {column.name}", style="cyan", end="")
            _screen.out.print(f" ({column.unit})", markup=False)
        _screen.out.print(_screen.indented(module.CITATION), style="dim")
