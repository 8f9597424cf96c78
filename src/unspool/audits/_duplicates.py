"""Equal and nearly equal texts: which prompts say again what the same person, or another, said before."""

from dataclasses import dataclass

import polars as pl

from unspool.features.length import WORD

SHINGLE = 3
THRESHOLD = 0.8
PERMUTATIONS = 128
MOST = 30_000
"""Distinct texts that are compared by MinHash at most."""


@dataclass(frozen=True)
class Repeated:
    """Per prompt: whether an earlier one is equal, or nearly; and whether one by somebody else is."""

    exact: pl.Series
    exact_between: pl.Series
    near: pl.Series
    near_between: pl.Series


def folded(texts: pl.Expr) -> pl.Expr:
    """Texts as they are compared: lower case, single blanks."""
    return texts.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()


def repeated(prompts: pl.DataFrame, seed: int) -> Repeated:
    """Look at prompts (user_id, text) in their order: whether an earlier one says the same."""
    rows = prompts.select("user_id", text=folded(pl.col("text"))).with_row_index("row")
    distinct = rows.unique("text", keep="first", maintain_order=True).select("text").with_row_index("code")
    rows = rows.join(distinct, on="text", maintain_order="left")
    groups = near_groups(distinct["text"].to_list(), seed)
    rows = rows.with_columns(group=pl.Series(groups, dtype=pl.UInt32).gather(rows["code"]))
    return Repeated(*_earlier(rows, "code"), *_earlier(rows, "group"))


def _earlier(rows: pl.DataFrame, key: str) -> tuple[pl.Series, pl.Series]:
    """Whether an earlier row has the same key, and whether one of another user has."""
    place = pl.int_range(pl.len()).over(key)
    own = pl.int_range(pl.len()).over(key, "user_id")
    found = rows.select(again=place > 0, others=place > own)
    return found["again"], found["others"]


def near_groups(texts: list[str], seed: int) -> list[int]:
    """The group of each distinct text: texts with Jaccard THRESHOLD or more of their shingles, linked one to the next.

    Candidates by MinHash and locality-sensitive hashing (Broder 1997), each verified by the exact similarity.
    """
    sets = _shingles(texts)
    parent = list(range(len(texts)))
    for one, other in _candidates(sets, seed):
        if jaccard(sets[one], sets[other]) >= THRESHOLD:
            parent[_root(parent, other)] = _root(parent, one)
    return [_root(parent, place) for place in range(len(texts))]


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared by all; 0 for two empty sets."""
    return len(one & other) / len(one | other) if one or other else 0.0


def _shingles(texts: list[str]) -> list[frozenset[str]]:
    """Runs of SHINGLE words of each text; of a shorter one its words."""
    listed = pl.Series(texts, dtype=pl.String).str.extract_all(WORD).to_list()
    return [
        frozenset(" ".join(w[k : k + SHINGLE]) for k in range(max(1, len(w) - SHINGLE + 1))) if w else frozenset()
        for w in listed
    ]


def _candidates(sets: list[frozenset[str]], seed: int) -> list[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    found = []
    for place, shingles in enumerate(sets):
        if shingles:
            sketch = MinHash(num_perm=PERMUTATIONS, seed=seed + 1)
            sketch.update_batch([one.encode() for one in sorted(shingles)])
            found += [(int(str(other)), place) for other in index.query(sketch)]
            index.insert(str(place), sketch)
    return found
