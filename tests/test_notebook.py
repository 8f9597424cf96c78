"""The notebook of the docs runs from its first cell to its last and shows what it says."""

import nbformat
import pytest

from tests.test_docs import ROOT, script

notebook = script("notebook")


def outputs(cell):
    return "\n".join(str(output.get("data", output.get("text", ""))) for output in cell.get("outputs", []))


@pytest.fixture(scope="module")
def cells():
    return code(notebook.executed())


@pytest.fixture(scope="module")
def kept():
    return code(nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4))


def code(made):
    return [cell for cell in made.cells if cell.cell_type == "code"]


def test_the_notebook_runs_and_draws_and_reads_the_results(cells):
    shown = [outputs(cell) for cell in cells]
    assert any("image/png" in text for text in shown)
    assert any("cliffs_delta" in cell.source and "n_words" in text for cell, text in zip(cells, shown, strict=True))
    assert "Share of magic words" in shown[-1]


def test_the_notebook_in_the_docs_has_its_outputs(kept):
    assert all(cell.execution_count for cell in kept)


def lines(cells):
    """Rows of printed tables: the prompts of the first, and those of n_words, which no parser or processor changes."""
    prompts = next(tabular(cell) for cell in cells if ".head(5)" in cell.source)
    return [*prompts, *(line for cell in cells for line in tabular(cell) if line.startswith("│ n_words"))]


def tabular(cell):
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
    return [line for text in texts for line in text.splitlines() if line.startswith("│")]


def test_the_outputs_in_the_docs_are_those_of_a_run(cells, kept):
    assert len(lines(kept)) == 10
    assert lines(kept) == lines(cells), "run scripts/notebook.py"
