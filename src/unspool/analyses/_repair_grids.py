"""How far the captions of one grid are from each other, and from those of the next."""

import numpy as np

from unspool.analyses._captions import Captioned, Mentions
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags
from unspool.stats.jackknife import Floats


def change(log: Captioned) -> tuple[Ints, Floats, Flags]:
    """Pairs of prompts whose grids have two captions or more, how far apart these are, and whether the words are equal.

    How far: the word Jaccard distance between a caption of one grid and one of the other, less the mean distance
    between two captions of one grid. Captions are taken in turn, since their order says nothing.
    """
    pairs = log.pairs
    pairs = pairs[(log.n_images[pairs] > 1) & (log.n_images[pairs + 1] > 1)]
    within = _within(log)
    n = np.minimum(log.n_images[pairs], log.n_images[pairs + 1])
    owner, turn = _turns(n)
    first, second = (log.first_image[pairs + place][owner] + turn for place in (0, 1))
    between = np.bincount(owner, _distance(log.images, first, second), minlength=len(pairs)) / n
    return pairs, between - (within[pairs] + within[pairs + 1]) / 2, _same_words(log, pairs)


def _within(log: Captioned) -> Floats:
    """The mean distance of captions of a grid, each with the next in turn; 0 where there are fewer than two."""
    n = log.n_images
    owner, turn = _turns(n)
    first = log.first_image[owner]
    distances = _distance(log.images, first + turn, first + (turn + 1) % n[owner])
    return np.asarray(np.bincount(owner, distances, minlength=len(n)) / np.maximum(n, 1))


def _turns(sizes: Ints) -> tuple[Ints, Ints]:
    """0, 1, ... n - 1 for each of the sizes: whose, and the number."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner, np.arange(len(owner)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def _distance(images: Mentions, first: Ints, second: Ints) -> Floats:
    """1 less words in both by words in either, per pair of captions; 0 for two without words."""
    number, at = images.at(first)
    both = np.bincount(number[images.hold(second[number], images.word[at])], minlength=len(first))
    either = images.sizes(first) + images.sizes(second) - both
    return np.where(either > 0, 1 - both / np.maximum(either, 1), 0.0)


def _same_words(log: Captioned, pairs: Ints) -> Flags:
    """Whether two prompts have the same words."""
    number, at = log.said.at(pairs)
    both = np.bincount(number[log.said.hold(pairs[number] + 1, log.said.word[at])], minlength=len(pairs))
    return np.asarray((both == log.said.sizes(pairs)) & (both == log.said.sizes(pairs + 1)))
