"""Two groups of texts side by side: from each thread one text of either, so that topics and people are the same."""

from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.audits._groups import CAPTIONS, FILE, REFERENCE, Groups
from unspool.audits._two_sample import lengths
from unspool.syntax.codes import coded

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

IN_BOTH = "prompts of both groups are left out"
ALONE = "no thread has a prompt of either group that is not in the other one too"
OWN_CAPTION = "each prompt against a caption of its own"
NO_CAPTION = "none of these prompts has a caption"
NO_LINES = "the reference file has no words"
MOST = 1e9
"""What stands for an infinite ratio."""


@dataclass(frozen=True)
class Pair:
    """Texts of two groups, the earlier group first.

    `texts`: user_id, thread_id, text, n_words and the values of features of each; where `side_by_side`, the i-th text
    of the later group is of the thread of the i-th of the earlier one. `later`: which rows are of the later group.
    `users`: the code of each row's user from 0 to `n_users` - 1, in random order, and -1 for a line of a file.
    """

    names: tuple[str, str]
    texts: pl.DataFrame
    side_by_side: bool
    users: Ints
    n_users: int
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """`first:last`."""
        return ":".join(self.names)

    @property
    def later(self) -> Bools:
        """Whether a row is of the later group."""
        return np.arange(self.texts.height) >= self.n_earlier

    @property
    def n_earlier(self) -> int:
        """Texts of the earlier group."""
        return self.texts.height // 2 if self.side_by_side else int((self.users >= 0).sum())

    @property
    def n_prompts(self) -> int:
        """How many of the texts are prompts."""
        return self.n_earlier if self.names[1] == REFERENCE else self.texts.height

    @property
    def units(self) -> Ints:
        """The users' codes, and after them one for each line of a file."""
        return np.where(self.users >= 0, self.users, self.n_users + np.arange(len(self.users)))

    @property
    def bins(self) -> Ints:
        """The length of each text, 0, 1, ... from the shortest on."""
        found = lengths(self.texts["n_words"].cast(pl.Int64).to_numpy())
        return np.asarray(np.unique(found, return_inverse=True)[1], dtype=np.int64)

    def sums(self, values: Floats) -> Floats:
        """Sums per user, shape (n_users, columns), of values, shape (rows, columns); lines of a file count nowhere."""
        known = self.users >= 0
        columns = [np.bincount(self.users[known], column[known], self.n_users) for column in values.T]
        return np.stack(columns, axis=1)

    def known(self, name: str) -> "Pair":
        """Only the texts that have a value of a feature, and their partners do."""
        there = self.texts[name].is_not_null().to_numpy()
        return self._only(np.tile(there.reshape(2, -1).all(axis=0), 2) if self.side_by_side else there)

    def at_most(self, n: int) -> "Pair":
        """At most `n` texts, of whole users; the first user always comes in. Of a file as many lines as prompts."""
        if self.texts.height <= n:
            return self
        per_user = np.bincount(self.users[self.users >= 0], minlength=self.n_users)
        share = 1 if self.side_by_side else 2
        inside = share * np.cumsum(per_user) <= n
        inside[0] = True
        kept = inside[self.users] & (self.users >= 0)
        kept[np.flatnonzero(self.users < 0)[: int(kept.sum())]] = True
        n_kept = int(inside.sum())
        told = (f"on a random sample of {n_kept:,} of {self.n_users:,} users",) if n_kept < self.n_users else ()
        return replace(self._only(kept), notes=(*self.notes, *told))

    def _only(self, kept: Bools) -> "Pair":
        users = self.users[kept]
        numbers, codes = np.unique(users[users >= 0], return_inverse=True)
        users[users >= 0] = codes
        return replace(self, texts=self.texts.filter(kept), users=users, n_users=len(numbers))

    def labels(self, n: int, seed: int) -> Floats:
        """1 for the later group, shape (rows, 1 + n): as it is, and in `n` permutations within users.

        A person's two groups are exchanged as a whole or not, by chance: the threads of one person are not evidence of
        their own. Where texts are not side by side, all are permuted freely.
        """
        generator = np.random.default_rng(seed)
        if self.side_by_side:
            exchanged = generator.random((self.n_users, n)) < 0.5
            permuted = self.later[:, None] ^ exchanged[self.users]
        else:
            permuted = generator.permuted(np.tile(self.later[:, None], (1, n)), axis=0)
        return np.column_stack([self.later, permuted]).astype(np.float64)


def pair(found: Groups, earlier: str, later: str, seed: int) -> Pair | str:
    """The pair of two groups, or why there is none. Texts without words are in no pair."""
    texts = found.texts.filter(pl.col("n_words") > 0)
    one, other = texts.filter(group=earlier), texts.filter(group=later)
    if later != REFERENCE:
        return _of_prompts(one, other, (earlier, later), seed)
    return (
        _of_captions(one, other, earlier, seed) if found.reference == CAPTIONS else _of_file(one, other, earlier, seed)
    )


def _of_prompts(one: pl.DataFrame, other: pl.DataFrame, names: tuple[str, str], seed: int) -> Pair | str:
    both = one.join(other, on="prompt_id", how="semi").select("prompt_id")
    sides = [_one_per_thread(side.join(both, on="prompt_id", how="anti"), seed) for side in (one, other)]
    return _beside(sides[0], sides[1], names, seed, (IN_BOTH,) if both.height else ()) or ALONE


def _of_captions(prompts: pl.DataFrame, captions: pl.DataFrame, name: str, seed: int) -> Pair | str:
    one = _one_per_thread(prompts.join(captions, on="prompt_id", how="semi"), seed)
    other = captions.join(one, on="prompt_id", how="semi")
    return _beside(one, other, (name, REFERENCE), seed, (OWN_CAPTION,)) or NO_CAPTION


def _of_file(prompts: pl.DataFrame, lines: pl.DataFrame, name: str, seed: int) -> Pair | str:
    one = _one_per_thread(prompts, seed).sort("prompt_id")
    other = lines.head(max(one.height, 1))
    if not one.height or not other.height:
        return ALONE if not one.height else NO_LINES
    codes, n_users = _codes(one["user_id"], seed)
    users = np.concatenate([codes, np.full(other.height, -1)])
    told = f"against {other.height:,} lines of {FILE}"
    return Pair((name, REFERENCE), pl.concat([one, other]), False, users, n_users, (told,))


def _one_per_thread(texts: pl.DataFrame, seed: int) -> pl.DataFrame:
    shuffled = texts.sort("prompt_id").sample(fraction=1.0, shuffle=True, seed=seed)
    return shuffled.unique("thread_id", keep="first", maintain_order=True)


def _beside(
    one: pl.DataFrame, other: pl.DataFrame, names: tuple[str, str], seed: int, notes: tuple[str, ...]
) -> Pair | None:
    one = one.join(other, on="thread_id", how="semi").sort("prompt_id")
    other = one.select("thread_id").join(other, on="thread_id", how="left", maintain_order="left").select(other.columns)
    codes, n_users = _codes(one["user_id"], seed)
    return Pair(names, pl.concat([one, other]), True, np.tile(codes, 2), n_users, notes) if n_users else None


def _codes(users: pl.Series, seed: int) -> tuple[Ints, int]:
    """The users' codes in a random order that depends on their ids and the seed alone: all pairs have the same."""
    codes, distinct = coded(users)
    keys = [blake2b(f"language {seed} {user}".encode(), digest_size=8).digest() for user in distinct]
    place = np.empty(len(keys), dtype=np.int64)
    place[sorted(range(len(keys)), key=keys.__getitem__)] = np.arange(len(keys))
    return place[codes], len(keys)


def at_equal_length(labels: Floats, bins: Ints) -> Floats:
    """Weights of texts, shape of `labels`, by which both groups have the same weight in every bin.

    In each bin the texts of the larger group share the number of those of the smaller one; 0 where one is absent.
    """
    inside = np.eye(int(bins.max(initial=-1)) + 1)[bins]
    later = inside.T @ labels
    earlier = inside.sum(axis=0)[:, None] - later
    least = np.minimum(earlier, later)
    with np.errstate(invalid="ignore", divide="ignore"):
        of_later, of_earlier = (np.where(least > 0, least / n, 0.0) for n in (later, earlier))
    return np.asarray(np.where(labels > 0, of_later[bins], of_earlier[bins]))


def studentised(estimate: float, without: Floats, null: float) -> float:
    """An estimate less its null, by its jackknife error from the estimates without each user; 0 for 0 by 0.

    Labels that are permuted compare texts of one thread, and those of the log at equal length texts of two, since
    threads grow: the spread of the permuted estimates is too small, that of the permuted ratios is right (Janssen 1997,
    Stat. Probab. Lett. 36; DiCiccio & Romano 2017, J. Am. Stat. Assoc. 112).
    """
    n = len(without)
    error = float(np.sqrt((n - 1) / n * ((without - estimate) ** 2).sum()))
    if estimate == null:
        return 0.0
    return float(np.clip((estimate - null) / error, -MOST, MOST)) if error > 0 else MOST * np.sign(estimate - null)


def share_as_large(values: Floats) -> float:
    """P-value by permutation: the share of values, the first among them, that are as large as the first."""
    return float((values >= values[0] - 1e-9 * max(1.0, abs(float(values[0])))).mean())
