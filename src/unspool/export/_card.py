"""The card of an export: a dataset card for hubs, and a datasheet of what is known and what is not.

Headings after Gebru et al. 2021 (Commun. ACM 64(12), Datasheets for Datasets). No prompt is quoted.
"""

import json
from collections.abc import Iterator, Mapping

from unspool.export import SPLITS, Exported
from unspool.export import _datasheet as sheet
from unspool.export._markdown import escaped, plain

Rows = Mapping[str, Mapping[str, int]]
"""Rows by split, by configuration."""
SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
)
ALL: Rows = {name: dict.fromkeys(SPLITS, 0) for name in ("prompts", "threads")}


def card(data: Exported, form: str, rows: Rows = ALL) -> str:
    """README.md of an export. In the form hf the YAML of a hub stands before it, with the splits that `rows` names."""
    head = yaml(data, rows) if form == "hf" else ""
    return head + "\n\n".join(_sections(data, form, rows)) + "\n"


def yaml(data: Exported, rows: Rows = ALL) -> str:
    """The head of a dataset card: licence, language, size, and the files of each configuration and split.

    The language is named where the log was filtered by it; else it is not known.
    """
    lines = [f"pretty_name: {json.dumps(plain(data.title), ensure_ascii=False)}"]
    lines += ["license: other", "license_name: unknown"]
    if data.manifest.get("settings", {}).get("language") == "en":
        lines += ["language:", "- en"]
    lines += ["size_categories:", f"- {size(data.counts.get('prompts', 0))}"]
    lines += ["task_categories:", "- text-generation", "- text-to-image"]
    lines += ["tags:", "- text-to-image", "- prompts", "- human-ai-interaction", "- unspool", "configs:"]
    lines += [line for name, splits in rows.items() for line in _configuration(name, splits)]
    return "\n".join(["---", *lines, "---", "", ""])


def _configuration(name: str, splits: Mapping[str, int]) -> Iterator[str]:
    yield f"- config_name: {name}"
    if name == "prompts":
        yield "  default: true"
    yield "  data_files:"
    for split in splits:
        yield f"  - split: {split}"
        yield f"    path: data/{name}/{split}-*.parquet"


def size(n: int) -> str:
    """The size category of a hub."""
    return next((name for most, name in SIZES if n < most), "1B<n<10B")


def _sections(data: Exported, form: str, rows: Rows) -> Iterator[str]:
    yield f"# {escaped(data.title)}"
    yield sheet.summary(data, form)
    yield "## Motivation\n\n" + sheet.MOTIVATION
    yield "## Composition\n\n" + "\n\n".join(sheet.composition(data, rows if form == "hf" else {}))
    yield "## Collection\n\n" + "\n\n".join(sheet.collection(data))
    yield "## Preprocessing\n\n" + "\n".join(f"- {line}" for line in sheet.preprocessing(data))
    yield "## What the audits found\n\n" + "\n\n".join(sheet.audited(data))
    yield "## Uses\n\n" + "\n\n".join(sheet.uses(data))
    yield "## Distribution\n\n" + sheet.distribution(data)
    yield "## Maintenance\n\n" + sheet.MAINTENANCE
