"""Six explanations of why prompts change, each with the signatures it predicts, beside what the log shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._draws import Row, joined
from unspool.analyses._drift_stopping import DOUBT

TITLE = "Scorecard of the explanations"
QUESTION = "Do people fill in details they had left out, adapt to the model, copy each other, or does it only look so?"
CITATION = "Don-Yehiya, Choshen & Abend 2023 (EMNLP), Sec. 7, whose question it is; docs/analyses/scorecard.md"
LIMITS = (
    "Several explanations can hold at once, and each signature has other causes than the one it is listed for: a log "
    "is observational, and only an experiment could decide."
)
ORDER = 200
FIGURES: tuple[str, ...] = ("scorecard",)
NEEDS = ("before",)


EXPLANATIONS: dict[str, str] = {
    "omitted_details": "Omitted details",
    "adaptation": "Adaptation to the model",
    "social_learning": "Learning from others",
    "stopping": "Who stops when",
    "editing_economy": "Economy of editing",
    "drifting_intent": "Drifting intent",
}


@dataclass(frozen=True)
class Signature:
    """A result that the explanations predict differently. `at`: its analysis, feature and estimand.

    `only_if`: other results that must be clearly above 0 for this one to mean anything. `predicted`: a mark per
    explanation, in their order: above the null "+", below it "-", on either side of it "*", at it "0", nothing ".".
    `title`: what is so above the null, `below`: what is below it, where an explanation predicts that.
    """

    title: str
    at: tuple[str, str, str]
    predicted: str
    null: float = 0.0
    only_if: tuple[tuple[str, str, str], ...] = ()
    below: str | None = None

    def called(self, mark: str) -> str:
        """What is so where a mark of a prediction holds."""
        return self.below or self.title if mark == "-" else self.title

    def by(self, explanation: str) -> str:
        """What an explanation predicts of it."""
        return self.predicted[list(EXPLANATIONS).index(explanation)]


SIGNATURES: dict[str, Signature] = {
    "content_share": Signature(
        "content's share of the growth is above half",
        ("growth", "n_words", "share_content"),
        "+--..+",
        null=0.5,
        only_if=(("growth", "n_words", "net"), ("drift", "n_words", "ipcw")),
        below="content's share of the growth is below half",
    ),
    "retention": Signature(
        "style terms kept into the next thread, pasted blocks left out",
        ("carryover", "style", "kept_terms_without_paste"),
        "0+.000",
    ),
    "dose": Signature(
        "more style carried over after more was gained", ("carryover", "n_style_words", "dose"), "0+00+0"
    ),
    "repair": Signature(
        "details that the image lacked are filled in",
        ("repair", "all", "excess"),
        "+0000-",
        below="shown details are dropped rather than missing ones filled in",
    ),
    "selection": Signature(
        "what the image lacked was added rather than what it showed",
        ("repair", "all", "selection"),
        "+....-",
        below="what the image showed was added rather than what it lacked",
    ),
    "entrainment": Signature("words are taken up from the image", ("entrainment", "all", "excess"), "0.000+"),
    "reinforcement": Signature(
        "style is kept more after an own upscale", ("reinforcement", "style", "log_odds"), "0+0000"
    ),
    "exposure": Signature("first uses follow the use of others", ("exposure", "style", "hazard"), "00+0.0"),
    "model_specific": Signature(
        "added style follows the model, within people", ("model_specific", "style", "own_model_within"), "0+.000"
    ),
    "stopping": Signature("change that is owed to who stops", ("drift", "n_words", "stopping_part"), "000*00"),
    "last_change": Signature(
        "the last change of threads differs from those before, beside threads that went on",
        ("drift", "n_words", "last_minus_earlier"),
        "...*..",
    ),
}
AGREE, OPPOSE, UNCLEAR = 1.0, -1.0, 0.0
_OTHER = {"+": "-", "-": "+"}
LEAST = 2
"""Signatures that a verdict takes: one alone has too many other causes."""


def analyse(log: Measured) -> pl.DataFrame:
    """Rows per explanation and signature, copied from the analysis that estimates it, and a `verdict` per explanation.

    `feature`: the explanation, `estimand`: the signature. `effect`, "agreement": 1 where the interval lies on the
    predicted side of the null, -1 where it lies on the other, 0 where it holds the null; null where nothing clear is
    predicted. `verdict`: the share of the signatures that it predicts above or below their null, and that could be
    estimated, which lie there; null where fewer than LEAST could. The p-value is left out where the null is not 0.
    """
    before = log.before if log.before is not None else results([])
    rows = [row for name in EXPLANATIONS for row in _card(name, before)]
    return results(rows, analysis="scorecard", mode="corrected", rule=log.own.rule, seed=log.settings.seed)


def _card(name: str, before: pl.DataFrame) -> Iterator[Row]:
    cells = [_cell(name, signature, before) for signature in SIGNATURES]
    yield from cells
    yield _verdict(name, cells)


def _cell(name: str, signature: str, before: pl.DataFrame) -> Row:
    one = SIGNATURES[signature]
    predicted = one.by(name)
    same: dict[str, Any] = {"feature": name, "estimand": signature, "method": "/".join(one.at)}
    told = f"predicted: {_PREDICTED[predicted]}"
    row = _found(before, one.at)
    if row is None:
        return {**same, "note": f"{told}; the analysis {one.at[0]} was not done"}
    copied = {key: row[key] for key in _COPIED} | ({"p_value": None} if one.null else {})
    if row["estimate"] is None:
        return {**same, **copied, "note": joined(told, row["note"])}
    if DOUBT in (row["note"] or ""):
        return {**same, **copied, "note": f"{told}; not judged: {DOUBT}"}
    for needed in one.only_if:
        if not _is_above_0(_found(before, needed)):
            return {**same, **copied, "note": f"{told}; not judged, since {'/'.join(needed)} is not clearly above 0"}
    effect = _agreement(row, predicted, one.null) if predicted in "+-*" else {}
    return {**same, **copied, **effect, "note": told}


def _found(before: pl.DataFrame, at: tuple[str, str, str]) -> Row | None:
    """The row of mode "corrected" with this analysis, feature and estimand, and without group."""
    keys = dict(zip(("analysis", "feature", "estimand"), at, strict=True)) | {"mode": "corrected"}
    rows = before.filter(*(pl.col(key) == value for key, value in keys.items()), pl.col("group").is_null())
    return rows.row(0, named=True) if rows.height else None


def _is_above_0(row: Row | None) -> bool:
    return row is not None and row["estimate"] is not None and words.sign(row) > 0


_PREDICTED = {
    "+": "above its null",
    "-": "below its null",
    "*": "on either side of its null",
    "0": "at its null",
    ".": "nothing",
}
_COPIED = (
    *("estimate", "standard_error", "ci_low", "ci_high", "ci_level", "p_value", "n_prompts", "n_threads", "n_users"),
)


def _agreement(row: Row, predicted: str, null: float) -> Row:
    found = words.bounds(row)
    if found is None:
        return {}
    side = int(found[0] > null) - int(found[1] < null)
    agrees = {"+": side, "-": -side, "*": abs(side)}[predicted]
    return {"effect": float(agrees), "effect_name": "agreement"}


def _verdict(name: str, cells: list[Row]) -> Row:
    same = {"feature": name, "estimand": "verdict"}
    effects = [cell["effect"] for cell in cells if cell.get("effect") is not None]
    agree, oppose = effects.count(AGREE), effects.count(OPPOSE)
    told = f"{agree} of {len(effects)} predicted signatures are clear, {oppose} are clearly the other way"
    if len(effects) < LEAST:
        return {**same, "note": f"{told}, and a verdict takes {LEAST}"}
    return {
        **same,
        "estimate": agree / len(effects),
        "effect": float(len(effects)),
        "effect_name": "n_signatures",
        "note": told,
    }


def findings(rows: pl.DataFrame) -> list[str]:
    """A sentence per explanation, those first of which most is there, and what holds for all."""
    return [*(_sentence(rows, name) for name in sorted(EXPLANATIONS, key=lambda name: _against(rows, name))), CAUTION]


def _against(rows: pl.DataFrame, name: str) -> tuple[bool, float]:
    """What sorts the explanations: whether too few signatures are known, and the share of these that are not there."""
    effects = rows.filter(pl.col("effect_name") == "agreement", feature=name)["effect"].to_list()
    return len(effects) < LEAST, 1 - effects.count(AGREE) / max(1, len(effects))


CAUTION = (
    "Explanations can hold together: the amounts say how much of each, and no verdict stands where signatures disagree."
)


def _sentence(rows: pl.DataFrame, name: str) -> str:
    here = rows.filter(pl.col("feature") == name)
    judged = here.filter(pl.col("effect_name") == "agreement")
    if not judged.height:
        return f"{EXPLANATIONS[name]}: this log cannot tell, none of its signatures could be estimated."
    clear, opposite, open_ = (_titles(name, judged, side) for side in (AGREE, OPPOSE, UNCLEAR))
    parts = [
        f"as predicted: {'; '.join(clear)}" if clear else "",
        f"the other way: {'; '.join(opposite)}" if opposite else "",
        f"not clear: {'; '.join(open_)}" if open_ else "",
    ]
    told = ". ".join(f"{part[0].upper()}{part[1:]}" for part in parts if part)
    predicted = sum(signature.by(name) in "+-*" for signature in SIGNATURES.values())
    return f"{EXPLANATIONS[name]}: {_judgement(clear, opposite, open_, predicted)}. {told}."


def _judgement(clear: list[str], opposite: list[str], open_: list[str], predicted: int) -> str:
    n_judged = len([*clear, *opposite, *open_])
    if n_judged < LEAST:
        return "only one of its signatures could be estimated, which is too few"
    of_known = f"the {n_judged} of its {predicted} signatures that could be judged"
    every = "all its signatures" if n_judged == predicted else of_known
    if clear and not opposite and not open_:
        return f"{every} are there"
    if clear and opposite:
        return "its signatures disagree"
    if clear:
        return "some of its signatures are there"
    if not opposite:
        return "no clear sign of it"
    n = f"{len(opposite)} of its {len([*opposite, *open_])} signatures" if open_ else every
    return f"{n} clearly the other way, none as predicted"


def _titles(name: str, judged: pl.DataFrame, side: float) -> list[str]:
    """What is so on the predicted side or the other one, with its amount; what was predicted, where it is not clear."""
    here = judged.filter(pl.col("effect") == side)
    amount = _amount if side != UNCLEAR else lambda _: ""
    return [f"{_called(name, row['estimand'], side)}{amount(row)}" for row in here.iter_rows(named=True)]


def _called(name: str, signature: str, side: float) -> str:
    one = SIGNATURES[signature]
    mark = one.by(name)
    return one.called(_OTHER.get(mark, mark) if side == OPPOSE else mark)


def _amount(row: dict[str, Any]) -> str:
    return f" ({words.number(row['estimate'], words.of(row))}, {words.interval(row)})"
