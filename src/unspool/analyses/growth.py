"""What prompts grow by: words added and removed from each prompt of a thread to the next, by their kinds."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from unspool import tables
from unspool.analyses import Measured, Settings, results
from unspool.analyses import _words as words
from unspool.analyses._growth_sums import KINDS, Transitions, confusions, transitions
from unspool.analyses._people import NOBODY
from unspool.analyses._steps import Row, method, told
from unspool.stats.jackknife import Estimate, Floats, cut, jackknife
from unspool.stats.misclassification import corrected, true_counts

TITLE = "What prompts grow by"
QUESTION = "How much of the growth of prompts along a thread is content and how much is style?"
CITATION = (
    "The project's own exact bookkeeping of words by kind, after the prompt modifiers of Oppenlaender 2024; shares "
    "corrected after Rogan & Gladen 1978"
)
LIMITS = (
    "It says what was added and removed, not why: details that were left out at first, a changed mind and a lesson "
    "from the model can add the same words. It is the change as it stands: who stops when can be all of it."
)
ORDER = 60
FIGURES: tuple[str, ...] = ("growth",)
NEEDS = ("edits",)
FEATURE = "n_words"
MIN_TRANSITIONS = 20
GROUPS = {"content": tables.CONTENT_KINDS, "all_style": tables.STYLE_KINDS}
AMOUNTS = (
    *("net", "added", "removed"),
    *(f"{what}_{kind}" for what in ("net", "added", "removed") for kind in KINDS),
    *("net_content", "net_all_style"),
)
SHARES = (*(f"share_{kind}" for kind in KINDS), "share_content", "share_all_style")
CORRECTED, GROSS = "share_content_corrected", "gross_share_content"
ESTIMANDS = (*AMOUNTS, *SHARES, CORRECTED, GROSS)
NO_EDITS = "the edits of this log were not made"
NO_TRANSITIONS = "no thread has two prompts"
TRANSPORT = "takes words of this log to be mistaken as often as those of the labelled real prompts"
UNCLEAR = "the growth itself is not clear: its shares mean little"


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected", feature n_words; a transition is a prompt of a thread and the next one.

    In words per transition: `net`, `added`, `removed`, each also per kind of words (`net_entity`, ...); net_<kind> sum
    to `net` exactly. `share_<kind>`: net_<kind> / net, null where net is 0; shares can be negative or above 1.
    `share_content`, `share_all_style`: of the two families. `share_content_corrected`: for how often words are taken
    for the other family. `gross_share_content`: content words among added ones. `net_content` and `net_all_style` have
    also one row per `step` of the later prompt. `edit_share`: share of transitions per `group`, the kind of edit.
    """
    own = log.own
    rows = _none(NO_EDITS) if own.edits is None else growth_rows(own.edits, own)
    return results(rows, analysis="growth", mode="corrected", rule=own.rule, seed=own.settings.seed)


def growth_rows(edits: pl.DataFrame | pl.LazyFrame, log: Measured) -> list[Row]:
    """The rows of a table edits; of `log` only the settings are read."""
    found = transitions(edits.lazy(), log)
    if not found.n:
        return _none(NO_TRANSITIONS)
    same = {"feature": FEATURE, **_numbers(found), "method": method(found.people, "sums over transitions")}
    listed = [*_whole(found, log.settings), *_by_step(found, log.settings), *_by_kind(found, log.settings)]
    return [same | row for row in listed]


def _none(reason: str) -> list[Row]:
    same = {"feature": FEATURE, "note": reason, "n_prompts": 0, "n_threads": 0, "n_users": 0}
    return [{"estimand": name, **same} for name in (*ESTIMANDS, "edit_share")]


def _numbers(found: Transitions) -> Row:
    users = None if found.people.ids is None else len(found.people.ids)
    return {"n_prompts": found.n, "n_threads": found.n_threads, "n_users": users}


def _whole(found: Transitions, settings: Settings) -> Iterator[Row]:
    named = (*AMOUNTS, *SHARES, GROSS)
    whole = jackknife(found.sums, estimates, level=settings.level, carried=found.sums[:, 0])
    listed = dict(zip(named, whole, strict=True))
    listed[GROSS] = cut(listed[GROSS])
    (listed[CORRECTED],) = corrected(found.sums, confusions(), content_corrected, level=settings.level)
    net = listed["net"]
    unclear = None if _clear(net) else UNCLEAR
    for name in ESTIMANDS:
        notes = (TRANSPORT if name == CORRECTED else None, unclear if name in (*SHARES, CORRECTED) else None)
        yield {"estimand": name, **_told(listed[name], found, settings, *notes)} | _untested(name)


def _clear(net: Estimate) -> bool:
    """Whether its interval does not hold 0; without one, whether all users agree."""
    if net.low is None or net.high is None:
        return bool(net.estimate) and net.standard_error == 0
    return not net.low <= 0 <= net.high


def _untested(name: str) -> Row:
    """What cannot be below 0 is not tested against 0."""
    return {"p_value": None} if name.startswith(("added", "removed", "gross", "edit_share")) else {}


def _told(one: Estimate, found: Transitions, settings: Settings, *notes: str | None) -> Row:
    if found.people.ids is None and one.estimate is not None:
        return told(Estimate(one.estimate), settings, *notes, NOBODY)
    return told(one, settings, *notes)


def estimates(sums: Floats) -> Floats:
    """From sums (..., 2 + 2 * kinds), as in `Transitions`, to AMOUNTS, SHARES and the gross share of content."""
    n, change = sums[..., :1], sums[..., 1:2]
    added, removed = sums[..., 2 : 2 + len(KINDS)], sums[..., 2 + len(KINDS) :]
    net = added - removed
    whole = [change, *(part.sum(axis=-1, keepdims=True) for part in (added, removed))]
    families = [_family(net, kinds) for kinds in GROUPS.values()]
    with np.errstate(invalid="ignore", divide="ignore"):
        amounts = np.concatenate([*whole, net, added, removed, *families], axis=-1) / n
        shares = np.concatenate([net, *families], axis=-1) / change
        gross = _family(added, tables.CONTENT_KINDS) / whole[1]
    return _finite(np.concatenate([amounts, shares, gross], axis=-1))


def content_corrected(sums: Floats, confusion: Floats) -> Floats:
    """The corrected net content words by the net change, shape (..., 1)."""
    net = sums[..., 2 : 2 + len(KINDS)] - sums[..., 2 + len(KINDS) :]
    families = np.concatenate([_family(net, kinds) for kinds in GROUPS.values()], axis=-1)
    content = true_counts(families, confusion.reshape(*confusion.shape[:-1], 2, 2))[..., :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        return _finite(content / sums[..., 1:2])


def _family(values: Floats, kinds: Sequence[str]) -> Floats:
    total: Floats = values[..., [KINDS.index(kind) for kind in kinds]].sum(axis=-1, keepdims=True)
    return total


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)


def _by_step(found: Transitions, settings: Settings) -> Iterator[Row]:
    for step, sums in found.by_step.items():
        n = int(sums[:, 0].sum())
        few = f"fewer than {MIN_TRANSITIONS} transitions to this step" if n < MIN_TRANSITIONS else None
        listed = jackknife(sums, lambda s: s[..., 1:] / s[..., :1], level=settings.level, carried=sums[:, 0])
        users = None if found.people.ids is None else found.users_at[step]
        for name, one in zip(("net_content", "net_all_style"), listed, strict=True):
            row = {"note": few} if few else _told(one, found, settings)
            yield {"estimand": name, "step": step, **row, "n_prompts": n, "n_threads": n, "n_users": users}


def _by_kind(found: Transitions, settings: Settings) -> Iterator[Row]:
    by_kind = found.by_kind
    listed = jackknife(by_kind, lambda s: s[..., 1:] / s[..., :1], level=settings.level, carried=by_kind[:, 0])
    for kind, one in zip(tables.EDIT_KINDS, listed, strict=True):
        row = _told(cut(one), found, settings)
        yield {"estimand": "edit_share", "group": kind, **row} | _untested("edit_share")


def findings(rows: pl.DataFrame) -> list[str]:
    """The change, what of it is content, where it goes, and how people edit."""
    net = words.row(rows, estimand="net", step=None)
    if net is None:
        return words.reasons(rows)
    return [_change(rows, net), *_shares(rows, net), _kinds(rows), _editing(rows)]


def _change(rows: pl.DataFrame, net: Row) -> str:
    sign, decimals = words.sign(net), words.of(net)
    told = {1: "grow by", -1: "shrink by", 0: "have no clear change in length:"}[sign]
    amount = words.number(abs(net["estimate"]) if sign else net["estimate"], decimals)
    added, removed = (words.row(rows, estimand=name) for name in ("added", "removed"))
    both = [words.number(one["estimate"], decimals) for one in (added, removed) if one]
    return (
        f"From one prompt of a thread to the next, prompts {told} {amount} words on average ({words.interval(net)}; "
        f"{words.number_of(net['n_prompts'], 'transition')} of {words.number_of(net['n_users'], 'user')}): "
        f"{' added and '.join(both)} removed, as it stands, whoever stops when."
    )


def _shares(rows: pl.DataFrame, net: Row) -> Iterator[str]:
    names = ("share_content", "share_all_style", CORRECTED, GROSS)
    share, style, right, gross = (words.row(rows, estimand=name) for name in names)
    if share is None or style is None:
        yield "What share of the growth is content is not known: the words that were added and removed are as many."
    elif UNCLEAR in (share["note"] or ""):
        yield "What share of the growth is content is not known: it is not clear that prompts grow at all."
    else:
        yield f"Of the net change in words, {_percent(share)} is content and {_percent(style)} is style{_rest(rows)}."
        if right is not None:
            yield (
                f"If words are mistaken as often as in labelled prompts of other logs, {_percent(right)} is content."
                f"{_above(net) if right['estimate'] > 1 else ''}"
            )
    if gross is not None:
        yield f"Of all added words, {_percent(gross)} are content."


def _above(net: Row) -> str:
    style = "fewer" if net["estimate"] > 0 else "more"
    return f" More than 100%: style words became {style}, or words are mistaken less often here than there."


def _rest(rows: pl.DataFrame) -> str:
    said_again = words.row(rows, estimand="share_repetition")
    if said_again is None or abs(said_again["estimate"]) < 0.005:
        return ""
    return f"; {words.percent(said_again['estimate'])} is words said again"


def _percent(one: Row) -> str:
    return f"{words.percent(one['estimate'])} ({words.percent_interval(one)})"


def _kinds(rows: pl.DataFrame) -> str:
    listed = [words.row(rows, estimand=f"net_{kind}", step=None) for kind in KINDS]
    clear = sorted((one for one in listed if one and words.sign(one)), key=lambda one: -abs(one["estimate"]))
    if not clear:
        return "No kind of words has a clear net change."
    told = [
        f"{one['estimand'].removeprefix('net_')} {words.signed(one['estimate'], words.of(one))} ({words.interval(one)})"
        for one in clear[:3]
    ]
    return f"The largest clear net changes, in words per transition: {', '.join(told)}. The log is observational."


def _editing(rows: pl.DataFrame) -> str:
    shares = rows.filter(pl.col("estimand") == "edit_share", pl.col("estimate") > 0)
    told = [
        f"{one['group'].replace('_', ' ')} {_percent(one)}"
        for one in shares.sort("estimate", descending=True).head(3).rows(named=True)
    ]
    return f"The commonest kinds of edits: {', '.join(told)}."
