"""The card of an export: a dataset card for hubs, and a datasheet of what is known and what is not.

Headings after Gebru et al. 2021 (Commun. ACM 64(12), Datasheets for Datasets). No prompt is quoted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

import unspool
from unspool import audits
from unspool.compiling.wording import MERGED_NOTES, REASON_NOTES
from unspool.export import SPLITS, Exported
from unspool.sources import source

SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
USES = {
    "hf": '`datasets.load_dataset(FOLDER, "prompts")` or `"threads"`',
    "parquet": '`polars.read_parquet("FOLDER/prompts-*.parquet")`',
    "convokit": "`convokit.Corpus(filename=FOLDER)`",
}
PAPER = "Don-Yehiya, Choshen & Abend 2023 (EMNLP, arXiv 2311.12131)"


def card(data: Exported, form: str, splits: Sequence[str] = SPLITS) -> str:
    """README.md of an export. In the form hf the YAML of a hub stands before it, with the splits that have rows."""
    head = yaml(data, splits) if form == "hf" else ""
    return head + "\n\n".join(_sections(data, form)) + "\n"


def yaml(data: Exported, splits: Sequence[str] = SPLITS) -> str:
    """The head of a dataset card: licence, language, size, and the files of each configuration and split."""
    language = "en" if data.manifest.get("settings", {}).get("language") == "en" else "mul"
    lines = [
        "---",
        f'pretty_name: "{_plain(data.title)}"',
        "license: other",
        "license_name: unknown",
        "language:",
        f"- {language}",
    ]
    lines += [
        "size_categories:",
        f"- {size(data.counts.get('prompts', 0))}",
        "task_categories:",
        "- text-generation",
        "- text-to-image",
    ]
    lines += ["tags:", "- text-to-image", "- prompts", "- human-ai-interaction", "- unspool", "configs:"]
    for name in ("prompts", "threads"):
        lines += [f"- config_name: {name}", *(["  default: true"] if name == "prompts" else []), "  data_files:"]
        lines += [
            line for split in splits for line in (f"  - split: {split}", f"    path: data/{name}/{split}-*.parquet")
        ]
    return "\n".join([*lines, "---", "", ""])


def size(n: int) -> str:
    """The size category of a hub."""
    return next((name for most, name in SIZES if n < most), "n>10M")


def _sections(data: Exported, form: str) -> Iterator[str]:
    yield f"# {_plain(data.title)}"
    yield _summary(data, form)
    yield "## Motivation\n\n" + _motivation()
    yield "## Composition\n\n" + _composition(data)
    yield "## Collection\n\n" + _collection(data)
    yield "## Preprocessing\n\n" + "\n".join(_preprocessing(data))
    yield "## What the audits found\n\n" + _audits(data)
    yield "## Uses\n\n" + _uses()
    yield "## Distribution and maintenance\n\n" + _distribution(data)


def _summary(data: Exported, form: str) -> str:
    n = data.counts
    how = f" Open it with {USES[form]}." if form in USES else ""
    return (
        "Prompts that people wrote for a text-to-image model, in threads of attempts at one picture: "
        f"{n.get('prompts', 0):,} prompts in {n.get('threads', 0):,} threads of {n.get('people', 0):,} people. Made by "
        f"unspool {unspool.__version__}.{how}"
    )


def _motivation() -> str:
    return (
        f"To study how people rework prompts, after {PAPER}. Why the log itself was collected is for its holder to "
        "say, and is not known here."
    )


def _composition(data: Exported) -> str:
    rows = ["| what | rows |", "|---|---|"]
    rows += [f"| {what.replace('_', ' ')} | {n:,} |" for what, n in data.counts.items()]
    images = (
        "Captions and numbers of upscaled images go with it"
        if data.settings.images
        else "Captions and images were left out"
    )
    return "\n".join(
        [
            "A row of prompts is a submitted prompt that produced images; a thread is a run of one person's prompts. "
            "Ids are keyed",
            "digests: equal ids are equal people, prompts or channels within this export and others of the same study.",
            f"{images}; pictures are not part of it. Unknown is null.",
            "",
            *rows,
        ]
    )


def _collection(data: Exported) -> str:
    lines = ["| input | format | records | SHA-256 |", "|---|---|---|---|"]
    for one in data.manifest.get("inputs", []):
        lines.append(f"| {one['number']} | {one['source']} | {one['records']:,} | `{one['sha256']}` |")
    named = dict.fromkeys(one["source"] for one in data.manifest.get("inputs", []))
    cited = [f"- {name}: {source(name).CITATION}" for name in named]
    consent = "; ".join(_terms(data.audit)) or "not looked at: the study was not audited"
    return "\n".join([*lines, "", *cited, "", f"Consent and licence: {consent}."])


def _terms(rows: pl.DataFrame | None) -> Iterator[str]:
    if rows is None:
        return
    for feature in ("consent", "licence"):
        found = rows.filter(analysis="privacy", feature=feature, estimand="present")
        if found.height:
            there = "a column of the log tells it" if found["estimate"][0] else "the log has no field that states it"
            yield f"{feature}: {there}"


def _preprocessing(data: Exported) -> Iterator[str]:
    total = data.manifest.get("counts", {}).get("total", {})
    settings = data.manifest.get("settings", {})
    yield (
        f"Of {total.get('records', 0):,} records {total.get('prompts', 0):,} are prompts; merged: "
        f"{_listed(total.get('merged', {}), MERGED_NOTES)}; left out: "
        f"{_listed(total.get('rejects', {}), REASON_NOTES)}."
    )
    yield "Links, mentions, e-mail addresses and bare ids in texts were replaced on reading; ids are keyed digests."
    language, rule = _plain(settings.get("language", "unknown")), _plain(data.manifest.get("rule"))
    yield f"Language filter: {language}. Threads by the rule {rule}."
    yield f"Measured: {', '.join(sorted(data.manifest.get('features', {})))}."
    yield from _taken_out(data)


def _taken_out(data: Exported) -> Iterator[str]:
    chosen, counts = data.settings, data.counts
    if chosen.min_users > 1:
        runs = "words" if chosen.n_gram == 1 else f"runs of up to {chosen.n_gram} words"
        yield f"Taken out of texts: {runs} that fewer than {chosen.min_users} people use."
    if chosen.redact:
        yield "Addresses, telephone numbers, ids, handles and names that were found were replaced by what they were."
    if counts.get("of_dropped_people"):
        n = counts["of_dropped_people"]
        yield f"{n:,} prompts of people who asked to be left out are not in it; the audits were made with them."
    if chosen.allow:
        yield f"Exported in spite of findings of the privacy audit: {', '.join(map(_plain, chosen.allow))}."


def _listed(counts: Mapping[str, int], notes: Mapping[str, str]) -> str:
    return (
        ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in sorted(counts.items(), key=lambda one: -one[1]))
        or "none"
    )


def _audits(data: Exported) -> str:
    if data.audit is None:
        return "The study was not audited: what it may be used for is not known. `unspool audit STUDY` tells."
    asked = set(data.audit["analysis"])
    parts = []
    for name in audits.in_order():
        if name in asked:
            module = audits.audit(name)
            told = [f"- {_plain(one)}" for one in module.findings(data.audit.filter(analysis=name))]
            parts.append("\n".join([f"**{module.QUESTION}**", "", *told, "", f"Does not show: {module.LIMITS}"]))
    return "\n\n".join(parts)


def _uses() -> str:
    return (
        "Fit for: the study of how prompts change; training on first prompts and what was accepted for them (the form "
        "intent); preference training on pairs whose prompt is held fixed (the form preference), with the weights.\n\n"
        "Not fit for: training on all prompts as if they were natural language, since later prompts speak the model's "
        "language; telling who wrote a prompt; judging people by their prompts."
    )


def _distribution(data: Exported) -> str:
    return (
        "Licence: unknown; the log states none, and exporting grants none. Whoever passes it on answers for the right "
        "to do so. A person who asks to be left out is taken out of every later export by `unspool export STUDY "
        "--drop-user NAME`; versions that were passed on before have to be replaced by their holders."
    )


def _plain(value: Any) -> str:
    """A value from outside as plain text of one line, without marks that Markdown, HTML or YAML would read."""
    text = re.sub(r"[^\w\s.,;:%()/+'’–\-]", " ", str(value))
    return re.sub(r"-{2,}", "-", re.sub(r"\s+", " ", text)).strip()
