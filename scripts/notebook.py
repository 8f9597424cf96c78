"""Run docs/notebook.ipynb in an empty folder and write its outputs into it: `uv run scripts/notebook.py`."""

import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


def executed() -> nbformat.NotebookNode:
    """The notebook after a run from its first cell to its last; a cell that fails is an error."""
    made = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(made, timeout=300, kernel_name="python3", resources={"metadata": {"path": folder}})
        return client.execute()


def main() -> None:
    """Write the executed notebook, without the times of its cells and the machine's own names."""
    made = executed()
    for cell in made.cells:
        cell.metadata.pop("execution", None)
        if "outputs" in cell:
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    made.metadata = {"language_info": {"name": "python"}}
    nbformat.write(made, NOTEBOOK)


if __name__ == "__main__":
    main()
