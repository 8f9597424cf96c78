"""Which kinds of words a prompt gains and loses from one step to the next."""

from collections.abc import Mapping

import polars as pl

from unspool.features import Column
from unspool.figures import Figure, Theme, _contrast
from unspool.tables import CONTENT_KINDS, STYLE_KINDS, WORD_KINDS

TITLE = "What the growth is made of"
MULTIPLES = False
READ = (
    "Dots are words of a kind added less removed, per step of a thread; they add up to the change of the length "
    "exactly. Bars are intervals over users."
)
_FAMILY = {**dict.fromkeys(CONTENT_KINDS, "content"), **dict.fromkeys(STYLE_KINDS, "style")}
NAMES = {
    "net": "all words",
    **{f"net_{kind}": f"{_FAMILY[kind]}: {kind}" if kind in _FAMILY else kind for kind in WORD_KINDS},
}


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart of all kinds."""
    found = _contrast.known(rows, NAMES, group=None)
    if not found.height:
        return []
    title, axis = "Growth by kind of word", "words per step"
    return [_contrast.of_estimands("growth", title, found, NAMES, axis, theme, "prompts", "users")]
