"""A causal language model fine-tuned to tell two kinds of texts apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unspool.errors import UnspoolError
from unspool.models._libraries import default_device, library
from unspool.models._weights import pretrained
from unspool.models.language_model import start_token, window

LEARNING_RATE, EPOCHS, BATCH, MAX_TOKENS = 5e-5, 3, 8, 128
CLIP = 1.0


@dataclass(frozen=True)
class Classified:
    """How a classifier did: the share of the test texts that it got right, and P(label is 1) of each of them."""

    accuracy: float
    probabilities: NDArray[np.float64]


def fine_tune_accuracy(
    texts_train: Sequence[str],
    labels_train: Sequence[int],
    texts_test: Sequence[str],
    labels_test: Sequence[int],
    *,
    model: str = "gpt2",
    seed: int = 0,
    epochs: int = EPOCHS,
    max_tokens: int = MAX_TOKENS,
    learning_rate: float = LEARNING_RATE,
) -> Classified:
    """Fine-tune `model` (hub name, folder or .gguf file) on labelled texts and classify others.

    Nothing is tuned: all weights and a new linear layer on a text's last token are trained in float32 for `epochs`
    passes in batches of eight by AdamW, its rate falling from `learning_rate` to 0 in a straight line (the defaults of
    transformers' Trainer). Texts are cut after `max_tokens` tokens, or what
    the model takes at most; an empty one is the model's end token. Labels are 0
    and 1 (or bool). The same seed gives the same numbers on the same CPU. The accuracy is that of p > 0.5: sampling
    balanced classes and splitting by user are the caller's part. UnspoolError where texts and labels do not match, a
    class is absent from the training texts, or the model cannot be loaded. Don-Yehiya et al. 2023, Sec. 6.1.
    """
    known, asked = _labels(texts_train, labels_train), _labels(texts_test, labels_test)
    if len(set(known)) < 2 or not asked:
        raise UnspoolError(
            "A classifier cannot be trained.",
            f"It was given {len(known)} training texts with {len(set(known))} different labels, {len(asked)} to test.",
            "Give training texts of both labels, and at least one to test.",
        )
    torch = library("torch")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network, tokenizer = _untrained(model)
        longest = min(max_tokens, window(network))
        cut = {"add_special_tokens": False, "split_special_tokens": True, "truncation": True, "max_length": longest}
        train = tokenizer(list(texts_train), **cut)["input_ids"]
        _train(network, train, known, epochs, learning_rate)
        probabilities = _probabilities(network, tokenizer(list(texts_test), **cut)["input_ids"])
    return Classified(float(np.mean((probabilities > 0.5) == np.array(asked))), probabilities)


def _labels(texts: Sequence[str], labels: Sequence[int]) -> list[int]:
    found = [int(label) for label in labels]
    if len(texts) != len(found) or not set(found) <= {0, 1}:
        raise UnspoolError(
            "Texts cannot be classified by these labels.",
            f"There are {len(texts)} texts and {len(found)} labels, with the values {sorted(set(found))[:5]}.",
            "Give one label per text, 0 or 1.",
        )
    return found


def _untrained(name: str) -> tuple[Any, Any]:
    """The model with a new layer for two labels, and its tokenizer."""
    torch = library("torch")
    tokenizer = pretrained("AutoTokenizer", name)
    network = pretrained("AutoModelForSequenceClassification", name, num_labels=2, dtype=torch.float32)
    # The network finds a text's last token by what follows it, and texts hold no tokens of control.
    network.config.pad_token_id = start_token(name, tokenizer)
    return network.to(default_device()), tokenizer


def _batch(network: Any, tokens: Sequence[list[int]]) -> dict[str, Any]:
    """The texts as one block, filled up on the right."""
    torch, end = library("torch"), network.config.pad_token_id
    width = max(1, *map(len, tokens))
    block = torch.tensor([row + [end] * (width - len(row)) for row in tokens], device=network.device)
    read = torch.tensor([[1] * max(len(row), 1) + [0] * (width - max(len(row), 1)) for row in tokens])
    return {"input_ids": block, "attention_mask": read.to(network.device)}


def _train(network: Any, tokens: Sequence[list[int]], labels: Sequence[int], epochs: int, rate: float) -> None:
    torch = library("torch")
    steps = epochs * -(-len(tokens) // BATCH)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.0)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    network.train()
    for _ in range(epochs):
        for some in torch.randperm(len(tokens)).split(BATCH):
            wanted = torch.tensor([labels[at] for at in some], device=network.device)
            logits = network(**_batch(network, [tokens[at] for at in some])).logits
            torch.nn.functional.cross_entropy(logits, wanted).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP)
            optimizer.step()
            falling.step()
            optimizer.zero_grad()
    network.eval()


def _probabilities(network: Any, tokens: Sequence[list[int]]) -> NDArray[np.float64]:
    """P(label is 1) of each text, read in batches of texts of about the same length."""
    torch = library("torch")
    found = np.empty(len(tokens))
    by_length = sorted(range(len(tokens)), key=lambda at: len(tokens[at]))
    with torch.inference_mode():
        for begin in range(0, len(by_length), BATCH):
            places = by_length[begin : begin + BATCH]
            logits = network(**_batch(network, [tokens[at] for at in places])).logits
            found[places] = logits.softmax(-1)[:, 1].double().cpu().numpy()
    return found
