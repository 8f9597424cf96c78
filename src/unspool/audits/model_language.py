"""Model language: how far prompts that a model taught people to write are from first ones and from captions."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import polars as pl

from unspool.analyses import Settings as Levels
from unspool.analyses._draws import joined
from unspool.analyses._steps import Row, told
from unspool.audits import Audited, rows
from unspool.audits._groups import (
    CAPTIONS,
    FIRST,
    LAST,
    MIDDLE,
    NO_REFERENCE,
    NO_THREADS,
    PROMPTS,
    REFERENCE,
    UPSCALED,
    Groups,
    groups,
)
from unspool.audits._language_adjusted import difference
from unspool.audits._language_areas import area
from unspool.audits._language_divergence import divergence, function_words, of_all
from unspool.audits._language_diversity import DRAWN, one_each, similarity, types
from unspool.audits._language_findings import sentences
from unspool.audits._language_numbers import JACKKNIFE
from unspool.audits._language_pairs import Pair, pair
from unspool.audits._shares import ratio
from unspool.stats.jackknife import Estimate, jackknife

TITLE = "Model language"
QUESTION = "How far is the language of the prompts from how people began, and from natural expression?"
CITATION = (
    "Lopez-Paz & Oquab 2017 (ICLR): classifier two-sample test; Lin 1991 (IEEE Trans. Inf. Theory 37): Jensen-Shannon "
    "divergence; Moore & Lewis 2010 (ACL): dialect score; Hurlbert 1971 (Ecology 52): rarefaction"
)
LIMITS = (
    "It says how far texts are from each other, not why: people learn from the model, from others and from what their "
    "images lacked, and captions have a genre of their own."
)
ORDER = 10
FIGURES: tuple[str, ...] = ("distances",)
GROUPS = (*PROMPTS, REFERENCE)
PAIRS = tuple(combinations(GROUPS, 2))
TEXTS = 1_000
"""Texts of a pair that the classifier and the function words are asked about."""
PARSED = 3_000
"""Texts that are parsed, over all pairs, those in several pairs counted in each."""
EMPTY = {
    FIRST: NO_THREADS,
    LAST: NO_THREADS,
    MIDDLE: "no thread has three prompts",
    UPSCALED: "no prompt of a thread of two or more is known to be upscaled",
    REFERENCE: NO_REFERENCE,
}
NO_DIALECT = "the dialect score was not measured"
NO_STYLE = "the kinds of words (feature style) were not measured"
OF_A_FILE = "the dialect score is of the log's own texts: lines of a file have none"
LONGER = "of threads of three or more prompts, which not everybody has: differences are within threads"
LINES = "lines of a file are of nobody: no interval over users"


def audit(log: Audited) -> pl.DataFrame:
    """Rows of the features dialect, style, text, pos and function_words, with groups or pairs of them in `group`.

    Per group: `mean` of dialect, `share` of style, and of text `similarity_between_users` and `type_token`. Per pair
    (`first:last`): `difference` of dialect and of style, the later less the earlier; `auc` of text; `jensen_shannon`
    of pos and of function_words.
    """
    found = _with_values(log)
    compared = {":".join(names): _pair(found, *names, log) for names in PAIRS}
    listed = [*_means(found, log), *_diversity(found, log), *_per_pair(found, compared, log)]
    return rows(log, "model_language", [row | {"note": joined(found.note, row.get("note"))} for row in listed])


def findings(rows: pl.DataFrame) -> list[str]:
    """Last against first, prompts against the reference, what that means for training, and whose genre it is."""
    return sentences(rows)


def _with_values(log: Audited) -> Groups:
    """The groups with the columns dialect and style (share of style words); captions have both too."""
    found = groups(log, ("dialect", "caption_dialect", "n_style_words"))
    texts = found.texts.with_columns(pl.col("dialect", "caption_dialect", "n_style_words").cast(pl.Float64))
    if found.reference == CAPTIONS:
        of_captions = texts.select("prompt_id", told="caption_dialect").drop_nulls().unique("prompt_id")
        texts = texts.join(of_captions, on="prompt_id", how="left", maintain_order="left")
        own = pl.when(group=REFERENCE).then("told").otherwise("dialect")
        texts = texts.with_columns(dialect=own)
    if "n_style_words" in log.prompts.collect_schema():
        texts = pl.concat([texts.filter(pl.col("group") != REFERENCE), _styled(texts.filter(group=REFERENCE))])
    style = pl.when(pl.col("n_words") > 0).then(pl.col("n_style_words") / pl.col("n_words"))
    return replace(found, texts=texts.with_columns(style=style))


def _styled(reference: pl.DataFrame) -> pl.DataFrame:
    from unspool.features import Context
    from unspool.features.style import measure

    return reference.with_columns(measure(reference, Context())["n_style_words"].cast(pl.Float64))


def _pair(found: Groups, earlier: str, later: str, log: Audited) -> Pair | str:
    for name in (FIRST, earlier, later):
        if not found.of(name).height:
            return EMPTY[name]
    return pair(found, earlier, later, log.settings.seed)


def _missing(feature: str, log: Audited) -> str | None:
    """Why no prompt has a value of a feature."""
    column = "n_style_words" if feature == "style" else feature
    if column in log.prompts.collect_schema():
        return log.log.notes.get(column, "no text of these groups has a value")
    return NO_STYLE if feature == "style" else NO_DIALECT


def _means(found: Groups, log: Audited) -> Iterator[Row]:
    for group in GROUPS:
        texts = found.of(group)
        for feature, estimand in (("dialect", "mean"), ("style", "share")):
            known = texts.filter(pl.col(feature).is_not_null())
            same = {"feature": feature, "estimand": estimand, "group": group, **_numbers(known)}
            why = _why(found, group)
            if known.height and not why:
                made = _mean(known, feature, log)
                note = joined(LONGER if group == MIDDLE else None, made["note"])
                yield same | made | {"method": f"mean over texts; {JACKKNIFE}", "note": note}
            elif group == REFERENCE and not why and found.reference != CAPTIONS and feature == "dialect":
                yield same | {"note": OF_A_FILE}
            else:
                yield same | {"note": why or _missing(feature, log)}


def _why(found: Groups, group: str) -> str | None:
    """Why a group is empty, None where it is not."""
    return next((EMPTY[name] for name in (FIRST, group) if not found.of(name).height), None)


def _numbers(texts: pl.DataFrame) -> Row:
    users, threads = (texts[name].drop_nulls().n_unique() for name in ("user_id", "thread_id"))
    return {"n_prompts": texts["prompt_id"].drop_nulls().n_unique(), "n_threads": threads, "n_users": users}


def _mean(texts: pl.DataFrame, feature: str, log: Audited) -> Row:
    per_user = texts.group_by("user_id").agg(sum=pl.col(feature).sum(), n=pl.len().cast(pl.Float64)).sort("user_id")
    (one,) = jackknife(per_user.select("sum", "n").to_numpy(), ratio, level=log.settings.level)
    return _told(one, texts, log)


def _told(one: Estimate, texts: pl.DataFrame, log: Audited) -> Row:
    """A row of one group: what cannot be below 0, or has no 0, is not tested against it."""
    if one.estimate is not None and texts["user_id"].null_count():
        return told(Estimate(one.estimate), _levels(log), LINES)
    return told(one, _levels(log)) | {"p_value": None}


def _levels(log: Audited) -> Levels:
    return Levels(level=log.settings.level)


def _diversity(found: Groups, log: Audited) -> Iterator[Row]:
    level = log.settings.level
    for group in GROUPS:
        texts, why = found.of(group), _why(found, group)
        drawn = one_each(texts, log.settings.seed)
        for estimand, of, measure, how in (
            ("similarity_between_users", texts, similarity, "chance that two words of two users' texts are the same"),
            ("type_token", drawn, types, f"different words among {DRAWN} of one text of each user"),
        ):
            same = {"feature": "text", "estimand": estimand, "group": group, **_numbers(of)}
            value = {"note": why} if why else _told(measure(of, level), of, log)
            yield same | value | {"method": f"{how}; {JACKKNIFE}"}


def _per_pair(found: Groups, compared: dict[str, Pair | str], log: Audited) -> Iterator[Row]:
    some = {name: one for name, one in compared.items() if isinstance(one, Pair)}
    parsed = dict(zip(some, zip(*of_all(some.values(), PARSED), strict=True), strict=True))
    for name, one in compared.items():
        for feature, estimand in (
            ("dialect", "difference"),
            ("style", "difference"),
            ("text", "auc"),
            ("pos", "jensen_shannon"),
            ("function_words", "jensen_shannon"),
        ):
            same = {"feature": feature, "estimand": estimand, "group": name}
            if isinstance(one, str):
                yield same | {"note": one, "n_prompts": 0, "n_threads": 0, "n_users": 0}
            elif estimand == "difference":
                yield same | _difference(found, one, feature, log)
            elif feature == "pos":
                yield same | divergence(*parsed[name], log)
            else:
                few = one.at_most(TEXTS)
                yield same | (
                    area(few, log) if feature == "text" else divergence(few, function_words(few.texts["text"]), log)
                )


def _difference(found: Groups, one: Pair, feature: str, log: Audited) -> Row:
    if feature == "dialect" and one.names[1] == REFERENCE and found.reference != CAPTIONS:
        return {"note": OF_A_FILE, "n_prompts": 0, "n_threads": 0, "n_users": 0}
    made = difference(one, feature, log)
    empty = made.get("estimate") is None and not np.any(made["n_prompts"])
    return made | {"note": _missing(feature, log)} if empty else made
