"""unspool run."""

from unspool.commands import _options as o


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
    rule: o.Rules = None,
    threshold: o.Threshold = None,
    tokens: o.Tokens = None,
    minutes: o.Minutes = None,
    key: o.Key = None,
    force: o.Force = False,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Do the whole study of a log: compile it, and group its prompts into threads.

    The same command again skips what is done, and goes on with a run that was cut.

    Example: [bold]unspool run exports/ -o study[/bold]

    Example: [bold]unspool run log.csv -o study --columns user_id=who,time=at,text=prompt[/bold]
    """
    from unspool.commands import _screen
    from unspool.commands.read import read_settings
    from unspool.commands.thread import add_threads
    from unspool.stages.read import read
    from unspool.stages.summary import summarise
    from unspool.threads import DEFAULT

    o.check_rule_options(rule or [DEFAULT], threshold=threshold, tokens=tokens, minutes=minutes)
    settings = read_settings(source, columns, timezone, language, since, until, channel, drop_user, actions)
    with _screen.progress() as progress:
        study = read(logs, out, settings, key=key, force=force, jobs=workers, progress=progress)
        add_threads(study, rule, progress, workers, threshold=threshold, tokens=tokens, minutes=minutes)
    found = summarise(study)
    _screen.dropped(drop_user, study.manifest["n_dropped"])
    if as_json:
        _screen.print_json(found)
        return
    _screen.summary(found)
    _screen.err.print(
        f"\nThe study is in {out}. Look at one thread: unspool threads {out} --longest 5", style="dim", markup=False
    )
