"""unspool read."""

from typing import TYPE_CHECKING

from unspool.commands import _options as o

if TYPE_CHECKING:
    from unspool.compiling.settings import ReadSettings


def command(
    logs: o.Logs,
    out: o.Out,
    source: o.Source = None,
    columns: o.Columns = None,
    timezone: o.Timezone = "UTC",
    language: o.Language = "en",
    since: o.Since = None,
    until: o.Until = None,
    channel: o.Channel = None,
    drop_user: o.DropUser = None,
    actions: o.Actions = "grid,remix,reroll",
    key: o.Key = None,
    force: o.Force = False,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Compile logs into the prompts of a study.

    Example: [bold]unspool read exports/ -o study[/bold]
    """
    from unspool.commands import _screen
    from unspool.stages.read import read
    from unspool.stages.summary import summarise

    settings = read_settings(source, columns, timezone, language, since, until, channel, drop_user, actions)
    with _screen.progress() as progress:
        study = read(logs, out, settings, key=key, force=force, jobs=workers, progress=progress)
    found = summarise(study)
    _screen.dropped(drop_user, study.manifest["n_dropped"], study.manifest.get("missed_users", []))
    _screen.print_json(found) if as_json else _screen.summary(found)


def read_settings(
    source: str | None,
    columns: str | None,
    timezone: str,
    language: str,
    since: str | None,
    until: str | None,
    channel: list[str] | None,
    drop_user: list[str] | None,
    actions: str,
) -> "ReadSettings":
    """The settings of `read` from what was typed."""
    from unspool.compiling.settings import ReadSettings
    from unspool.errors import UnspoolError
    from unspool.tables import ACTIONS

    chosen = tuple(action.strip() for action in actions.split(",") if action.strip())
    if language not in ("en", "any"):
        raise UnspoolError("The language is not known.", f"{language!r} was given.", "Write en or any.", exit_code=2)
    if "grid" not in chosen or not set(chosen) <= set(ACTIONS):
        raise UnspoolError(
            "The actions are not known.",
            f"{actions!r} was given.",
            f"Write some of {','.join(ACTIONS)}, grid among them.",
            exit_code=2,
        )
    if columns and source is None:
        source = "table"
    return ReadSettings(
        source,
        o.column_map(columns),
        language,
        timezone,
        o.moment(since, timezone),
        o.moment(until, timezone),
        tuple(channel or ()),
        tuple(drop_user or ()),
        chosen,
    )
