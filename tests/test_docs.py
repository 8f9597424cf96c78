"""What the README and the pages of docs/ say is so: generated parts, names, links, command lines, examples."""

import importlib.util
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import polars as pl
import pytest
from typer.main import get_command

from unspool import __version__, registry, tables
from unspool.commands import application
from unspool.simulate import simulate
from unspool.sources import Options, Span, source, table
from unspool.stages.export import INSIDE
from unspool.stages.measure import measure
from unspool.stages.read import read
from unspool.stages.thread import thread
from unspool.syntax.lines import parse_lines

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def script(name):
    spec = importlib.util.spec_from_file_location(f"unspool_script_{name}", ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


docs, picture = script("docs"), script("picture")
PAGES = docs.pages()
BLOCKS = [(path, name) for path in PAGES for name in docs.blocks(path)]


def text(path):
    return path.read_text(encoding="utf-8")


def fences(path, *languages):
    pattern = rf"^```(?:{'|'.join(languages)})\n(.*?)^```$"
    return re.findall(pattern, text(path), re.DOTALL | re.MULTILINE)


def section(path, title):
    found = re.search(rf"^#+ {re.escape(title)}$(.*?)(?=^#|\Z)", text(path), re.DOTALL | re.MULTILINE)
    assert found, f"{path.name} has no section {title!r}"
    return found[1]


def rows(markdown):
    """Names in the first cells of a Markdown table; one cell may hold several."""
    cells = [line.split("|")[1] for line in markdown.splitlines() if line.startswith("| `")]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def anchors(path):
    titles = re.findall(r"^#+ (.+)$", text(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize(("path", "name"), BLOCKS, ids=[f"{path.name}:{name}" for path, name in BLOCKS])
def test_generated_blocks_are_what_the_code_gives(path, name):
    assert docs.blocks(path)[name] == docs.framed(name), "run scripts/docs.py"


def test_every_exit_code_is_told():
    sources = "".join(text(path) for path in (ROOT / "src").rglob("*.py"))
    codes = set(re.findall(r"(?:exit_code=|typer\.Exit\(|sys\.exit\()(\d+)", sources))
    assert {"1", "2", "3", "130"} <= codes
    told = re.findall(r"^\| (\d+) \|", section(DOCS / "resume.md", "Exit codes"), re.MULTILINE)
    assert set(told) == {"0", *codes}


def test_every_generated_block_is_there():
    found = {name for _, name in BLOCKS}
    tables_of_study = {f"columns {name}" for name in docs.STUDY_TABLES}
    listed = {"commands", "sources", "rules", "features", "analyses", "audits", "forms", "demo", "pairs"}
    assert found >= listed | tables_of_study
    opened = sum(text(path).count("<!-- generated: ") for path in PAGES)
    assert opened == len(BLOCKS), "a block is not closed, or its two names differ"


def test_picture_is_what_show_prints():
    assert text(picture.PICTURE) == picture.picture(), "run scripts/picture.py"


def test_picture_fetches_nothing():
    assert re.findall(r"https?://[^\"]+", text(picture.PICTURE)) == ["http://www.w3.org/2000/svg"]


@pytest.mark.parametrize("folder", ["sources", "rules", "features", "analyses", "audits", "exports"])
def test_every_source_rule_feature_analysis_audit_and_form_has_a_page(folder):
    names = registry.names({"rules": "threads", "exports": "export"}.get(folder, folder))
    assert sorted(path.stem for path in (DOCS / folder).glob("*.md")) == names


KINDS = {"sources": "source", "features": "feature", "analyses": "analysis", "audits": "audit", "exports": "form"}


@pytest.mark.parametrize(("folder", "kind"), KINDS.items())
def test_every_page_holds_what_the_module_says(folder, kind):
    for name in registry.names(folder.removesuffix("s") if folder == "exports" else folder):
        assert f"{kind} {name}" in docs.blocks(DOCS / folder / f"{name}.md")


@pytest.mark.parametrize("name", docs.STUDY_TABLES)
def test_every_column_has_a_meaning(name):
    known = docs.STUDY_TABLES[name].columns
    assert list(docs.MEANINGS[name]) == list(known)
    assert all(docs.MEANINGS[name].values())
    assert rows(section(DOCS / "study.md", name))[: 1 + len(known)] >= list(known)


def samples():
    folder = ROOT / "tests" / "samples"
    yield "diffusiondb", folder / "diffusiondb" / "metadata.parquet"
    yield "midjourney_threads", folder / "midjourney_threads" / "threads_0.csv"


def test_columns_that_only_some_sources_have_are_documented():
    import unspool.sources.simulacra as simulacra

    documented = rows(section(DOCS / "study.md", "prompts"))
    given = set(simulacra.SCHEMA)
    for name, path in samples():
        for chunk in source(name).chunks(path, Span(), Options()):
            given |= set(chunk.rows.columns)
    own = given - set(tables.PROMPT_RECORDS.columns)
    assert {"mean_rating", "image_nsfw", "released_perplexity"} <= own
    assert own <= set(documented)


def test_kinds_categories_and_reasons_are_defined():
    page = DOCS / "compiling.md"
    assert sorted(rows(section(page, "The grammar of bot lines"))) == sorted(tables.KINDS)
    assert rows(section(page, "Merged")) == list(tables.MERGED)
    assert sorted(rows(section(page, "Rejects"))) == sorted(tables.REASONS)


def test_examples_of_bot_lines_have_the_kind_they_stand_for():
    lines = re.findall(
        r"^\| `(\w+)` \| .* \| (.*) \|$", section(DOCS / "compiling.md", "The grammar of bot lines"), re.M
    )
    examples = [(kind, line) for kind, cell in lines for line in re.findall(r"`([^`]+)`", cell)]
    frame = pl.DataFrame({"content": [f"**a fox** - {line}" for _, line in examples]})
    assert parse_lines(frame)["kind"].to_list() == [kind for kind, _ in examples]
    assert {kind for kind, _ in examples} == set(tables.KINDS) - {"other"}


def test_every_kind_of_figure_is_told():
    assert sorted(rows(section(DOCS / "report.md", "Reading the figures"))) == registry.names("figures")


def test_columns_that_no_export_has_are_told():
    assert all(f"`{name}`" in text(DOCS / "exports" / "parquet.md") for name in INSIDE)


def test_actions_are_defined():
    for action in tables.ACTIONS:
        assert f"`{action}`" in docs.MEANINGS["prompts"]["action"]


def test_roles_of_a_table_are_defined():
    page = rows(section(DOCS / "sources" / "table.md", "The column map"))
    assert set(page) == set(table.ROLES) - {"caption_1", "caption_2"}


def test_every_command_and_option_is_in_the_reference():
    page = text(DOCS / "commands.md")
    for name, command in get_command(application()).commands.items():
        told = page.partition(f"## unspool {name}\n")[2].partition("\n## ")[0]
        assert told, name
        for option in options(command):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", told), f"{name} {option}"


def options(command):
    return [option for parameter in command.params for option in parameter.opts if option.startswith("-")]


def command_lines():
    for path in PAGES:
        for block in fences(path, "console", "sh"):
            for line in block.splitlines():
                if line.startswith("unspool"):
                    yield path, line
    for path in PAGES:
        for line in re.findall(r"^    (unspool .+)$", text(path), re.MULTILINE):
            yield path, line


LINES = list(command_lines())


@pytest.mark.parametrize(("path", "line"), LINES, ids=[line for _, line in LINES])
def test_command_lines_name_what_exists(path, line):
    words = shlex.split(line, comments=True)[1:]
    known = get_command(application()).commands
    assert words[0] in known, f"{path.name}: no command {words[0]}"
    context = known[words[0]].make_context(words[0], words[1:])  # an unknown option or a missing argument raises
    if columns := context.params.get("columns"):
        assert {entry.partition("=")[0] for entry in columns.split(",")} <= set(table.ROLES)
    for rule in context.params.get("rule") or [] if words[0] != "show" else []:
        assert rule in registry.names("threads")


def test_there_are_command_lines_for_every_source():
    lines = {path.stem for path, _ in LINES if path.parent.name == "sources"}
    assert lines == set(registry.names("sources"))


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda path: path.name)
def test_links_lead_to_files_and_sections_that_are_there(path):
    for link in re.findall(r"\]\(([^)\s]+)\)", text(path)):
        place, _, anchor = link.partition("#")
        if place.startswith(("http:", "https:")):
            continue
        target = (path.parent / place).resolve() if place else path
        assert target.is_file(), f"{path.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{path.name}: {link}"


def test_figures_of_the_readme_are_those_of_the_rules():
    found = re.findall(r"^\| \[(\w+)\]\(docs/rules/\w+\.md\).*$", text(ROOT / "README.md"), re.MULTILINE)
    assert set(found) >= {"iou", "overlap", "gap", "given"}
    for line in text(ROOT / "README.md").splitlines():
        if match := re.match(r"\| \[(\w+)\]\(docs/rules/", line):
            page = text(DOCS / "rules" / f"{match[1]}.md")
            for figure in re.findall(r"\.\d{3} \[[^\]]+\]", line):
                assert figure in page, f"{match[1]}: {figure}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_examples(path):
    names = {}
    for number, example in enumerate(fences(path, "python")):
        exec(compile(example, f"{path.name}, example {number + 1}", "exec"), names)
    return names


def test_python_examples_run(folder):
    names = run_examples(DOCS / "python.md")
    assert names["threads"].height == 4


@pytest.mark.parametrize("path", [ROOT / "README.md", DOCS / "study.md"], ids=lambda path: path.name)
def test_examples_that_read_a_study_run(folder, path, capsys):
    simulate("newcomers", seed=1, users=20).write(folder / "export.json")
    measure(thread(read([str(folder / "export.json")], folder / "study"), "iou"), names=["length"])
    assert run_examples(path)["prompts"].height > 20


def test_the_citation_is_of_this_version_and_licence():
    told = dict(re.findall(r"^([\w-]+): (.+)$", text(ROOT / "CITATION.cff"), re.MULTILINE))
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    assert (told["title"], told["license"]) == (project["name"], project["license"])
    assert (told["type"], told["version"], told["abstract"]) == ("software", __version__, project["description"])
    assert "name: The unspool authors" in text(ROOT / "CITATION.cff")


def test_no_example_leaves_files_in_the_repository():
    assert not (ROOT / "study").exists()


def test_stale_blocks_are_found_and_written(tmp_path, monkeypatch, capsys):
    shutil.copytree(DOCS, tmp_path / "docs")
    page = tmp_path / "docs" / "study.md"
    page.write_text(text(page).replace("Place in the thread", "Another meaning"), encoding="utf-8")
    monkeypatch.setattr(docs, "pages", lambda: [page])
    monkeypatch.setattr(docs, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["docs.py", "--check"])
    assert docs.main() == 1
    assert "Another meaning" in text(page)
    monkeypatch.setattr(sys, "argv", ["docs.py"])
    assert docs.main() == 0
    assert text(page) == text(DOCS / "study.md")
    told = "docs/study.md: columns prompts\ndocs/study.md: columns threads\n"
    assert capsys.readouterr().out == told * 2
