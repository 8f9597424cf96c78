"""A causal language model: what each token of a text costs it, given the text before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unspool.errors import UnspoolError
from unspool.models._libraries import default_device, default_dtype, library
from unspool.models._scoring import surprisals
from unspool.models._unigrams import unigram_surprisals
from unspool.models._weights import pretrained, unavailable

__all__ = ["LanguageModel", "load", "unavailable"]
WINDOW = 1024
BUDGET = {"cpu": 512, "cuda": 8192}
DTYPES = ("bfloat16", "float32")


@dataclass
class LanguageModel:
    """A network and its tokenizer, made by `load`.

    `start`: the token set before a text: the model's token for a beginning, or else for an end. `window`: the most
    tokens read at once. `device`, `dtype`: what it computes on and in. `n_texts`, `n_scored`: texts it was asked for,
    and those that had to be read, since equal texts of a call are read once.
    """

    name: str
    network: Any
    tokenizer: Any
    start: int
    window: int
    device: str
    dtype: str
    n_texts: int = 0
    n_scored: int = 0

    def tokens(self, texts: Iterable[str | None]) -> list[list[int]]:
        """Numbers of each text's tokens, nothing added; none for an empty text or None.

        What looks like a token of control in a text (`<|endoftext|>`) is text.
        """
        asked = [text or "" for text in texts]
        if not asked:
            return []
        cut = self.tokenizer(asked, add_special_tokens=False, split_special_tokens=True, verbose=False)
        listed: list[list[int]] = cut["input_ids"]
        return listed

    def surprisals(self, texts: Sequence[str | None], *, start: bool = True) -> list[NDArray[np.float64]]:
        """-log p(token | all tokens before it) in nats, an array per text; equal texts share one.

        With `start` every token is scored, the first after the start token. Without, as the paper's authors do, the
        tokens 2..N, the first one only being read. Empty for an empty text, None, and without `start` for one token.
        A text longer than the window is read in windows that begin half a window apart; a window scores the tokens that
        the one before did not reach (1024 and 512 tokens, or the model's own length and half of it where shorter).
        """
        unique = list(dict.fromkeys(texts))
        before = [self.start] if start else []
        sequences = [before + tokens for tokens in self.tokens(unique)]
        budget = BUDGET["cpu" if self.device == "cpu" else "cuda"]
        scored = surprisals(self.network, sequences, self.window, max(self.window // 2, 1), budget)
        if not all(np.isfinite(values).all() for values in scored):
            raise UnspoolError(
                f"The model {self.name} fails on some texts.",
                f"It gave no finite probability in {self.dtype} on {self.device}.",
                "Its weights may be damaged; name another copy.",
            )
        by_text = dict(zip(unique, scored, strict=True))
        self.n_texts += len(texts)
        self.n_scored += len(unique)
        return [by_text[text] for text in texts]

    @cached_property
    def unigrams(self) -> NDArray[np.float64]:
        """-log p of each token of the vocabulary in general English, in nats; infinite where nothing is known of it.

        Case and the blank before a token are left out of account. From the word list of wordfreq.
        """
        return unigram_surprisals(self.tokenizer, len(self.tokenizer))


def load(name: str, *, device: str | None = None, dtype: str | None = None) -> LanguageModel:
    """Load a causal language model by hub name, folder, or .gguf file (unpacked once into the user's cache).

    `device`: by default the GPU if there is one. `dtype`: by default `bfloat16` where the device multiplies in it,
    which is faster, else `float32`, which is exact. UnspoolError where a library or the model is absent, where its
    files are damaged or incomplete, and where it is no causal model.
    """
    if dtype not in (None, *DTYPES):
        raise UnspoolError(f"A language model has no type {dtype!r}.", f"Known are: {', '.join(DTYPES)}.", exit_code=2)
    device = device or default_device()
    dtype = dtype or default_dtype(device)
    tokenizer = pretrained("AutoTokenizer", name)
    options = {"dtype": getattr(library("torch"), dtype), "output_loading_info": True}
    network, told = pretrained("AutoModelForCausalLM", name, **options)
    if told["missing_keys"]:
        raise UnspoolError(
            f"The model {name} is incomplete.",
            f"Weights are missing: {', '.join(sorted(told['missing_keys'])[:3])}.",
            "Name a causal language model such as gpt2.",
        )
    model = LanguageModel(
        name, network.to(device).eval(), tokenizer, start_token(name, tokenizer), window(network), device, dtype
    )
    check_causal(model)
    return model


def start_token(name: str, tokenizer: Any) -> int:
    """The tokenizer's token for a beginning, or for an end where it has none (what GPT-2 was trained with)."""
    for token in (tokenizer.bos_token_id, tokenizer.eos_token_id):
        if token is not None:
            return int(token)
    raise UnspoolError(
        f"The model {name} has no token to begin with.",
        "Its tokenizer names neither bos_token nor eos_token.",
        "Name them in its tokenizer_config.json.",
    )


def window(network: Any) -> int:
    """Tokens read at once: those of the paper, or the most that the model takes."""
    return min(WINDOW, getattr(network.config.get_text_config(), "max_position_embeddings", None) or WINDOW)


def check_causal(model: LanguageModel) -> None:
    """Refuse a network whose outcome at a token depends on the token after it, such as a masked model's."""
    torch = library("torch")
    pair = torch.tensor([[model.start, 0], [model.start, 1]], device=model.device)
    with torch.inference_mode():
        first, second = model.network(input_ids=pair, use_cache=False).logits[:, 0].float()
    if not torch.allclose(first, second, atol=1e-3, rtol=1e-3):
        raise UnspoolError(
            f"{model.name} is no causal language model.",
            "What it expects after a token changes with the token that follows.",
            "Name one that reads from left to right, such as gpt2.",
        )
