"""Users by separate mechanisms: threads, upscales and stopping, played in the order of time."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush

import numpy as np

from unspool.simulate._changes import step
from unspool.simulate._composition import Board, Composition, Moment, expit, families, logit
from unspool.simulate._drafting import Drafter
from unspool.simulate._images import Images, depict
from unspool.simulate._parameters import Parameters
from unspool.simulate._people import LIVING, SEEING, Person, Turn, count_threads, generator
from unspool.simulate._scenes import Draft, Scene

LAST = object()
"""What stands behind the last prompt of a user."""


@dataclass(slots=True)
class Course:
    """A thread as it was written: words of content and of style per prompt, and where it stood when it ended.

    `weights`: what the user's lexicon held then.
    """

    number: int
    words: list[tuple[int, int]] = field(default_factory=list)
    end: Composition | None = None
    upscaled: bool = False
    weights: dict[str, float] = field(default_factory=dict)


class Life:
    """One user's way through the channel."""

    def __init__(self, who: Person, parameters: Parameters, seed: int) -> None:
        self.who, self.p = who, parameters
        self.rng = generator(seed, who.number, LIVING)
        self.eyes = generator(seed, who.number, SEEING)
        self.threads = count_threads(parameters, self.rng)
        self.hand = Drafter(who.number, parameters, self.rng)
        start = datetime.fromisoformat(parameters.start).timestamp() * 1000
        self.clock = int(start + self.rng.random() * parameters.days * 86_400_000)
        self.last: Scene | None = None
        self.changes = self._changes()
        self.courses: list[Course] = []

    def _changes(self) -> int | None:
        """The thread from which on the user has the other version of the model; None for nobody's change."""
        able = self.p.models and self.threads > 1
        return int(self.rng.integers(1, self.threads)) if able and self.rng.random() < self.p.switchers else None

    def turns(self, board: Board) -> Iterator[Turn | None]:
        """The user's prompts in time order. Before each stands a None: only then the clock shows the prompt's time."""
        for number in range(self.threads):
            self._wait(self.p.thread_gap_s, self.p.thread_gap_sigma)
            if number == self.changes:
                self.hand.version = 1 - self.hand.version
            yield None
            yield from self._thread(number, board)

    def _wait(self, median_s: float, sigma: float) -> None:
        self.clock += int(1000 * max(20.0, self.rng.lognormal(math.log(median_s), sigma)))

    def _thread(self, number: int, board: Board) -> Iterator[Turn | None]:
        chance = float(self.rng.beta(self.p.stop_a, self.p.stop_b))
        thread, course = self.hand.first(self.last, Moment(self.clock, board)), Course(number)
        self.courses.append(course)
        edits: tuple[str, ...] = ("first",)
        while True:
            draft = thread.draft()
            course.words.append(families(draft))
            images = see(draft, self.p, self.eyes)
            upscaled = wants_upscale(self.hand, draft, course.words[-1], images)
            reason = self._stop(chance, thread, course, images)
            captions = images.captions(draft, self.p.style_shown, self.eyes) if images and self.p.captions else ()
            turn = Turn(
                self.clock,
                number,
                len(course.words),
                edits,
                draft,
                False,
                "paste" in edits,
                False,
                upscaled,
                "",
                captions,
                reason,
                thread.copied,
            )
            board.post(self.who.number, turn)
            yield turn
            if reason:
                break
            self._wait(self.p.gap_s, self.p.gap_sigma)
            yield None
            edits = tuple(step(self.hand, thread, Moment(self.clock, board, images, upscaled))) or ("reroll",)
        course.end, course.upscaled, course.weights = thread, upscaled, dict(self.hand.lexicon.weights)
        self.hand.retain(thread, upscaled)
        self.last = thread.scene

    def _stop(self, chance: float, thread: Composition, course: Course, images: Images | None) -> str | None:
        """Why the thread ends with this prompt; None if it goes on."""
        draw, hazard = float(self.rng.random()), chance
        if self.p.stop_slope:
            hazard = expit(logit(chance) + self.p.stop_slope * self._cause(thread, sum(course.words[-1]), images))
        if draw >= hazard:
            return None
        return "chance" if draw < chance else self.p.stop_on

    def _cause(self, thread: Composition, words: int, images: Images | None) -> float:
        """What stopping depends on, in its own units."""
        if self.p.stop_on == "length":
            return (math.log(words) - self.p.length_mean) / self.p.length_sd
        if self.p.stop_on == "unseen":
            return (math.log(words) - thread.level) / self.p.length_sd
        return images.share_shown(thread.scene.details) - 0.5 if images and self.p.stop_on == "satisfaction" else 0.0


def see(draft: Draft, parameters: Parameters, eyes: np.random.Generator) -> Images | None:
    """The images of a prompt, None where nothing depends on them."""
    p = parameters
    needed = p.captions or p.satisfaction_gain or p.pi_take_up or p.repair or p.stop_on == "satisfaction"
    return depict(draft, p, eyes) if needed else None


def wants_upscale(hand: Drafter, draft: Draft, words: tuple[int, int], images: Images | None) -> bool:
    """Whether the user upscales an image of this prompt; if so, the prompt's phrases gain weight in the lexicon."""
    p, odds = hand.p, hand.rate
    if p.upscale_on_length:
        odds += p.upscale_on_length * (math.log(sum(words)) - hand.log_words) / p.length_sd
    if p.satisfaction_gain and images:
        satisfaction = images.share_shown(draft.scene.details) - 0.5 + p.satisfaction_style * len(draft.style)
        noise = p.satisfaction_noise * hand.rng.standard_normal() if p.satisfaction_noise else 0.0
        odds += p.satisfaction_gain * (satisfaction + noise)
    wants = bool(hand.rng.random() < expit(odds))
    if wants and p.reinforcement:
        hand.lexicon.reward(draft.style)
    return wants


def lives(people: Sequence[Person], parameters: Parameters, seed: int) -> tuple[list[list[Turn]], list[Life]]:
    """All prompts of each user in time order, written in the order of time, and the lives behind them."""
    board = Board(parameters.copy_window)
    every = [Life(who, parameters, seed) for who in people]
    running = [life.turns(board) for life in every]
    turns: list[list[Turn]] = [[] for _ in people]
    for life in running:
        next(life)
    queue = [(life.clock, place) for place, life in enumerate(every)]
    heapify(queue)
    while queue:
        _, place = heappop(queue)
        turns[place].extend(turn for turn in (next(running[place]),) if turn)
        if next(running[place], LAST) is None:
            heappush(queue, (every[place].clock, place))
    return turns, every
