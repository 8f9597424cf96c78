"""What the steps of a thread would be if nobody had stopped: every thread is continued out of sight."""

from collections.abc import Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray

from unspool.simulate._changes import step
from unspool.simulate._composition import Moment, families
from unspool.simulate._lives import Course, Life, see, wants_upscale
from unspool.simulate._people import SHADOW
from unspool.simulate._styles import Lexicon

LEAST_STEPS = 10
SCALES = ("log_n_words", "n_style_words", "n_content_words")


def drifts(lives: Sequence[Life], seed: int, every: int = 1) -> dict[str, float]:
    """drift_<feature> for each of SCALES: mean change per step as if no thread had ended, nothing without a step.

    Sum over t of S(t) times the mean change from prompt t to t + 1 of all threads, written on or continued, by the sum
    of S(t), the number of threads in the log that have prompt t + 1. The mean change is that of every n-th thread.
    Methods: docs/simulate.md.
    """
    courses = [course for life in lives for course in life.courses]
    longest = max(len(course.words) for course in courses)
    if longest < 2:
        return {}
    length = max(longest, LEAST_STEPS)
    shown = [(life, course) for life in lives for course in life.courses][::every]
    words = np.array([_continued(life, course, length, seed) for life, course in shown])
    reached = np.bincount([len(course.words) for course in courses], minlength=length + 1)[::-1].cumsum()[::-1]
    weights = reached[2 : length + 1]
    changes = [np.diff(values, axis=1).mean(axis=0) for values in _scales(words)]
    return {
        f"drift_{name}": float(weights @ change / weights.sum()) for name, change in zip(SCALES, changes, strict=True)
    }


def _scales(words: NDArray[np.int64]) -> list[NDArray[np.float64]]:
    content, style = words[:, :, 0].astype(float), words[:, :, 1].astype(float)
    return [np.log(content + style), style, content]


def _continued(life: Life, course: Course, length: int, seed: int) -> list[tuple[int, int]]:
    """Words of content and style of a thread's prompts, those in the log first, up to this number of prompts."""
    words = list(course.words)
    if len(words) >= length or course.end is None:
        return words[:length]
    rng = np.random.default_rng([seed, life.who.number, SHADOW, course.number])
    hand, thread, upscaled = copy(life.hand), course.end.copy(), course.upscaled
    hand.rng, hand.lexicon = rng, Lexicon(life.p.exploration, life.p.reinforcement)
    hand.lexicon.weights = dict(course.weights)
    images = see(thread.draft(), life.p, rng)
    while len(words) < length:
        step(hand, thread, Moment(0, None, images, upscaled))
        draft = thread.draft()
        words.append(families(draft))
        images = see(draft, life.p, rng)
        upscaled = wants_upscale(hand, draft, words[-1], images)
    return words
