"""Words of prompts beside the words of the captions of their images, for the analyses that compare the two."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from unspool.analyses import Measured
from unspool.analyses._people import Ints
from unspool.analyses._steps import Flags, Steps, steps
from unspool.analyses._whole_users import whole_users
from unspool.features.repetition import stop_words
from unspool.features.style import FAMILIES, KINDS, kinds
from unspool.syntax.codes import coded

MOST = 100_000
"""Prompts with captions that are read at most: of whole users, drawn at random."""
NO_CAPTIONS = "the log has no captions of its images"
OTHER, CONTENT, STYLE = 0, 1, 2
"""Families of words: function words, numbers, repetitions and what is negated; what is depicted; how."""
_FAMILY = {"subject": CONTENT, **dict.fromkeys(FAMILIES["n_style_words"], STYLE)}


@dataclass(frozen=True)
class Mentions:
    """Which words stand in which texts, each once: sorted by `place` (of the text), then `word` (below `n_words`).

    `family`: of the word where it first stands in that text. `times`: how many texts at that place have it.
    """

    place: Ints
    word: Ints
    family: Ints
    times: Ints
    n_words: int

    @cached_property
    def _keys(self) -> Ints:
        return self.place * self.n_words + self.word

    def find(self, place: Ints, word: Ints) -> Ints:
        """Where each of these words stands at each of these places; -1 where it does not."""
        wanted = place * self.n_words + word
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[at] == wanted, at, -1) if len(self._keys) else np.full(len(wanted), -1)

    def hold(self, place: Ints, word: Ints) -> Flags:
        """Whether each of these words stands at each of these places."""
        return self.find(place, word) >= 0

    def count(self, place: Ints, word: Ints) -> Ints:
        """How many of the texts at a place have a word."""
        at = self.find(place, word)
        return np.where(at >= 0, self.times[at], 0) if len(self.times) else np.zeros(len(word), dtype=np.int64)

    def sizes(self, places: Ints) -> Ints:
        """How many words stand at each of some places."""
        return np.searchsorted(self.place, places, side="right") - np.searchsorted(self.place, places)

    def at(self, places: Ints) -> tuple[Ints, Ints]:
        """The mentions at some places: for each its number in `places`, and where it stands here."""
        first = np.searchsorted(self.place, places)
        sizes = np.searchsorted(self.place, places, side="right") - first
        number = np.repeat(np.arange(len(places)), sizes)
        return number, np.arange(len(number)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + first[number]


@dataclass(frozen=True)
class Captioned:
    """Prompts in threads (`steps`), what they say, what their captions show, and what each single caption shows.

    `said` and `shown` are by place in `steps`, `images` by number of the caption. `n_images`: captions of each prompt,
    0 where they are unknown; `first_image`: the number of its first one. `note`: on which sample, None for all.
    """

    steps: Steps
    said: Mentions
    shown: Mentions
    images: Mentions
    n_images: Ints
    first_image: Ints
    note: str | None

    @property
    def known(self) -> Flags:
        """Whether a prompt has captions."""
        return self.n_images > 0

    @cached_property
    def pairs(self) -> Ints:
        """Places of the prompts that, like the next one of their thread, have captions."""
        pairs = self.steps.pairs
        return pairs[self.known[pairs] & self.known[pairs + 1]]


def captioned(log: Measured) -> Captioned | None:
    """The threads of the users who have captions, or of a sample of them; None where nobody has."""
    if "captions" not in log.prompts.collect_schema():
        return None
    chosen, note = whole_users(log, pl.col("captions").list.len().fill_null(0) > 0, MOST, "who have captions")
    if not chosen.height:
        return None
    # The columns of a log are read one by one: rows in another order each time would be those of others.
    mine = log.prompts.join(chosen.lazy(), on="user_id", how="semi", nulls_equal=True, maintain_order="left")
    found = steps(replace(log, prompts=mine))
    texts = found.column(pl.col("text")).rename("text")
    lists = found.column(pl.col("captions").list.eval(pl.element().filter(pl.element().is_not_null())))
    n_images = lists.list.len().fill_null(0).to_numpy().astype(np.int64)
    captions = lists.filter(pl.Series(n_images > 0)).explode(empty_as_null=False).rename("text")
    said, shown, images = _mentions(texts, captions, np.repeat(np.arange(len(texts)), n_images))
    return Captioned(found, said, shown, images, n_images, np.cumsum(n_images) - n_images, note)


def _mentions(texts: pl.Series, captions: pl.Series, owner: Ints) -> tuple[Mentions, Mentions, Mentions]:
    """What prompts say, what their captions show together, and what each caption shows, in one vocabulary."""
    words = kinds(pl.concat([texts, captions]))
    row, n = words["row"].to_numpy().astype(np.int64), len(texts)
    token, distinct = coded(words["token"].str.to_lowercase())
    word, vocabulary = coded(plain(distinct))
    families = _families(distinct, words["kind"].to_physical().to_numpy(), token)
    of_prompt, size = row < n, max(1, len(vocabulary))
    code, image = word[token], row[~of_prompt] - n
    said = once(row[of_prompt], code[of_prompt], families[of_prompt], size)
    images = once(image, code[~of_prompt], families[~of_prompt], size)
    return said, once(owner[images.place], images.word, images.family, size), images


def plain(words: pl.Series) -> pl.Series:
    """Lower-case words without the ending of the plural: `boxes` as `box`, `foxes'` not, `movies` as `movie`.

    es goes after ss, x, z, ch and sh, another s unless s or u is before it, and ie at the end is y, so that `ladies`
    meets `lady`. Irregular plurals stay as they are.
    """
    return (
        words.str.replace("^(.+(?:ss|x|z|ch|sh))es$", "$1").str.replace("^(..+[^su'’])s$", "$1").str.replace("ie$", "y")
    )


def _families(distinct: pl.Series, kind: np.ndarray, token: Ints) -> Ints:
    """The family of every word: by its kind, OTHER for function words and for what has no letter."""
    named = ~distinct.is_in(list(stop_words())) & distinct.str.contains(r"\p{L}")
    family = np.array([_FAMILY.get(name, OTHER) for name in KINDS], dtype=np.int64)
    return np.where(named.to_numpy()[token], family[kind], OTHER)


def once(place: Ints, word: Ints, family: Ints, n_words: int) -> Mentions:
    """The mentions of words, in any order and with repeats."""
    keys, first, times = np.unique(place * n_words + word, return_index=True, return_counts=True)
    return Mentions(keys // n_words, keys % n_words, family[first], times.astype(np.int64), n_words)


def of_others(steps: Steps, places: Ints) -> Ints:
    """For each of some places, that of another user's prompt at the same step, out of them; -1 where there is none.

    Within a step users stand in random order and each looks half way round: nobody meets himself unless more than half
    of the step's prompts are his.
    """
    rank = np.random.default_rng(steps.log.settings.seed).permutation(len(steps.people.units))
    order = np.lexsort((places, rank[steps.user[places]], steps.step[places]))
    step = steps.step[places[order]]
    first, end = np.searchsorted(step, step), np.searchsorted(step, step, side="right")
    size = end - first
    found = np.empty(len(places), dtype=np.int64)
    found[order] = places[order[first + (np.arange(len(order)) - first + size // 2) % size]]
    return np.where(steps.user[found] != steps.user[places], found, -1)


def of_other_threads(steps: Steps, places: Ints) -> Ints:
    """For each of some places the first of them in the user's next thread; -1 for users with one thread.

    The user's first thread is next to the last.
    """
    order = np.lexsort((places, steps.thread[places], steps.user[places]))
    thread, inverse = np.unique(steps.thread[places[order]], return_inverse=True)
    _, start = np.unique(steps.thread[places[order]], return_index=True)
    by_user = np.argsort(start, kind="stable")
    user = steps.user[places[order][start]][by_user]
    head, end = np.searchsorted(user, user), np.searchsorted(user, user, side="right")
    following = np.where(np.arange(len(user)) + 1 < end, np.arange(len(user)) + 1, head)
    target = np.full(len(thread), -1)
    target[by_user] = np.where(end - head > 1, places[order][start][by_user][following], -1)
    found = np.empty(len(places), dtype=np.int64)
    found[order] = target[inverse]
    return found
