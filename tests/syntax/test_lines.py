"""Every form of bot line that is known, in texts of our own."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.syntax.lines import parse_lines

ME = "<@100000000000000001>"
SITE = "[(Open on website for full quality)](<https://midjourney.com/jobs/9a5aa072-26f3-4902-a2e2-f76f2db12270>)"

FORMS = [
    # content, kind, echo, user id, user name, image index, mode
    (f"**red kite** - {ME} (fast)", "grid", "red kite", "100000000000000001", None, None, "fast"),
    ("**red kite** - <@!42> (relaxed)", "grid", "red kite", "42", None, None, "relaxed"),
    (f"**red kite** - {ME} (turbo, stealth)", "grid", "red kite", "100000000000000001", None, None, "turbo, stealth"),
    (f"**kite --s 750** - {ME} (Open on website for full quality) (relaxed)", "grid", "kite --s 750", "100000000000000001", None, None, "relaxed"),
    (f"**kite** - {ME} {SITE} (fast)", "grid", "kite", "100000000000000001", None, None, "fast"),
    (f"**** - {ME} (fast)", "grid", "", "100000000000000001", None, None, "fast"),
    (f"****kite** in wind** - {ME} (fast)", "grid", "**kite** in wind", "100000000000000001", None, None, "fast"),
    ("**kite** - @some handle (fast, stealth)", "grid", "kite", None, "some handle", None, "fast, stealth"),
    ("**kite for @nobody** - @Jo (she/her) (fast)", "grid", "kite for @nobody", None, "Jo (she/her)", None, "fast"),
    (f"**[4619231091196848] kite** - {ME} (fast)", "grid", "kite", "100000000000000001", None, None, "fast"),
    (f"**<4619231091196848> kite** - {ME} (fast)", "grid", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite - no clouds - blue + 4k** - {ME} (fast)", "grid", "kite - no clouds - blue + 4k", "100000000000000001", None, None, "fast"),
    (f"**kite (relaxed)** - {ME} (fast)", "grid", "kite (relaxed)", "100000000000000001", None, None, "fast"),
    (f"**a ** - <@9> (fast) b** - {ME} (fast)", "grid", "a ** - <@9> (fast) b", "100000000000000001", None, None, "fast"),
    (f"**two\nlines** - {ME} (fast)", "grid", "two\nlines", "100000000000000001", None, None, "fast"),
    (f"**kite** - Variations by {ME} (fast)", "variation", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Variations (Strong) by {ME} {SITE} (fast)", "variation", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Variations (Subtle) by {ME} (fast)", "variation", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Variations (Region) by {ME} (turbo)", "region", "kite", "100000000000000001", None, None, "turbo"),
    (f"**kite** - Remaster by {ME} (fast)", "variation", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Remix by {ME} (fast)", "remix", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Remix (Subtle) by {ME} (relaxed)", "remix", "kite", "100000000000000001", None, None, "relaxed"),
    (f"**kite** - Remix (Region) by {ME} (relaxed)", "remix", "kite", "100000000000000001", None, None, "relaxed"),
    (f"**kite** - Zoom Out by {ME} (fast)", "zoom", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite --ar 3:2** - Pan Left by {ME} (fast)", "pan", "kite --ar 3:2", "100000000000000001", None, None, "fast"),
    (f"**kite --motion high --video 1** - {ME} {SITE} (fast)", "video", "kite --motion high --video 1", "100000000000000001", None, None, "fast"),
    (f"**kite --video** - {ME} (fast)", "grid", "kite --video", "100000000000000001", None, None, "fast"),
    (f"**kite --video --ar 3:2** - {ME} (fast)", "grid", "kite --video --ar 3:2", "100000000000000001", None, None, "fast"),
    (f"**kite --v 5** - Image #4 {ME}", "upscale", "kite --v 5", "100000000000000001", None, 4, None),
    ("**kite** - Image #2 @some handle", "upscale", "kite", None, "some handle", 2, None),
    (f"**kite** - Upscaled by {ME} (fast, stealth)", "upscale", "kite", "100000000000000001", None, None, "fast, stealth"),
    (f"**kite** - Upscaled (Max) by {ME} (fast)", "upscale", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Upscaled (Beta) by {ME} (fast)", "upscale", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Upscaled (Light) by {ME} (fast)", "upscale", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Upscaled (4x) by {ME} (Open on website for full quality) (fast)", "upscale", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Upscaled (Creative) by {ME} (fast)", "upscale", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - {ME} (Waiting to start)", "start", "kite", "100000000000000001", None, None, None),
    (f"Upscaling image #1 with **kite --raw** - {ME} (Waiting to start)", "start", "kite --raw", "100000000000000001", None, None, None),
    (f"Making variations for image #1 with prompt **kite** - {ME} (Waiting to start)", "start", "kite", "100000000000000001", None, None, None),
    (f"Creating video with prompt **kite --video 1** - {ME} (Waiting to start)", "start", "kite --video 1", "100000000000000001", None, None, None),
    (f"Rerolling **kite** - {ME} (Waiting to start)", "start", "kite", "100000000000000001", None, None, None),
    ("Animating...", "start", None, None, None, None, None),
    (f"**kite** - {ME} (62%) (relaxed)", "progress", "kite", "100000000000000001", None, None, "relaxed"),
    (f"kite --q 2** - {ME} (0%) (fast, stealth)", "progress", "kite --q 2", "100000000000000001", None, None, "fast, stealth"),
    (f"**kite** - Variations (Strong) by {ME} (17%) (fast)", "progress", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - Upscaling by {ME} (0%) (fast)\n-# Create, explore...", "progress", "kite", "100000000000000001", None, None, "fast"),
    (f"**kite** - {ME} (Stopped)", "progress", "kite", "100000000000000001", None, None, None),
    (f"**kite** - {ME} (paused) (relaxed)", "progress", "kite", "100000000000000001", None, None, "relaxed"),
    ("how do I fly a **kite**?", "other", None, None, None, None, None),
    ("You have successfully rated [this job](https://discord.com/channels/1/2/3) with a heart", "other", None, None, None, None, None),
    ("## Important tokens\n**kite** **kite**, in the ~~style~~\n## Shortened prompts\n1. kite", "other", None, None, None, None, None),
    ("", "other", None, None, None, None, None),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=[f[0][:60] for f in FORMS])
def test_form(form):
    row = parse_lines(pl.DataFrame({"content": [form[0]]})).row(0, named=True)
    found = tuple(row[k] for k in ("kind", "echo", "line_user_id", "line_user_name", "image_index", "mode"))
    assert found == form[1:]


def test_null_content_is_other():
    assert parse_lines(pl.DataFrame({"content": [None]}, schema={"content": pl.String}))["kind"].to_list() == ["other"]


def test_empty_frame():
    assert parse_lines(pl.DataFrame(schema={"content": pl.String})).height == 0


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=80), st.sampled_from(["(fast)", "(relaxed, stealth)"])
)
def test_any_prompt_comes_back_from_its_grid_line(prompt, mode):
    row = parse_lines(pl.DataFrame({"content": [f"**{prompt}** - <@77> {mode}"]})).row(0, named=True)
    assert row["line_user_id"] == "77"
    assert row["mode"] == mode[1:-1]
    assert row["kind"] in ("grid", "video")
    assert row["echo"] == prompt or prompt.lstrip()[:1] in "[<"  # a proxy's task number is taken off


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_is_read(text):
    assert parse_lines(pl.DataFrame({"content": [text]})).height == 1
