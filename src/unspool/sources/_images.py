"""Which images of a grid a table names as upscaled: cells like `1`, `1,3`, `1;3` or `[1, 3]`, or a column of lists."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import polars as pl

from unspool.sources import _frames, _times

BAD_IMAGES = "the upscaled images are not numbers from 1 to 4"
DENIED = "images are named of a prompt that is said not to be upscaled"
_NUMBER = r"\+?0*[1-4](?:\.0*)?"
_NUMBERS = rf"{_NUMBER}(?:\s*[,;|\s]\s*{_NUMBER})*"
_CELL = rf"^(?:{_NUMBERS}|\[\s*(?:{_NUMBERS})?\s*\])$"


def listed(path: Path, names: Sequence[str]) -> list[str]:
    """Those of some columns of a JSON table that hold lists, as the first objects tell; none of another form."""
    if not names or _frames.form(path) != "json":
        return []
    objects = (value for _, value, _ in _frames._json_records(path) if isinstance(value, dict))
    head = list(islice(objects, _frames.HEAD_OBJECTS))
    return [name for name in names if any(isinstance(value.get(name), list) for value in head)]


def numbers(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The numbers of each cell as List(UInt8), each once and in order; and which cells are no such numbers.

    Blank is null; an empty list says that no image was upscaled.
    """
    text = _written(column).str.strip_chars(_times.WHITE)
    text = text.set(text.str.to_lowercase().is_in(_times.BLANKS), None)
    good = text.str.contains(_CELL)
    found = text.set(~good, None).str.extract_all("[1-4]").cast(pl.List(pl.UInt8))
    return found.list.unique().list.sort(), ~good


def _written(column: pl.Series) -> pl.Series:
    """Lists as they are written in a cell; an element that is null makes the list unreadable."""
    if not isinstance(column.dtype, pl.List | pl.Array):
        return _frames.words(column)
    elements = column.cast(pl.List(pl.String)).list.eval(pl.element().fill_null("?"))
    return pl.select(pl.format("[{}]", elements.list.join(","))).to_series()


def agreed(images: pl.Series, upscaled: pl.Series | None) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Images and upscales that say the same, and which rows contradict themselves.

    A prompt of which an image is named was upscaled, one with an empty list was not, where nothing else was said; one
    that was not upscaled has an empty list.
    """
    said = pl.Series([None], dtype=pl.Boolean).new_from_index(0, len(images)) if upscaled is None else upscaled
    named = images.list.len() > 0
    denied = named & ~said
    upscaled = said.zip_with(said.is_not_null(), named)
    none = pl.Series([[]], dtype=images.dtype).new_from_index(0, len(images))
    return images.zip_with(images.is_not_null() | upscaled.fill_null(True), none), upscaled, denied
