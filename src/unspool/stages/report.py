"""Stage `report`: a study's results, its books and a few of its threads to one HTML page."""

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

import unspool
from unspool.analyses import _words as words
from unspool.audits._advice import advice
from unspool.compiling.wording import MERGED_NOTES, REASON_NOTES
from unspool.engine import workers
from unspool.features import Column, feature
from unspool.report import Books, Content, Entry, Fact, Measure, Section, Step, page
from unspool.report import _again as again
from unspool.report._answers import answers
from unspool.report._drawn import blocks
from unspool.report._quoting import unquoted
from unspool.report._tables import Table, of_frame, of_results
from unspool.report._text import changed, shown
from unspool.report._void import void
from unspool.sources import source
from unspool.stages.at_once import at_once
from unspool.stages.browse import gap
from unspool.stages.questions import Question, questions
from unspool.stages.questions import rows as every
from unspool.stages.summary import summarise
from unspool.study import Study, fingerprint, read_parquet

REPORT = "report.html"
TITLE = "How people reworked their prompts"
TOLD = ("log",)
"""Analyses that the figures at the top already tell."""
EMPTY = ": nothing to compare."
BRIEF = 2
"""Sentences of each analysis that stand at the top."""
N_THREADS, SHORTEST, LONGEST = 3, 3, 8
N_WORDS = 40
MOST_COLUMNS = 400
MOST_ROWS = 250
"""Rows of an analysis that the page holds."""
PAPER = (
    "Shachar Don-Yehiya, Leshem Choshen and Omri Abend. 2023. Human Learning by Model Feedback: The Dynamics of "
    "Iterative Prompting with Midjourney. In Proceedings of EMNLP 2023. arXiv:2311.12131."
)
WORD_HEADS = {
    "word": "word",
    "n_uses": "uses",
    "n_users": "users",
    "ratio": "times as often",
    "lower": "at least",
    "held_out_ratio": "in the other half",
}


def report(study: Study, out: Path | None = None, *, quote: bool = True, jobs: int | None = None) -> Path:
    """Write the report and return its path (STUDY/report.html unless `out` says otherwise); whole or not at all.

    Without `quote` the page holds no prompt and no word of one: no threads, no magic words, no name or version that a
    person typed. An error if the study has not been measured or analysed. The study's own page is left as it is where
    nothing has changed.
    """
    if out is not None:
        return _written(study, out, quote, jobs)
    study.results()
    with study.locked():
        before = {stage: mark for stage, mark in study.manifest["stages"].items() if stage != "report"}
        mark = fingerprint(before, study.manifest["rule"], quote, unspool.__version__)
        place = study.path / REPORT
        if not (study.stage_done("report", mark) and place.exists()):
            _written(study, place, quote, jobs)
            study.mark("report", mark, "done")
    return place


def _written(study: Study, place: Path, quote: bool, jobs: int | None) -> Path:
    text = page(gather(study, quote=quote, jobs=jobs))
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = place.with_name(f".{place.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8", errors="replace")
    temporary.replace(place)
    return place


def gather(study: Study, *, quote: bool = True, jobs: int | None = None) -> Content:
    """All that the page of a study holds."""
    rows, columns, manifest = every(study), study.columns(), study.manifest
    rows = rows if quote else unquoted(rows)
    found = summarise(study)
    asked = list(questions(rows))
    told = [one for one in asked if one.rows["estimate"].count()]
    with workers(at_once(study, jobs)) as runner:
        made = dict(runner.run(_section, [(number, one, columns) for number, one in enumerate(told)]))
    sections = [made[number] for number in range(len(told))]
    glossary, left = _glossary(manifest)
    threads = list(_threads(study)) if quote else []
    return Content(
        title=TITLE,
        about=_about(manifest, found),
        facts=list(_facts(found)),
        books=_books(found["books"]),
        brief=[(s.name, s.title, list(s.sentences[:BRIEF])) for s in sections if _for_the_top(s)],
        sections=sections,
        answers=answers(rows, {one.name: one.module.LIMITS for one in asked}),
        rules=_rules(rows),
        advice=advice(rows),
        silent=[one.module.TITLE for one in asked if one not in told],
        words=list(_magic_words(study)) if quote else [],
        threads=threads,
        threads_note=_threads_note(len(threads), manifest.get("rule")),
        glossary=glossary,
        glossary_left=left,
        void=void(rows, columns, {one.name: one.module.TITLE for one in asked}),
        settings=list(_settings(manifest)),
        commands=again.commands(manifest, quoted=quote),
        citations=list(_citations(manifest)),
        quoted=quote,
        version=unspool.__version__,
    )


def _for_the_top(section: Section) -> bool:
    """Whether it tells more than the figures of the page do, and more than that there is nothing to compare."""
    return section.name not in TOLD and not all(one.endswith(EMPTY) for one in section.sentences[:BRIEF])


def _rules(rows: pl.DataFrame) -> str:
    """By which rule the threads of each mode are cut."""
    told = rows.filter(pl.col("analysis") != "specification").group_by("mode", maintain_order=True)
    named = {str(mode): part["rule"].drop_nulls().mode(maintain_order=True) for (mode,), part in told}
    rule = {mode: str(found[0]) for mode, found in named.items() if len(found)}
    ways = {"paper": "As the paper did it", "corrected": "Corrected"}
    cut = [f"{way}: threads by the rule {rule[mode]}" for mode, way in ways.items() if mode in rule]
    drawn = "Each bar is an interval over users, blue where it is clear of the dashed line: 0, or chance."
    return f"{'; '.join(cut)}. {drawn} n is of the corrected number."


def _section(task: tuple[int, Question, dict[str, Column]]) -> tuple[int, Section]:
    """The section of a question, with its number."""
    number, question, columns = task
    module, rows = question.module, question.rows
    return number, Section(
        name=question.name,
        part="Reuse" if question.of_reuse else "",
        title=module.TITLE,
        question=module.QUESTION,
        sentences=module.findings(rows),
        limits=module.LIMITS,
        citation=module.CITATION,
        blocks=blocks(module.FIGURES, rows, columns),
        notes=[f"{note[0].upper()}{note[1:]}." for note in shared_notes(rows)],
        table=of_results(_chief_rows(rows), f"{module.TITLE}: rows of the table results", MOST_ROWS),
    )


def _chief_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with those first that are of no single step and of a chief feature."""
    chief = pl.col("feature").is_in([*words.CHIEF, *words.PAPER])
    return rows.sort(pl.col("step").is_not_null(), ~chief, maintain_order=True)


def shared_notes(rows: pl.DataFrame) -> list[str]:
    """What the notes of all estimates have in common, part by part."""
    notes = rows.filter(pl.col("estimate").is_not_null())["note"].unique()
    if notes.null_count() or not len(notes):
        return []
    parts = [note.split("; ") for note in notes]
    return [part for part in parts[0] if part and all(part in other for other in parts)]


def _about(manifest: dict[str, Any], found: dict[str, Any]) -> str:
    """What the log is, in a sentence or two."""
    titles = dict.fromkeys(source(item["source"]).TITLE.split(":")[0] for item in manifest["inputs"])
    span = _span(found["first"], found["last"])
    records = words.number_of(found["books"]["records"], "record")
    return (
        f"A log of {records} ({'; '.join(titles)}){span}, compiled into the prompts that made images, the "
        "threads in which people worked on one picture, and what they show together."
    )


def _span(first: datetime | None, last: datetime | None) -> str:
    if first is None or last is None:
        return ""
    return f" from {_day(first)} to {_day(last)}" if first.date() != last.date() else f" of {_day(first)}"


def _day(time: datetime) -> str:
    return f"{time.day} {time:%B %Y}"


def _facts(found: dict[str, Any]) -> Iterator[Fact]:
    yield Fact(f"{found['books']['records']:,}", "records read")
    yield Fact(f"{found['n_prompts']:,}", "prompts")
    yield Fact(f"{found['n_users']:,}" if found["n_users"] else "unknown", "people")
    threads = found["rules"].get(found["rule"])
    if threads:
        each = f", {threads['mean_length']:.2f} prompts each" if threads["n_threads"] else ""
        yield Fact(f"{threads['n_threads']:,}", "threads", f"by the rule {found['rule']}{each}")
    share = found["share_upscaled"]
    known = "of prompts" if share is not None else "this log cannot know"
    yield Fact("unknown" if share is None else words.percent(share), "upscaled", known)


def _books(found: dict[str, Any]) -> Books:
    merged = [Entry(n, kind.replace("_", " "), MERGED_NOTES.get(kind, "")) for kind, n in _largest(found["merged"])]
    rejects = [Entry(n, kind.replace("_", " "), _reason(kind, found)) for kind, n in _largest(found["rejects"])]
    return Books(found["records"], found["prompts"], merged, rejects)


def _reason(kind: str, found: dict[str, Any]) -> str:
    """What a reason means, and what was wrong with how many records."""
    details = ", ".join(f"{detail} ({n:,})" for detail, n in found["details"].get(kind, {}).items())
    return ": ".join(part for part in (REASON_NOTES.get(kind, ""), details) if part)


def _largest(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _magic_words(study: Study) -> Iterator[Table]:
    """The paper's magic words and the project's, the best of each."""
    place = study.path / "features" / "magic_words" / "magic_words.parquet"
    if not place.exists():
        return
    table = read_parquet(place)
    for definition, caption in (
        ("paper", "By the paper's definition: used 100 times as often as in general English"),
        ("keyness", "By users, and only words that hold on more than a few of them; found on one half of the users"),
    ):
        found = table.filter(definition=definition)
        if definition == "keyness":
            found = found.filter(half=0)
        if found.height:
            yield of_frame(found, f"{caption} ({found.height:,} in all)", WORD_HEADS, N_WORDS)


def _threads(study: Study) -> Iterator[Sequence[Step]]:
    """Three threads of 3 to 8 prompts by the chosen rule, those of the first ids: pseudonyms are random."""
    rows = study.scan("prompts")
    starts = rows.filter(pl.col("step") == 1, pl.col("steps_left").is_between(SHORTEST - 1, LONGEST - 1))
    ids = starts.select(pl.col("thread_id").bottom_k(N_THREADS)).collect().to_series().sort()
    found = rows.filter(pl.col("thread_id").is_in(ids.implode())).collect().sort("thread_id", "step")
    for part in found.partition_by("thread_id", maintain_order=True):
        yield list(_steps(part))


def _steps(thread: pl.DataFrame) -> Iterator[Step]:
    from unspool.edits.words import word_diff

    before: dict[str, Any] | None = None
    for row in thread.iter_rows(named=True):
        text = shown(row["text"]) if before is None else changed(word_diff(before["text"], row["text"]))
        yield Step(row["step"], _beside(row, before), bool(row["upscaled"]), text)
        before = row


def _beside(row: dict[str, Any], before: dict[str, Any] | None) -> str:
    """How long after the prompt before, and by which action if not a fresh prompt."""
    told = [row["action"]] if row["action"] and row["action"] != "grid" else []
    if before is None:
        told = ["first prompt", *told]
    elif row["time"] and before["time"]:
        told = [f"{gap((row['time'] - before['time']).total_seconds())} later", *told]
    return ", ".join(told)


def _threads_note(n: int, rule: str | None) -> str:
    what = "One thread" if n == 1 else f"{n} threads"
    return f"{what} of {SHORTEST} to {LONGEST} prompts by the rule {rule}, drawn at random."


def _glossary(manifest: dict[str, Any]) -> tuple[list[Measure], int]:
    """The features that were measured with their columns, and how many columns are left out of a very long list."""
    measures, n, left = [], 0, 0
    for name in manifest["features"]:
        module = feature(name)
        kept = module.COLUMNS[: max(0, MOST_COLUMNS - n)]
        n, left = n + len(kept), left + len(module.COLUMNS) - len(kept)
        if kept:
            measures.append(Measure(module.TITLE, module.CITATION, [_described(column) for column in kept]))
    return measures, left


def _described(column: Column) -> tuple[str, str, str, str, str]:
    low, high = ("" if end is None else f"{end:g}" for end in (column.low, column.high))
    bounds = f"{low} to {high}" if low and high else f"from {low}" if low else f"to {high}" if high else "any"
    empty = "unknown" if column.empty is None else f"{column.empty:g}"
    return column.title, column.name, column.unit, bounds, f"{column.meaning} Empty text: {empty}."


def _settings(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for item in manifest["inputs"]:
        yield (
            f"input {item['number']}",
            f"{item['records']:,} records, {item['size']:,} bytes, SHA-256 {item['sha256']}",
        )
    yield "reading", again.told(manifest.get("settings", {}))
    for name, rule in manifest.get("rules", {}).items():
        chosen = ", the chosen rule" if name == manifest.get("rule") else ""
        yield f"threads by {name}", f"{rule['threads']:,} threads, options {again.told(rule['options'])}{chosen}"
    yield "analyses", again.told(manifest.get("analyses", {}).get("settings", {}))
    made = manifest.get("analyses", {})
    yield "threads of the paper's rows", f"rule {again.told(made.get('rule'))}"
    yield "threads of all other rows", f"rule {again.told(made.get('own_rule', made.get('rule')))}"
    yield "versions", f"unspool {unspool.__version__}, Python {platform.python_version()}, Polars {pl.__version__}"


def _citations(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "the study that this follows", PAPER
    for name in dict.fromkeys(item["source"] for item in manifest["inputs"]):
        yield f"the log: {name}", source(name).CITATION
    yield "the tool", f"unspool {unspool.__version__}"
