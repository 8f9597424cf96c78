"""unspool show."""

from typing import Annotated, Any

import typer

from unspool.commands import _options as o

STYLES = {"kept": "", "added": "bold green", "removed": "red strike"}
MARKS = {"kept": ("", ""), "added": ("{+", "+}"), "removed": ("[-", "-]")}
"""What stands around a span where there are no colours: in a file, or under NO_COLOR."""
LONGEST = 40
"""Characters of the words that a line of kinds quotes at most, of each kind."""


def command(
    study: o.StudyPath,
    thread_id: Annotated[str, typer.Argument(metavar="THREAD_ID", help="Id of a thread, or its first digits.")],
    rule: Annotated[str | None, typer.Option(help="Thread by this rule; the study's chosen one by default.")] = None,
    as_json: o.Json = False,
) -> None:
    """Show one thread, each prompt with what changed since the one before, and which kind of edit that is.

    Example: [bold]unspool show study 3f2a[/bold]
    """
    import polars as pl

    from unspool.commands import _screen
    from unspool.stages.browse import one_thread, with_edits
    from unspool.study import Study

    rows = with_edits(one_thread(Study(study), thread_id, rule))
    if as_json:
        columns = ["thread_id", "step", "prompt_id", "time", "text", "params", "action", "upscaled", "n_upscales"]
        spans = pl.col("added", "removed").list.eval(pl.struct(pl.element().struct.field("kind", "text")))
        _screen.print_json(rows.select(*columns, "edit", spans).to_dicts())
        return
    before: dict[str, Any] | None = None
    for row in rows.iter_rows(named=True):
        _screen.out.print(_head(row, before))
        if kinds := _kinds(row):
            _screen.out.print(kinds, soft_wrap=False)
        _screen.out.print(_body(row, before), soft_wrap=False)
        before = row


def _head(row: dict[str, Any], before: dict[str, Any] | None) -> Any:
    from rich.text import Text

    from unspool.stages.browse import gap

    head = Text.assemble((f"{row['step']:>3}  ", "bold"))
    if row["time"]:
        after = f"  +{gap((row['time'] - before['time']).total_seconds())}" if before and before["time"] else ""
        head.append(f"{row['time']:%Y-%m-%d %H:%M:%S}{after}", style="dim")
    if row["edit"] and row["edit"] != row["action"]:
        head.append(f"  {row['edit'].replace('_', ' ')}", style="magenta")
    if row["action"] != "grid":
        head.append(f"  {row['action']}", style="cyan")
    if row["upscaled"]:
        head.append(
            f"  ▲ upscaled{' ×' + str(row['n_upscales']) if (row['n_upscales'] or 0) > 1 else ''}", style="yellow"
        )
    return head


def _kinds(row: dict[str, Any]) -> Any:
    """How many words of which kinds were added and removed, and which; None where no word changed."""
    from rich.padding import Padding
    from rich.text import Text

    from unspool.commands import _screen

    signs = (("+", row["added"]), ("-", row["removed"]))
    told = [f"{sign}{_counted(kind, spans)}" for sign, spans in signs for kind, spans in _by_kind(spans).items()]
    told += [f"{row['n_moved']} moved"] if row["n_moved"] else []
    return (
        Padding(Text(_screen.plain(", ".join(told)).plain, style="dim"), (0, 0, 0, 5), expand=False) if told else None
    )


def _by_kind(spans: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    return {kind: [s for s in spans if s["kind"] == kind] for kind in dict.fromkeys(s["kind"] for s in spans)}


def _counted(kind: str, spans: list[dict[str, Any]]) -> str:
    from unspool.commands import _screen

    quoted = _screen.plain("; ".join(span["text"] for span in spans), LONGEST)
    return f"{sum(span['n_words'] for span in spans)} {kind} ({quoted})"


def _body(row: dict[str, Any], before: dict[str, Any] | None) -> Any:
    from rich.padding import Padding
    from rich.text import Text

    from unspool.edits.words import word_diff

    spans = [("kept", row["text"])] if before is None else word_diff(before["text"], row["text"])
    text, last = Text(), "kept"
    for what, words in spans:
        if (last, what) == ("removed", "added"):
            text.append(" ")
        text.append_text(_span(what, words))
        last = what
    now, then = _parameters(row), _parameters(before) if before else _parameters(row)
    for parameter in dict.fromkeys([*now, *then]):
        what = "kept" if parameter in now and parameter in then else "added" if parameter in now else "removed"
        text.append(" ")
        text.append_text(_span(what, parameter, "dim"))
    return Padding(text, (0, 0, 1, 5), expand=False)


def _span(what: str, words: str, kept: str = "") -> Any:
    """A span in its colour, its blanks without one; with marks around it where there are no colours."""
    from rich.text import Text

    from unspool.commands import _screen

    shown = _screen.plain(words).plain
    core = shown.strip()
    if not core:
        return Text(shown)
    before, _, after = shown.partition(core)
    left, right = ("", "") if _screen.out.color_system and not _screen.out.no_color else MARKS[what]
    return Text.assemble(before, (f"{left}{core}{right}", STYLES[what] or kept), after)


def _parameters(row: dict[str, Any]) -> list[str]:
    return [
        " ".join([f"--{p['name']}", (", " if p["name"] == "no" else " ").join(p["values"])]).strip()
        for p in row["params"]
    ]
