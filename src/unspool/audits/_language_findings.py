"""What the audit of model language found, in sentences."""

from collections.abc import Iterator

import polars as pl

from unspool.analyses import _words as words
from unspool.audits._groups import FIRST, LAST, NO_REFERENCE, NO_THREADS, PROMPTS, REFERENCE, UPSCALED
from unspool.audits._language_pairs import OWN_CAPTION

Row = words.Row
CAPTION, FILE_LINE = "caption", "line of the reference file"
ALPHA, CHANCE = 0.05, 0.5


def sentences(rows: pl.DataFrame) -> list[str]:
    """Last against first, the reference, what it means for training, diversity, and the genre of captions."""
    if rows.filter(pl.col("note").str.contains(NO_THREADS, literal=True)).height:
        return words.reasons(rows.filter(pl.col("note").str.contains(NO_THREADS, literal=True)))
    return [*_ends(rows), *_reference(rows), *_training(rows), *_alike(rows), *_genre(rows)]


def _pair(rows: pl.DataFrame, feature: str, estimand: str, pair: str) -> Row | None:
    return words.row(rows, feature=feature, estimand=estimand, group=pair)


def _ends(rows: pl.DataFrame) -> Iterator[str]:
    """Last against first prompts: style, dialect, and whether a classifier tells them apart."""
    pair = f"{FIRST}:{LAST}"
    style, dialect = (_pair(rows, feature, "difference", pair) for feature in ("style", "dialect"))
    if style:
        people = f"{words.number_of(style['n_threads'], 'thread')} of {words.number_of(style['n_users'], 'user')}"
        more = f"; {_dialect(dialect)}" if dialect else ""
        yield f"At equal length, {styles(style)} ({points(style)}{_tested(style)}; {people}){more}."
    elif dialect:
        yield f"At equal length, {_dialect(dialect)}."
    area = _pair(rows, "text", "auc", pair)
    if area:
        yield (
            f"A classifier that has not seen a person's texts {ranks(area)} a last prompt above a first one of equal "
            f"length in {_area(area)} of pairs ({words.percent_interval(area)}{_tested(area)}), where chance is 50%."
        )


def styles(one: Row) -> str:
    """Which of the two holds more style words, if that is clear."""
    sign = words.sign(one)
    if not sign:
        return "first and last prompts do not clearly differ in their share of style words"
    return f"style words make up {'more' if sign > 0 else 'less'} of last prompts than of first ones"


def _dialect(one: Row) -> str:
    told = {
        1: "the dialect score is higher in last prompts",
        -1: "the dialect score is lower in last prompts",
        0: "the dialect score of last prompts is not clearly another",
    }
    value = f"{words.signed(one['estimate'], words.of(one))} nats per word"
    return f"{told[words.sign(one)]} ({value}, {words.interval(one)}{_tested(one)})"


def points(one: Row) -> str:
    """A difference of shares in percentage points."""
    spread = 100 * (one["ci_high"] - one["ci_low"]) if one["ci_low"] is not None else 1.0
    decimals = min(words.places(spread), 2)
    told = f"{words.signed(100 * one['estimate'], decimals)} percentage points"
    if one["ci_low"] is None:
        return f"{told}, no interval"
    ends = [words.number(100 * one[end], decimals) for end in ("ci_low", "ci_high")]
    return f"{told}, {100 * one['ci_level']:g}% interval {' to '.join(ends)}"


def _tested(one: Row) -> str:
    return "" if one["p_value"] is None else f", p = {one['p_value']:.2g}"


def _area(one: Row) -> str:
    return f"{100 * one['estimate']:.0f}%"


def ranks(one: Row) -> str:
    """The verb of a classifier, with what is to be said of it where it learned nothing."""
    return "ranks" if told_apart(one) else "does not clearly tell the two apart: it ranks"


def told_apart(one: Row | None) -> bool:
    """Whether a classifier clearly tells two groups apart."""
    if one is None or one["p_value"] is None:
        return False
    low = one["estimate"] if one["standard_error"] == 0 else one["ci_low"]
    return bool(low is not None and one["p_value"] <= ALPHA and low > CHANCE)


def _reference(rows: pl.DataFrame) -> Iterator[str]:
    """How often a classifier tells prompts from the reference, and which group of prompts is farthest."""
    found = {group: _pair(rows, "text", "auc", f"{group}:{REFERENCE}") for group in PROMPTS}
    known = {group: one for group, one in found.items() if one}
    if rows.filter(pl.col("note").str.contains(NO_REFERENCE, literal=True)).height:
        yield f"How far prompts are from natural expression is not known: {NO_REFERENCE}."
        return
    if not known:
        return
    told = ", ".join(f"{group} {_area(one)} ({words.percent_interval(one)})" for group, one in known.items())
    who = "It" if _pair(rows, "text", "auc", f"{FIRST}:{LAST}") else "A classifier"
    shares = f"in these shares of pairs: {told}{_farthest(known)}"
    yield f"{who} tells a prompt from a {_what(rows)} of equal length {shares}."


def _farthest(known: dict[str, Row]) -> str:
    if len(known) < 2:
        return ""
    order = sorted(known, key=lambda group: -float(known[group]["estimate"]))
    far, near = known[order[0]], known[order[-1]]
    apart = far["ci_low"] is not None and near["ci_high"] is not None and far["ci_low"] > near["ci_high"]
    doubt = "" if apart else ", but their intervals overlap"
    return f"; {order[0]} prompts are farthest and {order[-1]} prompts nearest{doubt}"


def _what(rows: pl.DataFrame) -> str:
    return CAPTION if _of_captions(rows) else FILE_LINE


def _of_captions(rows: pl.DataFrame) -> bool:
    return rows.filter(pl.col("note").str.contains(OWN_CAPTION, literal=True)).height > 0


def _training(rows: pl.DataFrame) -> Iterator[str]:
    """What the difference of later prompts from first ones means for who trains on them."""
    more = [group for group in (LAST, UPSCALED) if min(signs := _signs(rows, group), default=0) >= 0 and any(signs)]
    area = _pair(rows, "text", "auc", f"{FIRST}:{LAST}")
    if more:
        yield (
            f"A model trained on {' or '.join(more)} prompts would learn a language that people do not bring along: "
            "first prompts, each with the image that was accepted, are nearer to how people begin."
        )
    elif told_apart(area):
        yield (
            "Last prompts are worded otherwise than first ones, but it is not clear that they hold more style: a "
            "model trained on either learns another language, and which is the more natural is open."
        )
    elif area or _signs(rows, LAST):
        yield (
            "At equal length this log does not show that first prompts would be more natural to train on than last "
            "ones."
        )


def _signs(rows: pl.DataFrame, group: str) -> list[int]:
    """Where a group clearly has more (1) or less (-1) than first prompts: style, dialect, distance from the reference.

    Distances differ clearly where their intervals do not overlap.
    """
    found = [_pair(rows, feature, "difference", f"{FIRST}:{group}") for feature in ("style", "dialect")]
    ends = [_pair(rows, "text", "auc", f"{one}:{REFERENCE}") for one in (FIRST, group)]
    signs = [words.sign(one) for one in found if one]
    first, other = ends
    if first and other and first["ci_low"] is not None and other["ci_low"] is not None:
        signs.append(int(first["ci_high"] < other["ci_low"]) - int(other["ci_high"] < first["ci_low"]))
    return signs


def _alike(rows: pl.DataFrame) -> Iterator[str]:
    """How alike different people's texts are, where first and last prompts clearly differ in it."""
    found = [
        words.row(rows, feature="text", estimand="similarity_between_users", group=group) for group in (FIRST, LAST)
    ]
    first, last = found
    if not first or not last or first["ci_low"] is None or last["ci_low"] is None:
        return
    if first["ci_high"] < last["ci_low"] or last["ci_high"] < first["ci_low"]:
        told = [f"{1000 * one['estimate']:.1f} ({_thousand(one)})" for one in (first, last)]
        yield (
            f"Of 1,000 pairs of content words drawn from texts of two people, {told[0]} are the same word in first "
            f"prompts and {told[1]} in last ones."
        )


def _thousand(one: Row) -> str:
    return f"{100 * one['ci_level']:g}% interval {1000 * one['ci_low']:.1f} to {1000 * one['ci_high']:.1f}"


def _genre(rows: pl.DataFrame) -> Iterator[str]:
    if _of_captions(rows):
        yield (
            "Captions have a genre of their own, such as `a painting of ...`, so that a part of the distance from them "
            "is theirs: compare with another text too (--reference FILE)."
        )
