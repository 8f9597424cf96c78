"""Write what the code can tell into the pages of docs/ and into README.md; `--check` only says which are stale.

A page holds generated blocks between two comments; all around them is written by hand:

    <!-- generated: NAME -->
    ...
    <!-- end: NAME -->

NAME is `commands`, `columns TABLE`, `source NAME`, `feature NAME`, `analysis NAME`, `audit NAME`, `form NAME`,
`sources`, `rules`, `features`, `analyses`, `audits`, `forms`, `demo`, `pairs`, `misled` or `validation`.
"""

import inspect
import re
import sys
import tempfile
import tomllib
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
from unspool.simulate import simulate
from unspool.sources import source
from unspool.stages.audit import audit_study
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread
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
MEANINGS: dict[str, dict[str, str]] = tomllib.loads((ROOT / "scripts" / "columns.toml").read_text("utf-8"))
MEANINGS["edits"] |= {
    f"{what}_{kind}": f"Words of the kind {kind} that were {what}."
    for what in ("added", "removed")
    for kind in tables.WORD_KINDS
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


def pairs() -> str:
    """What the audit selection counts in the simulated log of `unspool demo`."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "export.json"
        simulate("newcomers", seed=1).write(log)
        study = measure(thread(read([str(log)], Path(folder) / "study"), threads.DEFAULT), names=["length"])
        found = audit_study(study, names=["selection"]).audit()
    counted = found.filter(pl.col("estimand").is_in(["n_left", "n_pairs"]))
    n = {row["group"]: f"{row['estimate']:,.0f}" for row in counted.iter_rows(named=True)}
    return (
        f"On the simulated log of `unspool demo`, {n['all prompts']} prompts: {n['upscaled']} upscaled, "
        f"{n['image known']} with a known image;\n{n['within grid']} pairs within a grid, {n['verbatim reroll']} of "
        f"verbatim rerolls, {n['across prompts']} across prompts."
    )


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
        "pairs": pairs,
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
