"""unspool audits."""

from unspool.commands import _options as o


def command(as_json: o.Json = False) -> None:
    """List the audits: what each tells of reusing a log, what it does not show, and where it comes from.

    Example: [bold]unspool audits[/bold]
    """
    from unspool import audits
    from unspool.commands import _screen

    _screen.modules({name: audits.audit(name) for name in audits.in_order()}, as_json=as_json)
