"""What could not be measured and why: by analysis, each reason once, with the measures that it is the reason for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column

EVERYWHERE = "In every analysis"
MOST_NAMES = 8
MOST_REASONS = 6
_NAMES = {
    "-": "",
    "k_anonymity": "k-anonymity",
    "pos": "Parts of speech",
    "prompt_nsfw": "Scores of unsafe prompts",
    "style_minus_content": "Style less content",
    "upscaled": "Share upscaled",
    "url_handles": "Handles in links",
    "urls": "Links",
}
"""What is no column of a feature and reads badly as it is named in the results."""


@dataclass(frozen=True)
class Void:
    """An analysis, and of what it could say nothing: names of measures ("" for all of it) with the reason they share.

    `n_left_out`: further reasons.
    """

    title: str
    reasons: Sequence[tuple[str, str]]
    n_left_out: int = 0


def void(rows: pl.DataFrame, columns: Mapping[str, Column], titles: Mapping[str, str]) -> list[Void]:
    """What no row has an estimate of. First the measures that are missing for one reason wherever they are asked for.

    `titles`: what the analyses are called. Of a note, the last part is the reason.
    """
    told = pl.col("estimate").is_not_null().any()
    reason = pl.col("note").fill_null("not told").str.split("; ").list.last().str.strip_chars_end(".")
    found = rows.with_columns(
        nowhere=~told.over("feature"), silent=~told.over("analysis"), none=~told.over("analysis", "feature")
    )
    found = found.filter("none").select("analysis", "feature", "nowhere", "silent", reason=_capital(reason))
    found = found.unique(maintain_order=True)
    shared = pl.col("nowhere") & ~pl.col("silent") & (pl.col("analysis").n_unique().over("feature", "reason") > 1)
    listed = [_of(EVERYWHERE, found.filter(shared), columns)]
    rest = found.filter(~shared)
    listed += [_of(title, rest.filter(analysis=name), columns) for name, title in titles.items()]
    return [one for one in listed if one.reasons]


def _of(title: str, found: pl.DataFrame, columns: Mapping[str, Column]) -> Void:
    reasons = list(_reasons(found, columns))
    return Void(title, reasons[:MOST_REASONS], max(0, len(reasons) - MOST_REASONS))


def _reasons(found: pl.DataFrame, columns: Mapping[str, Column]) -> Iterator[tuple[str, str]]:
    for (reason,), part in found.group_by("reason", maintain_order=True):
        all_of_it = part["silent"].any()
        names = [] if all_of_it else [_name(name, columns) for name in part["feature"].unique(maintain_order=True)]
        yield _listed([name for name in dict.fromkeys(names) if name]), f"{reason}."


def _capital(text: pl.Expr) -> pl.Expr:
    return text.str.slice(0, 1).str.to_uppercase() + text.str.slice(1)


def _name(feature: str, columns: Mapping[str, Column]) -> str:
    """What a measure is called, in words."""
    if feature in _NAMES:
        return _NAMES[feature]
    title = columns[feature].title if feature in columns else words.title(feature)
    return title if title != feature else f"{title[0].upper()}{title[1:].replace('_', ' ')}"


def _listed(names: Sequence[str]) -> str:
    """Names one after the other, the first of them where they are many."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: MOST_NAMES - 1])} and {len(names) - MOST_NAMES + 1} more"
