"""Users: who they are, how many threads they start, and how each prompt follows from the last."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter

import numpy as np

from unspool.simulate._edits import draw_params, step
from unspool.simulate._parameters import Parameters
from unspool.simulate._scenes import (
    TRAPS,
    Draft,
    Scene,
    Slots,
    draw_entity,
    draw_foreign_scene,
    draw_scene,
    pick,
    vocabulary,
)
from unspool.simulate._styles import Lexicon, draw_style

EPOCH_MS = 1_420_070_400_000
"""Discord's clock starts with 2015."""
MODES = ["fast", "relaxed", "turbo", "fast, stealth", "relaxed, stealth", "turbo, stealth"]
NAMING, LIVING, POSTING, SEEING, SHADOW, WEAVING = range(6)


@dataclass(frozen=True)
class Person:
    """A user of the channel: raw Discord id, handle, shown name, and standing habits."""

    number: int
    user_id: str
    handle: str
    shown: str
    mode: str
    language: str


@dataclass(frozen=True)
class Turn:
    """One submitted prompt. `thread` counts within the user; `reason`: why a compiler drops it, "" if it keeps it.

    `stop_reason`, at the end of a thread: what made it end, if not the user's own hazard ("chance").
    """

    time: int
    thread: int
    step: int
    edits: tuple[str, ...]
    draft: Draft
    remix: bool
    pasted: bool
    series: bool
    upscaled: bool
    reason: str = ""
    captions: tuple[str, ...] = ()
    stop_reason: str | None = None
    copied_from: "Turn | None" = None

    def text(self) -> str:
        """The prompt without parameters and links; "" for a blend."""
        return "" if self.reason in ("empty", "link_only") else self.draft.text()

    def echo(self) -> str:
        """The part between the asterisks."""
        if self.reason == "empty":
            return ""
        if self.reason == "link_only":
            return f"<https://s.mj.run/{self.draft.trap_word}> <https://s.mj.run/{self.draft.trap_word[::-1]}>"
        return self.draft.echo()


def generator(seed: int, number: int, use: int) -> np.random.Generator:
    """A random generator for one use of one user, so that no user's history depends on the others."""
    return np.random.default_rng([seed, number, use])


def person(number: int, parameters: Parameters, seed: int) -> Person:
    """The user of this number."""
    rng, words = generator(seed, number, NAMING), vocabulary()["channel"]
    first, word, other = pick(rng, words["first_names"]), *rng.choice(words["words_of_names"], 2, replace=False)
    joined = int(rng.integers(30_000_000_000, 320_000_000_000))
    form = pick(rng, words["name_forms"]) if rng.random() < 0.5 else "{first} {word}"
    languages = list(vocabulary()["languages"])
    return Person(
        number,
        str((joined << 22) | int(rng.integers(1 << 22))),
        f"{word}_{other}{number}",
        form.format(first=first, word=word),
        str(rng.choice(MODES, p=[0.5, 0.3, 0.06, 0.08, 0.04, 0.02])),
        pick(rng, languages) if rng.random() < parameters.foreign_users else "en",
    )


def count_threads(parameters: Parameters, rng: np.random.Generator) -> int:
    """Threads that a user starts: geometric from 1, its mean less 1 drawn from a gamma."""
    mean = rng.gamma(parameters.threads_shape, (parameters.threads_mean - 1) / parameters.threads_shape)
    return int(rng.geometric(1 / (1 + mean)))


def thread_length(parameters: Parameters, rng: np.random.Generator) -> int:
    """Prompts in a thread: geometric, its stop hazard drawn from a beta."""
    return int(rng.geometric(rng.beta(parameters.stop_a, parameters.stop_b)))


class _Life:
    """One user's way through the channel: what is remembered from prompt to prompt and thread to thread."""

    def __init__(self, who: Person, parameters: Parameters, seed: int) -> None:
        self.who, self.p = who, parameters
        self.rng = rng = generator(seed, who.number, LIVING)
        self.threads = count_threads(parameters, rng)
        self.rate = rng.normal(parameters.upscale_mean, parameters.upscale_sd)
        self.lexicon = Lexicon(parameters.exploration, parameters.reinforcement)
        self.habit: Slots = draw_params(rng)
        self.is_paster = rng.random() < parameters.pasters
        self.block = tuple(dict.fromkeys(draw_style(rng, "en") for _ in range(int(rng.integers(6, 14)))))
        start = datetime.fromisoformat(parameters.start).timestamp() * 1000
        self.clock = int(start + rng.random() * parameters.days * 86_400_000)
        self.last: Draft | None = None

    def wait(self, median_s: float, sigma: float) -> None:
        """Let time pass, at least 20 seconds."""
        self.clock += int(1000 * max(20.0, self.rng.lognormal(math.log(median_s), sigma)))

    def wants_upscale(self, draft: Draft) -> bool:
        """Whether the user upscales an image of this prompt."""
        logit = self.rate + self.p.upscale_gain * (draft.share_stated() - 0.5)
        wants = bool(self.rng.random() < 1 / (1 + math.exp(-logit)))
        if wants:
            self.lexicon.reward(draft.style)
        return wants

    def scene(self) -> Scene:
        """What the next thread is about."""
        last = self.last.scene if self.last else None
        if self.who.language != "en" and self.rng.random() < self.p.foreign_rate:
            return draw_foreign_scene(self.rng, self.who.language, last)
        return draw_scene(self.rng, self.p.topic_persistence, last)

    def trap(self) -> tuple[str, str]:
        """What misleads a parser in the next thread's prompts, and the word that goes with it; mostly nothing."""
        if self.rng.random() >= self.p.trap_rate:
            return "", ""
        trap = pick(self.rng, list(TRAPS))
        return trap, pick(
            self.rng, vocabulary()["channel"]["mentions_in_prompts"]
        ) if trap == "mention" else self.link()

    def link(self) -> str:
        """The end of a short image link."""
        letters = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
        return "".join(letters[i] for i in self.rng.integers(len(letters), size=11))

    def first_draft(self) -> Draft:
        """The first prompt of a thread."""
        scene, rng = self.scene(), self.rng
        if scene.language != "en":
            return Draft(scene, params=self.habit)
        stated = tuple(slot for slot, _ in scene.details if rng.random() < self.p.stated_first)
        medium = pick(rng, vocabulary()["words"]["mediums"]) if rng.random() < 0.3 else ""
        trap, word = self.trap()
        order = int(rng.choice(3, p=[0.6, 0.25, 0.15]))
        return Draft(scene, stated, self.first_style(), medium, order, frozenset(), trap, word, self.habit)

    def first_style(self) -> tuple[str, ...]:
        """Style phrases carried over from the last thread, and some from the lexicon."""
        carried = self.last.style if self.last and self.last.scene.language == "en" else ()
        kept = [phrase for phrase in carried if self.rng.random() < self.p.retention]
        drawn = [self.lexicon.draw(self.rng, "en") for _ in range(int(self.rng.poisson(self.p.style_first)))]
        return tuple(dict.fromkeys((*kept, *drawn)))

    def open(self) -> tuple[Draft, bool, bool]:
        """The first prompt of a thread; whether the user's block is pasted into it; whether it is one of a series."""
        last = self.last
        if last and last.scene.language == "en" and self.rng.random() < self.p.series_rate:
            return replace(last, scene=draw_entity(self.rng, last.scene)), False, True
        draft = self.first_draft()
        if draft.scene.language == "en" and self.is_paster and self.rng.random() < self.p.paste_rate:
            return replace(draft, style=tuple(dict.fromkeys((*draft.style, *self.block)))), True, False
        return draft, False, False

    def thread(self, number: int) -> Iterator[Turn]:
        """The prompts of one thread."""
        draft, pasted, series = self.open()
        edits: tuple[str, ...] = ("first",)
        reason = "language" if draft.scene.language != "en" else ""
        for place in range(1, thread_length(self.p, self.rng) + 1):
            if place > 1:
                self.wait(self.p.gap_s, self.p.gap_sigma)
                edits, draft = step(draft, self.p.edits, self.p.more_edits, self.lexicon, self.rng)
            remix = edits[0] not in ("first", "reroll") and self.rng.random() < self.p.remix_rate
            wants = self.wants_upscale(draft)
            yield Turn(self.clock, number, place, edits, draft, remix, pasted, series, wants, reason)
        self.last = draft

    def blend(self, number: int) -> Turn | None:
        """Now and then a blend between two threads: links only, or nothing at all between the asterisks."""
        draw = self.rng.random()
        if draw >= self.p.blend_rate + self.p.empty_rate:
            return None
        draft = Draft(Scene("blend", "", ()), trap_word=self.link())
        reason = "empty" if draw < self.p.empty_rate else "link_only"
        self.wait(self.p.thread_gap_s, self.p.thread_gap_sigma)
        return Turn(self.clock, number, 1, ("first",), draft, False, False, False, self.wants_upscale(draft), reason)


def history(who: Person, parameters: Parameters, seed: int) -> list[Turn]:
    """All prompts of a user, in time order."""
    life, turns, number = _Life(who, parameters, seed), list[Turn](), 0
    for _ in range(life.threads):
        if blend := life.blend(number):
            turns.append(blend)
            number += 1
        life.wait(parameters.thread_gap_s, parameters.thread_gap_sigma)
        turns.extend(life.thread(number))
        number += 1
    return interleaved(turns, parameters.interleave_rate, seed, who.number) if parameters.interleave_rate else turns


def interleaved(turns: list[Turn], rate: float, seed: int, number: int) -> list[Turn]:
    """The same prompts at the same times, some threads broken off for the next one and taken up again after it."""
    rng = generator(seed, number, WEAVING)
    threads = [list(group) for _, group in groupby(turns, key=attrgetter("thread"))]
    woven, waiting = list[Turn](), list[Turn]()
    for place, thread in enumerate(threads):
        broken = not waiting and place + 1 < len(threads) and len(thread) > 1 and rng.random() < rate
        cut = int(rng.integers(1, len(thread))) if broken else len(thread)
        woven += [*thread[:cut], *waiting]
        waiting = [replace(turn, remix=False) for turn in thread[cut:]]
    return [replace(turn, time=slot.time) for turn, slot in zip(woven, turns, strict=True)]
