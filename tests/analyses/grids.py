"""Threads with captioned grids and known ways to add words, for the tests of analyses that read captions.

A thread has a scene: 10 of its topic's 30 words are meant, each said at first with chance 0.4. A caption names each
word said with chance 0.7, and each other word of the topic by chance, some words much more often than others. Users go
on with chance 0.8, or as the picture satisfies them, and then add one or two of the words meant.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from unspool.analyses import Measured
from unspool.analyses._captions import CONTENT, Captioned, once
from unspool.analyses._steps import steps

MEANT, IMAGES = 10, 4
CONSONANTS = "bcdfgklmnprtv"


def names(n):
    """n different words that mean nothing."""
    made = []
    for number in range(n):
        rest, word = number, "qu"
        for _ in range(3):
            word += CONSONANTS[rest % 13] + "aeiou"[(rest // 13 + rest) % 5]
            rest //= 13
        made.append(f"{word}k")
    return np.array(made)


@dataclass
class World:
    """Per step: which threads go on, which words their prompts say (thread, word), and their captions (.., image, word).

    `word`: the number of each word of each thread's topic.
    """

    user: np.ndarray
    word: np.ndarray
    alive: list
    said: list
    shown: list
    n_words: int

    def frame(self):
        """The prompts as a table, with texts and captions."""
        spelled = names(self.n_words)[self.word]
        lengths = np.sum(self.alive, axis=0)
        rows = []
        for thread, length in enumerate(lengths):
            for step in range(length):
                captions = [" ".join(spelled[thread][image]) for image in self.shown[step][thread]]
                text = " ".join(spelled[thread][self.said[step][thread]])
                place = (f"{thread:05}", step + 1, int(length) - 1 - step)
                rows.append((f"{thread}-{step}", f"u{self.user[thread]:04}", *place, text, captions))
        kinds = {"step": pl.UInt32, "steps_left": pl.UInt32, "captions": pl.List(pl.String)}
        columns = ["prompt_id", "user_id", "thread_id", "step", "steps_left", "text", "captions"]
        return pl.DataFrame(rows, schema=columns, schema_overrides=kinds, orient="row")

    def coded(self):
        """What is read from that table, without the detour over texts."""
        lengths = np.sum(self.alive, axis=0)
        first = np.cumsum(lengths) - lengths
        thread = np.repeat(np.arange(len(lengths)), lengths)
        step = np.arange(len(thread)) - first[thread]
        frame = pl.DataFrame(
            {"user_id": [f"{user:06}" for user in self.user[thread]], "thread_id": thread, "step": step + 1}
        )
        frame = frame.with_columns(steps_left=pl.Series(lengths[thread] - 1 - step))
        said, images = ([np.zeros(0, int)], [np.zeros(0, int)]), ([np.zeros(0, int)], [np.zeros(0, int)])
        for number, alive in enumerate(self.alive):
            i, v = np.nonzero(self.said[number] & alive[:, None])
            said[0].append(first[i] + number)
            said[1].append(self.word[i, v])
            i, image, v = np.nonzero(self.shown[number] & alive[:, None, None])
            images[0].append((first[i] + number) * IMAGES + image)
            images[1].append(self.word[i, v])
        words, seen = (
            once(*map(np.concatenate, one), np.full(sum(map(len, one[0])), CONTENT), self.n_words)
            for one in (said, images)
        )
        shown = once(seen.place // IMAGES, seen.word, seen.family, self.n_words)
        n = np.full(len(thread), IMAGES)
        return Captioned(
            steps(Measured(frame.lazy(), "iou", {})), words, shown, seen, n, np.arange(len(n)) * IMAGES, None
        )


def world(seed, adds="blind", *, strength=1.0, first="any", satisfied=0.0, users=80, threads=3, longest=8):
    """`adds`: blind to the picture, "repair" what it lacks, or "uptake" of what it shows; with this `strength`.

    `first`: which of the words meant come first: any, those that pictures often show ("salient"), or "rare" ones.
    `satisfied`: how much likelier users are to stop where the picture shows what was meant (log odds per tenth).
    """
    rng = np.random.default_rng(seed)
    n, vocabulary = users * threads, 30
    topic = rng.integers(0, 12, n)
    chance = np.minimum(0.08 * rng.gamma(1.0, 1.0, (12, vocabulary)), 0.9)[topic]
    meant = np.zeros((n, vocabulary), bool)
    np.put_along_axis(meant, np.argsort(rng.random((n, vocabulary)), axis=1)[:, :MEANT], values=True, axis=1)
    said, alive = meant & (rng.random((n, vocabulary)) < 0.4), np.ones(n, bool)
    said[~said.any(axis=1), 0] = True
    made = World(
        np.repeat(np.arange(users), threads), topic[:, None] * vocabulary + np.arange(vocabulary), [], [], [], 360
    )
    for _ in range(longest):
        rates = np.where(said, 0.7, chance)[:, None, :]
        shown = rng.random((n, IMAGES, vocabulary)) < rates
        for kept, value in ((made.alive, alive), (made.said, said), (made.shown, shown)):
            kept.append(value)
        seen = shown.any(axis=1)
        odds = np.log(0.2 / 0.8) + satisfied * ((seen & meant).sum(axis=1) / MEANT - 0.6) * 10
        alive = alive & (rng.random(n) >= 1 / (1 + np.exp(-odds)))
        weight = ~said & (meant | (adds == "uptake"))
        weight = weight * np.where(seen == (adds == "repair"), 1 - strength, 1.0) if adds != "blind" else weight * 1.0
        weight = weight * {"any": 1.0, "salient": chance, "rare": 1 / (chance + 0.01)}[first]
        order = np.argsort(
            -np.where(weight > 0, np.log(np.maximum(weight, 1e-12)) + rng.gumbel(size=weight.shape), -np.inf), axis=1
        )
        said = said.copy()
        one = rng.random(n) < 0.8
        for rank, adding in ((0, one), (1, one & (rng.random(n) < 0.3))):
            word = order[:, rank]
            at = np.flatnonzero(adding & (weight[np.arange(n), word] > 0))
            said[at, word[at]] = True
    return made
