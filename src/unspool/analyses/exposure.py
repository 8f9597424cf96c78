"""Whether users take up style terms just after others have used them in the channel."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._exposure_uses import (
    LEAST_USERS,
    MESSAGES,
    Channel,
    Exposed,
    Firsts,
    busy,
    channels,
    exposed,
    families,
    firsts,
    pasted,
    windows,
)
from unspool.analyses._people import NOBODY, People, people
from unspool.analyses._steps import Flags, Row, method, told
from unspool.stats.jackknife import Estimate, Estimator, Floats, jackknife, no_surer

TITLE = "Whether users copy each other"
QUESTION = "Is a user's first use of a term more often preceded by others' uses in the channel than other times are?"
CITATION = "The project's own; a null of shifted times"
LIMITS = (
    "What makes several people use a term in the same hour, a contest or a piece of news, looks like copying; and who "
    "reads the channel is not known."
)
ORDER = 140
FIGURES: tuple[str, ...] = ("exposure",)
FEATURES = ("style", "content")
REPLICATES = 999
METHOD = "log ratio to times shifted by 2 to 8 hours either way, less that of other terms"
NO_TIME = "the log has no prompts with a user, a time and a text"
NO_USE = f"no first use of a term of {LEAST_USERS} users lies so far inside the log that its time can be shifted"
NEVER = "others never used the term before a first use, or never before a shifted time: no ratio"


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected" for style and content terms: `hazard` and its companions.

    `hazard`: natural log of how many first uses had the term used by others in the hour before, by how many would have
    had at shifted times, less the same of other terms in the same hours; 0 without copying. `hazard_messages`: in the
    50 prompts of others before, as many at shifted times. `hazard_without_blocks`: of first uses that are in no pasted
    block. `shift_null`: `hazard` with the p-value of shifting whole users. `block_share`: share of the first uses just
    after others' in prompts that end with words that another user had written before, in [0, 1].
    style_minus_content: `hazard` of the one less the other.
    """
    own = log.own
    rows = list(_rows(own))
    return results(rows, analysis="exposure", mode="corrected", rule=own.rule, seed=own.settings.seed)


def _rows(log: Measured) -> Iterator[Row]:
    who = people(log.prompts.select("user_id").collect()["user_id"], log.settings.seed)
    there = channels(log, who) if who.ids is not None else None
    if there is None or not len(there.user):
        reason = NOBODY if there is None else NO_TIME
        for name in FEATURES:
            none = {"n_prompts": 0, "n_threads": 0, "n_users": 0, "note": reason}
            yield {"feature": name, "estimand": "hazard", **none}
        return
    said, copies = families(there), pasted(there)
    make = Rows(log, who, there)
    found = {family: make.hours(firsts(there, said.of(family), log.settings.seed)) for family in FEATURES}
    for family in FEATURES:
        yield from make.of(family, found[family], copies)
    yield make.apart(*(found[family] for family in FEATURES))


@dataclass(frozen=True)
class Hours:
    """First uses, what was before them within the hour, and columns for `log_ratios`; `outside`: those left out."""

    first: Firsts
    seen: Exposed
    columns: tuple[Floats, ...]
    outside: int

    def only(self, chosen: Flags) -> "Hours":
        """Some of the first uses."""
        columns = tuple(column[chosen] for column in self.columns)
        return Hours(self.first.only(chosen), self.seen.only(chosen), columns, self.outside)


@dataclass(frozen=True)
class Rows:
    """Makes the rows of one log."""

    log: Measured
    people: People
    there: Channel

    def hours(self, first: Firsts) -> Hours:
        """First uses that are far enough inside their channel, with their exposures."""
        before = windows(self.there, first)
        seen = exposed(first, before)
        part, inside, before = first.only(seen.inside), seen.only(seen.inside), before.only(seen.inside)
        columns = (inside.observed, inside.expected, *busy(part, before, self.log.settings.seed))
        return Hours(part, inside, columns, int((~seen.inside).sum()))

    def of(self, family: str, found: Hours, copies: Flags) -> Iterator[Row]:
        """The rows of one family of terms."""
        note = f"{found.outside:,} first use(s) too near the ends of the log left out" if found.outside else None
        one = self.estimate(found.first, found.columns, log_ratios)
        yield self.row(one, family, "hazard", found.first, note)
        yield self.row(self.null(one, found), family, "shift_null", found.first, note)
        yield self.messages(family, found.first)
        alone = found.only(~copies[found.first.prompt])
        free = self.estimate(alone.first, alone.columns, log_ratios)
        yield self.row(free, family, "hazard_without_blocks", alone.first, note)
        yield self.blocks(family, found.first.only(found.seen.observed > 0), copies)

    def messages(self, family: str, first: Firsts) -> Row:
        """The row that counts prompts of others instead of time."""
        seen = exposed(first, windows(self.there, first, MESSAGES))
        part, inside = first.only(seen.inside), seen.only(seen.inside)
        one = self.estimate(part, (inside.observed, inside.expected), log_ratio)
        return self.row(one, family, "hazard_messages", part, None)

    def estimate(self, first: Firsts, columns: Sequence[Floats], estimator: Estimator) -> Estimate:
        """An estimate from columns with one value per first use."""
        if not len(first.prompt):
            return Estimate(None, note=NO_USE)
        sums = self.people.sums(columns, self.there.user[first.prompt])
        one = jackknife(sums, estimator, level=self.log.settings.level)[0]
        return one if one.estimate is not None else Estimate(None, note=NEVER)

    def null(self, one: Estimate, found: Hours) -> Estimate:
        """The same estimate with its place among those of logs whose users are shifted as a whole, two-sided."""
        if one.estimate is None:
            return one
        unit, seen = self.people.units[self.there.user[found.first.prompt]], found.seen
        random = np.random.default_rng(self.log.settings.seed)
        filled = np.where(np.isnan(seen.shifted), seen.expected, seen.shifted)
        per_unit = np.stack([np.bincount(unit, row, minlength=self.people.n_units) for row in filled])
        each, total = np.arange(self.people.n_units), seen.expected.sum()
        drawn = [per_unit[random.integers(len(filled), size=len(each)), each].sum() for _ in range(REPLICATES)]
        beyond = np.abs(np.log(np.maximum(drawn, 0.5) / total)) >= abs(one.estimate)
        return Estimate(one.estimate, p_value=float((1 + beyond.sum()) / (1 + REPLICATES)), n_units=one.n_units)

    def blocks(self, family: str, first: Firsts, copies: Flags) -> Row:
        """The share of first uses after others' that are part of a pasted block."""
        one = self.estimate(first, [np.ones(len(first.prompt)), copies[first.prompt].astype(np.float64)], share)
        one = replace(one, p_value=None)
        if not len(first.prompt):
            one = Estimate(None, note="no first use follows one of another user")
        return self.row(one, family, "block_share", first, None)

    def apart(self, style: Hours, content: Hours) -> Row:
        """The log ratio of style terms less that of content terms."""
        sums = [self.people.sums(part.columns, self.there.user[part.first.prompt]) for part in (style, content)]
        one = apart(sums, self.log.settings.level)
        both = Firsts(
            np.concatenate([style.first.prompt, content.first.prompt]),
            style.first.term,
            style.first.seen,
            style.first.sampled,
        )
        one = one if one.estimate is not None else Estimate(None, note=NEVER)
        return self.row(one, "style_minus_content", "hazard", both, None)

    def row(self, one: Estimate, family: str, estimand: str, first: Firsts, note: str | None) -> Row:
        """A row about the prompts of some first uses."""
        prompts = np.unique(first.prompt)
        cut = None if self.there.cut is None else f"on the earliest {self.there.cut:,} prompts"
        sample = None if first.sampled is None else f"first uses of a random sample of {first.sampled:,} users"
        ratio = {} if one.estimate is None or estimand == "block_share" else {"effect": float(np.exp(one.estimate))}
        return told(
            one,
            self.log.settings,
            cut,
            sample,
            note,
            feature=family,
            estimand=estimand,
            method=method(self.people, METHOD),
            n_prompts=len(prompts),
            n_threads=self.there.thread.gather(prompts).drop_nulls().n_unique(),
            n_users=self.people.count(self.there.user[prompts]),
            **ratio | ({"effect_name": "ratio"} if ratio else {}),
        )


def log_ratio(sums: Floats) -> Floats:
    """From sums (..., 2): the natural log of the first by the second; NaN where either is not positive."""
    above, below = sums[..., 0], sums[..., 1]
    known = (above > 0) & (below > 1e-9)
    return np.where(known, np.log(np.where(known, above, 1) / np.where(known, below, 1)), np.nan)[..., None]


def log_ratios(sums: Floats) -> Floats:
    """From sums (..., 4) of observed and expected and of the same of other terms: the log ratio less that of those."""
    return log_ratio(sums[..., :2]) - log_ratio(sums[..., 2:])


def apart(sums: Sequence[Floats], level: float) -> Estimate:
    """From such sums per user of two families, (users, 4) each: the figure of the first less that of the other."""
    one = jackknife(np.concatenate(sums, axis=1), difference, level=level)[0]
    return no_surer(one, *(jackknife(side, log_ratios, level=level)[0] for side in sums))


def difference(sums: Floats) -> Floats:
    """From sums (..., 8): the figure of the first four less that of the others."""
    return log_ratios(sums[..., :4]) - log_ratios(sums[..., 4:])


def share(sums: Floats) -> Floats:
    """From sums (..., 2): the second by the first."""
    n = sums[..., 0]
    return np.where(n > 0, sums[..., 1] / np.where(n > 0, n, 1), np.nan)[..., None]


def findings(rows: pl.DataFrame) -> list[str]:
    """Style and content terms, the difference of the two, and pasted blocks."""
    told = [_hazard(rows, "style", "Style terms"), _hazard(rows, "content", "Content terms"), _blocks(rows)]
    listed = [sentence for sentence in told if sentence]
    return [*listed, CAUTION] if listed else words.reasons(rows)


CAUTION = (
    "Nobody was shown terms by lot: an event that makes several people use a term within the hour looks like copying, "
    "and whether a user read the channel is not known."
)


def _hazard(rows: pl.DataFrame, family: str, what: str) -> str | None:
    one = words.row(rows, feature=family, estimand="hazard")
    if one is None:
        return None
    null = words.row(rows, feature=family, estimand="shift_null")
    p_value = "" if null is None or one["ci_low"] is None else f"; p = {null['p_value']:.3f} by shifting users"
    return (
        f"{what}: first uses follow others' within the hour {words.more(one)} than at other times "
        f"({one['effect']:.2f} times; log ratio {words.signed(one['estimate'], words.of(one))}, "
        f"{words.interval(one)}{p_value}; {words.number_of(one['n_users'], 'user')})."
    )


def _blocks(rows: pl.DataFrame) -> str | None:
    one = words.row(rows, feature="style", estimand="block_share")
    if one is None:
        return None
    return (
        f"Of the first uses of style terms after others', {words.percent(one['estimate'])} end with eight words that "
        f"another user had written before ({words.percent_interval(one)})."
    )
