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
    lm: o.LanguageModel = None,
    reference: o.Reference = None,
    sample: o.Sample = None,
    constituency: o.Constituency = False,
    least: o.Least = None,
    no_prompts: o.NoPrompts = False,
    seed: o.Seed = 0,
    key: o.Key = None,
    force: o.Force = False,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Do the whole study of a log: compile it, find threads, measure, analyse and audit them, and write the report.

    The same command again skips what is done, and goes on with a run that was cut.

    Example: [bold]unspool run exports/ -o study[/bold]

    Example: [bold]unspool run log.csv -o study --columns user_id=who,time=at,text=prompt[/bold]
    """
    from unspool.analyses import Settings
    from unspool.audits import Settings as Audits
    from unspool.audits._advice import advice
    from unspool.commands import _screen, analyze, measure
    from unspool.commands.read import read_settings
    from unspool.commands.thread import add_threads
    from unspool.stages.analyze import analyze as find_out
    from unspool.stages.at_once import together
    from unspool.stages.audit import audit_study
    from unspool.stages.measure import measure as take_measures
    from unspool.stages.read import read
    from unspool.stages.report import report
    from unspool.stages.summary import summarise
    from unspool.threads import DEFAULT

    o.check_rule_options(rule or [DEFAULT], threshold=threshold, tokens=tokens, minutes=minutes)
    settings = read_settings(source, columns, timezone, language, since, until, channel, drop_user, actions)
    with _screen.progress() as progress:
        study = read(logs, out, settings, key=key, force=force, jobs=workers, progress=progress)
        add_threads(study, rule, progress, workers, threshold=threshold, tokens=tokens, minutes=minutes)
        chosen = measure.settings(lm, reference, sample, constituency, seed)
        take_measures(study, chosen, jobs=workers, progress=progress)
        with together(study, workers) as jobs:
            find_out(study, Settings(least, seed=seed), jobs=jobs, progress=progress)
            audits = Audits(str(reference) if reference else None, seed=seed)
            audit_study(study, audits, jobs=jobs, progress=progress)
            page = report(study, quote=not no_prompts, jobs=jobs)
    found = summarise(study)
    _screen.dropped(drop_user, study.manifest["n_dropped"], study.manifest.get("missed_users", []))
    if as_json:
        _screen.print_json({**found, "report": str(page)})
        return
    _screen.summary(found)
    analyze.findings(study, most=2)
    _screen.advice(advice(study.audit()))
    _screen.err.print(
        f"\nOpen {page} in a browser. Look at one thread: unspool threads {out} --longest 5", style="dim", markup=False
    )
