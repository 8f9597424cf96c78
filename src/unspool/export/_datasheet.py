"""The sections of a datasheet, from the manifest, the audits and the settings of an export (Gebru et al. 2021)."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import unspool
from unspool import audits
from unspool.audits._advice import advice
from unspool.compiling.wording import MERGED_NOTES, REASON_NOTES
from unspool.export import Exported
from unspool.export._markdown import escaped, table
from unspool.features import columns
from unspool.sources import source
from unspool.tables import ACTIONS

PAPER = "Don-Yehiya, Choshen & Abend 2023 (EMNLP, arXiv 2311.12131)"
OPENED = {
    "hf": '`datasets.load_dataset(FOLDER, "prompts")` or `"threads"`',
    "parquet": '`polars.read_parquet("FOLDER/prompts-*.parquet")`',
    "convokit": "`convokit.Corpus(filename=FOLDER)`",
}
COUNTED = {
    "prompts": "prompts",
    "threads": "threads",
    "people": "people",
    "of_dropped_people": "prompts left out, of people who are not to be in it",
    "without_words": "prompts left out, since no word was left",
}
MOTIVATION = (
    f"To study how people rework prompts, after {PAPER}. Why the log itself was collected, by whom, and who paid for "
    "it is for its holder to say, and is not known here."
)
MAINTENANCE = (
    "Who keeps this export is not known here. A person who asks to be left out is taken out of every later export by "
    "`unspool export STUDY --drop-user NAME`; versions that were passed on before have to be replaced by their "
    "holders. Ids are the same in all exports of a study, so that a later version can be held against an earlier one."
)


def summary(data: Exported, form: str) -> str:
    """What it is, in a sentence, and how to open it."""
    n = data.counts
    how = f" Open it with {OPENED[form]}." if form in OPENED else ""
    return (
        "Prompts that people wrote for a text-to-image model, in threads of attempts at one picture: "
        f"{n.get('prompts', 0):,} prompts in {n.get('threads', 0):,} threads of {n.get('people', 0):,} people. Made by "
        f"unspool {unspool.__version__}.{how}"
    )


def composition(data: Exported, splits: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """What a row is, how many there are, and what was measured. `splits`: rows by split, by configuration."""
    images = (
        "Captions and numbers of upscaled images go with it where the log has them"
        if data.settings.images
        else "Captions and images were left out"
    )
    yield (
        "A prompt is a submitted text that produced images; a thread is a run of one person's prompts, in order. Ids "
        "are keyed digests: equal ids are equal people, prompts or channels within this export and others of the same "
        f"study. {images}; pictures are not part of it. Unknown is null. Whether the log holds all prompts of its "
        "place and time, or some of them, is not known here."
    )
    yield table(("what", "number"), [(COUNTED[name], n) for name, n in data.counts.items() if name in COUNTED])
    if splits:
        yield _shares(data)
        told = [(name, split, n) for name, parts in splits.items() for split, n in parts.items()]
        yield table(("configuration", "split", "rows"), told)
    yield from _measures(data.manifest.get("features", {}))
    if data.audit is not None and "weights" in set(data.audit["analysis"]):
        yield "`density_ratio`, `inverse_probability`, `user_cap` and `weight` are weights for training, see below."


def _shares(data: Exported) -> str:
    shares = ", ".join(f"{100 * share:g}%" for share in data.settings.shares)
    return (
        f"Train, validation and test hold about {shares} of the people, dealt by where the log first names them and "
        f"the seed {data.settings.seed} alone: nobody is in two of them. Prompts without a person are in train. A "
        "split without rows is left out."
    )


def _measures(features: Mapping[str, Any]) -> Iterator[str]:
    """A table of what was measured, and a line for each measure that was not."""
    known, rows, lacking = columns(), [], []
    for name in sorted(features):
        entry = features[name]
        reasons = entry.get("missing", {})
        for column in entry.get("columns", []):
            if column in reasons:
                lacking.append(f"{_name(column)} is null: {escaped(reasons[column])}")
            else:
                meaning = known[column].meaning if column in known else "not known"
                rows.append((_name(column), meaning, f"{entry['n_scored']:,} of {entry['of']:,}"))
    if rows:
        yield table(("column", "what it measures", "prompts of the study"), rows)
    captions = [name for name in sorted(features) if features[name].get("captions")]
    if captions:
        yield f"Columns that begin with `caption_` are means over captions, of: {', '.join(captions)}."
    if lacking:
        yield "\n".join(f"- {line}" for line in lacking)


def _name(column: str) -> str:
    return f"`{column}`" if re.fullmatch(r"\w+", column) else escaped(column)


def collection(data: Exported) -> Iterator[str]:
    """The inputs, and what is known of consent."""
    inputs = data.manifest.get("inputs", [])
    rows = [(one["number"], one["source"], one["records"], f"`{one['sha256']}`") for one in inputs]
    yield table(("input", "format", "records", "SHA-256"), rows)
    named = dict.fromkeys(one["source"] for one in inputs)
    if named:
        yield "\n".join(f"- {name}: {source(name).CITATION}" for name in named)
    yield "Who collected the log, by what means, and whether people were told or asked, is not known here."
    yield f"- Consent: {stated(data, 'consent')}.\n- Licence of the log: {stated(data, 'licence')}."


def stated(data: Exported, feature: str) -> str:
    """Whether the log states consent or a licence."""
    if data.audit is None:
        return "not looked at, since the study was not audited"
    found = data.audit.filter(analysis="privacy", feature=feature, estimand="present")["estimate"].drop_nulls()
    if found.is_empty():
        return "not looked at, since the audit privacy was not made"
    return (
        "a column of the log tells it, which is not part of this export"
        if found[0]
        else "the log has no field that states it"
    )


def preprocessing(data: Exported) -> Iterator[str]:
    """The books, the filters, the rule of the threads, and what the export took out."""
    total = data.manifest.get("counts", {}).get("total", {})
    yield f"Of {total.get('records', 0):,} records {total.get('prompts', 0):,} are prompts."
    yield f"Merged: {_listed(total.get('merged', {}), MERGED_NOTES)}."
    yield f"Left out: {_listed(total.get('rejects', {}), REASON_NOTES)}."
    yield from _filters(data.manifest)
    yield "Links, mentions, e-mail addresses and bare ids in texts were replaced on reading; ids are keyed digests."
    rule = data.manifest.get("rule")
    yield f"Threads by the rule {escaped(rule)}." if rule else "Rule of the threads: not known."
    yield f"Read by unspool {escaped(data.manifest.get('version', 'of an unknown version'))}."
    yield from _taken_out(data)


def _filters(manifest: Mapping[str, Any]) -> Iterator[str]:
    settings = manifest.get("settings", {})
    language = settings.get("language")
    yield {
        "en": "Prompts in other languages than English were left out.",
        "any": "Languages: not filtered.",
    }.get(str(language), "Languages: not known.")
    for name, word in (("since", "Only prompts from"), ("until", "Only prompts before")):
        if settings.get(name):
            yield f"{word} {escaped(settings[name])}."
    if settings.get("channels"):
        yield f"Only these many channels: {len(settings['channels']):,}."
    if set(settings.get("actions", ACTIONS)) != set(ACTIONS):
        yield f"Only these actions count as prompting: {escaped(', '.join(settings['actions']))}."
    if manifest.get("n_dropped"):
        yield f"{manifest['n_dropped']:,} records of people who were left out on reading are not in it."


def _taken_out(data: Exported) -> Iterator[str]:
    chosen, counts = data.settings, data.counts
    if chosen.min_users > 1:
        runs = "words" if chosen.n_gram == 1 else f"runs of up to {chosen.n_gram} words"
        yield f"Taken out of texts and parameters: {runs} that fewer than {chosen.min_users} people use."
    if chosen.redact:
        yield "Addresses, telephone numbers, ids, handles and names that were found were replaced by what they were."
    if counts.get("of_dropped_people"):
        n = counts["of_dropped_people"]
        yield f"{n:,} prompts of people who asked to be left out are not in it; the audits were made with them."
    if chosen.allow:
        yield f"Findings of the privacy audit that were not to keep it back: {escaped(', '.join(chosen.allow))}."


def _listed(counts: Mapping[str, int], notes: Mapping[str, str]) -> str:
    """The counts, largest first, each with what it means."""
    ranked = sorted(counts.items(), key=lambda one: -one[1])
    told = [f"{n:,} {name.replace('_', ' ')} ({notes[name]})" for name, n in ranked if name in notes]
    return "; ".join(told) or "none"


def audited(data: Exported) -> Iterator[str]:
    """The findings of each audit that was made, and what they do not show."""
    if data.audit is None:
        yield "The study was not audited: what it may be used for is not known. `unspool audit STUDY` tells."
        return
    yield "On the study as it was read, before anything was taken out of it for this export."
    asked = set(data.audit["analysis"])
    for name in audits.in_order():
        if name in asked:
            module = audits.audit(name)
            told = [f"- {escaped(one)}" for one in module.findings(data.audit.filter(analysis=name))]
            yield "\n".join([f"**{module.QUESTION}**", "", *told, "", f"Does not show: {module.LIMITS}"])


def uses(data: Exported) -> Iterator[str]:
    """What it is fit for."""
    found = [] if data.audit is None else advice(data.audit)
    if found:
        yield table(("use", "advised", "why"), [(escaped(a.use), a.verdict, escaped(a.why)) for a in found])
    yield (
        "Fit for: the study of how prompts change; training on first prompts and what was accepted for them (the form "
        "intent); preference training on pairs whose prompt is held fixed (the form preference), with the weights."
    )
    yield (
        "Not fit for: training on all prompts as if they were natural language, since later prompts may speak the "
        "model's language; telling who wrote a prompt; judging people by their prompts."
    )


def distribution(data: Exported) -> str:
    """What is known of the right to pass it on."""
    return (
        f"Licence: unknown; {stated(data, 'licence')}, and exporting grants none. Whoever passes it on answers for the "
        "right to do so."
    )
