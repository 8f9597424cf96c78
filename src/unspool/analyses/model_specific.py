"""Whether what people add is the model's own: does their style change with the model, and do they like it better."""

from collections.abc import Iterator

import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._columns import known
from unspool.analyses._model_rows import KEPT, OWN, Rows
from unspool.analyses._model_threads import Threads, threads
from unspool.analyses._model_upscales import UPSCALES, upscales
from unspool.analyses._people import NOBODY
from unspool.analyses._steps import Row, steps

TITLE = "Whether style follows the model"
QUESTION = "When people change to another model or version, does the style they add change with it?"
CITATION = (
    "The project's own; log ratios after Monroe, Colaresi & Quinn 2008 (Political Analysis 16), the parts of a "
    "difference after Gelbach 2016 (J. Labor Economics 34)"
)
LIMITS = (
    "People were not assigned to models: whoever changes to a new one does so at a time when others write differently "
    "too, and may have changed because the task did."
)
ORDER = 105
FIGURES: tuple[str, ...] = ("models",)
PAIRWISE = "switch"


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected" about the two models (or versions) with the most people.

    Feature style, natural log ratios per term: `own_model`, the score of style terms added under the later model less
    that under the earlier one, between people who used one alone; `own_model_within`, the same within people who used
    both; `own_model_weeks`, with calendar time held. The score of a term is learned from other people: above 0 where it
    is added more under the later model.
    `kept_same`, `kept_switched`: share of the style terms a thread added that the next first prompt has, less the share
    that the first prompt before has, where the next thread has the same model, and where it has another;
    `kept_less`: the first less the second.
    Any feature, on its scale: `switch`, change from one first prompt to the next where the model changes, less the
    change where it does not, within users.
    Feature upscaled, share of prompts, within people who used both: `upscale_difference`, later less earlier model, is
    the sum of `upscale_by_prompts` (what comes with other lengths and styles) and `upscale_by_model`.
    """
    own = log.own
    names, reasons = known(own)
    found = steps(own)
    split = NOBODY if found.people.ids is None else threads(found)
    rows = [*_none(split, names)] if isinstance(split, str) else [*_rows(split, names)]
    rows += [{"feature": name, "estimand": PAIRWISE, "note": reason} for name, reason in reasons.items()]
    return results(rows, analysis="model_specific", mode="corrected", rule=own.rule, seed=own.settings.seed)


def _rows(found: Threads, names: list[str]) -> Iterator[Row]:
    make = Rows(found, tuple(found.notes()))
    yield from make.of_terms()
    yield from (make.switch(name) for name in names)
    yield from upscales(found, names, make.notes)


def _none(why: str, names: list[str]) -> Iterator[Row]:
    same = {"note": why, "n_prompts": 0, "n_threads": 0, "n_users": None if why == NOBODY else 0}
    yield from ({"feature": "style", "estimand": name, **same} for name in (*OWN, *KEPT))
    yield from ({"feature": name, "estimand": PAIRWISE, **same} for name in names)
    yield from ({"feature": "upscaled", "estimand": name, **same} for name in UPSCALES)


def findings(rows: pl.DataFrame) -> list[str]:
    """Whether added style is the model's own, within people; what is kept across a change; and who is pleased."""
    told = [_own(rows), _kept(rows), _upscales(rows)]
    listed = [sentence for sentence in told if sentence]
    about = rows.filter(pl.col("feature").is_in(["style", "upscaled"]))
    return [*listed, CAUTION] if listed else words.reasons(about)


CAUTION = "Nobody was assigned to a model: what changed at the same time, as fashions and tasks do, is in this too."


def _models(row: Row) -> tuple[str, str]:
    """The names of the later and the earlier model, as the note has them."""
    later, _, earlier = str(row["note"]).split(", ")[0].partition(" against ")
    return later, earlier


def _own(rows: pl.DataFrame) -> str | None:
    one = words.row(rows, feature="style", estimand="own_model_within")
    if one is None:
        return None
    later, earlier = _models(one)
    told = {
        1: f"People who used both {earlier} and {later} add with each the style terms that others add with it",
        -1: f"People who used both {earlier} and {later} add with each the style terms that others add with the other",
    }
    start = told.get(words.sign(one), f"No clear sign that style follows the model, {later} against {earlier}")
    sentence = f"{start}: log ratio {words.signed(one['estimate'], words.of(one))} per term ({words.interval(one)}"
    weeks = words.row(rows, feature="style", estimand="own_model_weeks")
    held = f"; with calendar time held {words.signed(weeks['estimate'], words.of(weeks))}" if weeks else ""
    return f"{sentence}{held}; {words.number_of(one['n_users'], 'user')})."


def _kept(rows: pl.DataFrame) -> str | None:
    same, switched, less = (words.row(rows, feature="style", estimand=name) for name in KEPT)
    if same is None or switched is None or less is None:
        return None
    clear = "" if words.sign(less) else f", {words.side(less, {0: 'no clear difference'})}"
    return (
        f"Of the style terms that a thread added {_points(same)} percentage points stand in the next first prompt "
        f"beyond those in the one before where the model stays, and {_points(switched)} where it changes: a difference "
        f"of {_points(less)} points ({words.percent_interval(less)}{clear})."
    )


def _points(row: Row) -> str:
    return f"{100 * row['estimate']:+.1f}"


def _upscales(rows: pl.DataFrame) -> str | None:
    whole, prompts, model = (words.row(rows, feature="upscaled", estimand=name) for name in UPSCALES)
    if whole is None or prompts is None or model is None:
        return None
    later, earlier = _models(whole)
    told = words.more(whole, much=("more", "fewer"))
    return (
        f"People who used both upscale {told} of their prompts with {later} than with {earlier}: {_points(whole)} "
        f"percentage points ({words.percent_interval(whole)}), of which {_points(prompts)} come with other lengths and "
        f"styles of the prompts ({words.percent_interval(prompts)}) and {_points(model)} do not "
        f"({words.percent_interval(model)})."
    )
