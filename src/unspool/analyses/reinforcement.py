"""Whether terms of a prompt are kept more after one of its images was upscaled."""

import polars as pl

from unspool.analyses import Measured, results
from unspool.analyses import _words as words
from unspool.analyses._people import NOBODY
from unspool.analyses._reinforcement_rows import NO_LABEL, Rows, uses
from unspool.analyses._sequel import notes, sequel
from unspool.analyses._steps import Row, in_threads, steps

TITLE = "Whether success makes terms stay"
QUESTION = "Is a term of a prompt kept in the next prompt more often after an upscale than after none?"
CITATION = "The project's own; conditional logit after Gail, Lubin & Rubinstein 1981 (Biometrika 68)"
LIMITS = (
    "An upscale may go with fewer edits of any kind, so that style terms have to be compared with content terms; and "
    "what an upscale says about a single term of a prompt is not known."
)
ORDER = 130
FIGURES: tuple[str, ...] = ("reinforcement",)
FEATURES = ("style", "content")


def analyse(log: Measured) -> pl.DataFrame:
    """Rows of mode "corrected" for style and content terms: `log_odds` and its companions.

    Log odds ratio of being kept after an upscaled and another prompt, with the natural log of the step held, among the
    uses of terms by one user that have the next prompt in the same thread, or in the user's next thread, and that the
    thread began with, or not: `log_odds` of all uses, `log_odds_kept` within threads, `log_odds_carried` from the last
    prompt of a thread to the first of the next, `log_odds_added` without terms that the thread began with.
    `log_odds_term`: among the uses of the same term. `effect` is the odds ratio. `kept_more`: the difference of the
    shares kept. style_minus_content: the first three, of the one less the other.
    """
    own = log.own
    reason = _unknown(own)
    if reason is not None:
        none = {"n_prompts": 0, "n_threads": 0, "n_users": 0, "note": reason}
        rows: list[Row] = [{"feature": name, "estimand": "log_odds", **none} for name in FEATURES]
        return results(rows, analysis="reinforcement", mode="corrected", rule=own.rule, seed=own.settings.seed)
    found = steps(own)
    after = sequel(found)
    rows = list(Rows(found, tuple(notes(after))).all(uses(found, after)))
    return results(rows, analysis="reinforcement", mode="corrected", rule=own.rule, seed=own.settings.seed)


def _unknown(log: Measured) -> str | None:
    """Why nothing can be estimated."""
    counts = in_threads(log.prompts).select(pl.col("user_id", "upscaled", "text").count(), n=pl.len()).collect()
    if not counts["n"][0]:
        return "no prompt is in a thread"
    if not counts["user_id"][0]:
        return NOBODY
    if not counts["upscaled"][0]:
        return NO_LABEL
    return None if counts["text"][0] else "the log has no texts"


def findings(rows: pl.DataFrame) -> list[str]:
    """Style and content terms, the difference of the two, and where style terms are kept."""
    told = [_odds(rows, "style", "log_odds", "Style terms in the next prompt")]
    told.append(_odds(rows, "style", "log_odds_carried", "Style terms in the first prompt of the next thread"))
    told.append(_odds(rows, "content", "log_odds", "Content terms in the next prompt"))
    told += [_apart(rows, "log_odds_kept", "Within threads"), _apart(rows, "log_odds_carried", "Into next threads")]
    listed = [sentence for sentence in told if sentence]
    return [*listed, CAUTION] if listed else words.reasons(rows)


CAUTION = (
    "Nobody drew lots for upscales: who upscales may edit less, whatever the terms, or may upscale prompts of terms "
    "that stay anyway. Only what style terms have beyond content terms speaks for learning from success."
)


def _odds(rows: pl.DataFrame, family: str, estimand: str, what: str) -> str | None:
    one = words.row(rows, feature=family, estimand=estimand)
    if one is None:
        return None
    told = {
        1: "kept more after an upscale",
        -1: "kept less after an upscale",
        0: "no clear difference after an upscale",
    }
    return (
        f"{what}: {words.side(one, told)} (odds ratio {one['effect']:.2f}; "
        f"log odds ratio {words.signed(one['estimate'], words.of(one))}, {words.interval(one)}; "
        f"{words.number_of(one['n_prompts'], 'prompt')} of {words.number_of(one['n_users'], 'user')})."
    )


def _apart(rows: pl.DataFrame, estimand: str, where: str) -> str | None:
    one = words.row(rows, feature="style_minus_content", estimand=estimand)
    if one is None:
        return None
    told = {
        1: "an upscale keeps style terms more than content terms",
        -1: "it keeps content terms more than style terms",
        0: "no clear difference between style and content terms in what an upscale keeps",
    }
    start = words.side(one, told)
    apart = words.signed(one["estimate"], words.of(one))
    return f"{where}, {start} (log odds ratios apart by {apart}, {words.interval(one)})."
