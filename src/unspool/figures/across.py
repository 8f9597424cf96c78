"""The means along the thread with one line per model, version or source: the paper's Figure 5 and beyond."""

from collections.abc import Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Means along the thread, by model, version and source"
MULTIPLES = True
READ = "Points are means over threads, a line each; bars are intervals over users, set side by side."
SPREAD = 0.36


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart per feature and kind (model, version, source) of which there are two, the paper's features first."""
    means = rows.filter(pl.col("estimand") == "mean", pl.col("estimate").is_not_null(), pl.col("model").is_not_null())
    means = means.with_columns(kind=pl.col("model").str.extract(r"^(\S+)"))
    kinds = means["kind"].unique(maintain_order=True).to_list()
    parts = means.partition_by("feature", "kind", as_dict=True)
    return [
        _one(name, kind, parts[name, kind], columns, theme)
        for name in words.lead(means)
        for kind in kinds
        if (name, kind) in parts and parts[name, kind]["model"].n_unique() > 1
    ]


def _one(name: str, kind: str, rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> Figure:
    rows = rows.sort("model", "step")
    models = rows["model"].unique(maintain_order=True).to_list()
    title, unit = f"{_labels.title(name, columns)}, by {kind}", _labels.unit(name, columns)
    labels = [_labels.plain(model.removeprefix(f"{kind} ")) for model in rows["model"]]
    told = [f"{label}, step {step}" for label, step in zip(labels, rows["step"], strict=True)]
    data = _labels.drawn(rows, told).with_columns(line=pl.Series(labels, dtype=pl.String), place=_beside(rows, models))
    lines = _marks.lines("line", list(dict.fromkeys(labels)), theme)
    last = int(data["step"].max())  # type: ignore[arg-type]
    layers = _marks.along(last, _labels.axis("mean", unit), field="place", bars=True, **lines)
    chart = _marks.finished(layers, data, theme, height=_marks.HEIGHT + 20 * ((len(models) + 1) // 2), title=title)
    alt = f"{title}: {'; '.join(data.filter(pl.col('step') == last)['told'])}."
    return Figure(f"across-{name}-{kind}", title, chart, _labels.n(rows, "threads", "users"), alt, data)


def _beside(rows: pl.DataFrame, models: list[str]) -> pl.Series:
    """Steps moved a little apart for each line, so that bars do not cover each other."""
    place = {model: (number + 0.5) / len(models) - 0.5 for number, model in enumerate(models)}
    return pl.Series(
        [step + SPREAD * place[model] for step, model in zip(rows["step"], rows["model"], strict=True)],
        dtype=pl.Float64,
    )
