"""Write what the code can tell into the pages of docs/ and into README.md; `--check` only says which are stale.

A page holds generated blocks between two comments; all around them is written by hand:

    <!-- generated: NAME -->
    ...
    <!-- end: NAME -->

NAME is `commands`, `columns TABLE`, `source NAME`, `feature NAME`, `analysis NAME`, `audit NAME`, `form NAME`,
`sources`, `rules`, `features`, `analyses`, `audits`, `forms`, `demo`, `misled` or `validation`.
"""

import inspect
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import polars as pl
import typer.rich_utils
from rich.console import Console
from typer.testing import CliRunner

from unspool import audits, export, registry, tables, threads
from unspool.analyses import Analysis, analysis, in_order
from unspool.commands import _screen, application
from unspool.features import estimated, feature
from unspool.sources import source
from unspool.validation.claims import CLAIMS
from unspool.validation.contrasts import contrasts
from unspool.validation.marks import judge_tally
from unspool.validation.tallies import TALLY, added
from unspool.validation.wording import as_markdown, summed_up

ROOT = Path(__file__).parents[1]
WIDTH = 100
BLOCK = re.compile(r"<!-- generated: (?P<name>[\w ]+?) -->\n.*?<!-- end: (?P=name) -->", re.DOTALL)
CUT = "[...]"

STUDY_TABLES = {
    "prompts": tables.PROMPTS,
    "threads": tables.THREADS,
    "edits": tables.EDITS,
    "rejects": tables.REJECTS,
    "results": tables.RESULTS,
    "weights": tables.WEIGHTS,
}
MEANINGS: dict[str, dict[str, str]] = {
    "prompts": {
        "prompt_id": "Key. Pseudonym of the message or row id; without ids in the log, of input and record number.",
        "user_id": "Pseudonym of the person. Null only in logs that name nobody.",
        "channel_id": "Pseudonym of the channel. Null where the log does not tell.",
        "time": "When the prompt was submitted, UTC, to the millisecond. Null where the log has no times.",
        "order": "Rank of the prompt among those of its user, as the log gives it. Null in most logs.",
        "text": "What the person wrote, without parameters, links and `**`; weights (`::2`) stay. Never empty.",
        "text_raw": "The whole prompt as echoed, links as `<link>`, mentions and e-mail addresses as `<user>`.",
        "params": "The parameters in order, each with `name` (the long one: `ar` is `aspect`), `values` as written, "
        "and `number` where the value is one plain number. An empty list if there are none.",
        "n_weights": "Number of `::` in the text.",
        "n_image_links": "Number of links before the parameters: image prompts.",
        "action": "`grid`: a new prompt. `remix`: an edit of an earlier one by the bot's remix. `reroll`: the same "
        "echo as an earlier prompt of the user.",
        "upscaled": "Whether at least one upscale goes back to this prompt. Null: the log cannot know.",
        "n_upscales": "Number of upscales that go back to this prompt, over any number of steps. Null: not known.",
        "upscaled_images": "Which images of the prompt's own grid were upscaled, by number from 1. Null: the log "
        "cannot know; empty: none, or none of which the number is told.",
        "model": "`midjourney` for chat logs; else what the source says. Versions are in `params`.",
        "language": "ISO 639 code, from the log or detected. Null: fewer than four words, or not looked at.",
        "captions": "Captions of the images, where the log has them.",
        "given_thread_id": "Pseudonym of the log's own thread id, where it has one; the rule `given` reads it.",
        "source": "Name of the format it came from.",
        "input": "Number of the input, from 1, as in the manifest.",
        "record": "Number of the record in that input, from 1.",
        "user_record": "Where the log first names the person, `input` · 2^32 + `record` of their earliest prompt: what "
        "is drawn by people is drawn by it, so that it is the same under every key.",
        "thread_id": "Thread by the chosen rule: the `prompt_id` of its first prompt. Null without user, or without "
        "time and order.",
        "step": "Place in the thread, 1 = first.",
        "steps_left": "Prompts after this one in the thread, 0 = last.",
    },
    "threads": {
        "prompt_id": "Key; the same as in prompts, one row for each prompt.",
        "thread_id": "The `prompt_id` of the thread's first prompt. Null as in prompts.",
        "step": "Place in the thread, 1 = first.",
        "steps_left": "Prompts after this one in the thread, 0 = last.",
    },
    "edits": {
        "prompt_id": "Key. The later prompt of the pair.",
        "before_id": "The prompt before it in the thread.",
        "thread_id": "The thread, by the rule that `manifest.json` names under `edits`.",
        "user_id": "Pseudonym of the person.",
        "step": "Place of the later prompt in the thread, from 2.",
        "gap_s": "Time between the two. Null where the log has no times.",
        "kind": "Kind of the edit; see [the ledger](edits.md).",
        "similarity": "Words in both prompts by words in either, as sets; 1 for two prompts without words.",
        "params_changed": "Whether parameters or image links differ.",
        "n_before": "Words of the earlier prompt.",
        "n_after": "Words of the later prompt.",
        "n_kept": "Words that stand in both.",
        "n_moved": "Those of them that stand in another place.",
        "spans": "What was added, removed and moved (`what`), in reading order, with the `kind` of its words.",
        **{
            f"{what}_{kind}": f"Words of the kind {kind} that were {what}."
            for what in ("added", "removed")
            for kind in tables.WORD_KINDS
        },
    },
    "rejects": {
        "input": "Number of the input, from 1.",
        "record": "Number of the record in that input, from 1. With `input` the key.",
        "stage": "Where it was left out: `read`, `link` or `clean`.",
        "reason": "One of the [reasons](compiling.md#rejects).",
        "detail": "What was wrong with a record that could not be read; else null.",
        "excerpt": "The first 80 characters of the prompt, scrubbed like `text_raw`. Null for chat, and for what your "
        "settings left out.",
    },
    "results": {
        "analysis": "Name of the [analysis](index.md#analyses).",
        "feature": "Column of the features table (for captions without `caption_`); `-` where it is about none.",
        "estimand": "What was estimated; each analysis's page lists its own.",
        "mode": "`paper`: the procedure of the paper. `corrected`: our own, [validated](validation.md).",
        "rule": "Grouping rule of the threads.",
        "group": "Part of the log, or of the estimand. Null: all.",
        "model": "Model, version or source that the row is about. Null: all.",
        "step": "Which place in the thread, or a number of prompts. Null where there is none.",
        "estimate": "The estimate. Null: not known, and `note` says why.",
        "standard_error": "Paper: over prompts or threads, or the deviation over seeds. Corrected: over users.",
        "ci_low": "Lower end of the interval over users.",
        "ci_high": "Upper end of the interval over users.",
        "ci_level": "Level of the interval.",
        "p_value": "Two-sided; in mode paper where the paper tests.",
        "p_adjusted": "Paper: after the correction that `method` names. Corrected: Holm, confirmatory tests only.",
        "effect": "Effect size.",
        "effect_name": "Which one it is.",
        "n_prompts": "Prompts that went into it.",
        "n_threads": "Threads that went into it.",
        "n_users": "Users that went into it.",
        "method": "How it was computed.",
        "seed": "Seed of what was drawn.",
        "note": "Why there is no estimate; a sample; what else must be said.",
    },
    "weights": {
        "prompt_id": "Key; the same as in prompts, one row for each prompt.",
        "density_ratio": "How much likelier such a text is in the reference than in the log, cut off above; mean 1. "
        "Null where there is nothing to compare with.",
        "inverse_probability": "Stabilised inverse of the probability that such a prompt is upscaled (of upscaled "
        "ones) or is not (of the others). Null where the log does not know.",
        "user_cap": "At most 1, so that no person has more than the cap's share of the log.",
        "weight": "`density_ratio` times `user_cap`; mean 1.",
    },
}
UNITS = {
    "time": "ms, UTC",
    "n_weights": "count",
    "n_image_links": "count",
    "n_upscales": "count",
    "step": "prompts",
    "steps_left": "prompts",
}


def columns(table: str) -> str:
    """The columns of a table of the study: name, type, unit, meaning."""
    lines = ["| column | type | unit | meaning |", "|---|---|---|---|"]
    for name, kind in STUDY_TABLES[table].columns.items():
        lines.append(f"| `{name}` | {_type(kind)} | {UNITS.get(name, '')} | {MEANINGS[table].get(name, '')} |")
    return "\n".join(lines)


def _type(kind: object) -> str:
    if isinstance(kind, pl.List):
        return f"List of {_type(kind.inner)}"
    if isinstance(kind, pl.Struct):
        return f"Struct ({', '.join(f'{field.name}: {_type(field.dtype)}' for field in kind.fields)})"
    return "Datetime" if isinstance(kind, pl.Datetime) else str(kind)


def source_head(name: str) -> str:
    """What a source's module says of itself."""
    module = source(name)
    family = {"messages": "bot lines, to be compiled", "prompts": "rows that already are prompts"}[module.FAMILY]
    told = inspect.cleandoc(module.__doc__ or "")
    return f"**{module.TITLE}**\n\n{told}\n\n- Holds: {family}.\n- Described in: {module.CITATION}"


def feature_head(name: str) -> str:
    """What a feature's module says of itself, and its columns."""
    module = feature(name)
    lines = ["| column | unit | range | without words | definition |", "|---|---|---|---|---|"]
    for c in module.COLUMNS:
        span = f"{_number(c.low, '-∞')} to {_number(c.high, '∞')}"
        lines.append(f"| `{c.name}` | {c.unit} | {span} | {_number(c.empty, 'null')} | {c.meaning} |")
    told = [f"**{module.TITLE}**", inspect.cleandoc(module.__doc__ or ""), "\n".join(lines)]
    facts = [f"- After: {module.CITATION}"]
    facts += (
        [f"- Also measured on captions, as `caption_{module.COLUMNS[0].name}` and so on."] if module.CAPTIONS else []
    )
    facts += [f"- Needs {_BACK_ENDS[module.USES]}."] if module.USES else []
    facts += [f"- Estimated from: {found.ESTIMATED_FROM}."] if (found := estimated(name)) else []
    return "\n\n".join([*told, "\n".join(facts)])


_BACK_ENDS = {"parse": "the parser (installed with unspool); large logs are sampled", "model": "a language model"}


def _number(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:g}"


def analysis_head(name: str) -> str:
    """What an analysis's module says of itself."""
    return question_head(analysis(name))


def audit_head(name: str) -> str:
    """What an audit's module says of itself."""
    return question_head(audits.audit(name))


def form_head(name: str) -> str:
    """What the module of a form of export says of itself."""
    module = export.form(name)
    told = inspect.cleandoc(module.__doc__ or "")
    return f"**{module.TITLE}**\n\n{told}\n\n- Writes: a {module.PLACE}.\n- Format: {module.CITATION}"


def question_head(module: Analysis | audits.Audit) -> str:
    """What an analysis or an audit says of itself."""
    told = inspect.cleandoc(module.__doc__ or "")
    facts = f"- Question: {module.QUESTION}\n- Does not show: {module.LIMITS}\n- After: {module.CITATION}"
    return f"**{module.TITLE}**\n\n{told}\n\n{facts}"


def features_list() -> str:
    """A line per feature with a link to its page."""
    lines = ["| feature | columns |", "|---|---|"]
    for name in registry.names("features"):
        columns = ", ".join(f"`{c.name}`" for c in feature(name).COLUMNS)
        lines.append(f"| [{name}](features/{name}.md) | {columns} |")
    return "\n".join(lines)


def analyses_list() -> str:
    """A line per analysis with a link to its page."""
    lines = ["| analysis | question |", "|---|---|"]
    return "\n".join(lines + [f"| [{name}](analyses/{name}.md) | {analysis(name).QUESTION} |" for name in in_order()])


def audits_list() -> str:
    """A line per audit with a link to its page."""
    lines = ["| audit | question |", "|---|---|"]
    names = audits.in_order()
    return "\n".join(lines + [f"| [{name}](audits/{name}.md) | {audits.audit(name).QUESTION} |" for name in names])


def forms_list() -> str:
    """A line per form of export with a link to its page."""
    lines = ["| form | what is written |", "|---|---|"]
    return "\n".join(
        lines + [f"| [{name}](exports/{name}.md) | {export.form(name).TITLE} |" for name in export.forms()]
    )


def sources_list() -> str:
    """A line per source with a link to its page."""
    lines = ["| source | what it reads |", "|---|---|"]
    return "\n".join(
        lines + [f"| [{name}](sources/{name}.md) | {source(name).TITLE} |" for name in registry.names("sources")]
    )


def rules_list() -> str:
    """A line per grouping rule with a link to its page."""
    lines = ["| rule | what it looks at |", "|---|---|"]
    for name in registry.names("threads"):
        default = " (default)" if name == threads.DEFAULT else ""
        lines.append(f"| [{name}](rules/{name}.md){default} | {threads.rule(name).TITLE} |")
    return "\n".join(lines)


@contextmanager
def _plain_help() -> Iterator[None]:
    """Help as plain text of a fixed width, whatever the terminal and its settings."""
    rich = typer.rich_utils
    kept = rich.MAX_WIDTH, rich.FORCE_TERMINAL, rich.COLOR_SYSTEM
    rich.MAX_WIDTH, rich.FORCE_TERMINAL, rich.COLOR_SYSTEM = WIDTH, False, None
    yield
    rich.MAX_WIDTH, rich.FORCE_TERMINAL, rich.COLOR_SYSTEM = kept


def help_of(*command: str) -> str:
    """`unspool COMMAND --help` as plain text."""
    with _plain_help():
        shown = CliRunner().invoke(
            application(), [*command, "--help"], prog_name="unspool", env={"COLUMNS": str(WIDTH)}
        )
    return "\n".join(line.rstrip() for line in shown.stdout.strip("\n").splitlines()).rstrip()


def commands() -> str:
    """The help of every command."""
    names = [command.name or "" for command in application().registered_commands]
    parts = [f"```text\n{help_of()}\n```"]
    parts += [f"## unspool {name}\n\n```text\n{help_of(name)}\n```" for name in names]
    return "\n\n".join(parts)


SHOWN_OF_DEMO = ("Prompts", "by the rule scene", "Recovered", "How many prompts", "get longer", "kept differ")
"""What the README shows: no sentence in it depends on how a processor rounds, as those of a fitted model do."""


def demo() -> str:
    """What `unspool demo` prints, cut where marked."""
    from unspool.commands import demo as module

    shown, kept = StringIO(), (_screen.out, _screen.err)
    _screen.out = Console(file=shown, width=WIDTH, highlight=False, color_system=None)
    _screen.err = Console(file=StringIO())
    try:
        with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            module.command(Path(folder) / "demo")
    finally:
        _screen.out, _screen.err = kept
    lines = [line.rstrip() for line in shown.getvalue().splitlines()]
    heads = [number for number, line in enumerate(lines) if line[:1].strip()]
    parts = {lines[a]: lines[a:b] for a, b in zip(heads, [*heads[1:], len(lines)], strict=True)}
    told = [line for head in SHOWN_OF_DEMO for line in next(part for name, part in parts.items() if head in name)]
    told = "\n".join([*lines[:4], f"  {CUT}", *told])
    return f"```text\n$ pip install uv && uv run unspool demo\n{CUT}\n{told}\n{CUT}\n```"


def tallied() -> pl.DataFrame:
    """The sums of all simulated logs of docs/validation.csv, a row per claim."""
    return added(pl.read_csv(ROOT / "docs" / "validation.csv", schema_overrides=TALLY))


def validation() -> str:
    """What they say of the claims, scenario by scenario."""
    found = judge_tally(tallied(), CLAIMS)
    return f"{summed_up(found)}\n\n{as_markdown(found)}".rstrip()


def misled() -> str:
    """Where the paper's way or the naive one misleads, and what the corrected estimate says of the same logs."""
    return f"{contrasts(tallied())} {summed_up(judge_tally(tallied(), CLAIMS))})"


def block(name: str) -> str:
    """The content of a generated block."""
    kind, _, rest = name.partition(" ")
    with_name: dict[str, Callable[[str], str]] = {
        "columns": columns,
        "source": source_head,
        "feature": feature_head,
        "analysis": analysis_head,
        "audit": audit_head,
        "form": form_head,
    }
    without: dict[str, Callable[[], str]] = {
        "commands": commands,
        "sources": sources_list,
        "rules": rules_list,
        "features": features_list,
        "analyses": analyses_list,
        "audits": audits_list,
        "forms": forms_list,
        "demo": demo,
        "validation": validation,
        "misled": misled,
    }
    return with_name[kind](rest) if rest else without[kind]()


def pages() -> list[Path]:
    """The pages that may hold generated blocks."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path) -> dict[str, str]:
    """The generated blocks of a page, as they stand there."""
    return {match["name"]: match[0] for match in BLOCK.finditer(path.read_text(encoding="utf-8"))}


def framed(name: str) -> str:
    """A generated block with its comments."""
    return f"<!-- generated: {name} -->\n\n{block(name)}\n\n<!-- end: {name} -->"


def main() -> int:
    """Write the stale blocks; with `--check` only name them, and return 1 if there are any."""
    stale = 0
    for path in pages():
        text = path.read_text(encoding="utf-8")
        for name, found in blocks(path).items():
            if (now := framed(name)) != found:
                stale += 1
                text = text.replace(found, now)
                print(f"{path.relative_to(ROOT)}: {name}")
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
    return int(stale > 0 and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
