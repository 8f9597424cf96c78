"""Whether people take up what the pictures show: words of captions that come into the next prompt."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._captions import CONTENT, NO_CAPTIONS, STYLE, Captioned, captioned, of_others
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Row, method, told
from unspool.stats.jackknife import Floats, jackknife
from unspool.stats.strata import difference, strata

TITLE = "Whether people take up what the pictures show"
QUESTION = "Is a word likelier to come into the next prompt because a picture showed it?"
CITATION = (
    "Coordination: Danescu-Niculescu-Mizil, Lee, Pang & Kleinberg 2012 (WWW); pooled by Greenland & Robins 1985 "
    "(Biometrics 41); the comparison with the grid before is this project's"
)
LIMITS = (
    "Captions stand for pictures. The log is observational: the comparison is between two grids of one thread, which "
    "differ by chance and by what was edited between them."
)
ORDER = 125
FIGURES: tuple[str, ...] = ("entrainment",)
FAMILIES: dict[str, tuple[int, ...]] = {"all": (CONTENT, STYLE), "content": (CONTENT,), "style": (STYLE,)}
RARE = (0.001, 0.01)
"""Words are compared within classes: shown by fewer than 1 in 1,000 grids, fewer than 1 in 100, and more."""


@dataclass(frozen=True)
class Candidates:
    """Words that could come into the next prompt: `shown` by the grid before it, others by another grid.

    `place`: of the prompt before. `family`, `taken` (the next prompt has it); none is in the prompt yet.
    """

    place: Ints
    word: Ints
    family: Ints
    shown: Flags
    taken: Flags


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected" per feature "all", "content", "style" (families of words); null without captions.

    `excess`: chance that a word comes into the next prompt if the grid shows it and the one before did not, less that
    of a word that the grid before showed and this one does not. `C`: the same against words of another user's grid at
    the same step, which also holds what a thread is about. `rate_shown`, `rate_gone`: the two chances of `excess`.
    """
    own = log.own
    found = captioned(own)
    rows = list(_rows(found)) if found else [_absent(name, one) for name in FAMILIES for one in WHAT]
    return results(rows, analysis="entrainment", mode="corrected", rule=own.rule, seed=own.settings.seed)


WHAT = {
    "excess": "taken up if shown by this grid only, less if shown by the one before only (Mantel-Haenszel by grid and "
    "frequency of the word)",
    "C": "taken up if shown, less if shown to another user at the same step (Mantel-Haenszel by grid and frequency)",
    "rate_shown": "share taken up of the words that this grid shows and the one before did not",
    "rate_gone": "share taken up of the words that the grid before showed and this one does not",
}
FROM_THREE = "no prompt has a grid, one before it and a prompt after it: this takes threads of three prompts"
FROM_TWO = "no prompt with a grid has a prompt after it, and another user one at the same step"


def _absent(feature: str, estimand: str) -> Row:
    return {
        **{"feature": feature, "estimand": estimand, "note": NO_CAPTIONS, "method": WHAT[estimand]},
        **{"n_prompts": 0, "n_threads": 0, "n_users": 0},
    }


def _rows(log: Captioned) -> Iterator[Row]:
    adjacent, others = grids_before(log), grids_of_others(log)
    for feature, families in FAMILIES.items():
        near, far = (_of(found, families) for found in (adjacent, others))
        yield _difference(log, near, feature, "excess", FROM_THREE)
        yield _difference(log, far, feature, "C", FROM_TWO)
        for name, chosen in (("rate_shown", near.shown), ("rate_gone", ~near.shown)):
            columns = (near.taken & chosen, chosen)
            yield _row(log, near.place[chosen], [c[chosen] for c in columns], feature, name, FROM_THREE)


def grids_before(log: Captioned) -> Candidates:
    """Words of one of two adjacent grids of a thread and not of the other; in neither prompt."""
    places = _followed(log)
    places = places[(log.steps.step[places] > 1) & log.known[places - 1]]
    found = _candidates(log, places, places - 1)
    return _where(found, ~log.said.hold(found.place - 1, found.word))


def grids_of_others(log: Captioned) -> Candidates:
    """Words that a grid shows, and those that it does not and another user's at the same step does."""
    places = _followed(log)
    partner = of_others(log.steps, places)
    return _candidates(log, places[partner >= 0], partner[partner >= 0])


def _followed(log: Captioned) -> Ints:
    """Places of the prompts that have captions and a next prompt."""
    return log.steps.pairs[log.known[log.steps.pairs]]


def _candidates(log: Captioned, places: Ints, other: Ints) -> Candidates:
    """The words of each place's grid and of the other grid; without those of the prompt, and those that both show."""
    here, at_here = log.shown.at(places)
    there, at_there = log.shown.at(other)
    place, at = places[np.concatenate([here, there])], np.concatenate([at_here, at_there])
    shown = np.arange(len(at)) < len(at_here)
    word, opposite = log.shown.word[at], np.concatenate([other[here], places[there]])
    found = Candidates(place, word, log.shown.family[at], shown, log.said.hold(place + 1, word))
    return _where(found, ~log.said.hold(place, word) & ~log.shown.hold(opposite, word))


def _where(found: Candidates, kept: Flags) -> Candidates:
    return Candidates(found.place[kept], found.word[kept], found.family[kept], found.shown[kept], found.taken[kept])


def _of(found: Candidates, families: Sequence[int]) -> Candidates:
    return _where(found, np.isin(found.family, families))


def _difference(log: Captioned, found: Candidates, feature: str, estimand: str, why: str) -> Row:
    """A pooled difference, within grid and class of the word's frequency."""
    stratum = found.place * (len(RARE) + 1) + _rarity(log)[found.word]
    codes, inverse = np.unique(stratum, return_inverse=True)
    sums = strata(inverse, found.shown, found.taken, len(codes))
    return _row(log, codes // (len(RARE) + 1), [sums.difference, sums.weight], feature, estimand, why)


def _rarity(log: Captioned) -> Ints:
    """The class of each word: by the share of grids that show it."""
    shows = np.bincount(log.shown.word, minlength=log.shown.n_words)
    return np.digitize(shows / max(1, int(log.known.sum())), RARE)


def _row(log: Captioned, places: Ints, columns: Sequence[Floats | Flags], feature: str, name: str, why: str) -> Row:
    steps = log.steps
    same = {"feature": feature, "estimand": name, "method": method(steps.people, WHAT[name])}
    same |= steps.numbers(np.unique(places))
    if not len(places):
        return {"note": why, **same}
    found = jackknife(steps.sums(columns, places), _quotient, level=steps.log.settings.level)[0]
    return told(found, steps.log.settings, log.note, **same)


def _quotient(sums: Floats) -> Floats:
    return difference(sums)[..., None]


def findings(rows: pl.DataFrame) -> list[str]:
    """A sentence per family of words, none of one that all of them are of, and what C holds beside."""
    found = [one for name in FAMILIES if (one := words.row(rows, feature=name, estimand="excess"))]
    if not found:
        return words.reasons(rows)
    whole, *parts = found
    told = [whole, *(one for one in parts if one["estimate"] != whole["estimate"])]
    return [*(_sentence(rows, one) for one in told), CAUTION]


def _sentence(rows: pl.DataFrame, one: words.Row) -> str:
    """The excess of one family in words."""
    name = one["feature"]
    rates = [words.row(rows, feature=name, estimand=rate) for rate in ("rate_shown", "rate_gone")]
    said = {1: "words are taken up", -1: "words that a picture showed are taken up less", 0: "no clear uptake"}
    kind = "" if name == "all" else f" {name}"
    shown, gone = (words.percent(rate["estimate"]) if rate else "none" for rate in rates)
    return (
        f"Of the{kind} words that only the last grid shows {shown} come into the next prompt, of those that only the "
        f"one before shows {gone}. Within the same grids, and among words that are shown as often, the excess is "
        f"{words.percent(one['estimate'])} ({words.percent_interval(one)}; {words.number_of(one['n_users'], 'user')}): "
        f"{said[words.sign(one)]}."
    )


CAUTION = (
    "C, against the grids of other users, is above 0 wherever captions share the topic of a thread: only the excess "
    "speaks of uptake, and it is observational."
)
