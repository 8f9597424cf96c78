"""Prompts whose number of words is drawn: log length goes its way, and the prompt lists as many words as that says."""

import math

import numpy as np

from unspool.simulate._composition import Composition
from unspool.simulate._parameters import Parameters
from unspool.simulate._scenes import Scene, pick
from unspool.simulate._words import LEAST_WORDS, draw_plain_scene, single, topics

STYLE_SHARE = 0.4
"""Share of style among the words listed."""


def first_of_length(last: Scene | None, level: float, parameters: Parameters, rng: np.random.Generator) -> Composition:
    """The first prompt of a thread, its log length drawn around a level."""
    scene = draw_plain_scene(rng, last)
    entity = pick(rng, [word for word in topics()[scene.topic] if word in single("entities")])
    thread = Composition(Scene(scene.topic, entity, ()), level=level)
    thread.listed = _listing([word for word in single("entities") if word != entity], single("styles"), rng)
    away = parameters.length_start + parameters.length_start_sd * rng.standard_normal()
    thread.log_length = _bounded(level + away)
    return thread


def lengthen(thread: Composition, parameters: Parameters, rng: np.random.Generator) -> list[str]:
    """Draw the next log length: what the pull leaves of the distance from the level, the rise, and noise."""
    before = thread.draft()
    away = (1 - parameters.length_pull) * (thread.log_length - thread.level)
    thread.level += parameters.length_rise
    thread.log_length = _bounded(thread.level + away + parameters.length_noise * rng.standard_normal())
    after = thread.draft()
    changes = (
        (len(after.more) - len(before.more), "add_detail"),
        (len(after.style) - len(before.style), "add_style"),
    )
    return [kind if change > 0 else "delete" for change, kind in changes if change]


def _bounded(log_length: float) -> float:
    return max(log_length, math.log(LEAST_WORDS))


def _listing(things: list[str], styles: list[str], rng: np.random.Generator) -> tuple[tuple[str, bool], ...]:
    """Words in random order, each once, and whether it is style: the share is kept all along, as far as both last."""
    content, style = iter(rng.permutation(things).tolist()), iter(rng.permutation(styles).tolist())
    n = min(int(len(styles) / STYLE_SHARE), int(len(things) / (1 - STYLE_SHARE))) - 1
    is_style = np.diff(np.floor(np.arange(n + 1) * STYLE_SHARE + 0.5)) > 0
    return tuple((next(style if flag else content), bool(flag)) for flag in is_style)
