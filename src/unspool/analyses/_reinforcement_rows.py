"""Uses of terms in prompts that have a next one, whether it keeps them, and the odds of that after an upscale."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses._people import Ints
from unspool.analyses._sequel import Sequel
from unspool.analyses._steps import Flags, Row, Steps, method, told
from unspool.edits.terms import CONTENT, STYLE, Terms, coded_terms
from unspool.stats.conditional_logit import conditional_logit, mixed
from unspool.stats.jackknife import Estimate, Floats, jackknife, no_surer
from unspool.stats.within import carried, ols_estimator, ols_sums, within

NO_LABEL = "the log does not tell which prompts were upscaled"
NO_STRATUM = "nobody has terms that were now kept, now dropped, after upscaled and other prompts"
NO_ODDS = "upscaled and other prompts are told apart by their steps, or by what is kept: no finite odds ratio"
BOTH = "style_minus_content"
STRATA = "of a user, kind of next prompt, and whether the thread began with the term"
COLUMNS = 2
"""Regressors: natural log of the step, and whether the prompt was upscaled."""


@dataclass(frozen=True)
class Uses:
    """Uses of the terms of one family: one value per use in every array, in the order of the prompts.

    `place`: of the prompt in Steps. `kept`: the next prompt has the term. `new`: that is the first of the next thread.
    `added`: the first prompt of the thread did not have the term.
    """

    place: Ints
    term: Ints
    kept: Flags
    new: Flags
    upscaled: Flags
    added: Flags

    def only(self, chosen: Flags) -> "Uses":
        """Some of the uses."""
        flags = (part[chosen] for part in (self.kept, self.new, self.upscaled, self.added))
        return Uses(self.place[chosen], self.term[chosen], *flags)


def uses(steps: Steps, found: Sequel) -> dict[str, Uses]:
    """The uses of terms by family, in prompts with a known label and a next prompt in the thread or after it."""
    following = _next(steps, found)
    looked = np.zeros(len(steps.thread), dtype=np.bool_)
    looked[np.flatnonzero(following >= 0)] = True
    looked[following[following >= 0]] = True
    rows = np.flatnonzero(looked)
    said = coded_terms(steps.column(pl.col("text"), rows))
    labels = steps.of(pl.col("upscaled"))
    return {family: _of_family(said.of(family), rows, following, labels, steps) for family in (STYLE, CONTENT)}


def _next(steps: Steps, found: Sequel) -> Ints:
    """The place of the prompt after each: in its thread, or the first of the user's next thread; -1 for none."""
    following = np.full(len(steps.thread), -1, dtype=np.int64)
    own = np.zeros(int(steps.thread.max(initial=-1)) + 1, dtype=np.bool_)
    own[steps.thread[found.first]] = True
    inside = steps.pairs[own[steps.thread[steps.pairs]]]
    following[inside] = inside + 1
    here = np.flatnonzero(found.follows)
    following[found.last[here - 1]] = found.first[here]
    return following


def _of_family(said: Terms, rows: Ints, following: Ints, labels: Floats, steps: Steps) -> Uses:
    place, size = rows[said.row], len(said.names) + 1
    known = (following[place] >= 0) & ~np.isnan(labels[place])
    at, term = place[known], said.code[known]
    opens = np.flatnonzero(np.diff(steps.thread, prepend=-1))[steps.thread[at]]
    there = place * size + said.code
    kept, stated = (_among(there, prompt * size + term) for prompt in (following[at], opens))
    return Uses(at, term, kept, steps.left[at] == 0, labels[at] > 0, ~stated)


def _among(there: Ints, wanted: Ints) -> Flags:
    """Whether each of the wanted is among sorted numbers."""
    if not len(there):
        return np.zeros(len(wanted), dtype=np.bool_)
    return np.asarray(there[np.minimum(np.searchsorted(there, wanted), len(there) - 1)] == wanted)


@dataclass(frozen=True)
class Fit:
    """A conditional logit: the prompts of the uses that count, its sums per user, and why there are none."""

    place: Ints
    sums: Floats
    note: str | None


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one log; `notes` hold for all of them."""

    steps: Steps
    notes: tuple[str, ...]

    def all(self, said: dict[str, Uses]) -> Iterator[Row]:
        """The rows of both families of terms, and of their difference."""
        fits = {family: self.fits(said[family]) for family in said}
        for family, uses in said.items():
            for estimand, fit in fits[family].items():
                yield self.odds(family, estimand, fit, STRATA)
            term = self.fit(uses, self.of_terms(uses))
            yield self.odds(family, "log_odds_term", term, "of a user, kind of next prompt, and term")
            yield self.shares(family, uses)
        for estimand in ("log_odds", "log_odds_kept", "log_odds_carried"):
            yield self.apart(estimand, fits[STYLE][estimand], fits[CONTENT][estimand])

    def fits(self, said: Uses) -> dict[str, Fit]:
        """By estimand: all uses, those with the next prompt in the thread or the next one, those of added terms."""
        parts = {
            "log_odds": said,
            "log_odds_kept": said.only(~said.new),
            "log_odds_carried": said.only(said.new),
            "log_odds_added": said.only(said.added),
        }
        return {estimand: self.fit(part, self.strata(part)) for estimand, part in parts.items()}

    def strata(self, said: Uses) -> Ints:
        """Codes of user, kind of next prompt, and whether the thread began with the term."""
        return (self.steps.user[said.place] * 2 + said.new) * 2 + said.added

    def of_terms(self, said: Uses) -> Ints:
        """Codes of user, kind of next prompt, and term."""
        key = (self.steps.user[said.place] * 2 + said.new) * (said.term.max(initial=0) + 1) + said.term
        return np.asarray(np.unique(key, return_inverse=True)[1], dtype=np.int64)

    def columns(self, said: Uses) -> list[Floats]:
        """The regressors of each use."""
        return [np.log(self.steps.step[said.place]), said.upscaled.astype(np.float64)]

    def odds(self, family: str, estimand: str, fit: Fit, what: str) -> Row:
        """A log odds ratio of the conditional logit."""
        one = self.estimate(fit.sums, fit.note)
        odds = {} if one.estimate is None else {"effect": float(np.exp(one.estimate)), "effect_name": "odds ratio"}
        return self.row(one, family, estimand, fit.place, f"conditional logit within uses {what}", **odds)

    def fit(self, said: Uses, strata: Ints) -> Fit:
        """The conditional logit of being kept within strata that have both outcomes and both labels."""
        informative = mixed(said.kept, strata) & mixed(said.upscaled, strata)
        part, steps = said.only(informative), self.steps
        if not len(part.place):
            return Fit(part.place, np.zeros((0, 5)), NO_STRATUM)
        codes = np.asarray(np.unique(strata[informative], return_inverse=True)[1], dtype=np.int64)
        units = steps.units[part.place]
        found = conditional_logit(self.columns(part), part.kept, codes, units, steps.people.n_units)
        lost = found.coefficients is not None and bool(np.isnan(found.coefficients[-1]))
        return Fit(part.place, found.sums, NO_ODDS if lost else found.note)

    def estimate(self, sums: Floats, note: str | None) -> Estimate:
        """The coefficient of the upscale, with its interval."""
        if note or not len(sums):
            return Estimate(None, note=note)
        level = self.steps.log.settings.level
        return jackknife(sums, ols_estimator(COLUMNS), level=level, carried=carried(sums, COLUMNS))[-1]

    def shares(self, family: str, said: Uses) -> Row:
        """The difference of shares kept, by least squares with the same strata."""
        strata = self.strata(said)
        used = mixed(said.upscaled, strata)
        part, codes, note = said.only(used), strata[used], None if used.any() else NO_STRATUM
        y, *x = (within(column, codes) for column in (part.kept.astype(np.float64), *self.columns(part)))
        sums = ols_sums(y, x, self.steps.units[part.place], self.steps.people.n_units)
        what = f"least squares with effects {STRATA}"
        return self.row(self.estimate(sums, note), family, "kept_more", part.place, what)

    def apart(self, estimand: str, style: Fit, content: Fit) -> Row:
        """A log odds ratio of style terms less that of content terms."""
        reason = style.note or content.note
        one = Estimate(None, note=reason) if reason else self._difference([style.sums, content.sums])
        what = f"conditional logit within uses {STRATA}, style terms less content terms"
        return self.row(one, BOTH, estimand, np.concatenate([style.place, content.place]), what)

    def _difference(self, sums: list[Floats]) -> Estimate:
        def estimator(both: Floats) -> Floats:
            one, other = (ols_estimator(COLUMNS)(part) for part in np.split(both, 2, axis=-1))
            return one[..., -1:] - other[..., -1:]

        level, rests = self.steps.log.settings.level, np.sum([carried(part, COLUMNS) for part in sums], axis=0)
        one = jackknife(np.concatenate(sums, axis=1), estimator, level=level, carried=rests)[0]
        return no_surer(one, *(self.estimate(part, None) for part in sums))

    def row(self, one: Estimate, family: str, estimand: str, places: Ints, what: str, **more: object) -> Row:
        """A row about the uses in some prompts."""
        numbers = self.steps.numbers(np.unique(places))
        same = {"feature": family, "estimand": estimand, "method": method(self.steps.people, what)}
        return told(one, self.steps.log.settings, *self.notes, **same, **numbers, **more)
