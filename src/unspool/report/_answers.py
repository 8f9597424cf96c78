"""The questions at the top of the page: the paper's number, the corrected one, what chance gives, and of how many."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from unspool.analyses import _words as words

Row = words.Row
HALF, REACH = 50.0, 46.0
"""Middle of a drawn interval, and how far from it its farther end stands, in percent of the width."""


@dataclass(frozen=True)
class At:
    """Where a number stands in the results, and what it is called; the first feature that has an estimate is taken.

    `nothing`: its value where there is nothing to be found. `growth`: on the natural log it is told in percent too.
    """

    analysis: str
    features: Sequence[str]
    estimand: str
    called: str
    group: str | None = None
    percent: bool = False
    of_step: bool = False
    mode: str = "corrected"
    nothing: float = 0.0
    growth: bool = False


@dataclass(frozen=True)
class Question:
    """A question with its two numbers. `null`: whose p-value (or, a placebo, estimate) says what chance gives."""

    asked: str
    own: Sequence[At]
    paper: Sequence[At] = ()
    null: At | None = None


@dataclass(frozen=True)
class Bar:
    """An interval as drawn: ends and estimate in percent of the width, with the value of nothing in the middle."""

    low: float
    middle: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval does not hold the value of nothing."""
        return self.low > HALF or self.high < HALF


@dataclass(frozen=True)
class Number:
    """A number in words: what it is, its value, its interval; and that interval as drawn."""

    called: str
    value: str
    interval: str
    bar: Bar | None = None


@dataclass(frozen=True)
class Answer:
    """A row of the page's first table. `section`: who tells more; `missing`: why there is no paper's number."""

    asked: str
    section: str
    paper: Number | None
    own: Number | None
    null: str
    n: str
    limits: str = ""
    missing: str = "unknown here"


def _paper(at: At) -> At:
    return replace(at, mode="paper")


def _audit(at: At) -> At:
    return replace(at, mode="audit")


WORDS, WORDS_PAPER, MAGIC = ("n_words",), ("word_len_paper", "n_words"), ("magic_ratio_paper",)
ALL = ("-",)
_KEPT = "of added terms kept, style less content"
QUESTIONS = (
    Question(
        "Do prompts get longer as people retry, or does it only look so?",
        [At("drift", WORDS, "ipcw", "change per step, weighted for who stops", growth=True)],
        [_paper(At("drift", WORDS_PAPER, "rise", "words, from the first to the last step shown"))],
        At("drift", WORDS, "order_null", "against no trend in the order of prompts, last ones aside"),
    ),
    Question(
        "How much of the change in length is content, and not style?",
        [At("growth", WORDS, "share_content", "of the net change in words", percent=True)],
        (),
        At("growth", WORDS, "net", "that length changes at all"),
    ),
    Question(
        "Do threads that start apart end together?",
        [At("convergence", WORDS, "A_step", "asymmetry A: 0 none, 1 full")],
        [
            _paper(At("convergence", WORDS_PAPER, "gap_closed", "of the gap closed", percent=True, of_step=True)),
            _paper(At("convergence", WORDS_PAPER, "gap_end", "words, fallers less risers at the end", of_step=True)),
        ],
        At("convergence", WORDS, "reversal", "against threads read backwards"),
    ),
    Question(
        "Do prompts come closer to the model's language?",
        [
            At("surprisal", ("log_perplexity",), "length_held", "log perplexity, change per step at equal length"),
            At("surprisal", ("dialect",), "length_held", "dialect score, change per step at equal length"),
            At("drift", ("magic_ratio",), "ipcw", "share of magic words, change per step"),
        ],
        [
            _paper(At("drift", ("perplexity_paper",), "rise", "perplexity, first to last step shown")),
            _paper(At("drift", MAGIC, "rise", "share of magic words, first to last step shown")),
        ],
    ),
    Question(
        "Does what people gain last into their next thread, style more than content?",
        [
            At("carryover", ("style_minus_content",), "kept_terms_without_paste", _KEPT, percent=True),
            At("carryover", ("style",), "kept_terms_without_paste", "of added style terms kept", percent=True),
            At("carryover", ("style_minus_content",), "R", "share kept: style less content"),
            At("carryover", ("n_style_words",), "R", "of the change in style words is found next", percent=True),
            At("carryover", ("n_content_words",), "R", "of the change in content words is found next", percent=True),
        ],
        (),
        At("carryover", ("style",), "kept_terms_placebo", "placebo, style terms", percent=True),
    ),
    Question(
        "Are prompts whose images were kept longer?",
        [At("upscaled", WORDS, "within_user", "within a person", group="prompts", growth=True)],
        [_paper(At("upscaled", WORDS_PAPER, "cliffs_delta", "Cliff's delta, people pooled", group="prompts"))],
    ),
    Question(
        "Does the text tell which prompts get upscaled?",
        [At("predict", ALL, "gain", "area under the curve that text adds")],
        [_paper(At("predict", ALL, "accuracy_paper", "% right; chance is 50"))],
    ),
    Question(
        "Do people put right what the picture missed?",
        [At("repair", ("all",), "excess", "excess of repairs")],
        (),
        At("repair", ("all",), "placebo", "placebo, from the grid before"),
    ),
    Question("Do they take words from the picture?", [At("entrainment", ("all",), "excess", "excess", percent=True)]),
    Question(
        "Do style terms stay after an upscale more than content terms?",
        [At("reinforcement", ("style_minus_content", "style"), "log_odds_kept", "log odds ratio")],
    ),
    Question(
        "Do they take style terms from each other?",
        [At("exposure", ("style",), "hazard", "log ratio to other times")],
        (),
        At("exposure", ("style",), "shift_null", "with times shifted"),
    ),
    Question(
        "Does the style that people add change with the model?",
        [At("model_specific", ("style",), "own_model_within", "log ratio per term, within a person")],
        (),
        At("model_specific", ("style",), "own_model_weeks", "with calendar time held"),
    ),
    Question(
        "Are more images kept for the model, or for the prompts written for it?",
        [At("model_specific", ("upscaled",), "upscale_by_model", "more upscaled at like prompts", percent=True)],
    ),
    Question(
        "Do people stop because of the prompt just written?",
        [At("stopping", WORDS, "hazard", "log odds per SD of its length")],
    ),
    Question(
        "Do last prompts speak another language than first ones of equal length?",
        [
            _audit(
                At(
                    "model_language",
                    ("text",),
                    "auc",
                    "of pairs ranked right by a classifier; chance is 50%",
                    "first:last",
                    percent=True,
                    nothing=0.5,
                )
            )
        ],
    ),
    Question(
        "How much of what was finally asked for had been asked for first?",
        [_audit(At("intent", ("content",), "recall", "of the last prompt's content words", percent=True))],
    ),
    Question(
        "How much of the length is a matter of who writes?",
        [At("variance", WORDS, "user", "of the variance lies between people", percent=True)],
    ),
)


def answers(rows: pl.DataFrame, limits: Mapping[str, str]) -> list[Answer]:
    """The questions of which the results hold a number; `limits`: by analysis, what it does not show."""
    return list(_answers(rows, limits))


def _answers(rows: pl.DataFrame, limits: Mapping[str, str]) -> Iterator[Answer]:
    known = rows.filter(pl.col("estimate").is_not_null(), pl.col("step").is_null())
    for question in QUESTIONS:
        own, paper = _first(known, question.own), _first(known, question.paper)
        told = own or paper
        if told is not None:
            at, row = told
            null = _null(known, question.null, row) if question.null else _against_nothing(own)
            said = limits.get(at.analysis, "")
            missing = "unknown here" if question.paper else "not in the paper"
            yield Answer(question.asked, at.analysis, _number(paper), _number(own), null, _n(row), said, missing)


def _first(rows: pl.DataFrame, places: Sequence[At]) -> tuple[At, Row] | None:
    for at in places:
        found = rows.filter(analysis=at.analysis, estimand=at.estimand, mode=at.mode)
        group = pl.col("group").str.starts_with("step") if at.of_step else pl.col("group").eq_missing(pl.lit(at.group))
        found = found.filter(group)
        for feature in at.features:
            if (one := found.filter(feature=feature)).height:
                return at, one.row(0, named=True)
    return None


def _number(found: tuple[At, Row] | None) -> Number | None:
    if found is None:
        return None
    at, row = found
    log = ", natural log" if "natural log" in (row["method"] or "") else ""
    log += f" (about {words.as_percent(row['estimate'])})" if log and at.growth else ""
    value = words.percent(row["estimate"]) if at.percent else words.number(row["estimate"], words.of(row))
    interval = words.percent_interval(row) if at.percent else words.interval(row)
    over_seeds = at.estimand == "accuracy_paper" and row["standard_error"] is not None
    spread = f"SD {words.number(row['standard_error'], 1)} over seeds" if over_seeds else interval
    return Number(f"{at.called}{log}", value, spread, _bar(row, at.nothing))


def _bar(row: Row, nothing: float) -> Bar | None:
    ends = [row["ci_low"], row["estimate"], row["ci_high"]]
    if any(end is None for end in ends):
        return None
    reach = max(abs(end - nothing) for end in ends)
    if not 0 < reach < float("inf"):
        return None
    return Bar(*(HALF + REACH * (end - nothing) / reach for end in ends))


def _null(rows: pl.DataFrame, at: At, told: Row) -> str:
    found = _first(rows, [at])
    if found is None:
        return "not known"
    _, row = found
    if "placebo" in at.estimand:
        number = _number((at, row))
        return f"{number.called} {number.value}, {number.interval}" if number else "not known"
    several = "" if row["p_adjusted"] is None else f" ({_p(row['p_adjusted'])} with the other tests)"
    other = f"; {words.number_of(row['n_threads'], 'thread')}" if row["n_threads"] != told["n_threads"] else ""
    return f"{_p(row['p_value'])} {at.called}{several}{other}"


def _against_nothing(found: tuple[At, Row] | None) -> str:
    if found is None:
        return "not known"
    at, row = found
    nothing = f"{100 * at.nothing:g}%" if at.percent and at.nothing else f"{at.nothing:g}"
    if row["p_value"] is not None:
        return f"{_p(row['p_value'])} against {nothing}"
    return "no test: see the interval" if row["ci_low"] is not None else f"no test: {words.BEYOND}"


def _p(value: float | None) -> str:
    if value is None:
        return "no test"
    return "p < 0.001" if value < 0.001 else f"p = {value:.{2 if value >= 0.01 else 3}f}"


def _n(row: Row) -> str:
    parts = [words.number_of(row[f"n_{noun}s"], noun) for noun in ("user", "thread", "prompt") if row[f"n_{noun}s"]]
    return ", ".join(parts) or "unknown"
