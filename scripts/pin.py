"""Write the exact versions of the installed environment into pyproject.toml as constraints: `uv run scripts/pin.py`.

A lock file would record download addresses and stays out of version control; the constraints give the same versions.
"""

import re
from importlib.metadata import distributions
from pathlib import Path

HEAD = "[tool.uv]\nconstraint-dependencies = [\n"


def main() -> None:
    """Replace the block [tool.uv] of pyproject.toml by one that pins every installed package but this one."""
    path = Path(__file__).parents[1] / "pyproject.toml"
    named = {re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(): d.version for d in distributions()}
    named.pop("unspool", None)
    pins = "".join(f'  "{name}=={version}",\n' for name, version in sorted(named.items()))
    rest = re.sub(r"\n*\[tool\.uv\]\n.*?\n\]\n", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    path.write_text(rest.rstrip() + "\n\n" + HEAD + pins + "]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
