"""What the audits come to: what a log may be used for, in which form, and what speaks against it."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from unspool.analyses import _words as words
from unspool.audits import CAP
from unspool.audits.privacy import blocking
from unspool.audits.weights import HARDLY


@dataclass(frozen=True)
class Advice:
    """A use of a log, whether it is advised, and why. `verdict`: yes, no, with care, no need or not known."""

    use: str
    verdict: str
    why: str


def advice(rows: pl.DataFrame) -> list[Advice]:
    """A line per use, from the rows of the audits; of an audit that was not made nothing is said."""
    asked = set(rows["analysis"].unique())
    parts = {
        "privacy": _passing_on,
        "model_language": _all_prompts,
        "intent": _intent,
        "selection": _preference,
        "weights": _weighted,
        "concentration": _people,
    }
    return [one for name, part in parts.items() if name in asked for one in part(rows.filter(analysis=name))]


def _passing_on(rows: pl.DataFrame) -> Iterator[Advice]:
    found = blocking(rows)
    use = "pass it on"
    if found:
        yield Advice(use, "no", f"it holds {found[0].told}" + (" and more" if len(found) > 1 else ""))
    else:
        yield Advice(use, "with care", "no id, address or handle was found; names and consent are yours to check")


def _all_prompts(rows: pl.DataFrame) -> Iterator[Advice]:
    use = "train on all prompts as natural language"
    found = words.row(rows, feature="text", estimand="auc", group="first:last")
    style = words.row(rows, feature="style", estimand="difference", group="first:last")
    if found is None or style is None:
        yield Advice(use, "not known", "last prompts could not be compared with first ones")
        return
    told = (
        f"a classifier ranks a last prompt above a first one of equal length in {words.percent(found['estimate'])} of "
        f"pairs (50%: chance), and style words change by {100 * style['estimate']:+.1f} points"
    )
    apart = _above(found, 0.5) or words.sign(style) > 0
    yield Advice(use, "no" if apart else "with care", told if apart else f"no clear sign against it: {told}")


def _above(row: words.Row, chance: float) -> bool:
    return row["ci_low"] is not None and row["ci_low"] > chance


def _intent(rows: pl.DataFrame) -> Iterator[Advice]:
    use = "train on first prompts and what was accepted for them (--to intent)"
    found = words.row(rows, feature="content", estimand="recall", group=None, model=None)
    if found is None:
        yield Advice(use, "not known", "no thread of two prompts")
        return
    told = f"{words.percent(found['estimate'])} of the content words of last prompts stood in the first"
    yield Advice(use, "yes", told)


def _preference(rows: pl.DataFrame) -> Iterator[Advice]:
    use = "train a preference model (--to preference)"
    held, every = (
        words.row(rows, feature="pairs", estimand="n_left", group=one) for one in ("prompt held fixed", "all pairs")
    )
    if held is None or every is None:
        yield Advice(use, "no", "the log does not tell what was upscaled")
        return
    lost = int(every["estimate"] - held["estimate"])
    n = int(held["estimate"])
    told = f"{n:,} pairs hold the prompt fixed; {lost:,} more do not and are left out"
    yield Advice(use, "yes" if n else "no", told if n else "no pair holds the prompt fixed")


def _weighted(rows: pl.DataFrame) -> Iterator[Advice]:
    use = "weigh it towards natural expression (STUDY/weights)"
    share = words.row(rows, feature="density_ratio", estimand="ess_share")
    before, after = (words.row(rows, feature="auc", estimand=one) for one in ("before", "after"))
    if share is None or before is None or after is None:
        yield Advice(use, "not known", "there is nothing to weigh it by")
        return
    towards = (share["note"] or "").split("; ")[0].removeprefix("towards ")
    told = (
        f"towards {towards}: told apart with an area of {before['estimate']:.2f} before and {after['estimate']:.2f} "
        f"after; worth {words.percent(share['estimate'])} of the prompts"
    )
    if before["estimate"] < HARDLY:
        yield Advice(use, "no need", f"hardly anything tells it from {towards} (area {before['estimate']:.2f})")
    else:
        yield Advice(use, "with care" if share["estimate"] < 0.5 else "yes", told)


def _people(rows: pl.DataFrame) -> Iterator[Advice]:
    use = "count each prompt alike"
    one = words.row(rows, feature="users", estimand="share_top", group="most active person")
    effective = words.row(rows, feature="users", estimand="effective")
    if one is None or effective is None:
        yield Advice(use, "not known", "the log names no users")
        return
    told = (
        f"the most active person wrote {words.percent(one['estimate'])} of it, and it is worth "
        f"{effective['estimate']:,.0f} people of the {effective['n_users']:,}"
    )
    much = one["estimate"] > CAP
    yield Advice(use, "no" if much else "yes", f"{told}: use user_cap" if much else told)
