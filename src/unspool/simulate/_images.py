"""What the four images of a prompt show, and how captions tell it."""

from dataclasses import dataclass, replace

import numpy as np

from unspool.simulate._parameters import Parameters
from unspool.simulate._scenes import Draft, Slots, pick
from unspool.simulate._words import KINDS, other_word

N_IMAGES = 4


@dataclass(frozen=True, slots=True)
class Images:
    """The details that each of four images shows, by slot, and those of them that nobody thought of."""

    shown: tuple[Slots, ...]
    invented: Slots

    def share_shown(self, details: Slots) -> float:
        """Mean share of these details that an image shows; 1 for none."""
        if not details:
            return 1.0
        return sum(pair in shown for shown in self.shown for pair in details) / len(self.shown) / len(details)

    def shows(self, detail: tuple[str, str]) -> bool:
        """Whether some image shows a detail."""
        return any(detail in shown for shown in self.shown)

    def captions(self, draft: Draft, style_shown: float, rng: np.random.Generator) -> tuple[str, ...]:
        """One caption per image."""
        return tuple(_caption(draft, shown, style_shown, rng) for shown in self.shown)


def depict(draft: Draft, parameters: Parameters, rng: np.random.Generator) -> Images:
    """Draw four images of a prompt: stated details by the recall, others by false alarm, and inventions."""
    details = draft.scene.details
    rates = np.array([parameters.recall if slot in draft.stated else parameters.false_alarm for slot, _ in details])
    draws = rng.random((N_IMAGES, len(details) + 1))
    shown, invented = list[Slots](), list[tuple[str, str]]()
    for row in draws:
        seen = {pair[0]: pair for pair, hit in zip(details, row[:-1] < rates, strict=True) if hit}
        if row[-1] < parameters.invention:
            slot = pick(rng, list(KINDS))
            seen[slot] = (slot, other_word(rng, slot, [word for _, word in details]))
            invented.append(seen[slot])
        shown.append(tuple(seen.values()))
    return Images(tuple(shown), tuple(invented))


def _caption(draft: Draft, shown: Slots, style_shown: float, rng: np.random.Generator) -> str:
    style = tuple(phrase for phrase in draft.style if rng.random() < style_shown) if style_shown else ()
    scene = replace(draft.scene, details=shown)
    return Draft(scene, tuple(slot for slot, _ in shown), style, more=draft.more).text()
