"""unspool sources."""

from unspool.commands import _options as o


def command(as_json: o.Json = False) -> None:
    """List the log formats that are read, with where they are described.

    Example: [bold]unspool sources[/bold]
    """
    from unspool import registry, sources
    from unspool.commands import _screen

    found = [
        {"name": name, "title": s.TITLE, "family": s.FAMILY, "citation": s.CITATION}
        for name in registry.names("sources")
        for s in [sources.source(name)]
    ]
    if as_json:
        _screen.print_json(found)
        return
    for item in found:
        _screen.out.print(f"[bold]{item['name']}[/bold]")
        _screen.out.print(_screen.indented(item["title"]))
        _screen.out.print(_screen.indented(item["citation"]), style="dim")
