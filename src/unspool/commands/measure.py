"""unspool measure."""

from typing import TYPE_CHECKING, Any

from unspool.commands import _options as o

if TYPE_CHECKING:
    from unspool.features import Settings
    from unspool.study import Study


def command(
    study: o.StudyPath,
    feature: o.Features = None,
    lm: o.LanguageModel = None,
    reference: o.Reference = None,
    sample: o.Sample = None,
    constituency: o.Constituency = False,
    seed: o.Seed = 0,
    workers: o.Workers = None,
    as_json: o.Json = False,
) -> None:
    """Measure the prompts of a study: words, magic words, concreteness, perplexity and more.

    What was measured before with the same settings is kept.

    Example: [bold]unspool measure study[/bold]

    Example: [bold]unspool measure study --feature perplexity --lm gpt2 --sample 5000[/bold]
    """
    from unspool.commands import _screen
    from unspool.stages.measure import measure
    from unspool.study import Study

    opened = Study(study)
    with _screen.progress() as progress:
        measure(opened, settings(lm, reference, sample, constituency, seed), feature, jobs=workers, progress=progress)
    if as_json:
        _screen.print_json(opened.manifest["features"])
        return
    _screen.out.print(measured(opened))
    _screen.err.print(f"\nNext: unspool analyze {study}", style="dim", markup=False)


def settings(lm: str | None, reference: Any, sample: int | None, constituency: bool, seed: int) -> "Settings":
    """The settings of a measuring from the options."""
    from unspool.features import Settings

    return Settings(lm, str(reference) if reference else None, sample, constituency, seed)


def measured(study: "Study") -> Any:
    """A table of the features: each column with its mean over prompts, or why it has none."""
    import polars as pl
    from rich.table import Table

    from unspool.commands import _screen
    from unspool.features import feature

    found = study.scan("features")
    names = set(study.columns()).intersection(found.collect_schema())
    means = found.select(pl.col(name).mean() for name in names).collect().to_dicts()
    table = Table(title="Features", title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in ("", "mean", "unit", ""):
        table.add_column(name, justify="right" if name == "mean" else "left", header_style="dim")
    for name, entry in study.manifest["features"].items():
        before = ""
        for column in feature(name).COLUMNS:
            mean, reason = means[0].get(column.name) if means else None, entry["missing"].get(column.name, "")
            told, before = ("as above" if reason and reason == before else reason), reason
            some = f"{entry['n_scored']:,} of {entry['of']:,} prompts" if entry["n_scored"] < entry["of"] else ""
            shown = "-" if mean is None else f"{mean:,.3g}" if mean < 100 else f"{mean:,.0f}"
            table.add_row(f"  {column.name}", shown, column.unit, _screen.plain(told or some))
    return table
