"""The notebook of the docs runs from its first cell to its last and shows what it says."""

import nbformat

from tests.test_docs import ROOT, script

notebook = script("notebook")


def outputs(cell):
    return "\n".join(str(output.get("data", output.get("text", ""))) for output in cell.get("outputs", []))


def test_the_notebook_runs_and_draws_and_reads_the_results():
    cells = [cell for cell in notebook.executed().cells if cell.cell_type == "code"]
    shown = [outputs(cell) for cell in cells]
    assert any("image/png" in text for text in shown)
    assert any("cliffs_delta" in cell.source and "n_words" in text for cell, text in zip(cells, shown, strict=True))
    assert "Share of magic words" in shown[-1]


def test_the_notebook_in_the_docs_has_its_outputs():
    kept = nbformat.read(ROOT / "docs" / "notebook.ipynb", as_version=4)
    assert all(cell.execution_count for cell in kept.cells if cell.cell_type == "code")
