"""What must hold: for each scenario, the estimates whose truth is known there."""

from dataclasses import dataclass, replace
from typing import Literal

import polars as pl

Check = Literal["bias", "coverage", "size", "power", "misleads"]
Key = tuple[str, str, str, str, str, str | None]
PLACE: dict[str, pl.DataType | type[pl.DataType]] = dict.fromkeys(
    ("scenario", "rule", "analysis", "feature", "estimand", "mode", "group"), pl.String
)
"""Columns that say which claim a row is about: its scenario and its key."""
FOUND, TRUE = "scene", "given"
"""Rules by which threads are found in the text, and by which they are those of the simulation."""


@dataclass(frozen=True)
class Claim:
    """A claim about one row of results in logs of one scenario.

    `truth`: a number, the name of one of the log's quantities (its mean over the seeds), or None where the scenario
    fixes no value. `checks`: "bias" and "coverage" against the truth; "size", where the null is true, and "power",
    where it is not, by the row's p-value or else by its interval; "misleads" for an estimate that is expected to be
    wrong there: it is shown and not marked. `why`: what makes the truth what it is. `rule`: whether the threads are
    FOUND in the text, as in any log, or the TRUE ones, which tells an estimator's faults from those of the grouping.
    """

    scenario: str
    analysis: str
    feature: str
    estimand: str
    truth: float | str | None
    checks: tuple[Check, ...]
    mode: str = "corrected"
    group: str | None = None
    why: str = ""
    rule: str = FOUND

    @property
    def key(self) -> Key:
        """Where the row stands in the results."""
        return self.rule, self.analysis, self.feature, self.estimand, self.mode, self.group


FIT: tuple[Check, ...] = ("bias", "coverage", "size")
KNOWN: tuple[Check, ...] = ("bias", "coverage")
ABOVE: tuple[Check, ...] = ("power",)
WRONG: tuple[Check, ...] = ("misleads",)


def in_scenario(name: str) -> list[Claim]:
    """The claims about a scenario."""
    return [claim for claim in CLAIMS if claim.scenario == name]


def scenarios() -> list[str]:
    """The scenarios about which there are claims, in the order of the claims."""
    return list(dict.fromkeys(claim.scenario for claim in CLAIMS))


def _about(scenario: str, *rows: tuple[str, str, str, float | str | None, tuple[Check, ...], str]) -> list[Claim]:
    """Claims of mode "corrected" about one scenario."""
    return [Claim(scenario, *row[:5], why=row[5]) for row in rows]


def _reuse(scenario: str, *rows: tuple[str, str, str, str, float | None, tuple[Check, ...], str]) -> list[Claim]:
    """Claims about rows of audits, whose group comes fourth."""
    return [Claim(scenario, *row[:3], *row[4:6], mode="audit", group=row[3], why=row[6]) for row in rows]


def _both_ways(scenario: str, *rows: tuple[str, str, str, float | str | None, tuple[Check, ...], str]) -> list[Claim]:
    """Claims on the threads that are found in the text, and on the true ones."""
    found = _about(scenario, *rows)
    return [*found, *(replace(claim, rule=TRUE) for claim in found)]


def _upscaled(scenario: str, estimand: str, truth: float | None, checks: tuple[Check, ...], why: str) -> list[Claim]:
    """Claims about the lengths of upscaled prompts."""
    return [Claim(scenario, "upscaled", WORDS, estimand, truth, checks, group="prompts", why=why)]


STYLE, CONTENT, WORDS = "n_style_words", "n_content_words", "n_words"


CLAIMS: tuple[Claim, ...] = (
    *_about(
        "nothing_changes",
        ("drift", WORDS, "raw_transition", 0.0, FIT, "prompts are stationary and stopping is blind"),
        ("drift", WORDS, "ipcw", 0.0, FIT, "prompts are stationary and stopping is blind"),
        ("drift", WORDS, "drop_last", 0.0, FIT, "prompts are stationary and stopping is blind"),
        ("drift", WORDS, "thread_slope", 0.0, FIT, "prompts are stationary and stopping is blind"),
        ("drift", WORDS, "order_null", None, ("size",), "the order of prompts is exchangeable but for its memory"),
        ("drift", STYLE, "ipcw", 0.0, FIT, "prompts are stationary and stopping is blind"),
        ("convergence", WORDS, "A_step", 0.0, KNOWN, "a reversible chain has no asymmetry"),
        ("convergence", WORDS, "reversal", 0.0, ("size",), "a reversible chain reads the same backwards"),
        ("growth", WORDS, "net", 0.0, FIT, "what is added is removed as often"),
        ("carryover", STYLE, "dose", 0.0, ("size",), "every thread starts afresh"),
        ("carryover", STYLE, "placebo", 0.0, ("size",), "every thread starts afresh"),
        ("carryover", "style", "kept_terms", 0.0, ("size",), "every thread starts afresh"),
        ("reinforcement", "style", "log_odds", 0.0, ("size",), "upscales teach nothing"),
        ("exposure", "style", "hazard", 0.0, ("size",), "nobody copies"),
        ("stopping", WORDS, "hazard", 0.0, FIT, "stopping is blind"),
        ("stopping", WORDS, "upscale_hazard", 0.0, FIT, "upscales are blind to the prompt"),
    ),
    *_upscaled("adaptation_only", "within_user", 0.0, FIT, "upscales are blind, though style grows and is kept"),
    *_upscaled("adaptation_only", "within_thread", 0.0, FIT, "upscales are blind, though style grows and is kept"),
    *_upscaled("nothing_changes", "within_user", 0.0, FIT, "upscales are blind to the prompt"),
    *_upscaled("nothing_changes", "within_thread", 0.0, FIT, "upscales are blind to the prompt"),
    *_both_ways(
        "stopping_only",
        ("drift", WORDS, "ipcw", 0.0, FIT, "stopping depends on the length that is seen"),
    ),
    *_about(
        "stopping_only",
        ("drift", WORDS, "raw_transition", 0.0, WRONG, "long prompts end threads, and fall back in those that go on"),
        ("drift", WORDS, "thread_slope", 0.0, WRONG, "long prompts end threads"),
        ("drift", WORDS, "stopping_part", None, ABOVE, "all of the change is owed to stopping"),
        ("stopping", WORDS, "hazard", None, ABOVE, "long prompts end threads"),
        ("carryover", STYLE, "dose", 0.0, ("size",), "every thread starts afresh"),
    ),
    *_both_ways(
        "growth_overstated",
        ("drift", WORDS, "ipcw", "drift_log_n_words", (*KNOWN, *ABOVE), "stopping depends on the length that is seen"),
    ),
    *_about(
        "growth_overstated",
        (
            "drift",
            WORDS,
            "raw_transition",
            "drift_log_n_words",
            WRONG,
            "long prompts end threads, short ones rise more",
        ),
        ("stopping", WORDS, "hazard", None, ABOVE, "long prompts end threads"),
    ),
    *_both_ways(
        "growth_hidden",
        ("drift", WORDS, "ipcw", "drift_log_n_words", (*KNOWN, *ABOVE), "stopping depends on the length that is seen"),
    ),
    *_about(
        "growth_hidden",
        (
            "drift",
            WORDS,
            "raw_transition",
            "drift_log_n_words",
            WRONG,
            "short prompts end threads, long ones fall back",
        ),
        ("stopping", WORDS, "hazard", None, ABOVE, "short prompts end threads"),
    ),
    *_both_ways(
        "details_only",
        ("drift", WORDS, "ipcw", "drift_log_n_words", KNOWN, "details are added until all are said"),
        ("growth", WORDS, "share_content", "share_content", KNOWN, "only details are added"),
    ),
    *_about(
        "details_only",
        ("carryover", CONTENT, "dose", 0.0, ("size",), "details start anew"),
        ("repair", "all", "excess", None, ABOVE, "what is added was missing"),
        ("repair", "all", "selection", 0.0, ("size",), "details are added blindly"),
        ("entrainment", "all", "excess", 0.0, ("size",), "nothing is taken from the image"),
    ),
    *_about(
        "details_noticed",
        ("repair", "all", "excess", None, ABOVE, "what is added was missing"),
        ("repair", "all", "selection", None, ABOVE, "what the image lacks is added first"),
        ("growth", WORDS, "share_content", "share_content", KNOWN, "only details are added"),
        ("carryover", CONTENT, "dose", 0.0, ("size",), "details start anew"),
    ),
    *_both_ways(
        "adaptation_only",
        ("drift", STYLE, "ipcw", "drift_n_style_words", KNOWN, "style is added"),
        ("growth", WORDS, "share_content", "share_content", KNOWN, "only style is added"),
        ("carryover", STYLE, "R", "retention", KNOWN, "a share of the style gained is kept"),
        ("carryover", "style", "kept_terms_share", "retention", KNOWN, "a share of the added phrases is kept"),
    ),
    *_about(
        "adaptation_only",
        ("carryover", CONTENT, "dose", 0.0, ("size",), "content starts afresh"),
        ("carryover", STYLE, "dose", None, ABOVE, "a share of the style gained is kept"),
        ("carryover", STYLE, "placebo", 0.0, ("size",), "the future teaches nothing"),
        ("carryover", "style", "kept_terms_without_paste", None, ABOVE, "a share of the added phrases is kept"),
        ("stopping", STYLE, "hazard", 0.0, FIT, "stopping is blind, though style grows and is kept"),
        ("stopping", STYLE, "upscale_hazard", 0.0, FIT, "upscales are blind, though style grows and is kept"),
        ("reinforcement", "style", "log_odds", None, ABOVE, "an upscale makes its style likelier"),
        ("exposure", "style", "hazard", 0.0, ("size",), "nobody copies"),
        ("repair", "all", "excess", 0.0, ("size",), "nothing is repaired"),
        ("entrainment", "all", "excess", 0.0, ("size",), "nothing is taken from the image"),
    ),
    *_both_ways(
        "both",
        ("growth", WORDS, "share_content", "share_content", KNOWN, "details and style are added"),
    ),
    *_about(
        "both",
        ("stopping", WORDS, "hazard", 0.0, FIT, "stopping is blind, though prompts grow"),
        ("repair", "all", "excess", None, ABOVE, "what is added was missing"),
        ("carryover", STYLE, "dose", None, ABOVE, "a share of the style gained is kept"),
        ("reinforcement", "style", "log_odds", None, ABOVE, "an upscale makes its style likelier"),
    ),
    *_about(
        "social_copying",
        ("exposure", "style", "hazard", None, ABOVE, "style is copied from the channel"),
        ("reinforcement", "style", "log_odds", 0.0, ("size",), "upscales teach nothing"),
        ("carryover", STYLE, "dose", 0.0, ("size",), "what was gained is not kept"),
    ),
    Claim("stopping_only", "drift", WORDS, "rise", 0.0, WRONG, mode="paper", why="long prompts end threads"),
    Claim(
        "confounded_users",
        *("upscaled", WORDS, "cliffs_delta"),
        0.0,
        WRONG,
        mode="paper",
        group="prompts",
        why="who writes more upscales more",
    ),
    Claim(
        "confounded_users",
        *("upscaled", WORDS, "mann_whitney"),
        None,
        WRONG,
        mode="paper",
        group="prompts",
        why="who writes more upscales more",
    ),
    *_upscaled("confounded_users", "within_user", 0.0, FIT, "a person's own upscales are blind to the prompt"),
    *_upscaled("confounded_users", "within_thread", 0.0, FIT, "a person's own upscales are blind to the prompt"),
    *_upscaled("confounded_users", "between_user", None, ABOVE, "who writes more upscales more"),
    *_upscaled("upscaled_longer", "within_user", None, ABOVE, "longer prompts of a person are upscaled more"),
    *_upscaled("upscaled_longer", "within_thread", None, ABOVE, "longer prompts of a thread are upscaled more"),
    Claim(
        "regression_to_the_mean",
        *("convergence", WORDS, "gap_closed"),
        0.0,
        WRONG,
        mode="paper",
        group="last of thread",
        why="threads are sorted by their own end",
    ),
    *_both_ways(
        "regression_to_the_mean",
        ("convergence", WORDS, "A_step", 0.0, KNOWN, "lengths vary about their level and nothing converges"),
    ),
    *_about(
        "regression_to_the_mean",
        ("convergence", WORDS, "reversal", 0.0, ("size",), "lengths read the same backwards but for the common rise"),
    ),
    *_about(
        "true_convergence",
        ("convergence", WORDS, "A_step", None, ABOVE, "lengths are pulled to a common target"),
        ("convergence", WORDS, "reversal", None, ABOVE, "lengths are pulled to a common target"),
        ("convergence", WORDS, "sigma_slope", None, ABOVE, "lengths are pulled to a common target"),
    ),
    *_about(
        "wandering",
        ("convergence", WORDS, "A_step", -1.0, (*KNOWN, *ABOVE), "lengths wander apart"),
        ("convergence", WORDS, "reversal", None, ABOVE, "lengths wander apart"),
    ),
    *_about(
        "drifting_intent",
        ("entrainment", "all", "excess", None, ABOVE, "words are taken from the image"),
    ),
    *_about(
        "model_specific",
        ("model_specific", "style", "own_model_within", None, ABOVE, "added style goes with the version at hand"),
        ("model_specific", "style", "own_model_weeks", None, ABOVE, "added style goes with the version at hand"),
        ("model_specific", "style", "kept_less", 0.0, FIT, "phrases are kept with either version"),
    ),
    *_about(
        "model_by_taste",
        ("model_specific", "style", "own_model", 0.0, WRONG, "people of the two versions differ in taste"),
        ("model_specific", "style", "own_model_within", None, ("size",), "nobody's style follows the version"),
        ("model_specific", "style", "own_model_weeks", None, ("size",), "nobody's style follows the version"),
        ("model_specific", "style", "kept_less", 0.0, FIT, "phrases are kept with either version"),
        ("model_specific", WORDS, "switch", 0.0, FIT, "first prompts know no version"),
        ("model_specific", "upscaled", "upscale_by_model", 0.0, FIT, "upscales are blind to the version"),
    ),
    *_reuse(
        "style_pays",
        ("model_language", "style", "difference", "first:last", None, ABOVE, "last prompts have more style than first"),
        ("model_language", "style", "difference", "first:middle", None, ABOVE, "middle prompts have more than first"),
        (
            "model_language",
            "style",
            "difference",
            "middle:last",
            None,
            ABOVE,
            "last ones have more than middle ones",
        ),
        ("model_language", "text", "auc", "first:last", None, ABOVE, "last prompts have more style than first"),
        ("model_language", "style", "difference", "last:reference", None, ABOVE, "captions hardly name style"),
        ("weights", "style_share", "reduction", "density_ratio", None, ABOVE, "captions hardly name style"),
        ("weights", "style_share", "before", "inverse_probability", None, ABOVE, "style is upscaled more"),
        ("weights", "style_share", "reduction", "inverse_probability", None, ABOVE, "what was selected is undone"),
        ("closed_loop", "style", "tilt", "all", None, ABOVE, "style is added along threads"),
        ("closed_loop", "style", "tilt", "upscaled", None, ABOVE, "style is added and upscaled"),
    ),
    *_reuse(
        "nothing_changes",
        ("model_language", "style", "difference", "first:last", 0.0, FIT, "prompts are in balance from the first on"),
        ("model_language", "text", "auc", "first:last", None, ("size",), "prompts are in balance from the first on"),
        ("closed_loop", "style", "tilt", "all", 0.0, ("size",), "prompts are in balance from the first on"),
    ),
    *_about(
        "editing_economy",
        ("carryover", STYLE, "dose", None, ABOVE, "half of what was pasted is kept"),
        ("carryover", "style", "kept_terms_without_paste", 0.0, ("size",), "only pasted blocks are kept"),
        ("reinforcement", "style", "log_odds", 0.0, ("size",), "upscales teach nothing"),
        ("exposure", "style", "hazard", 0.0, ("size",), "everybody pastes their own"),
    ),
)
