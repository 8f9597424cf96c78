"""Style phrases: how common each is, and a user's own lexicon of them."""

from functools import cache

import numpy as np

from unspool.simulate._scenes import vocabulary


def phrases(language: str) -> list[str]:
    """All style phrases of a language, the most common first."""
    words = vocabulary()
    return words["words"]["styles"] if language == "en" else words["languages"][language]["tails"]


@cache
def _common(language: str) -> tuple[list[str], np.ndarray]:
    """Style phrases of a language and their cumulative probabilities: Zipf by their place in the list."""
    weights = 1 / (np.arange(len(phrases(language))) + 10.0)
    return phrases(language), np.cumsum(weights) / weights.sum()


def draw_style(rng: np.random.Generator, language: str) -> str:
    """A style phrase as common as it is in the channel."""
    known, cumulative = _common(language)
    return known[min(int(np.searchsorted(cumulative, rng.random())), len(known) - 1)]


class Lexicon:
    """The style phrases that a user knows, with weights; it grows by use and by success."""

    def __init__(self, exploration: float, reinforcement: float) -> None:
        self.exploration, self.reinforcement = exploration, reinforcement
        self.weights: dict[str, float] = {}

    def draw(self, rng: np.random.Generator, language: str) -> str:
        """A phrase: new with probability `exploration`, else from the lexicon in proportion to its weight."""
        known = {phrase: w for phrase, w in self.weights.items() if phrase in phrases(language)}
        if not known or rng.random() < self.exploration:
            phrase = draw_style(rng, language)
        else:
            weights = np.array(list(known.values()))
            phrase = list(known)[int(rng.choice(len(weights), p=weights / weights.sum()))]
        self.weights.setdefault(phrase, 1.0)
        return phrase

    def reward(self, style: tuple[str, ...]) -> None:
        """Add to the weights of the phrases of a prompt whose image was upscaled."""
        for phrase in style:
            self.weights[phrase] = self.weights.get(phrase, 1.0) + self.reinforcement
