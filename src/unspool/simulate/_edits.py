"""One step of iterative prompting: the next draft of a prompt, by kind of edit."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from unspool.simulate._scenes import Draft, Slots, pick, vocabulary, words_for
from unspool.simulate._styles import Lexicon, phrases

CHOICES = {
    "ar": ["3:2", "16:9", "2:3", "9:16", "4:5", "1:1", "21:9"],
    "v": ["5.2", "6.0", "6.1", "7.0"],
    "niji": ["5", "6"],
    "s": ["50", "100", "250", "500", "750", "1000"],
    "q": [".5", "2"],
    "chaos": ["5", "10", "25", "50"],
    "no": ["text", "text, watermark", "people, cars, buildings", "frame, border, drop shadow"],
    "seed": ["42", "1234", "2960366558", "681509"],
    "style": ["raw"],
    "w": ["50", "300"],
    "tile": [""],
    "relax": [""],
}
_FREQUENT = ["ar", "ar", "ar", "v", "v", "s", "no", "chaos"]
_EXCLUSIVE = {"v": "niji", "niji": "v"}


def change_params(params: Slots, rng: np.random.Generator) -> Slots:
    """Set, replace or drop one parameter; the result always differs."""
    if params and rng.random() < 0.2:
        gone = pick(rng, [name for name, _ in params])
        return tuple(pair for pair in params if pair[0] != gone)
    now = dict(params)
    name = pick(rng, [*_FREQUENT, *CHOICES])
    values = [value for value in CHOICES[name] if value != now.get(name)]
    if not values:
        return change_params(params, rng)
    now.pop(_EXCLUSIVE.get(name, ""), None)
    return tuple((now | {name: pick(rng, values)}).items())


def draw_params(rng: np.random.Generator) -> Slots:
    """Parameters that a user puts under every prompt: none to three."""
    params: Slots = ()
    for _ in range(int(rng.choice(4, p=[0.35, 0.3, 0.2, 0.15]))):
        params = change_params(params, rng)
    return params


def _add_detail(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    missing = draft.missing()
    return replace(draft, stated=(*draft.stated, pick(rng, missing))) if missing else None


def _add_style(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    phrase = lexicon.draw(rng, draft.scene.language)
    if phrase in draft.style:
        unused = [other for other in phrases(draft.scene.language) if other not in draft.style]
        phrase = pick(rng, unused) if unused else ""
    return replace(draft, style=(*draft.style, phrase)) if phrase else None


def _substitute(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    if not draft.stated:
        return None
    details = dict(draft.scene.details)
    slot = pick(rng, list(draft.stated))
    details[slot] = pick(rng, [word for word in words_for(slot) if word not in details.values()])
    return replace(draft, scene=replace(draft.scene, details=tuple(details.items())))


def _delete(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    if not draft.stated and not draft.style:
        return None
    gone = pick(rng, [*draft.stated, *draft.style])
    return replace(
        draft,
        stated=tuple(slot for slot in draft.stated if slot != gone),
        style=tuple(phrase for phrase in draft.style if phrase != gone),
    )


def _reroll(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    return draft


def _reword(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    if draft.scene.language != "en":
        return None
    said = [word for slot, word in draft.scene.details if slot in draft.stated] + list(draft.style)
    others = [replace(draft, order=order) for order in range(3)]
    others += [replace(draft, swapped=draft.swapped ^ {word}) for word in said if word in vocabulary()["synonyms"]]
    others = [other for other in others if other.text() != draft.text()]
    return others[int(rng.integers(len(others)))] if others else None


def _parameter(draft: Draft, lexicon: Lexicon, rng: np.random.Generator) -> Draft | None:
    return replace(draft, params=change_params(draft.params, rng))


UNCHANGED = ("reroll", "parameter")
"""Edits that leave the text as it is."""
_EDITS: dict[str, Callable[[Draft, Lexicon, np.random.Generator], Draft | None]] = {
    "add_detail": _add_detail,
    "add_style": _add_style,
    "substitute": _substitute,
    "delete": _delete,
    "reroll": _reroll,
    "reword": _reword,
    "parameter": _parameter,
}


def step(
    draft: Draft, odds: Mapping[str, float], more: float, lexicon: Lexicon, rng: np.random.Generator
) -> tuple[tuple[str, ...], Draft]:
    """The next draft of a thread and the edits that lead to it: one, or several where the text is edited."""
    kind, draft = edit(draft, odds, lexicon, rng)
    kinds = [kind]
    textual = {kind: weight for kind, weight in odds.items() if kind not in UNCHANGED}
    while kinds[-1] not in UNCHANGED and rng.random() < more:
        kind, draft = edit(draft, textual, lexicon, rng)
        kinds.append(kind)
    return tuple(kinds), draft


def edit(draft: Draft, odds: Mapping[str, float], lexicon: Lexicon, rng: np.random.Generator) -> tuple[str, Draft]:
    """Draw a kind of edit by its odds and make it; a kind that cannot be made here is left out and drawn again."""
    odds = dict(odds)
    while odds:
        weights = np.array(list(odds.values()))
        kind = list(odds)[int(rng.choice(len(weights), p=weights / weights.sum()))]
        edited = _EDITS[kind](draft, lexicon, rng)
        if edited is not None:
            return kind, edited
        del odds[kind]
    return "reroll", draft
