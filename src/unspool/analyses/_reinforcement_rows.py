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
from unspool.stats.jackknife import Estimate, Floats, jackknife
from unspool.stats.within import ols_estimator, ols_sums, within

NO_LABEL = "the log does not tell which prompts were upscaled"
NO_STRATUM = "nobody has terms that were now kept, now dropped, after upscaled and other prompts"
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
    said = coded_terms(steps.column(pl.col("text")).gather(rows))
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
class Rows:
    """Makes the rows of one log; `notes` hold for all of them."""

    steps: Steps
    notes: tuple[str, ...]

    def of(self, family: str, said: Uses) -> Iterator[Row]:
        """The rows of one family of terms."""
        for estimand, part in _parts(said).items():
            yield self.odds(family, estimand, part, self.strata(part), STRATA)
        yield self.odds(family, "log_odds_added", said.only(said.added), self.strata(said.only(said.added)), STRATA)
        yield self.odds(family, "log_odds_term", said, self.of_terms(said), "of a user, kind of next prompt, and term")
        yield self.shares(family, said)

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

    def odds(self, family: str, estimand: str, said: Uses, strata: Ints, what: str) -> Row:
        """A log odds ratio of the conditional logit."""
        used, sums, note = self.fit(said, strata)
        one = self.estimate(sums, note)
        odds = {} if one.estimate is None else {"effect": float(np.exp(one.estimate)), "effect_name": "odds ratio"}
        return self.row(one, family, estimand, said.place[used], f"conditional logit within uses {what}", **odds)

    def fit(self, said: Uses, strata: Ints) -> tuple[Flags, Floats, str | None]:
        """The uses that count, sums per user of the conditional logit, and why there are none."""
        informative = mixed(said.kept, strata) & mixed(said.upscaled, strata)
        part, steps = said.only(informative), self.steps
        if not len(part.place):
            return informative, np.zeros((0, 5)), NO_STRATUM
        codes = np.asarray(np.unique(strata[informative], return_inverse=True)[1], dtype=np.int64)
        units = steps.units[part.place]
        found = conditional_logit(self.columns(part), part.kept, codes, units, steps.people.n_units)
        return informative, found.sums, found.note

    def estimate(self, sums: Floats, note: str | None) -> Estimate:
        """The coefficient of the upscale, with its interval."""
        if note or not len(sums):
            return Estimate(None, note=note)
        return jackknife(sums, ols_estimator(COLUMNS), level=self.steps.log.settings.level)[-1]

    def shares(self, family: str, said: Uses) -> Row:
        """The difference of shares kept, by least squares with the same strata."""
        strata = self.strata(said)
        used = mixed(said.upscaled, strata)
        part, codes, note = said.only(used), strata[used], None if used.any() else NO_STRATUM
        y, *x = (within(column, codes) for column in (part.kept.astype(np.float64), *self.columns(part)))
        sums = ols_sums(y, x, self.steps.units[part.place], self.steps.people.n_units)
        what = f"least squares with effects {STRATA}"
        return self.row(self.estimate(sums, note), family, "kept_more", part.place, what)

    def apart(self, style: Uses, content: Uses) -> Iterator[Row]:
        """The log odds ratios of style terms less those of content terms."""
        for estimand, ours in _parts(style).items():
            parts = (ours, _parts(content)[estimand])
            fits = [self.fit(said, self.strata(said)) for said in parts]
            reason = next((note for *_, note in fits if note), None)
            places = np.concatenate([said.place[used] for said, (used, *_) in zip(parts, fits, strict=True)])
            one = Estimate(None, note=reason) if reason else self._difference([sums for _, sums, _ in fits])
            what = f"conditional logit within uses {STRATA}, style terms less content terms"
            yield self.row(one, "style_minus_content", estimand, places, what)

    def _difference(self, sums: list[Floats]) -> Estimate:
        def estimator(both: Floats) -> Floats:
            one, other = (ols_estimator(COLUMNS)(part) for part in np.split(both, 2, axis=-1))
            return one[..., -1:] - other[..., -1:]

        return jackknife(np.concatenate(sums, axis=1), estimator, level=self.steps.log.settings.level)[0]

    def row(self, one: Estimate, family: str, estimand: str, places: Ints, what: str, **more: object) -> Row:
        """A row about the uses in some prompts."""
        numbers = self.steps.numbers(np.unique(places))
        same = {"feature": family, "estimand": estimand, "method": method(self.steps.people, what)}
        return told(one, self.steps.log.settings, *self.notes, **same, **numbers, **more)


def _parts(said: Uses) -> dict[str, Uses]:
    """All uses, those with the next prompt in the thread, and those with it in the next thread, by estimand."""
    return {"log_odds": said, "log_odds_kept": said.only(~said.new), "log_odds_carried": said.only(said.new)}
