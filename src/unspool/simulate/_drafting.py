"""One user's hand: traits, habits, and how a thread's first prompt is made; each next one follows by _changes.

A mechanism that is off draws no random number.
"""

import math
from collections.abc import Iterable

import numpy as np

from unspool.simulate._composition import Composition, Moment, expit, logit
from unspool.simulate._lengths import first_of_length
from unspool.simulate._parameters import Parameters
from unspool.simulate._scenes import Scene
from unspool.simulate._styles import Lexicon
from unspool.simulate._words import common_style, draw_plain_scene, expected_words, n_words, plain


class Drafter:
    """Draws a user's compositions. `rate` and `taste` are the user's; `standing` the phrases under every prompt."""

    def __init__(self, number: int, parameters: Parameters, rng: np.random.Generator) -> None:
        self.number, self.p, self.rng = number, parameters, rng
        p = parameters
        rate, other = rng.standard_normal(2)
        self.rate = p.upscale_mean + p.upscale_sd * rate
        taste = p.taste_upscale * rate + math.sqrt(1 - p.taste_upscale**2) * other
        self.stated = expit(logit(p.stated_first) + p.taste_sd * taste)
        self.style_stated = expit(logit(p.style_stated) + p.taste_sd * taste)
        self.log_words = math.log(expected_words(p.stated_first, p.style_pool, p.style_stated))
        if p.upscale_on_length:
            self.log_words = math.log(expected_words(self.stated, p.style_pool, self.style_stated))
        self.level = p.length_mean + (p.length_user_sd * rng.standard_normal() if p.length_user_sd else 0.0)
        self.lexicon = Lexicon(p.exploration, p.reinforcement)
        self.standing = self.phrases(p.standing_style)
        self.block = tuple(self.draw_phrases(int(rng.integers(6, 14)), [])) if p.pi_paste else ()
        self.keeps = self._kept(p.retention)
        self.stays = self._kept(1 - p.pi_drop)
        self.half = int(rng.integers(2)) if p.models else 0
        self.version = self.half if p.models and rng.random() < (1 + p.model_taste) / 2 else 1 - self.half

    def _kept(self, mean: float) -> tuple[float, float]:
        """Chances that a phrase is kept after no upscale and after one: they differ by the log odds, mean as given."""
        shift, upscaled = self.p.kept_after_upscale, expit(self.rate)
        if not shift or mean in (0, 1):
            return mean, mean
        low, high = logit(mean) - abs(shift), logit(mean) + abs(shift)
        for _ in range(40):
            middle = (low + high) / 2
            above = (1 - upscaled) * expit(middle) + upscaled * expit(middle + shift) > mean
            low, high = (low, middle) if above else (middle, high)
        return expit(low), expit(low + shift)

    def phrases(self, mean: float) -> list[str]:
        """So many style phrases on average, each once; Poisson."""
        return self.draw_phrases(int(self.rng.poisson(mean)), []) if mean else []

    def draw_phrases(self, n: int, used: Iterable[str]) -> list[str]:
        """So many phrases that are not in use, as common as they are in the channel."""
        drawn = list(used)
        start = len(drawn)
        while len(drawn) < min(start + n, len(plain("styles"))):
            if (phrase := common_style(self.rng)) not in drawn:
                drawn.append(phrase)
        return drawn[start:]

    def phrase(self, thread: Composition, now: Moment) -> str | None:
        """A phrase that the prompt does not have: copied from others, or new, or from the user's lexicon."""
        if self.p.copying and now.board and self.rng.random() < self.p.copying:
            seen = now.board.seen(self.number, now.time, thread.style)
            if seen:
                phrase, thread.copied = seen[int(self.rng.integers(len(seen)))]
                return phrase
        if other := self._other_half(thread):
            return next(iter(self.draw_phrases(1, {*thread.style, *other})), None)
        known = {phrase: w for phrase, w in self.lexicon.weights.items() if phrase not in thread.style}
        if known and self.rng.random() >= self.p.exploration:
            weights = np.cumsum(list(known.values()))
            return list(known)[int(weights.searchsorted(self.rng.random() * weights[-1]))]
        return next(iter(self.draw_phrases(1, thread.style)), None)

    def _other_half(self, thread: Composition) -> list[str]:
        """Of which half the next phrase is not: it goes with the version, or with the user; nothing if it is any."""
        draw = self.rng.random() if thread.model else 1.0
        if draw >= self.p.model_style + self.p.own_style:
            return []
        number = self.p.models.index(thread.model) if draw < self.p.model_style else self.half
        return plain("styles")[1 - number :: 2]

    def first(self, last: Scene | None, now: Moment) -> Composition:
        """The first prompt of a thread."""
        if self.p.length_start_sd:
            return first_of_length(last, self.level, self.p, self.rng)
        thread, rng, p = Composition(draw_plain_scene(self.rng, last)), self.rng, self.p
        thread.model = p.models[self.version] if p.models else ""
        thread.stated = {slot for slot, _ in thread.scene.details if rng.random() < self.stated}
        thread.style = list(self.standing)
        thread.pool = tuple(self.draw_phrases(int(rng.poisson(p.style_pool)), thread.style)) if p.style_pool else ()
        thread.style += [phrase for phrase in thread.pool if rng.random() < self.style_stated]
        for _ in range(int(rng.poisson(p.style_first)) if p.style_first else 0):
            self.use(thread, self.phrase(thread, now))
        words = self.stated * n_words(word for _, word in thread.scene.details)
        words += n_words([thread.scene.entity, *self.standing]) + self.style_stated * n_words(thread.pool)
        thread.level = math.log(1 + words)
        return thread

    def use(self, thread: Composition, phrase: str | None) -> None:
        """Put a phrase, if any, at the end of the prompt; the user knows it from then on."""
        if phrase:
            thread.style.append(phrase)
            self.lexicon.weights.setdefault(phrase, 1.0)

    def retain(self, thread: Composition, upscaled: bool) -> None:
        """At the end of a thread: each group of added phrases stands under the prompts to come, or does not."""
        if self.p.retention:
            for group in thread.added:
                if self.rng.random() < self.keeps[upscaled]:
                    self.standing += group
