"""A thread as its user composes it, and the moment in which the next prompt is made."""

import math
from collections import deque
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, field

from unspool.simulate._images import Images
from unspool.simulate._people import Turn
from unspool.simulate._scenes import Draft, Scene
from unspool.simulate._words import n_words

HOUR_MS = 3_600_000


def logit(share: float) -> float:
    """Log odds of a share; infinite for 0 and 1."""
    if share in (0, 1):
        return math.inf if share else -math.inf
    return math.log(share / (1 - share))


def expit(odds: float) -> float:
    """The share of these log odds."""
    if odds < 0:
        return math.exp(odds) / (1 + math.exp(odds))
    return 1 / (1 + math.exp(-odds))


@dataclass(slots=True)
class Composition:
    """A thread as its user has it in mind, and what of it the present prompt states.

    `pool`: phrases to toggle. `added`: groups of style phrases put in since the first prompt. `listed`: all words that
    a prompt of drawn length can list, content or style; `log_length` its present length, `level` where it is drawn to.
    `model`: the version that makes the images, "" if prompts do not tell.
    """

    scene: Scene
    stated: set[str] = field(default_factory=set)
    style: list[str] = field(default_factory=list)
    pool: tuple[str, ...] = ()
    added: list[tuple[str, ...]] = field(default_factory=list)
    listed: tuple[tuple[str, bool], ...] = ()
    log_length: float = 0.0
    level: float = 0.0
    model: str = ""
    copied: Turn | None = None

    def draft(self) -> Draft:
        """The present prompt."""
        n = round(math.exp(self.log_length)) - n_words([self.scene.entity]) - 1 if self.listed else 0
        now = self.listed[: max(n, 0)]
        stated = tuple(slot for slot, _ in self.scene.details if slot in self.stated)
        style = (*self.style, *(word for word, is_style in now if is_style))
        params = (("v", self.model),) if self.model else ()
        more = tuple(word for word, is_style in now if not is_style)
        return Draft(self.scene, stated, style, params=params, more=more)

    def copy(self) -> "Composition":
        """The same, to go on from apart."""
        other = copy(self)
        other.stated, other.style, other.added = set(self.stated), list(self.style), list(self.added)
        return other


def families(draft: Draft) -> tuple[int, int]:
    """Words of content and of style in a plain draft; the article is content."""
    said = [word for slot, word in draft.scene.details if slot in draft.stated]
    return 1 + n_words([draft.scene.entity, *said, *draft.more]), n_words(draft.style)


class Board:
    """The style phrases that were used in the channel of late."""

    def __init__(self, window: int) -> None:
        self.recent = deque[tuple[int, Turn]](maxlen=window)

    def post(self, user: int, turn: Turn) -> None:
        """Show a prompt to the channel."""
        self.recent.append((user, turn))

    def seen(self, user: int, time: int, used: Iterable[str]) -> list[tuple[str, Turn]]:
        """Phrases that others used within the hour and that are not in use, once for each time."""
        fresh = [turn for other, turn in self.recent if other != user and time - turn.time <= HOUR_MS]
        return [(phrase, turn) for turn in fresh for phrase in turn.draft.style if phrase not in used]


@dataclass(frozen=True, slots=True)
class Moment:
    """What a user has before the eyes when a prompt is made: the time, the channel, and the present prompt's images."""

    time: int
    board: Board | None = None
    images: Images | None = None
    upscaled: bool = False
