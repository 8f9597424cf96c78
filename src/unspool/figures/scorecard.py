"""The six explanations against their signatures: predicted, and what the log shows."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from unspool.analyses.scorecard import EXPLANATIONS, SIGNATURES
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Explanations and their signatures"
MULTIPLES = False
READ = (
    "A row is an explanation, a column a signature that it predicts. Filled: the log shows it clearly. Empty: not "
    "clear. Crossed: the log shows the opposite. Blank: the explanation predicts nothing there, or the log cannot tell."
)
LOOKS = {1.0: "as predicted", 0.0: "not clear", -1.0: "the opposite"}
SHORT = {
    "content_share": "content grows",
    "retention": "style is kept",
    "dose": "dose",
    "repair": "repair",
    "selection": "what it lacked",
    "entrainment": "image's words",
    "reinforcement": "own upscale",
    "exposure": "others' use",
    "model_specific": "with the model",
    "stopping": "stopping",
    "last_change": "last change",
}
CELL = 40


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart; none where no signature could be judged."""
    judged = rows.filter(pl.col("effect_name") == "agreement", pl.col("estimate").is_not_null())
    if not judged.height:
        return []
    titles = [EXPLANATIONS[name] for name in judged["feature"]]
    told = [
        f"{EXPLANATIONS[one]}, {_predicted(one, name)}" for one, name in judged.select("feature", "estimand").rows()
    ]
    data = _labels.drawn(judged, told).with_columns(
        label=pl.Series(titles, dtype=pl.String),
        signature=judged["estimand"].replace_strict(SHORT, return_dtype=pl.String),
        look=judged["effect"].replace_strict(LOOKS, return_dtype=pl.String),
    )
    cells = [f"{one}, {look}" for one, look in data.select("told", "look").rows()]
    alt = f"{TITLE}: {'; '.join(cells)}."
    return [Figure("scorecard", TITLE, _chart(data, theme), _labels.n(judged, "users"), alt, data)]


def _predicted(explanation: str, signature: str) -> str:
    one = SIGNATURES[signature]
    return one.called(one.by(explanation))


def _chart(data: pl.DataFrame, theme: Theme) -> Any:
    import altair as alt

    looks = list(LOOKS.values())
    explanations = [name for name in EXPLANATIONS.values() if name in data["label"]]
    signatures = [name for name in SHORT.values() if name in data["signature"]]
    y = _marks.named("label", explanations)
    axis = alt.Axis(labelAngle=-90, labelLimit=140, orient="top", minExtent=_marks.room(signatures))
    x = alt.X("signature:N", sort=signatures, title=None, axis=axis)
    colours = alt.Scale(domain=looks, range=[theme.colours[0], theme.soft, theme.colours[1]])
    shapes = alt.Scale(domain=looks, range=["circle", "circle", "cross"])
    fills = alt.Scale(domain=looks, range=[theme.colours[0], "transparent", theme.colours[1]])
    mark = alt.Chart().mark_point(size=190, strokeWidth=1.75, opacity=1)
    layer = mark.encode(
        x=x,
        y=y,
        color=alt.Color("look:N", scale=colours),
        fill=alt.Fill("look:N", scale=fills),
        shape=alt.Shape("look:N", scale=shapes),
        description=_marks.told(),
    )
    height = CELL * len(explanations) + 150
    return _marks.finished([layer], data, theme, height=height, title=TITLE)
