"""The page: one file without script or network, everything from the log escaped, of bounded size, in readable colours."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markupsafe import Markup
from tests import made_results as made

from unspool.report import HERE, Books, Content, Entry, Fact, Measure, Section, Step, page
from unspool.report._answers import Answer, Bar, Number
from unspool.report._drawn import blocks
from unspool.report._tables import of_results
from unspool.report._text import shown
from unspool.report._void import Void

EVIL = '<script>window.hacked=1</script><img src=x onerror="hacked=1">\u202egnp'
CSS = (HERE / "style.css").read_text(encoding="utf-8")
VOID = {"meta", "link", "br", "img", "path", "rect", "line"}


def content(text="a fox", figures=True):
    rows = made.everything().filter(analysis="drift")
    section = Section(
        name="drift",
        title="Along the thread",
        question="Do prompts get longer?",
        sentences=[f"Up. {text}"],
        limits="It does not show why.",
        citation="A paper",
        blocks=blocks(["drift"], rows, made.COLUMNS) if figures else [],
        notes=[text],
        table=of_results(rows, text),
    )
    return Content(
        title="How people reworked their prompts",
        about=text,
        facts=[Fact("12", "prompts")],
        books=Books(100, 60, [Entry(30, "upscale", "credited")], [Entry(10, "chatter", "no prompt")]),
        brief=[("drift", "Along the thread", [text])],
        sections=[section],
        answers=[Answer(text, "drift", Number(text, "1.5", text, Bar(20, 40, 60)), None, text, text, text)],
        rules=text,
        silent=[text],
        words=[of_results(rows, text)],
        threads=[[Step(1, "first prompt", True, shown(text)), Step(2, "3 min later", False, Markup("<ins>b</ins>"))]],
        threads_note="One thread.",
        glossary=[Measure("Length", "A paper", [("Words", "n_words", "words", "from 0", text)])],
        void=[Void(text, [(text, text), ("", text)], 2)],
        settings=[("reading", text)],
        commands=[f"unspool read {text}"],
        citations=[("the log", "A source")],
        version="0.0",
    )


class Reader(HTMLParser):
    """Elements, attributes, ids and text of a page; open elements must be closed in their order."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.ids, self.words, self.open = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def error(self, message):
        raise AssertionError(message)


@pytest.fixture(scope="module")
def usual():
    return page(content())


def test_page_is_well_formed_and_its_ids_are_unique(usual):
    read = Reader(usual)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids)) > 5


def test_links_within_the_page_lead_somewhere(usual):
    read = Reader(usual)
    inside = [value for _, name, value in read.attributes if name == "href" and value.startswith("#")]
    assert inside and {value[1:] for value in inside} <= set(read.ids)


def test_page_runs_nothing_and_fetches_nothing(usual):
    read = Reader(usual)
    assert not {"script", "iframe", "object", "embed", "base", "form", "img"} & set(read.tags)
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    addresses = [value for _, name, value in read.attributes if name in ("src", "href", "xlink:href", "action")]
    assert all(value.startswith(("#", "data:,")) for value in addresses)
    assert "url(" not in CSS and "@import" not in CSS
    policy = next(value for _, name, value in read.attributes if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'") and "script" not in policy


def test_landmarks_headings_and_captions(usual):
    read = Reader(usual)
    assert all(read.tags.count(tag) == 1 for tag in ("h1", "main", "header", "nav", "footer"))
    assert ("html", "lang", "en") in read.attributes
    captions = read.tags.count("caption") + read.attributes.count(("p", "class", "caption"))
    assert captions == read.tags.count("table") - 2  # the two ledgers stand under headings
    boxes = [value for tag, name, value in read.attributes if (tag, name) == ("div", "aria-label")]
    assert boxes == [value for tag, name, value in read.attributes if (tag, name) == ("table", "aria-label")]
    assert read.tags.count("th") > 10
    named = [value for tag, name, value in read.attributes if tag == "svg" and name == "aria-label"]
    hidden = [tag for tag, name, _ in read.attributes if tag == "svg" and name == "aria-hidden"]
    assert len(named) == 2 and all(named) and len(hidden) == 1  # the bar of an interval that stands in words beside it
    assert read.tags.count("svg") == 3


def test_findings_come_before_everything_else(usual):
    assert usual.index("In short") < usual.index('id="drift"') < usual.index('id="books"') < usual.index('id="again"')


def test_the_questions_stand_at_the_top_with_both_numbers(usual):
    assert usual.index('id="brief"') < usual.index('id="answers"') < usual.index('id="drift"')
    text = " ".join("".join(Reader(usual).words).split())
    assert "1.5 a fox (a fox) unknown here" in text
    assert "Does not show: a fox" in text


def test_books_balance_on_the_page(usual):
    assert "100 records read = " in usual
    text = " ".join("".join(Reader(usual).words).split())
    assert "100 records read = 60 prompts + 30 merged + 10 left out" in text


def test_hostile_text_stays_text_wherever_it_stands():
    found = page(content(EVIL))
    read = Reader(found)
    assert "script" not in read.tags and "img" not in read.tags
    assert "\u202e" not in found
    assert found.count("&lt;script&gt;") >= 10
    assert "<bdi>&lt;script&gt;" in found


def test_a_template_in_a_prompt_is_not_filled():
    assert "{{ content.version }} {% raw %}" in page(content("{{ content.version }} {% raw %}", figures=False))


def test_without_anything_the_page_still_stands():
    bare = Content(title="T", about="", facts=[], books=Books(0, 0), brief=[], sections=[])
    read = Reader(page(bare))
    assert read.open == []
    assert "Nothing was estimated" in "".join(read.words)


def test_what_is_unknown_has_its_reason(usual):
    read = "".join(Reader(page(content("no model was asked for", figures=False))).words)
    assert "What could not be measured, and why?" in read and "no model was asked for" in read


def test_no_prompt_is_promised_only_where_none_is_quoted(usual):
    quiet = page(replace(content(figures=False), quoted=False))
    assert "quotes no prompt and no word" in quiet and "quotes no prompt and no word" not in usual


def test_long_text_is_cut():
    assert len(page(content("x" * 100_000, figures=False))) < 100_000


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_text_has_the_contrast_of_wcag_aa(theme):
    colours = variables("light") | variables(theme)
    pairs = [("ink", "ground"), ("soft", "ground"), ("accent", "ground"), ("soft", "raised"), ("ink", "raised")]
    for front, back in [*pairs, ("added-ink", "added"), ("removed-ink", "removed")]:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)
    for number in range(1, 9):
        assert contrast(colours[f"c{number}"], colours["ground"]) >= 2.7, number


def variables(theme):
    blocks = {
        "light": r"^:root \{(.*?)\}",
        "dark": r"scheme: dark\) \{\s*:root \{(.*?)\}",
        "print": r"print \{\s*:root \{(.*?)\}",
    }
    block = re.search(blocks[theme], CSS, re.DOTALL | re.MULTILINE)[1]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", block))


def contrast(front, back):
    light, dark = sorted((luminance(front), luminance(back)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_contrast_is_that_of_wcag():
    assert contrast("#000", "#ffffff") == 21
    assert round(contrast("#777777", "#fff"), 2) == 4.48
