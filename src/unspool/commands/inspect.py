"""unspool inspect."""

from typing import Annotated

import typer

from unspool.commands import _options as o


def command(
    logs: o.Logs,
    source: o.Source = None,
    columns: o.Columns = None,
    timezone: o.Timezone = "UTC",
    language: o.Language = "en",
    records: Annotated[int, typer.Option(help="Look at this many records of each input.", min=1)] = 100_000,
    as_json: o.Json = False,
) -> None:
    """Say what a log is, what kinds of records it holds and what would be kept; write nothing.

    Example: [bold]unspool inspect export.json[/bold]
    """
    from unspool.commands import _screen
    from unspool.commands.read import read_settings
    from unspool.compiling.wording import KIND_NOTES, MERGED_NOTES
    from unspool.stages.inspecting import inspect_logs

    settings = read_settings(source, columns, timezone, language, None, None, None, None, "grid,remix,reroll")
    found = inspect_logs(logs, settings, records)
    if as_json:
        _screen.print_json(found)
        return
    for item in found:
        _screen.out.print(
            f"[bold]Input {item['number']}[/bold]  {item['source']}: {item['title']}, {item['size'] / 1e6:,.1f} MB"
        )
        if not item["whole"]:
            _screen.out.print(f"  the first {item['records']:,} records", style="dim")
        _screen.out.print(_screen.rows("Kinds", [(k, n, KIND_NOTES.get(k, "")) for k, n in item["kinds"].items()]))
        kept = [("prompts", item["prompts"], f"of {item['users']:,} users")]
        kept += [(f"merged: {k}", n, MERGED_NOTES.get(k, "")) for k, n in item["merged"].items()]
        kept += _screen.left_out(item["rejects"], item["details"], "left out: ")
        _screen.out.print(_screen.rows("What would become of them", kept))
