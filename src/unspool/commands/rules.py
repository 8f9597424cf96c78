"""unspool rules."""

from typing import Any

from unspool.commands import _options as o


def command(as_json: o.Json = False) -> None:
    """List the grouping rules, with their options and citations.

    Example: [bold]unspool rules[/bold]
    """
    import inspect

    from unspool import registry, threads
    from unspool.commands import _screen

    found: list[dict[str, Any]] = []
    for name in registry.names("threads"):
        rule = threads.rule(name)
        options = {k: p.default for k, p in list(inspect.signature(rule.starts).parameters.items())[1:]}
        found.append({"name": name, "title": rule.TITLE, "options": options, "citation": rule.CITATION})
    if as_json:
        _screen.print_json(found)
        return
    for item in found:
        default = " (the default)" if item["name"] == threads.DEFAULT else ""
        _screen.out.print(f"[bold]{item['name']}[/bold]{default}")
        _screen.out.print(_screen.indented(item["title"]))
        for option, value in item["options"].items():
            _screen.out.print(f"  --{option} {value}", style="cyan")
        _screen.out.print(_screen.indented(item["citation"]), style="dim")
