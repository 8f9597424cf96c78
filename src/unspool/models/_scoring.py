"""Surprisals of token sequences under a causal network, in batches of sequences of about the same length."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unspool.models._libraries import library

ROWS_AT_ONCE = 32


class Window(NamedTuple):
    """A stretch of a sequence to be read at once, of which the tokens from `first` on are scored.

    `sequence`: its number; `begin`, `first`, `end`: places in that sequence, begin < first < end.
    """

    sequence: int
    begin: int
    first: int
    end: int

    @property
    def length(self) -> int:
        """Tokens that the network reads: all but the last, which is only predicted."""
        return self.end - 1 - self.begin


def windows(lengths: Sequence[int], window: int, stride: int) -> Iterator[Window]:
    """Cut sequences into overlapping windows so that every token but a sequence's first is scored exactly once.

    The known recipe for models of fixed length: windows of `window` tokens begin every `stride` tokens, and each scores
    what the one before did not reach.
    """
    for number, length in enumerate(lengths):
        reached = 1
        for begin in range(0, length, stride):
            end = min(begin + window, length)
            if end > reached:
                yield Window(number, begin, reached, end)
            reached = end
            if end == length:
                break


def batches(asked: Iterable[Window], budget: int) -> Iterator[list[Window]]:
    """Windows by length, shortest first, as many at once as `budget` tokens hold with their padding, at least one."""
    batch: list[Window] = []
    for window in sorted(asked, key=lambda window: window.length):
        if batch and (len(batch) + 1) * window.length > budget:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def surprisals(
    network: Any, sequences: Sequence[Sequence[int]], window: int, stride: int, budget: int
) -> list[NDArray[np.float64]]:
    """-log p of every token but the first of each sequence, in nats; none for a sequence of under two tokens."""
    scored = [np.empty(max(len(tokens) - 1, 0)) for tokens in sequences]
    for batch in batches(windows([len(tokens) for tokens in sequences], window, stride), budget):
        values = of_batch(network, sequences, batch)
        places = np.cumsum([window.end - window.first for window in batch])
        for asked, own in zip(batch, np.split(values, places[:-1]), strict=True):
            scored[asked.sequence][asked.first - 1 : asked.end - 1] = own
    return scored


def of_batch(network: Any, sequences: Sequence[Sequence[int]], batch: Sequence[Window]) -> NDArray[np.float64]:
    """Surprisals of the scored tokens of a batch, one window after the other.

    Shorter rows are filled up on the right. A causal network's outcome at a token does not depend on what stands to the
    right of it, so no mask is needed, and the fast path of attention without one is open.
    """
    torch = library("torch")
    width = max(window.length for window in batch)
    tokens = np.empty((len(batch), width + 1), dtype=np.int64)
    scored = np.zeros((len(batch), width), dtype=bool)
    for row, (sequence, begin, first, end) in enumerate(batch):
        tokens[row, : end - begin] = sequences[sequence][begin:end]
        tokens[row, end - begin :] = tokens[row, end - begin - 1]
        scored[row, first - begin - 1 : end - begin - 1] = True
    asked = torch.from_numpy(tokens).to(network.device)
    with torch.inference_mode():
        logits = network(input_ids=asked[:, :-1], use_cache=False).logits
        return cost(logits.flatten(0, 1), asked[:, 1:].flatten())[scored.ravel()]


def cost(logits: Any, targets: Any) -> NDArray[np.float64]:
    """logsumexp(logits) - logits[target] of each row, in float32, by a few rows that fit a processor's cache."""
    torch = library("torch")
    parts = [
        torch.logsumexp(some.float(), -1) - some.gather(-1, target[:, None])[:, 0].float()
        for some, target in zip(logits.split(ROWS_AT_ONCE), targets.split(ROWS_AT_ONCE), strict=True)
    ]
    values: NDArray[np.float64] = torch.cat(parts).double().cpu().numpy()
    return values
