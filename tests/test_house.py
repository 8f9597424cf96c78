"""The house: imports point to a line above in the folder list, and what is heavy loads only when it is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "unspool"
ORDER = (
    *(
        "tables",
        "errors",
        "registry",
        "labels",
        "stats",
        "syntax",
        "lexicons",
        "models",
        "sources",
        "compiling",
        "threads",
    ),
    *("features", "edits", "analyses", "audits", "simulate", "figures", "report", "explorer", "export"),
    *("study", "engine", "stages", "validation", "api", "commands", "__main__"),
)
EVERYWHERE = {"tables", "errors", "registry"}
HEAVY = ("torch", "transformers", "spacy", "ray", "altair", "sklearn", "datasets")


def modules():
    return sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")


def place(path):
    return path.relative_to(SRC).with_suffix("").parts[0]


def imported(tree, path):
    """Folders of unspool that a module imports from, also inside functions, with the line."""
    package = ("unspool", *path.relative_to(SRC).with_suffix("").parts)[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = (*package[: len(package) - node.level + 1],) if node.level else ()
            module = ".".join((*start, *filter(None, [node.module])))
            names = [f"{module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "unspool" and len(parts) > 1 and parts[1] in ORDER:
                yield parts[1], node.lineno


def wrong_way(path, text):
    here = place(path)
    for there, line in imported(ast.parse(text), path):
        below = ORDER.index(there) > ORDER.index(here) and there not in EVERYWHERE
        if below or (there == "commands" and here not in ("commands", "__main__")):
            yield f"{path.relative_to(SRC)}:{line} imports {there}, which stands below {here}"


def test_every_module_has_a_place():
    assert {place(path) for path in modules()} <= set(ORDER)
    assert len(modules()) > 50


def test_imports_point_to_a_line_above():
    assert [fault for path in modules() for fault in wrong_way(path, path.read_text())] == []


@pytest.mark.parametrize(
    "text",
    [
        "from unspool.study import Study",
        "from unspool import commands",
        "import unspool.stages.read",
        "from ..commands import _screen",
        "def f():\n    from unspool.engine import workers",
        "if TYPE_CHECKING:\n    from unspool.api import run",
    ],
)
def test_an_import_the_wrong_way_is_found(text):
    assert len(list(wrong_way(SRC / "sources" / "table.py", text))) == 1


@pytest.mark.parametrize("text", ["import unspool", "from unspool import tables", "from . import _frames"])
def test_an_import_of_what_stands_above_is_none(text):
    assert list(wrong_way(SRC / "sources" / "table.py", text)) == []


@pytest.mark.parametrize(
    "statement",
    [
        "import unspool",
        "import sys; sys.argv = ['unspool', '--help']; from unspool.commands import main; start = main",
    ],
)
def test_nothing_heavy_is_loaded(statement):
    script = f"""
import sys
start = lambda: None
{statement}
try:
    start()
except SystemExit:
    pass
print("LOADED", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stdout.rpartition("LOADED")[2].split()
    assert "unspool" in loaded
    assert set(loaded).isdisjoint(HEAVY)
