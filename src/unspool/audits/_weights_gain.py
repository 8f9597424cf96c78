"""Whether the density-ratio weights bring a log nearer to its reference, and the words for it."""

from dataclasses import dataclass

import polars as pl

from unspool.analyses import _words as words
from unspool.audits._weights_ratio import FIRST_PROMPTS

HARDLY = 0.55
"""Area under the curve below which two kinds of texts are as good as alike."""
WORTH = 0.2
"""Share of what an area is above .5 that weights have to take off: at an area of .55 that is .01, about the standard
error of an area of 400 people, and less could be luck."""


@dataclass(frozen=True)
class Gain:
    """Areas of a classifier of the reference `towards`, without and with the weights, and what these are worth."""

    towards: str
    before: float
    after: float
    reduction: words.Row | None
    worth: float

    @property
    def of_itself(self) -> bool:
        """Whether the log had nothing to be compared with but its own first prompts."""
        return self.towards == FIRST_PROMPTS

    @property
    def apart(self) -> bool:
        """Whether there is anything to weigh."""
        return self.before >= HARDLY

    @property
    def kind(self) -> str:
        """nearer, hardly (clear, but of no size), farther, or unclear."""
        sign = 0 if self.reduction is None else words.sign(self.reduction)
        if self.reduction is None or sign == 0:
            return "unclear"
        if sign < 0:
            return "farther"
        return "nearer" if self.reduction["estimate"] >= WORTH * (self.before - 0.5) else "hardly"

    @property
    def told(self) -> str:
        """What the weights do, up to the name of the reference."""
        return {
            "nearer": "bring the log nearer to",
            "hardly": "hardly bring the log nearer to",
            "farther": "bring the log no nearer to",
            "unclear": "do not clearly bring the log nearer to",
        }[self.kind]

    @property
    def areas(self) -> str:
        """The areas, with as many digits as tell them apart; the first alone where there is little to weigh."""
        if not self.apart:
            return f"an area of {self.before:.{_decimals(self.before, HARDLY)}f} (.5: not at all)"
        decimals = _decimals(self.before, self.after)
        return f"an area of {self.before:.{decimals}f} before and {self.after:.{decimals}f} after (.5: not at all)"

    @property
    def fall(self) -> str:
        """What the weights take off, with its interval."""
        if self.reduction is None:
            return ""
        less = words.number(self.reduction["estimate"], words.of(self.reduction))
        return f"; what is above .5 falls by {less} ({words.interval(self.reduction)})"


def gain_of(rows: pl.DataFrame) -> Gain | None:
    """From the rows of the audit weights; None where the areas are not known."""
    share = words.row(rows, feature="density_ratio", estimand="ess_share")
    same = {"feature": "auc", "group": "density_ratio"}
    before, after, less = (words.row(rows, **same, estimand=one) for one in ("before", "after", "reduction"))
    if share is None or before is None or after is None:
        return None
    towards = (share["note"] or "").split("; ")[0].removeprefix("towards ")
    return Gain(towards, before["estimate"], after["estimate"], less, share["estimate"])


def _decimals(one: float, other: float) -> int:
    """The fewest of 2 to 4 with which the two numbers look different."""
    return next((d for d in (2, 3) if f"{one:.{d}f}" != f"{other:.{d}f}"), 4)
