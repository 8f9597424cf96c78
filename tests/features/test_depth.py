"""Depth: brackets of trees by hand, a stand-in for the paper's parser, and dependency trees against a plain loop."""

import subprocess
import sys
from functools import cache
from types import SimpleNamespace

import polars as pl
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from unspool.features import Context, Settings, depth
from unspool.models import constituency
from unspool.models.constituency import bracket_depth, depths
from unspool.models.parser import PIPELINE

ASKED = Settings(constituency=True)
PROMPTS = (
    "a cat",
    "cat.",
    "a cat sits on a red mat. Two dogs are running!",
    "the man who the woman whom the child saw loves sleeps",
    "portrait of an old fisherman, weathered face, golden hour, 85mm lens",
    "a house by the sea\nat the end of a road :: 8k",
    "🎨🎨 a robot, 猫, кот",
)


def measured(*texts, settings=None):
    rows = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return depth.measure(rows, Context(settings or Settings()))


@cache
def whole_spacy():
    return spacy.load(PIPELINE)


def by_loop(text):
    """The most ancestors of a token with a letter or a digit in it."""
    return max(len(list(w.ancestors)) for w in whole_spacy()(text) if any(sign.isalnum() for sign in w.text))


class Trees:
    """Stands in for the pipeline: a sentence ends at a full stop, and its tree is as deep as it has words.

    (W (W (W ...))) for three words. A text with a line break fails as benepar does.
    """

    def __init__(self, error=AssertionError):
        self.seen, self.error = [], error

    def __call__(self, text):
        self.seen.append(text)
        if "\n" in text:
            raise self.error
        spans = [part.split() for part in text.split(".") if part.strip()]
        trees = ["(W " * len(words) + ")" * len(words) for words in spans]
        return SimpleNamespace(sents=[SimpleNamespace(_=SimpleNamespace(parse_string=tree)) for tree in trees])


@pytest.fixture
def trees(monkeypatch):
    stand_in = Trees()
    monkeypatch.setattr(constituency, "missing", lambda: None)
    monkeypatch.setattr(constituency, "load", lambda: stand_in)
    return stand_in


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("", 0),
        ("cat", 0),
        ("(NN cat)", 1),
        ("(NP (DT a) (NN cat))", 2),
        ("(S (NP (DT a) (NN cat)))", 3),
        # S, VP, PP, NP, NN one in another
        ("(S (NP (DT a) (NN cat)) (VP (VBZ sits) (PP (IN on) (NP (DT a) (NN mat)))) (. .))", 5),
        # a bracket of the text is written as a name, and adds nothing
        ("(NP (-LRB- -LRB-) (NN cat) (-RRB- -RRB-))", 2),
    ],
)
def test_brackets_by_hand(tree, expected):
    assert bracket_depth(tree) == expected


nested = st.recursive(st.just("cat"), lambda inner: st.lists(inner, min_size=1, max_size=3))


def written(tree):
    return tree if isinstance(tree, str) else "(X " + " ".join(map(written, tree)) + ")"


def levels(tree):
    return 0 if isinstance(tree, str) else 1 + max(map(levels, tree))


@given(nested)
def test_brackets_of_any_tree(tree):
    assert bracket_depth(written(tree)) == levels(tree)


def test_the_deepest_sentence_counts():
    assert depths(pl.Series(["a cat. a very red cat. cat", "a cat"]), Trees()).to_list() == [4, 2]


def test_512_characters_are_parsed_and_equal_ones_once():
    parser = Trees()
    text = "a " * 300
    assert depths(pl.Series([text, text[:512], text[:512] + "b", "a cat"]), parser).to_list() == [256, 256, 256, 2]
    assert parser.seen == [text[:512], "a cat"]


@pytest.mark.parametrize("text", [None, "", " ", "\n\n"])
def test_a_text_without_tokens_is_not_parsed(text):
    parser = Trees()
    assert depths(pl.Series([text], dtype=pl.String), parser).to_list() == [0]
    assert parser.seen == []


@pytest.mark.parametrize("error", [AssertionError, StopIteration, ValueError("Sentence of length 514 exceeds")])
def test_a_text_on_which_the_parser_fails_is_null(error):
    assert depths(pl.Series(["a cat", "a cat\n"]), Trees(error)).to_list() == [2, None]


def test_other_failures_are_told():
    with pytest.raises(MemoryError):
        depths(pl.Series(["a cat\n"]), Trees(MemoryError))


def test_no_texts_have_no_depths():
    assert depths(pl.Series([], dtype=pl.String), Trees()).dtype == pl.UInt32


def test_trees_are_measured_where_asked(trees):
    result = measured("a red cat. a cat", None, "a cat", settings=ASKED)
    assert result["tree_depth_paper"].to_list() == [3, 0, 2]
    assert depth.missing(Context(ASKED)) == {}


def test_trees_are_void_unless_asked(trees):
    assert measured("a cat", "a dog")["tree_depth_paper"].to_list() == [None, None]
    assert trees.seen == []
    assert "--constituency" in depth.missing(Context())["tree_depth_paper"]


def test_without_the_extra_the_reason_names_it(monkeypatch):
    monkeypatch.setattr(constituency, "find_spec", lambda name: None)
    assert "pip install 'unspool[constituency]'" in depth.missing(Context(ASKED))["tree_depth_paper"]
    assert measured("a cat", settings=ASKED).row(0) == (None, 1)


@pytest.mark.parametrize("there", [True, False])
def test_without_the_weights_the_reason_says_how_to_fetch_them(monkeypatch, there):
    monkeypatch.setattr(constituency, "find_spec", lambda name: object())
    monkeypatch.setattr(constituency, "_has_weights", lambda: there)
    reason = depth.missing(Context(ASKED)).get("tree_depth_paper")
    assert reason is None if there else "benepar.download('benepar_en3')" in reason


def test_weights_lie_where_nltk_keeps_models(monkeypatch, tmp_path):
    import nltk.data

    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    assert not constituency._has_weights()
    (tmp_path / "models" / "benepar_en3").mkdir(parents=True)
    assert constituency._has_weights()


def test_the_real_pipeline_if_its_weights_are_here():
    if constituency.missing():
        pytest.skip(constituency.missing())
    assert depths(pl.Series(["A cat sits on a mat."])).item() == 5


def test_the_paper_s_parser_is_not_imported_unasked():
    script = "import sys, polars as pl; from unspool.features import Context, depth;"
    script += "depth.measure(pl.DataFrame({'text': ['a cat']}), Context()); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert {"benepar", "torch", "transformers"}.isdisjoint(done.stdout.split())


def test_dependency_depth_by_hand():
    # "A cat sits on a red mat": sits is the root; on hangs on it, mat on "on", a and red on mat: 3 arcs.
    assert measured("A cat sits on a red mat")["dependency_depth"].item() == 3


def test_dependency_depth_is_that_of_a_loop():
    assert measured(*PROMPTS)["dependency_depth"].to_list() == [by_loop(text) for text in PROMPTS]


def test_one_word_has_no_arcs_and_its_full_stop_is_no_word():
    assert [len(list(token.ancestors)) for token in whole_spacy()("cat.")] == [0, 1]
    assert measured("cat", "cat.", "Cats!")["dependency_depth"].to_list() == [0, 0, 0]


def test_dependency_depth_is_of_the_whole_prompt():
    deep = "the man who the woman whom the child saw loves sleeps"
    assert measured("a cat. " * 100 + deep)["dependency_depth"].item() >= measured(deep)["dependency_depth"].item() > 3


@pytest.mark.parametrize("text", [None, "", " \n", "!!!", "🎨", "\u202e"])
def test_no_words_have_no_depth(text):
    assert measured(text)["dependency_depth"].to_list() == [None]


@pytest.mark.parametrize("text", ["<b>cat</b>", "a cat " * 1_700, "=cmd|' /C calc'!A0", "\u202ecat\u202c", "\x00cat"])
def test_hostile_texts_have_a_depth(text):
    assert measured(text)["dependency_depth"].item() >= 0


def test_rows_keep_their_place():
    assert measured("a red cat", "", "cat", "a red cat")["dependency_depth"].to_list() == [1, None, 0, 1]


def test_no_rows():
    assert measured().schema == {column.name: column.kind for column in depth.COLUMNS}
    assert measured(settings=ASKED).schema == measured().schema
