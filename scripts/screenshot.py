"""Photograph the top of the demo's report into docs/report.png: `uv run scripts/screenshot.py`. Needs Chromium."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from unspool.commands import demo

PICTURE = Path(__file__).parents[1] / "docs" / "report.png"
SIZE = "1180,2080"


def main() -> None:
    """Run the demo in a folder of its own and write the picture."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium was found")
    with tempfile.TemporaryDirectory() as folder:
        demo.command(Path(folder) / "demo")
        page = (Path(folder) / "demo" / "study" / "report.html").as_uri()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        flags += [f"--user-data-dir={folder}/browser", f"--window-size={SIZE}", f"--screenshot={PICTURE}"]
        subprocess.run([browser, *flags, page], check=True)


if __name__ == "__main__":
    main()
