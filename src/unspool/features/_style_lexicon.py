"""The phrases of each kind as a tree over word numbers, and which of them stand where in a stream of words."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features._style_words import Flags, Numbers, spell

KINDS = ("subject", "style", "medium", "light", "camera", "quality", "negative", "repetition", "magic")
KIND = {name: number for number, name in enumerate(KINDS)}
Codes = NDArray[np.int8]
ALONE = 16
"""Added to the kind of a phrase that counts only where it describes no depicted thing."""
FUNCTION, OF, OPENS_STYLE, OPENS_NEGATION = 32, 33, 34, 35
WORDS = ("join", "stop", "article", "not_artist", "names_maker", "other_participle", "style_head")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`words`: every word of a phrase; the number of a word is its place, from 1, and 0 is that of all other words.

    A node is a beginning of a phrase, 0 the empty one. `root`: node of a phrase's first word by number, 0 for none.
    `keys`, `children`: sorted `node * (len(words) + 1) + number` and the node it leads to. `codes`: what the phrase is
    that ends at a node, -1 for none. `goes_on`: whether longer phrases begin with it. `sets`: for each of WORDS,
    whether a word number is in it.
    """

    words: pl.DataFrame
    root: Numbers
    keys: Numbers
    children: Numbers
    codes: Codes
    goes_on: Flags
    sets: dict[str, Flags]

    def number(self, word: str) -> int:
        """The number of a word of a phrase."""
        return int(self.words.row(by_predicate=pl.col("word") == word, named=True)["number"])


@dataclass(frozen=True, slots=True)
class Matches:
    """Phrases of one length in a stream: where they begin, in order, and their codes."""

    length: int
    begin: Numbers
    code: Codes


def phrases() -> Iterator[tuple[str, int]]:
    """All phrases as written in the files, with their codes."""
    for kind, tiers in _toml("style_phrases.toml").items():
        for phrase in _split(tiers["always"]):
            yield phrase, KIND[kind]
        for phrase in _split(tiers.get("alone", "")):
            yield phrase, KIND[kind] + ALONE
    lines = files("unspool.lexicons").joinpath("style_artists.txt").read_text("utf-8").splitlines()
    for phrase in _split(",".join(line for line in lines if not line.startswith("#"))):
        yield phrase, KIND["style"]
    grammar = _toml("style_grammar.toml")
    codes = {"function": FUNCTION, "of": OF, "opens_style": OPENS_STYLE, "opens_negation": OPENS_NEGATION}
    for name, code in codes.items():
        for phrase in _split(grammar[name]):
            yield phrase, code


@cache
def lexicon() -> Lexicon:
    """The shipped lexicon, read once."""
    written = list(phrases())
    numbers: dict[str, int] = {}
    nodes: dict[tuple[int, int], int] = {}
    codes = [-1]
    for words, (_, code) in zip(spelled([phrase for phrase, _ in written]), written, strict=True):
        node = 0
        for word in words:
            step = (node, numbers.setdefault(word, len(numbers) + 1))
            if step not in nodes:
                nodes[step] = len(codes)
                codes.append(-1)
            node = nodes[step]
        codes[node] = code
    grammar = _toml("style_grammar.toml")
    sets = {name: [word for words in spelled(_split(grammar[name])) for word in words] for name in WORDS}
    for word in (word for words in sets.values() for word in words):
        numbers.setdefault(word, len(numbers) + 1)
    return _tree(numbers, nodes, codes, sets)


def _tree(
    numbers: dict[str, int], nodes: dict[tuple[int, int], int], codes: list[int], sets: dict[str, list[str]]
) -> Lexicon:
    size = len(numbers) + 1
    root = np.zeros(size, dtype=np.int64)
    goes_on = np.zeros(len(codes), dtype=np.bool_)
    goes_on[[node for node, _ in nodes if node]] = True
    for (node, number), child in nodes.items():
        if node == 0:
            root[number] = child
    deeper = sorted((node * size + number, child) for (node, number), child in nodes.items() if node)
    keys, children = np.array(deeper, dtype=np.int64).reshape(-1, 2).T
    flags = {name: np.zeros(size, dtype=np.bool_) for name in sets}
    for name, members in sets.items():
        flags[name][[numbers[word] for word in members]] = True
    words = pl.DataFrame(
        {"word": list(numbers), "number": list(numbers.values())}, schema={"word": pl.String, "number": pl.Int32}
    )
    return Lexicon(words, root, keys, children, np.array(codes, dtype=np.int8), goes_on, flags)


def spelled(written: list[str]) -> list[list[str]]:
    """The parts of the words of each phrase, in the spelling of streams."""
    frame = pl.DataFrame({"phrase": written}, schema={"phrase": pl.String})
    words = frame.select(spell(pl.col("phrase").str.replace_all(" ", "-", literal=True)))["phrase"]
    return words.to_list()


def numbered(spellings: pl.Series) -> Numbers:
    """Word numbers of spellings, 0 for those in no phrase."""
    known = spellings.to_frame("word").join(lexicon().words, on="word", how="left", maintain_order="left")
    return known["number"].fill_null(0).to_numpy()


def matches(numbers: Numbers) -> list[Matches]:
    """The phrases in a stream of word numbers, shortest first; they may overlap."""
    tree = lexicon()
    begin = np.flatnonzero(tree.root[numbers])
    node = tree.root[numbers[begin]]
    found: list[Matches] = []
    length = 1
    while not found or len(begin):
        ends = tree.codes[node] >= 0
        found.append(Matches(length, begin[ends], tree.codes[node[ends]]))
        more = tree.goes_on[node] & (begin + length < len(numbers))
        begin, node = begin[more], node[more]
        begin, node = _step(tree, begin, node * len(tree.root) + numbers[begin + length])
        length += 1
    return found


def _step(tree: Lexicon, begin: Numbers, key: Numbers) -> tuple[Numbers, Numbers]:
    place = np.minimum(np.searchsorted(tree.keys, key), len(tree.keys) - 1)
    known = tree.keys[place] == key
    return begin[known], tree.children[place[known]]


def paint(found: list[Matches], size: int) -> Codes:
    """The code of each element: that of the longest phrase over it, of the first among equals; -1 for none."""
    codes = np.full(size, -1, dtype=np.int8)
    for group in found:
        for offset in range(group.length):
            codes[group.begin + offset] = group.code
    return codes


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads(files("unspool.lexicons").joinpath(name).read_text("utf-8"))


def _split(text: str) -> list[str]:
    return [phrase for phrase in (" ".join(part.split()) for part in text.split(",")) if phrase]
