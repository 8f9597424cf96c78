"""Photograph the top of the demo's report and charts of it into docs/report.png: `uv run scripts/screenshot.py`.

Needs Chromium. The second part shows the page from BELOW pixels after the top of SECTION.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from unspool.commands import demo

PICTURE = Path(__file__).parents[1] / "docs" / "report.png"
WIDTH, TOP, CHARTS = 1180, 1000, 690
SECTION, BELOW = "drift", 755
PAGE = """<body style="margin: 0">
<div style="height: {top}px; overflow: hidden"><iframe src="{page}" height="{top}"></iframe></div>
<div style="height: {charts}px; overflow: hidden; border-top: 12px solid #ddd">
<iframe src="{page}#{section}" height="{tall}" style="margin-top: -{below}px"></iframe></div>
<style>iframe {{ width: 100%; border: 0 }}</style>"""


def main() -> None:
    """Run the demo in a folder of its own and write the picture."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("no Chromium was found")
    with tempfile.TemporaryDirectory() as folder:
        demo.command(Path(folder) / "demo")
        report = (Path(folder) / "demo" / "study" / "report.html").as_uri()
        both = Path(folder) / "both.html"
        sizes = {"top": TOP, "charts": CHARTS, "tall": BELOW + CHARTS, "below": BELOW}
        both.write_text(PAGE.format(page=report, section=SECTION, **sizes), "utf-8")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--virtual-time-budget=5000"]
        flags += [f"--user-data-dir={folder}/browser", f"--window-size={WIDTH},{TOP + CHARTS + 12}"]
        subprocess.run([browser, *flags, f"--screenshot={PICTURE}", both.as_uri()], check=True)


if __name__ == "__main__":
    main()
