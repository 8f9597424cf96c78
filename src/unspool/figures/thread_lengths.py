"""How many threads there are of each length: the paper's Figure 2."""

from collections.abc import Mapping

import polars as pl

from unspool.analyses import _words as words
from unspool.features import Column
from unspool.figures import Figure, Theme, _labels, _marks

TITLE = "Lengths of threads"
MULTIPLES = False
FLOOR = 0.7
"""Where the bars stand: below 1, so that a single thread is seen."""
LABELLED = ("1", "2", "3", "5", "10", "15")
READ = "The scale is logarithmic: each line up is ten times as many threads. A length that no thread has is left empty."


def draw(rows: pl.DataFrame, columns: Mapping[str, Column], theme: Theme) -> list[Figure]:
    """One chart: bars by length, the last one for all longer threads."""
    every = rows.filter(pl.col("estimand") == "n_threads_of_length")
    rows = every.filter(pl.col("estimate") > 0)
    if not rows.height:
        return []
    longest = int(every["step"].max() or 0)  # type: ignore[arg-type]
    scale, lengths = ([_length(step, longest) for step in part["step"]] for part in (every, rows))
    told = [
        f"{words.number_of(int(n), 'thread')} of {length} prompt{'' if length == '1' else 's'}"
        for n, length in zip(rows["estimate"], lengths, strict=True)
    ]
    data = _labels.drawn(rows, lengths).with_columns(told=pl.Series(told), length=pl.Series(lengths))
    chart = _chart(data, scale, theme)
    n = f"n = {words.number_of(int(rows['estimate'].sum()), 'thread')} by the rule {rows['rule'][0]}; counted."
    return [Figure("thread_lengths", TITLE, chart, n, f"{TITLE}: {'; '.join(told)}.", data)]


def _length(step: int | None, longest: int) -> str:
    return str(step) if step else f"{longest + 1}+"


def _chart(data: pl.DataFrame, lengths: list[str], theme: Theme) -> object:
    import altair as alt

    axis_x = alt.Axis(
        labelAngle=0, values=[length for length in lengths if length in LABELLED or length == lengths[-1]]
    )
    x = alt.X("length:O", scale=alt.Scale(domain=lengths), title="Length of the thread (prompts)", axis=axis_x)
    scale = alt.Scale(type="log", domainMin=FLOOR, nice=False)
    ticks = [10**power for power in range(10) if 10**power <= (data["estimate"].max() or 1)]
    axis = alt.Axis(values=ticks, format="~s", title="threads", **_marks.ABOVE)
    bars = alt.Chart().mark_bar(color=theme.colours[0], width={"band": 0.72})
    y = alt.Y("estimate:Q", scale=scale, axis=axis)
    return _marks.finished(
        [bars.encode(x=x, y=y, y2=alt.Y2Datum(FLOOR), description=_marks.told())], data, theme, title=TITLE
    )
