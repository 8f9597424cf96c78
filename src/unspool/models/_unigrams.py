"""How rare a token is in general English: word frequencies, in the vocabulary of a language model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LANGUAGE, LIST = "en", "best"
RAREST = 1e-7


def unigram_surprisals(tokenizer: Any, size: int) -> NDArray[np.float64]:
    """-log p of each of `size` tokens in nats, infinite for one of which the word list knows nothing.

    The frequency of each word of wordfreq (Speer 2022) that is one in ten million or more (96,000 words) is given to
    the tokens of that word after a blank, half of it to those of the lower-cased word and half to those of the word
    with a capital, since the list has no case. Tokens that differ in case or in the blank before them share one
    probability; those without a letter (punctuation, digits, parts of a sign) have none, since the list has no such
    words.
    """
    import wordfreq

    listed = wordfreq.get_frequency_dict(LANGUAGE, LIST)
    words = {word: frequency for word, frequency in listed.items() if frequency >= RAREST}
    forms, known = folded(tokenizer, size)
    written = [f" {word}" for word in words] + [f" {word.capitalize()}" for word in words]
    cut = tokenizer(written, add_special_tokens=False)["input_ids"]
    tokens = np.fromiter((token for ids in cut for token in ids), dtype=np.int64)
    halves = np.tile(np.fromiter(words.values(), dtype=np.float64) / 2, 2)
    weights = np.repeat(halves, [len(ids) for ids in cut])
    kept = known[tokens]
    shares = np.bincount(forms[tokens[kept]], weights[kept], minlength=size)
    with np.errstate(divide="ignore"):
        surprisals: NDArray[np.float64] = -np.log(shares / shares.sum())[forms]
    return np.where(known, surprisals, np.inf)


def folded(tokenizer: Any, size: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A number per token that is the same for the same lower-cased text, and whether that text has a letter."""
    special = set(tokenizer.all_special_ids)
    texts = [text.strip().lower() for text in tokenizer.batch_decode([[token] for token in range(size)])]
    numbers: dict[str, int] = {}
    forms = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64)
    known = [token not in special and any(map(str.isalpha, text)) for token, text in enumerate(texts)]
    return forms, np.array(known, dtype=bool)
