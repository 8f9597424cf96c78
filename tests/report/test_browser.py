"""The report in a browser: it draws, fits, says nothing to the console, asks for nothing, and runs nobody's text."""

import pytest
from tests.devtools import BROWSER, Browser
from tests.made_study import TOKEN, analysed, write_words

from unspool.stages.report import report

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed")
WIDTHS = [390, 1280]
CHARTS = """[...document.querySelectorAll('figure svg')].map(s => {
  const box = s.getBoundingClientRect(), text = [...s.querySelectorAll('text')];
  const scale = box.width / s.viewBox.baseVal.width;
  return {width: box.width, height: box.height, folded: !!s.closest('details:not([open])'),
          text: Math.min(...text.map(t => scale * parseFloat(t.getAttribute('font-size')))),
          marks: s.querySelectorAll('path, line, rect').length};
})"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    found = Browser(tmp_path_factory.mktemp("browser"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    study = analysed(folder)
    write_words(study, [TOKEN, *(f"word{n}" for n in range(39))])
    return report(study).as_uri()


@pytest.fixture
def opened(browser, url):
    browser.look(1280)
    browser.open(url)
    return browser


def said(browser):
    browser.value("1")  # what is under way arrives before the answer
    return [event for event in browser.events if event[0] != "Network.requestWillBeSent"]


def test_nothing_is_said_to_the_console(opened):
    assert said(opened) == []


def test_what_is_said_to_the_console_would_be_noticed(browser, tmp_path):
    page = tmp_path / "loud.html"
    page.write_text("<!doctype html><link rel=icon href='data:,'><script>console.error('x'); nothing()</script>")
    browser.open(page.as_uri())
    assert {name for name, _ in said(browser)} >= {"Runtime.consoleAPICalled", "Runtime.exceptionThrown"}


def test_nothing_is_asked_for_but_the_page(opened, url):
    asked = [event["request"]["url"] for name, event in opened.events if name == "Network.requestWillBeSent"]
    assert [address for address in asked if not address.startswith("data:")] == [url]


def test_policy_lets_no_script_run(opened):
    script = "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)"
    opened.value(script)
    assert opened.value("typeof window.ran") == "undefined"


def test_text_of_prompts_does_nothing(opened):
    assert opened.value("document.title") == "How people reworked their prompts"
    assert opened.value("document.querySelectorAll('script, img').length") == 0
    prompts = opened.value("[...document.querySelectorAll('.prompt')].map(p => p.textContent)")
    assert len(prompts) == 8
    assert all("<script>document.title" in prompt for prompt in prompts[:3])


def test_direction_marks_turn_nothing_around(opened):
    prompt = opened.value("document.querySelectorAll('.prompt')[2].textContent")
    assert "U+202E" in prompt and "U+2066" in prompt and "\u202e" not in prompt
    assert opened.value("document.querySelectorAll('.prompt')[2].firstElementChild.tagName") == "BDI"


def test_a_paste_is_cut_on_the_page(opened):
    prompt = opened.value("document.querySelectorAll('.prompt')[3].textContent")
    assert TOKEN in prompt and len(prompt) < 2_500 and "…" in prompt


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_charts_are_drawn_in_their_place(opened, width, scheme):
    opened.look(width, scheme)
    charts = [chart for chart in opened.value(CHARTS) if not chart["folded"]]
    assert len(charts) >= 8
    for chart in charts:
        assert 250 <= chart["width"] <= min(width, 440) and chart["height"] > 80
        assert chart["text"] >= 10.5
        assert chart["marks"] > 5


@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_as_wide_as_the_screen(opened, width):
    opened.look(width)
    opened.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.value("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_captions_are_not_cut_by_the_boxes_that_scroll(opened, width):
    opened.look(width)
    opened.value("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert opened.value("document.querySelectorAll('.scroll caption').length") == 0
    ends = opened.value("[...document.querySelectorAll('p.caption')].map(p => p.getBoundingClientRect().right)")
    assert len(ends) > 3 and max(ends) <= width


def strip(browser, beside):
    """A strip as a picture: of the box of magic words, the last pixels before its end ("bottom") or right end."""
    box = browser.value(
        "(() => { const b = document.querySelector('#words .scroll').getBoundingClientRect();"
        " return {x: b.x, y: b.y + scrollY, width: b.width, height: b.height}; })()"
    )
    if beside == "bottom":  # right of the table, where nothing else is drawn
        clip = {"x": box["x"] + box["width"] - 30, "y": box["y"] + box["height"] - 10, "width": 20, "height": 6}
    else:
        clip = {"x": box["x"] + box["width"] - 10, "y": box["y"] + 48, "width": 8, "height": 2}
    shot = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip={**clip, "scale": 1})
    return shot["data"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("beside", "style"), [("bottom", ""), ("right", "table { width: 60rem; }")])
def test_a_box_is_shaded_where_it_goes_on_until_its_end_is_reached(opened, scheme, beside, style):
    opened.look(390, scheme)
    opened.value(f"document.styleSheets[0].insertRule('#words {style or 'table {}'}')")
    before = strip(opened, beside)
    opened.value("document.querySelector('#words .scroll').scrollTo(1e5, 1e5)")
    assert strip(opened, beside) != before


def test_a_box_of_many_rows_says_how_many(opened):
    assert opened.value("document.querySelector('#words .scrolls').textContent") == "; scroll the box for all 40 rows"
    opened.look(1280, "light", "print")
    assert opened.value("getComputedStyle(document.querySelector('#words .scrolls')).display") == "none"


@pytest.mark.parametrize(("width", "columns"), [(390, 1), (1280, 3)])
def test_charts_stand_in_columns(opened, width, columns):
    opened.look(width)
    found = opened.value("getComputedStyle(document.querySelector('.block .figures')).gridTemplateColumns")
    assert len(found.split()) == columns


def test_colours_follow_the_scheme(opened):
    colours = {}
    for scheme in ("light", "dark"):
        opened.look(1280, scheme)
        mark = "document.querySelector('figure svg [fill=\"var(--c1)\"]')"
        colours[scheme] = opened.value(
            f"[getComputedStyle({mark}).fill, getComputedStyle(document.body).backgroundColor]"
        )
    assert colours["light"][0] == "rgb(0, 114, 178)"
    assert colours["dark"][0] == "rgb(86, 180, 233)"
    assert colours["light"][1] != colours["dark"][1]


def test_marks_say_their_value_when_pointed_at(opened):
    titles = opened.value("[...document.querySelectorAll('figure svg title')].map(t => t.textContent)")
    assert "step 1: 10.0, 95% interval 9.5 to 10.5" in titles


def test_on_paper_it_is_dark_on_white_whatever_the_screen(opened):
    opened.look(1280, "dark", "print")
    assert opened.value("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert opened.value("getComputedStyle(document.querySelector('nav')).display") == "none"
