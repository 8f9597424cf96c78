"""How many words a draft has, of content and of style, and the words of the scenarios where that must be plain."""

from collections.abc import Iterable
from functools import cache

import numpy as np
import polars as pl

from unspool.features.length import WORD
from unspool.simulate._scenes import Draft, Scene, pick, vocabulary

LEAST_WORDS = 3


@cache
def counts() -> dict[str, int]:
    """Words of each entry of the vocabulary, counted as the feature n_words does."""
    known = vocabulary()
    lists: list[Iterable[str]] = [*known["topics"].values(), *known["words"].values(), known["synonyms"].values()]
    lists += [words for language in known["languages"].values() for words in language.values()]
    entries = pl.Series(list(dict.fromkeys(word for words in lists for word in words)))
    return dict(zip(entries, entries.str.count_matches(WORD), strict=True))


def n_words(entries: Iterable[str]) -> int:
    """Words of some entries of the vocabulary together."""
    known = counts()
    return sum([known[entry] for entry in entries])


def n_style(draft: Draft) -> int:
    """Words of a draft that say how things are depicted: those of its medium and of its style phrases."""
    said = [vocabulary()["synonyms"][word] if word in draft.swapped else word for word in draft.style]
    medium = [draft.medium] if draft.medium else []
    # At the end of a sentence a medium stands without its "a" and "of".
    short = sum(draft.medium.startswith("a ") + draft.medium.endswith(" of") for _ in medium) if draft.order == 2 else 0
    return n_words([*said, *medium]) - short


@cache
def topics() -> dict[str, list[str]]:
    """Entities by topic, without those that could be read as style."""
    unclear = set(vocabulary()["unclear"])
    return {topic: [word for word in words if word not in unclear] for topic, words in vocabulary()["topics"].items()}


@cache
def plain(kind: str) -> list[str]:
    """The words of a kind (attributes, actions, relations, settings, styles) that are read as what they are."""
    unclear = set(vocabulary()["unclear"])
    return [word for word in vocabulary()["words"][kind] if word not in unclear]


@cache
def single(kind: str) -> list[str]:
    """The entities, or the styles, that are one word."""
    words = plain(kind) if kind == "styles" else [word for topic in topics().values() for word in topic]
    return [word for word in words if counts()[word] == 1]


@cache
def _common() -> np.ndarray:
    weights = 1 / (np.arange(len(plain("styles"))) + 10.0)
    return np.asarray(np.cumsum(weights) / weights.sum())


def common_style(rng: np.random.Generator) -> str:
    """A plain style phrase, as common as it is in the channel: Zipf by its place in the list."""
    place = int(_common().searchsorted(rng.random()))
    return plain("styles")[min(place, len(plain("styles")) - 1)]


KINDS = {"attribute1": "attributes", "attribute2": "attributes", "attribute3": "attributes"}
KINDS |= {"action": "actions", "relation": "relations", "setting": "settings"}
RATES = {"action": 0.7, "relation": 0.6, "setting": 0.8}
"""Whether a scene has a detail of this kind; it has one to three attributes."""


def other_word(rng: np.random.Generator, slot: str, used: Iterable[str]) -> str:
    """A word for a slot that is not used yet, each as likely."""
    words, taken = plain(KINDS[slot]), set(used)
    while True:
        word = pick(rng, words)
        if word not in taken:
            return word


def draw_plain_scene(rng: np.random.Generator, last: Scene | None) -> Scene:
    """Draw a scene of another topic than the last one, without any of its details."""
    topic = pick(rng, [topic for topic in topics() if last is None or topic != last.topic])
    slots = list(KINDS)[: int(rng.integers(1, 4))] + [slot for slot, rate in RATES.items() if rng.random() < rate]
    used = [word for _, word in last.details] if last else []
    details = list[tuple[str, str]]()
    for slot in slots:
        details.append((slot, other_word(rng, slot, used)))
        used.append(details[-1][1])
    return Scene(topic, pick(rng, topics()[topic]), tuple(details))


@cache
def expected_words(stated: float, style_pool: float, style_stated: float) -> float:
    """Mean words of a prompt about a plain scene that states each detail and each phrase of a pool so often."""
    mean = {kind: float(np.mean([counts()[word] for word in plain(kind)])) for kind in {*KINDS.values()}}
    entity = np.mean([np.mean([counts()[word] for word in words]) for words in topics().values()])
    details = 2 * mean["attributes"] + sum(rate * mean[KINDS[slot]] for slot, rate in RATES.items())
    weights = np.diff(_common(), prepend=0)
    phrase = float(weights @ np.array([counts()[word] for word in plain("styles")]))
    return float(1 + entity + stated * details + style_pool * style_stated * phrase)
