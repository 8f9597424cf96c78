"""Which of the terms that a thread added stand in the user's next first prompt, and which stood in the one before."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from unspool.analyses._carryover_rows import ratio
from unspool.analyses._people import Ints
from unspool.analyses._sequel import ALIKE, TAIL, Said, Sequel
from unspool.analyses._steps import Flags, Row, Steps, method, told
from unspool.edits.terms import CONTENT, STYLE
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife, means_carried, no_surer

FAMILIES = (STYLE, CONTENT)
BOTH = "style_minus_content"
NO_RUN = "no user has three threads that follow one another"
NOTHING = "no thread that has the two others beside it added a term"


@dataclass(frozen=True)
class Added:
    """Terms that threads added, one value per term and thread in every array.

    `thread`: its last prompt has the term and its first has not. `found`: whether the first prompts of the threads
    `away` from there have it, shape (2, terms). `pasted`: one of these ends with the same words as the last prompt.
    `alike`: threads that were left out because they may be parts of one of the two, `looked`: others.
    """

    thread: Ints
    found: Flags
    pasted: Flags
    away: tuple[int, int]
    alike: int
    looked: int

    @property
    def unpasted(self) -> "Added":
        """Without the terms of threads whose end stands under one of the two first prompts word for word."""
        kept = ~self.pasted
        return replace(self, thread=self.thread[kept], found=self.found[:, kept], pasted=self.pasted[kept])


def added(found: Sequel, family: str, threads: Ints, away: tuple[int, int]) -> Added:
    """The terms that some threads added, looked for in the first prompts of two other threads of the user.

    A thread whose last prompt shares half of its content words with one of the two is left out: where that is the next
    thread it is left out already, so that terms would be missed on that side alone.
    """
    said, n = found.said, found.said.n
    content = said.of(CONTENT)
    alike = np.any([content.overlap(threads + n, threads + far) >= ALIKE for far in away], axis=0)
    looked, terms = threads[~alike], said.of(family)
    thread, code = gained(terms, looked)
    there = np.array([terms.has(thread + far, code) for far in away])
    pasted = np.any([said.pasted(thread + n, thread + far) for far in away], axis=0)
    return Added(thread, there, pasted, away, int(alike.sum()), len(looked))


def gained(said: Said, threads: Ints) -> tuple[Ints, Ints]:
    """The terms that the last prompt of some threads has and their first has not: thread and code, one per term."""
    which, code = said.within(threads + said.n)
    new = ~said.has(threads[which], code)
    return threads[which][new], code[new]


@dataclass(frozen=True)
class TermRows:
    """Makes the rows about terms of one log; `notes` hold for all of them."""

    steps: Steps
    found: Sequel
    notes: tuple[str, ...]

    def all(self) -> Iterator[Row]:
        """The rows of style terms, of content terms, and of their difference."""
        run = self.found.runs(3)
        both = [added(self.found, family, run - 1, (1, -1)) for family in FAMILIES]
        for family, terms in zip(FAMILIES, both, strict=True):
            yield from self.of(family, terms)
            yield self.row(family, "kept_terms_placebo", [added(self.found, family, run, (-1, -2))], more)
        yield self.row(BOTH, "kept_terms", both, apart)
        yield self.row(BOTH, "kept_terms_without_paste", [terms.unpasted for terms in both], apart, pastes(*both))

    def of(self, family: str, terms: Added) -> Iterator[Row]:
        """The shares found in the next first prompt and in the one before, and the difference."""
        yield self.row(family, "kept_terms", [terms], more)
        yield self.row(family, "kept_terms_share", [terms], share_kept)
        yield self.row(family, "kept_terms_next", [terms], lambda sums: shares(sums)[..., :1])
        yield self.row(family, "kept_terms_before", [terms], lambda sums: shares(sums)[..., 1:])
        yield self.row(family, "kept_terms_without_paste", [terms.unpasted], more, pastes(terms))

    def row(self, family: str, estimand: str, parts: list[Added], estimator: Estimator, note: str | None = None) -> Row:
        """A row of an estimator of sums per user: of ones and of the two findings, for each of the parts."""
        log, people = self.steps.log, self.steps.people
        columns = [people.sums([np.ones(len(p.thread)), *p.found], self.found.user[p.thread]) for p in parts]
        one = Estimate(None, note=NOTHING if any(p.looked for p in parts) else NO_RUN)
        if all(len(p.thread) for p in parts):
            one = self.estimate(columns, estimator)
            one = no_surer(one, *(self.estimate([side], more) for side in columns)) if len(parts) > 1 else one
        how = method(people, "terms of the last prompt of a thread that its first has not, all alike")
        same = {"feature": family, "estimand": estimand, "method": how, **self.numbers(parts)}
        return told(one, log.settings, *self.notes, left_out(parts[0]), note, **same)

    def estimate(self, columns: list[Floats], estimator: Estimator) -> Estimate:
        """An estimate from such sums per user of some parts."""
        rests = means_carried(*(sums[:, 0] for sums in columns))
        level = self.steps.log.settings.level
        return jackknife(np.concatenate(columns, axis=1), estimator, level=level, carried=rests)[0]

    def numbers(self, parts: list[Added]) -> Row:
        """Numbers of the prompts in which terms were found or looked for, of their threads and users."""
        first, last = self.found.first, self.found.last
        places = [at for p in parts for at in (first[p.thread], last[p.thread], *(first[p.thread + d] for d in p.away))]
        return self.steps.numbers(np.unique(np.concatenate(places)))


def left_out(terms: Added) -> str | None:
    """How many threads were left out, in words."""
    if not terms.alike:
        return None
    return f"{terms.alike:,} thread(s) whose end shares half of its content words with one of the two left out"


def pastes(*parts: Added) -> str | None:
    """How many threads with pastes were left out, in words."""
    n = len(np.unique(np.concatenate([terms.thread[terms.pasted] for terms in parts])))
    return f"{n:,} thread(s) whose last {TAIL} words end one of the two first prompts left out" if n else None


def shares(sums: Floats) -> Floats:
    """From sums (..., 3) of ones and of what is found in each of the two first prompts: the shares found, (..., 2)."""
    return ratio(sums[..., 1:], sums[..., :1])


def more(sums: Floats) -> Floats:
    """The share found in the first of the two, less that in the second; shape (..., 1)."""
    return shares(sums)[..., :1] - shares(sums)[..., 1:]


def share_kept(sums: Floats) -> Floats:
    """The same by the share that is not in the second: of the terms that would not be there anyway; shape (..., 1)."""
    return ratio(more(sums), 1 - shares(sums)[..., 1:])


def apart(sums: Floats) -> Floats:
    """From sums (..., 6), of style and of content terms: the difference of that; shape (..., 1)."""
    return more(sums[..., :3]) - more(sums[..., 3:])
