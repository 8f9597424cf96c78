import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unspool.syntax.parameters import expand_permutations, parse_parameters
from unspool.syntax.scrub import scrub_text
from unspool.syntax.text import split_text


def split(prompt):
    return split_text(pl.Series([scrub_text(prompt)])).row(0, named=True)


def params(prompt):
    return [(p["name"], p["values"], p["number"]) for p in split(prompt)["params"]]


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("a fox, 8k --ar 3:2", "a fox, 8k"),
        ("a fox --v5 --ar16:9", "a fox"),
        ("--v 5", ""),
        ("", ""),
        ("feathers--a torn sail, sea", "feathers--a torn sail, sea"),
        ("profile silhouette--stylized to think", "profile silhouette--stylized to think"),
        ("no hands –ar 4:3 –v5", "no hands –ar 4:3 –v5"),
        ("in ink ar 16:9", "in ink ar 16:9"),
        ("a fox -- and a hen", "a fox -- and a hen"),
        ("a fox --flying over --ar 3:2", "a fox --flying over"),
        ("**a fox in snow", "a fox in snow"),
        ("2 * 2 foxes", "2 * 2 foxes"),
        ("fox (fast)", "fox (fast)"),
        ("fox:: hen::2 dog:", "fox:: hen::2 dog:"),
        ("<https://s.mj.run/abc> a fox", "a fox"),
        ("<https://s.mj.run/abc>, <https://s.mj.run/abd>, a fox", "a fox"),
        ("<https://s.mj.run/abc> <https://s.mj.run/abd>", ""),
        ("a fox https://x.example/y.png in snow", "a fox in snow"),
        ("a {red, blue} fox --ar {16:9, 1:1}", "a {red, blue} fox"),
        ("fox --AR 3:2", "fox"),
    ],
)
def test_text_is_what_a_person_wrote(prompt, text):
    assert split(prompt)["text"] == text


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("x --ar 16:9", [("aspect", ["16:9"], None)]),
        ("x --v 7.0", [("version", ["7.0"], 7.0)]),
        ("x --no car , dog --no cat", [("no", ["car", "dog"], None), ("no", ["cat"], None)]),
        ("x --no long hair, facial hair --s 250", [("no", ["long hair", "facial hair"], None), ("stylize", ["250"], 250.0)]),
        ("x --seed 1 --seed 2", [("seed", ["1"], 1.0), ("seed", ["2"], 2.0)]),
        ("x --sref 11 22 --p k9t --raw", [("sref", ["11", "22"], None), ("personalize", ["k9t"], None), ("style", ["raw"], None)]),
        ("x --style raw", [("style", ["raw"], None)]),
        ("x --p", [("personalize", [], None)]),
        ("x --w 1024 --h 512", [("width", ["1024"], 1024.0), ("height", ["512"], 512.0)]),
        ("x --w 1000", [("weird", ["1000"], 1000.0)]),
        ("x --tile --relax", [("tile", [], None), ("relax", [], None)]),
        ("x --cref https://a.example/b https://c.example/d --cw 50", [("cref", ["<link>", "<link>"], None), ("cw", ["50"], 50.0)]),
        ("x --oref <", [("oref", [], None)]),
        ("x --ar {16:9, 1:1}", [("aspect", ["{16:9, 1:1}"], None)]),
        ("x --sref random --sv 2", [("sref", ["random"], None), ("sv", ["2"], 2.0)]),
        ("no parameters", []),
    ],
)  # fmt: skip
def test_parameters_are_typed(prompt, expected):
    assert params(prompt) == expected


def test_weights_and_links_are_counted():
    row = split("<https://a.example/1> <https://a.example/2> fox:: hen::2 --sref https://a.example/3")
    assert (row["n_weights"], row["n_image_links"]) == (2, 2)


def test_null_echo_gives_empty_text():
    row = split_text(pl.Series([None], dtype=pl.String)).row(0, named=True)
    assert (row["text"], row["params"], row["n_weights"], row["n_image_links"]) == ("", [], 0, 0)


@pytest.mark.parametrize(
    ("prompt", "clean"),
    [
        ("see https://cdn.example.com/a/b.png?x=1, nice", "see <link>, nice"),
        ("<https://s.mj.run/abc> fox", "<link> fox"),
        ("(https://a.example/b) fox", "(<link>) fox"),
        ("s.mj.run/abc fox", "<link> fox"),
        ("HTTPS://A.EXAMPLE/B fox", "<link> fox"),
        ("xhttps://a.example/handle fox", "<link> fox"),
        ("https://a.example/b,c_handle.png fox", "<link> fox"),
        ("http:/broken.example/x fox", "<link> fox"),
        ("www.example.com/me fox", "<link> fox"),
        ("fox by @some_handle.x and <@123> <@!4> <@&5> <#6>", "fox by <user> and <user> <user> <user> <user>"),
        ("fox for me@example.org", "fox for <user>"),
        ("fox @handle#1234", "fox <user>"),
        ("fox @@handle, ＠handle and handle#0", "fox <user>, <user> and <user>"),
        ("@handle#0 fox on #000000, a c#0 chord, 5 @@", "<user> fox on #000000, a c#0 chord, 5 @@"),
        ("5 @ home", "5 @ home"),
    ],
)
def test_links_and_mentions_are_scrubbed(prompt, clean):
    assert scrub_text(prompt) == clean


def test_permutations_are_expanded_with_their_escapes():
    assert expand_permutations(r"a {red, blue} fox \{x\}") == ["a red fox {x}", "a blue fox {x}"]
    assert expand_permutations(r"{1, 2\, 3} {a, b}") == ["1 a", "1 b", "2, 3 a", "2, 3 b"]
    assert expand_permutations("") == [""]


words = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=8).map(" ".join)
tails = st.lists(st.sampled_from(["--ar 3:2", "--v 6.1", "--no red, blue", "--tile", "--seed 7", "--raw"]), max_size=5)


@given(words, tails)
def test_text_and_parameters_partition_the_prompt(text, tail):
    row = split(" ".join([text, *tail]))
    assert row["text"] == text
    assert len(row["params"]) == len(tail)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_any_text_is_split_and_scrubbed(text):
    clean = scrub_text(text)
    assert "https://" not in clean.lower()
    row = split_text(pl.Series([clean])).row(0, named=True)
    assert row["text"] == row["text"].strip(" \t\n")
    assert len(row["text"]) <= len(clean)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_tail_is_parsed(tail):
    for parameter in parse_parameters(tail):
        assert parameter["name"]
        assert "" not in parameter["values"]
