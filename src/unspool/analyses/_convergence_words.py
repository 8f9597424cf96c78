"""What the asymmetry A says, in words."""

import polars as pl

from unspool.analyses import _words as words

FEATURES = 4
MEANING = (
    "A is 0 where nothing converges beyond regression to the mean, near 1 where all are pulled to one target, near -1 "
    "where they wander apart; what pulls, it cannot tell."
)


def sentences(rows: pl.DataFrame) -> list[str]:
    """From rows of mode "corrected": a sentence per feature, then what A means; [] where no A is known."""
    names = words.chief(rows.filter(estimand="A_step"))[:FEATURES]
    return [*(sentence(rows, name) for name in names), MEANING] if names else []


def sentence(rows: pl.DataFrame, name: str) -> str:
    """A of one feature at the fixed step, its test, and whether the last prompt gives another answer."""
    a = words.row(rows, feature=name, estimand="A_step")
    assert a is not None
    test = words.row(rows, feature=name, estimand="reversal")
    p = "" if test is None or test["p_value"] is None else f"; reversed in time: p = {test['p_value']:.2g}"
    n = f"{words.number_of(a['n_threads'], 'thread')} of {words.number_of(a['n_users'], 'user')}"
    told = f"{reading(a)}, A = {words.signed(a['estimate'], words.of(a))} ({words.interval(a)}{p}; {n})"
    return f"{words.title(name)}: {told}.{_ended(rows, name)}"


def reading(a: words.Row) -> str:
    """What the interval of an A leaves open."""
    low, high = a["ci_low"], a["ci_high"]
    if low is None:
        return words.BEYOND
    if low <= 0 <= high:
        wide = low <= -1 or high >= 1
        return "too uncertain to tell" if wide else "no clear convergence beyond regression to the mean"
    if low > 0:
        return "later values lie closer together" + (", as if pulled to one target" if low <= 1 <= high else "")
    return "later values lie farther apart" + (", as in a random walk" if low <= -1 <= high else "")


def _ended(rows: pl.DataFrame, name: str) -> str:
    """A clear difference at the last prompt, which comes later too."""
    more = words.row(rows, feature=name, estimand="A_last_minus_step")
    if more is None or not words.sign(more):
        return ""
    where = "closer together" if words.sign(more) > 0 else "farther apart"
    told = f"{words.signed(more['estimate'], words.of(more))}, {words.interval(more)}"
    return f" At their last prompts A differs by {told}: they lie {where}, coming later, or because people stop there."
