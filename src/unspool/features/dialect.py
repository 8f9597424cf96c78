"""Dialect: whether the words of a prompt are more those of prompts that others upscaled, or those of a reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import polars as pl

from unspool.errors import UnspoolError
from unspool.features import Column, Context, Settings
from unspool.features._dialect_words import Words, common_vocabulary, words
from unspool.features._halves import half
from unspool.features.length import WORD
from unspool.models.ngrams import UNKNOWN, Contrast, Floats, contrast, train
from unspool.syntax.codes import coded
from unspool.threads._tokens import Shared, dissimilar

TITLE = "Dialect"
CITATION = (
    "Moore & Lewis 2010 (ACL): difference of cross-entropies; Kneser & Ney 1995 and Chen & Goodman 1999: the models"
)
CAPTIONS = True
USES = ""
SETTINGS = ("reference", "seed")
ESTIMATED_FROM = (
    "the upscaled prompts (all prompts where the log knows no upscales) of the other half of the users, against their "
    "captions or the reference file"
)
PUBLISHED = ("training",)
COLUMNS = (
    Column(
        "dialect",
        "Dialect score",
        "nats per word",
        "Log probability per word under a trigram model of other users' prompts less that under one of a reference: "
        "over 0, more like prompts.",
        low=None,
    ),
)
LEAST_REFERENCE = 10_000
"""Words that captions or a reference file must have."""
LEAST_TRAINING = 1_000
"""Words that each of a half's two training texts must have."""
MOST_TEXTS = 1_000_000
"""Texts that a model is trained on at most."""
SIMILAR = 0.3
"""Words that two texts share, by words in either, from which on they are of one run: that of the rule iou."""
UPSCALED_DRAWN = 8
"""How many times as often users are drawn for their upscaled prompts, which are one in five or fewer of all."""


def missing(context: Context) -> str | None:
    """Why there is no score. A reference file that is needed and cannot be used is an error."""
    if not context.n_users:
        return "The log names no users, and a prompt is compared with those of other users."
    if context.n_caption_words >= LEAST_REFERENCE:
        return None
    if context.settings.reference is None and not context.n_caption_words:
        return "The log has no captions and no reference file was given (--reference FILE)."
    if context.settings.reference is None:
        return (
            f"The captions hold {context.n_caption_words:,} words, fewer than {LEAST_REFERENCE:,}: give another text "
            "to compare with, `--reference FILE`."
        )
    reference(context.settings)
    return None


def reference(settings: Settings) -> pl.Series:
    """The different lines of the reference file; an error if it cannot be read or is too short."""
    wrong = f"The reference {settings.reference} cannot be used."
    do = "Name a file of plain text with --reference."
    try:
        lines = Path(settings.reference or "").read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnspoolError(wrong, f"{type(error).__name__} on reading it as UTF-8.", do, exit_code=2) from None
    texts = pl.Series(lines, dtype=pl.String).unique(maintain_order=True)
    n_words = int(texts.str.count_matches(WORD).sum())
    if n_words < LEAST_REFERENCE:
        raise UnspoolError(
            wrong, f"Its different lines hold {n_words:,} words; {LEAST_REFERENCE:,} are needed.", do, exit_code=2
        )
    return texts


def collect(rows: pl.DataFrame, context: Context) -> dict[str, pl.DataFrame]:
    """Prompts and captions of users drawn by their labels, one of each run of similar ones. `place` is the user's.

    Prompts that are known not to be upscaled are left out: where there are any, only upscaled ones are trained on.
    """
    seed, share = context.settings.seed, 2 * MOST_TEXTS / max(context.n_prompts, 1)
    rows = rows.with_columns(half=half(rows["user_id"], seed), place=_place(rows["user_id"], seed))
    rows = rows.filter(pl.col("user_id").is_not_null())
    upscaled = pl.col("upscaled").fill_null(True)
    drawn = pl.col("place") < share * pl.when(pl.col("upscaled")).then(UPSCALED_DRAWN).otherwise(1)
    captions = rows.filter(pl.col("place") < share).explode("captions", empty_as_null=False, keep_nulls=False)
    return {
        "known": rows.select(pl.col("upscaled").is_not_null().any()),
        "prompts": _last_of_runs(rows.filter(upscaled & drawn).select("user_id", "half", "place", "upscaled", "text")),
        "captions": _last_of_runs(captions.select("user_id", "half", "place", text="captions").drop_nulls()),
    }


def _last_of_runs(texts: pl.DataFrame) -> pl.DataFrame:
    """The last of each run of a user's texts that are similar to the one before, and of equal ones the first.

    A thread tells five times what was written once. A model that takes that for five texts is too sure of them: it
    gives other people's texts a log probability that is lower by a nat per word or more.
    """
    starts = dissimilar(texts, Shared.iou, SIMILAR, "words")
    return texts.filter(starts.shift(-1, fill_value=True)).drop("user_id").unique(maintain_order=True)


def _place(user_ids: pl.Series, seed: int) -> pl.Series:
    """Where each user stands in a random order, in [0, 1): by label and seed alone."""
    users = user_ids.drop_nulls().unique()
    digests = (blake2b(f"dialect {seed} {user}".encode(), digest_size=8).digest() for user in users)
    places = pl.Series([int.from_bytes(digest, "little") / 2**64 for digest in digests], dtype=pl.Float64)
    return user_ids.replace_strict(users, places, default=None, return_dtype=pl.Float64)


def fit(parts: dict[str, pl.LazyFrame], context: Context) -> dict[str, pl.DataFrame]:
    """The contrasts for the texts of each half of the users, trained on the other half, and what they rest on.

    Tables `words_H`, `pairs_H`, `triples_H` of half H, see models.ngrams; `training`: two rows per half.
    """
    prompts, what = _prompts(parts)
    captions = context.n_caption_words >= LEAST_REFERENCE
    file = None if captions else _shuffled(reference(context.settings), context.settings.seed)
    against = "captions" if captions else "reference file"
    tables, training = dict[str, pl.DataFrame](), list[pl.DataFrame]()
    for scored in (0, 1):
        theirs = _drawn(parts["captions"], 1 - scored) if file is None else file
        sides = {what: words(_drawn(prompts, 1 - scored)), against: words(theirs)}
        for name, side in sides.items():
            if len(side.numbers) < LEAST_TRAINING:
                return _note(name, len(side.numbers))
        made, told = _trained(sides)
        tables |= {f"{name}_{scored}": table for name, table in made.items()}
        training.append(told.select(pl.lit(scored, dtype=pl.UInt8).alias("scored_half"), pl.all()))
    return {**tables, "training": pl.concat(training)}


def _prompts(parts: Mapping[str, pl.LazyFrame]) -> tuple[pl.LazyFrame, str]:
    """The prompts to be trained on and what they are."""
    if parts["known"].select(pl.any("upscaled")).collect().item():
        return parts["prompts"].filter(pl.col("upscaled")), "upscaled prompts"
    return parts["prompts"], "prompts"


def _drawn(texts: pl.LazyFrame, of_half: int) -> pl.Series:
    """Texts of a half, user by user in their random order."""
    return texts.filter(half=of_half).sort("place", maintain_order=True).head(MOST_TEXTS).collect()["text"]


def _shuffled(lines: pl.Series, seed: int) -> pl.Series:
    """Lines in a random order, since no more may be used than there are prompts."""
    order = np.random.default_rng(seed).permutation(len(lines))[:MOST_TEXTS]
    return lines.gather(order)


def _note(name: str, n_words: int) -> dict[str, pl.DataFrame]:
    told = (
        f"The {name} of one half of the users hold {n_words:,} words, fewer than {LEAST_TRAINING:,}: too few to "
        "compare those of the other half with."
    )
    return {"note": pl.DataFrame({"note": [told]})}


def _trained(sides: Mapping[str, Words]) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """The contrast of the first side against the second, on equally many words and with one vocabulary."""
    n_words = min(len(side.numbers) for side in sides.values())
    cut = [side.head(n_words) for side in sides.values()]
    vocabulary = common_vocabulary(cut)
    models = [train(side.codes(vocabulary), side.lengths, len(vocabulary) + UNKNOWN + 1) for side in cut]
    whole = contrast(models[0], models[1])
    tables = {name: table.cast({pl.Float64: pl.Float32}) for name, table in whole.items()}
    tables["words"] = tables["words"].with_columns(word=pl.Series([None, None]).cast(pl.String).append(vocabulary))
    training = {
        "text": list(sides),
        "n_words": [n_words] * 2,
        "n_texts": [int(np.count_nonzero(side.lengths)) for side in cut],
        "n_vocabulary": [len(vocabulary)] * 2,
        "share_unknown": [float((side.codes(vocabulary) == UNKNOWN).mean()) for side in cut],
        **{f"discount_{n + 1}": [model.discounts[n] for model in models] for n in range(3)},
    }
    return tables, pl.DataFrame(training)


def measure(rows: pl.DataFrame, context: Context) -> pl.DataFrame:
    """The score per text; null for a text without words or without a user, and where nothing was fitted."""
    tables = context.fitted.get("dialect", {})
    scores = np.full(len(rows), np.nan)
    if "training" in tables:
        halves = half(rows["user_id"], context.settings.seed)
        for one, scorer in enumerate(_scorers(tables)):
            mine = (halves == one).fill_null(False)
            scores[mine.to_numpy()] = scorer.scores(rows["text"].filter(mine))
    return pl.DataFrame({"dialect": pl.Series(scores, nan_to_null=True)})


@dataclass(frozen=True)
class _Scorer:
    vocabulary: pl.Series
    contrast: Contrast

    def scores(self, texts: pl.Series) -> Floats:
        """One per text; equal texts are scored once."""
        numbers, distinct = coded(texts.fill_null(""))
        found = words(distinct)
        return self.contrast.means(found.codes(self.vocabulary), found.lengths)[numbers]


_last: list[tuple[Mapping[str, pl.DataFrame], tuple[_Scorer, _Scorer]]] = []


def _scorers(tables: Mapping[str, pl.DataFrame]) -> tuple[_Scorer, _Scorer]:
    """Of the texts of each half; made once for all parts that a process measures with the same tables."""
    if not _last or _last[0][0] is not tables:
        _last[:] = [(tables, (_scorer(tables, 0), _scorer(tables, 1)))]
    return _last[0][1]


def _scorer(tables: Mapping[str, pl.DataFrame], scored: int) -> _Scorer:
    own = {name: tables[f"{name}_{scored}"] for name in ("words", "pairs", "triples")}
    return _Scorer(own["words"]["word"][UNKNOWN + 1 :], Contrast.of(own))
