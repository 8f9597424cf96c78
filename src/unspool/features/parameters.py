"""Parameters: how much of a prompt's wish is said in parameters, weights and images instead of words."""

import polars as pl

from unspool.features import Column, Context
from unspool.tables import PROMPTS

TITLE = "Parameters"
CITATION = "The parameters, weights and image links that were split off the text"
CAPTIONS = False
USES = ""
COLUMNS = (
    Column(
        "n_params",
        "Parameters",
        "parameters",
        "Parameters after the text, each as often as it stands there: `--ar 3:2 --no text --no logo` has 3.",
        empty=0,
        integer=True,
    ),
    Column(
        "n_param_kinds",
        "Kinds of parameters",
        "kinds",
        "Different names among them, short and long forms being one: `--ar 3:2 --no text --no logo` has 2.",
        empty=0,
        integer=True,
    ),
    Column("n_weights", "Weights (::)", "weights", "Double colons: `red:: bird::2` has 2.", empty=0, integer=True),
    Column("n_image_links", "Image links", "links", "Images given with the prompt.", empty=0, integer=True),
)
NEEDED = ("params", "n_weights", "n_image_links")


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Counts per prompt: n_params, n_param_kinds, n_weights, n_image_links, of the columns that the compiler split off.

    A list that is empty or null has 0 parameters. All counts of a column that `rows` lacks are null.
    """
    absent = [pl.lit(None, dtype=PROMPTS.columns[name]).alias(name) for name in NEEDED if name not in rows.columns]
    names = pl.col("params").list.eval(pl.element().struct.field("name"))
    none = pl.lit(0 if "params" in rows.columns else None)
    counts = rows.with_columns(absent).select(
        n_params=pl.col("params").list.len().fill_null(none),
        n_param_kinds=names.list.n_unique().fill_null(none),
        n_weights=pl.col("n_weights"),
        n_image_links=pl.col("n_image_links"),
    )
    return counts.cast(pl.UInt32)
