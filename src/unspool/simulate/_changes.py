"""The mechanisms by which one prompt of a thread follows from another, each with a rate of its own in Parameters."""

import math
from collections.abc import Callable

import numpy as np

from unspool.simulate._composition import Composition, Moment
from unspool.simulate._drafting import Drafter
from unspool.simulate._lengths import lengthen
from unspool.simulate._scenes import Scene, pick
from unspool.simulate._words import other_word

Change = Callable[[Drafter, Composition, Moment], list[str]]


def step(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    """Make the thread's next prompt of the present one; the kinds of edit that did it, none for a reroll."""
    thread.copied = None
    if thread.listed:
        return lengthen(thread, hand.p, hand.rng)
    kinds = list[str]()
    for rate, change in CHANGES.items():
        if getattr(hand.p, rate) > 0:
            kinds += change(hand, thread, now)
    return kinds


def sometimes(rate: str, change: Change) -> Change:
    """A change that is made with the probability of this name."""

    def drawn(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
        return change(hand, thread, now) if hand.rng.random() < getattr(hand.p, rate) else []

    return drawn


def _toggle(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    """State each detail and phrase anew with the toggle rate, by its share: reversible, in balance from the start."""
    slots = [slot for slot, _ in thread.scene.details]
    anew, state = hand.rng.random((2, len(slots) + len(thread.pool)))
    kinds = list[str]()
    for place in np.flatnonzero(anew < hand.p.toggle_rate).tolist():
        if place < len(slots):
            kinds += _state(thread, slots[place], on=state[place] < hand.stated)
        else:
            kinds += _style(thread, thread.pool[place - len(slots)], on=state[place] < hand.style_stated)
    return kinds


def _state(thread: Composition, slot: str, *, on: bool) -> list[str]:
    if on == (slot in thread.stated):
        return []
    thread.stated ^= {slot}
    return ["add_detail" if on else "delete"]


def _style(thread: Composition, phrase: str, *, on: bool) -> list[str]:
    if on == (phrase in thread.style):
        return []
    thread.style = [*thread.style, phrase] if on else [other for other in thread.style if other != phrase]
    return ["add_style" if on else "delete"]


def _substitute(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    stated = [slot for slot, _ in thread.scene.details if slot in thread.stated]
    if not stated:
        return []
    slot = pick(hand.rng, stated)
    _put(thread, slot, other_word(hand.rng, slot, [word for _, word in thread.scene.details]))
    return ["substitute"]


def _put(thread: Composition, slot: str, word: str) -> None:
    details = dict(thread.scene.details) | {slot: word}
    thread.scene = Scene(thread.scene.topic, thread.scene.entity, tuple(details.items()))


def _take_up(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    """Want what an image shows unasked: say it, in place of what was said there."""
    invented = [pair for pair in now.images.invented if pair not in thread.scene.details] if now.images else []
    if not invented:
        return []
    slot, word = invented[int(hand.rng.integers(len(invented)))]
    kind = "substitute" if slot in thread.stated else "add_detail"
    _put(thread, slot, word)
    thread.stated.add(slot)
    return [kind]


def _add_detail(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    missing = [pair for pair in thread.scene.details if pair[0] not in thread.stated]
    if not missing:
        return []
    sought = math.exp(hand.p.repair)
    weights = [1.0 if now.images and now.images.shows(pair) else sought for pair in missing]
    place = int(np.cumsum(weights).searchsorted(hand.rng.random() * sum(weights)))
    thread.stated.add(missing[min(place, len(missing) - 1)][0])
    return ["add_detail"]


def _drop(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    """Drop groups of phrases that were added in this thread, each by its own chance."""
    gone = [group for group in thread.added if hand.rng.random() >= hand.stays[now.upscaled]]
    thread.added = [group for group in thread.added if group not in gone]
    thread.style = [phrase for phrase in thread.style if not any(phrase in group for group in gone)]
    return ["delete"] * len(gone)


def _add_style(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    phrase = hand.phrase(thread, now)
    if not phrase:
        return []
    hand.use(thread, phrase)
    thread.added.append((phrase,))
    return ["add_style"]


def _paste(hand: Drafter, thread: Composition, now: Moment) -> list[str]:
    block = tuple(phrase for phrase in hand.block if phrase not in thread.style)
    if not block:
        return []
    thread.style += block
    thread.added.append(block)
    return ["paste"]


CHANGES: dict[str, Change] = {
    "toggle_rate": _toggle,
    "pi_sub": sometimes("pi_sub", _substitute),
    "pi_take_up": sometimes("pi_take_up", _take_up),
    "pi_detail": sometimes("pi_detail", _add_detail),
    "pi_drop": _drop,
    "pi_style": sometimes("pi_style", _add_style),
    "pi_paste": sometimes("pi_paste", _paste),
}
"""The changes in the order in which they are made, by the rate that turns each on."""
