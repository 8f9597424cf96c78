"""Depth: how deeply the syntax of a prompt is nested."""

import polars as pl

from unspool.features import Column, Context
from unspool.models import constituency

TITLE = "Depth"
CITATION = "Don-Yehiya, Choshen & Abend 2023, Sec. 5; parser: Kitaev, Cao & Klein 2019 (benepar_en3)"
CAPTIONS = True
USES = "parse"
COLUMNS = (
    Column(
        "tree_depth_paper",
        "Tree depth (paper)",
        "brackets",
        f"Depth of the deepest constituency tree over the sentences of the first {constituency.LONGEST} characters, "
        "parts of speech counted, as the authors count. Null throughout without the extra `constituency`.",
        empty=0,
        mode="paper",
        log=True,
        integer=True,
    ),
    Column(
        "dependency_depth",
        "Dependency depth",
        "arcs",
        "The most arcs of the dependency tree from a word to the root of its sentence; 0 for a sentence of one word, "
        "null without words.",
        integer=True,
    ),
)


def missing(context: Context) -> dict[str, str]:
    """The columns that are void, each with the reason."""
    reason = _why_no_trees(context)
    return {"tree_depth_paper": reason} if reason else {}


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """tree_depth_paper (0 for an empty text, null throughout if void) and dependency_depth (null for an empty one)."""
    parsed = context.parse(rows["text"])
    deepest = parsed.tokens.filter("is_word").group_by("document").agg(dependency_depth=pl.col("depth").max())
    void = pl.Series([None], dtype=pl.UInt32).new_from_index(0, rows.height)
    trees = void if _why_no_trees(context) else constituency.depths(rows["text"])
    return pl.DataFrame([trees.alias("tree_depth_paper"), parsed.per_text(deepest)["dependency_depth"]])


def _why_no_trees(context: Context) -> str | None:
    if not context.settings.constituency:
        return "The paper's parser was not asked for: `--constituency`, with the extra `constituency`."
    return constituency.missing()
