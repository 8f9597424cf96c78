"""Perplexity: how unexpected a prompt is to a language model."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from unspool.features import Column, Context
from unspool.features._halves import half
from unspool.models.language_model import unavailable

TITLE = "Perplexity"
CITATION = "Don-Yehiya, Choshen & Abend 2023, Sec. 5; for SLOR Pauls & Klein 2012, Lau, Clark & Lappin 2017"
CAPTIONS = True
USES = "model"
FIRST = 8
LEAST = 20
COLUMNS = (
    Column(
        "perplexity_paper",
        "Perplexity (paper)",
        "",
        "exp of the mean surprisal of the tokens 2..N, nothing set before the text; null for a text of one token.",
        low=1.0,
        mode="paper",
        log=True,
        citation="Don-Yehiya, Choshen & Abend 2023, Sec. 5 and its code",
    ),
    Column(
        "log_perplexity",
        "Log perplexity",
        "nats per token",
        "Mean surprisal of all tokens, the first one after the model's start token.",
    ),
    Column(
        "first_surprisal",
        "Surprisal of the first tokens",
        "nats per token",
        f"Mean surprisal of the first {FIRST} tokens after the start token; null for a text of fewer: free of length.",
    ),
    Column(
        "slor",
        "Surprisal below rarity (SLOR)",
        "nats per token",
        "Mean of -log p(token in general English) less its surprisal, of the tokens with a letter: how much likelier "
        "the text is than its words without order.",
        low=None,
        citation="Pauls & Klein 2012; Lau, Clark & Lappin 2017; word frequencies of wordfreq (Speer 2022)",
    ),
    Column(
        "surprisal_standardised",
        "Surprisal for its place",
        "nats per token",
        "Mean over the tokens of the surprisal less the mean surprisal of tokens in the same place of other people's "
        f"prompts; tokens in places that fewer than {LEAST} of those reach are left out. Of prompts only.",
        low=None,
    ),
)
SPARE: dict[str, pl.DataType] = {"surprisals": pl.List(pl.Float32), "half": pl.UInt8()}


def missing(context: Context) -> str | None:
    """Why there is no perplexity, and how to get it; None where there is a model to load."""
    return unavailable(context.settings.language_model)


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """perplexity_paper, log_perplexity, first_surprisal, slor per text, all null for an empty one; and SPARE.

    surprisal_standardised is null until `complete`. UnspoolError where the model of the settings cannot be loaded.
    """
    model, texts = context.language_model, rows["text"].to_list()
    surprisals = model.surprisals(texts)
    rarities = [model.unigrams[tokens] for tokens in model.tokens(texts)]
    values = {
        "perplexity_paper": [of_paper(values, model.window) for values in model.surprisals(texts, start=False)],
        "log_perplexity": [_mean(own) for own in surprisals],
        "first_surprisal": [_mean(own[:FIRST]) if len(own) >= FIRST else None for own in surprisals],
        "slor": [slor(own, rarity) for own, rarity in zip(surprisals, rarities, strict=True)],
        "surprisal_standardised": [None] * len(texts),
        "surprisals": [own.astype(np.float32) for own in surprisals],
        "half": half(rows["user_id"], context.settings.seed),
    }
    return pl.DataFrame(values, schema={**{column.name: column.kind for column in COLUMNS}, **SPARE})


def sums(rows: pl.DataFrame) -> pl.DataFrame:
    """How many tokens stand in each place of the prompts of each half of the users, and the sum of their surprisals."""
    return _tokens(rows).group_by("half", "place").agg(n=pl.len(), total=pl.col("surprisals").cast(pl.Float64).sum())


def _tokens(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per token of prompts whose user is known: text, half, place from 0, surprisals."""
    texts = rows.select(
        "surprisals", "half", text=pl.int_range(pl.len()), place=pl.int_ranges(pl.col("surprisals").list.len())
    )
    return texts.drop_nulls("half").explode("surprisals", "place", empty_as_null=False, keep_nulls=False)


def complete(rows: pl.DataFrame, of_all: pl.DataFrame) -> pl.DataFrame:
    """The rows with surprisal_standardised: each place is compared with that place of the other half's prompts."""
    usual = of_all.group_by("half", "place").agg(pl.col("n").sum(), pl.col("total").sum()).filter(pl.col("n") >= LEAST)
    usual = usual.select("place", half=1 - pl.col("half"), usual=pl.col("total") / pl.col("n"))
    above = _tokens(rows).join(usual, on=["half", "place"])
    found = above.group_by("text").agg(value=(pl.col("surprisals") - pl.col("usual")).mean())
    numbered = pl.DataFrame({"text": pl.int_range(rows.height, eager=True)})
    values = numbered.join(found, on="text", how="left", maintain_order="left")["value"]
    return rows.with_columns(surprisal_standardised=values)


def of_paper(surprisals: NDArray[np.float64], window: int) -> float | None:
    """The authors' perplexity from the surprisals of tokens 2..N, in nats; None for a single token.

    exp of their mean. Of a text longer than the window the authors' code counts the mean of the first window once too
    often, as if its first token had been scored: (mean of the first * window + sum of the others) / N.
    """
    if not surprisals.size:
        return None
    first, others = surprisals[: window - 1], surprisals[window - 1 :]
    return float(np.exp((first.mean() * (len(first) + 1) + others.sum()) / (len(surprisals) + 1)))


def slor(surprisals: NDArray[np.float64], rarities: NDArray[np.float64]) -> float | None:
    """Mean of rarity - surprisal over the tokens whose rarity is known (finite); None where there is none."""
    known = np.isfinite(rarities)
    return _mean(rarities[known] - surprisals[known])


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None
