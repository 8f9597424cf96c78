"""Rows on whether style terms and features change with the model: within people, and from thread to thread."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unspool.analyses._carryover_rows import values
from unspool.analyses._carryover_terms import NOTHING, Added, added, apart, left_out, more
from unspool.analyses._model_scores import Scores, scores
from unspool.analyses._model_threads import Threads
from unspool.analyses._people import Ints
from unspool.analyses._sequel import pairs_left_out
from unspool.analyses._steps import Flags, Row, method, scale, told
from unspool.edits.terms import STYLE
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife, means_carried, no_surer
from unspool.stats.within import ols_estimator, ols_sums, within

OWN = ("own_model", "own_model_within", "own_model_weeks")
KEPT = ("kept_same", "kept_switched", "kept_less")
NOBODY_LEFT = "nobody who used both models added style terms under each"
NO_THREADS = np.zeros(0, dtype=np.int64)
NO_TIMES = "the log has no times"
NO_SWITCH = "nobody has threads that follow one of the same model and threads that follow one of another"
NO_ADDED = "no thread before one of the same model, or none before one of another, added a style term"
TERMS = "score of a style term, learned from other people"
HOURS_A_WEEK = 168.0


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one log; `notes` hold for all of them."""

    found: Threads
    notes: tuple[str, ...]

    def of_terms(self) -> Iterator[Row]:
        """The rows of the feature style."""
        yield self.between("own_model")
        yield self.inside("own_model_within")
        yield self.inside("own_model_weeks", weeks=True)
        yield from self.kept()

    @cached_property
    def of_all(self) -> Scores | str:
        """What everybody teaches who used one model alone."""
        return scores(self.found, half=False)

    @cached_property
    def of_half(self) -> Scores | str:
        """What half of these teach, so that the others can be looked at."""
        return scores(self.found, half=True)

    def between(self, estimand: str) -> Row:
        """Mean score of what people of one model added, the later less the earlier; every person counts alike."""
        learned = self.of_half
        if isinstance(learned, str):
            return self.row(Estimate(None, note=learned), estimand, NO_THREADS, TERMS)
        thread, code = self.found.added()
        alone = self.found.alone & ~learned.teaches
        chosen = alone[self.found.found.user[thread]]
        thread, user = thread[chosen], self.found.found.user[thread[chosen]]
        size = np.bincount(user, minlength=len(alone))
        mean = np.bincount(user, learned.of[code[chosen]], minlength=len(alone)) / np.maximum(1, size)
        spoke = size > 0
        sides = [(spoke & self.found.used[which]).astype(np.float64) for which in (0, 1)]
        columns = [column for side in sides for column in (side, side * mean)]
        sums = self.found.steps.people.sums(columns, np.arange(len(alone)))
        short = min(int(side.sum()) for side in sides) == 0
        why = "nobody but the teachers added style terms under one of the models"
        one = Estimate(None, note=why) if short else self.jackknife(sums, _means_apart, means_carried(*sums[:, ::2].T))
        return self.row(one, estimand, thread, f"{TERMS}: means of people")

    def inside(self, estimand: str, *, weeks: bool = False) -> Row:
        """The effect of the later model on the score of a term, with effects of users, and of time where asked for."""
        learned = self.of_all
        if isinstance(learned, str):
            return self.row(Estimate(None, note=learned), estimand, NO_THREADS, TERMS)
        began = self.found.found.began
        what = f"{TERMS}: least squares with effects of users{', calendar time held' if weeks else ''}"
        if weeks and np.isnan(began).all():
            return self.row(Estimate(None, note=NO_TIMES), estimand, NO_THREADS, what)
        thread, code = self.found.added()
        user = self.found.found.user[thread]
        kept = self.found.both[user] & ~learned.teaches[user] & ~(np.isnan(began[thread]) & weeks)
        thread, code, user, side = thread[kept], code[kept], user[kept], self.found.side[thread[kept]]
        columns = [side.astype(np.float64)]
        if weeks:
            columns.insert(0, began[thread] / HOURS_A_WEEK)
        y, *x = (within(column, user) for column in (learned.of[code], *columns))
        if not np.any(x[-1]):
            return self.row(Estimate(None, note=NOBODY_LEFT), estimand, thread, what)
        sums = ols_sums(y, x, self.found.steps.people.units[user], self.found.steps.people.n_units)
        return self.row(self.jackknife(sums, ols_estimator(len(x)), place=-1), estimand, thread, what)

    def kept(self) -> Iterator[Row]:
        """Which added style terms the next first prompt has, where the model stays and where it changes."""
        found, model = self.found.found, self.found.model
        middle = found.runs(3) - 1
        told_both = (model[middle] >= 0) & (model[middle + 1] >= 0)
        terms = added(found, STYLE, middle[told_both], (1, -1))
        switched = model[terms.thread] != model[terms.thread + 1]
        same, other = (_only(terms, flags) for flags in (~switched, switched))
        what = "style terms of the last prompt of a thread that its first has not, all alike"
        sides = list[Estimate]()
        for estimand, parts, estimator in zip(KEPT, ([same], [other], [same, other]), (more, more, apart), strict=True):
            one = Estimate(None, note=NO_ADDED if len(terms.thread) else NOTHING)
            if all(len(part.thread) for part in parts):
                sums = np.concatenate([self._sums(part) for part in parts], axis=1)
                one = self.jackknife(sums, estimator, means_carried(*sums[:, ::3].T))
            one = no_surer(one, *sides) if len(parts) > 1 else one
            sides.append(one)
            threads = np.concatenate([np.r_[p.thread, p.thread + 1, p.thread - 1] for p in parts])
            yield self.row(one, estimand, threads, what, *pairs_left_out(found), left_out(terms))

    def _sums(self, terms: Added) -> Floats:
        columns = [np.ones(len(terms.thread)), *terms.found]
        return self.found.steps.people.sums(columns, self.found.found.user[terms.thread])

    def switch(self, name: str) -> Row:
        """Change of a feature from one first prompt to the next where the model changes, less where it does not."""
        found, model, steps = self.found.found, self.found.model, self.found.steps
        first = values(name, steps, found).first
        later = np.flatnonzero(found.follows)
        change = first[later] - first[later - 1]
        kept = ~np.isnan(change) & (model[later] >= 0) & (model[later - 1] >= 0)
        later, change = later[kept], change[kept]
        switched, user = (model[later] != model[later - 1]).astype(np.float64), found.user[later]
        y, x = within(change, user), within(switched, user)
        one = Estimate(None, note=NO_SWITCH)
        if np.any(x):
            one = self.jackknife(ols_sums(y, [x], steps.people.units[user], steps.people.n_units), ols_estimator(1))
        what = f"change of first prompts, least squares with effects of users, {scale(name, steps.log.columns)}"
        note = (steps.log.notes.get(name), *pairs_left_out(found))
        return self.row(one, "switch", np.r_[later, later - 1], what, *note) | {"feature": name}

    def jackknife(
        self, sums: Floats, estimator: Estimator, carried: Floats | None = None, *, place: int = 0
    ) -> Estimate:
        """One estimate over users."""
        return jackknife(sums, estimator, level=self.found.steps.log.settings.level, carried=carried)[place]

    def row(self, one: Estimate, estimand: str, threads: Ints, what: str, *more: str | None) -> Row:
        """A row of an estimate from these threads."""
        steps, found = self.found.steps, self.found.found
        ends = np.zeros(len(steps.step), dtype=np.bool_)
        ends[found.first[threads]] = ends[found.last[threads]] = True
        same = {"feature": "style", "estimand": estimand, "method": method(steps.people, what)}
        return told(one, steps.log.settings, *self.notes, *more, **same, **steps.numbers(ends))


def _means_apart(sums: Floats) -> Floats:
    """From sums (..., 4), of people and of their means under either model, to the difference of means, (..., 1)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 3:4] / sums[..., 2:3] - sums[..., 1:2] / sums[..., :1])


def _only(terms: Added, chosen: Flags) -> Added:
    return Added(
        terms.thread[chosen], terms.found[:, chosen], terms.pasted[chosen], terms.away, terms.alike, terms.looked
    )
